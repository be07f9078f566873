package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/store/redis"
	"github.com/usher-media/usher/internal/token"
)

func init() { caddy.RegisterModule(App{}) }

// App is what all gated sites of a server share: the store and the keyring.
// Both outlive a config reload.
type App struct {
	config.App

	backing   *backing
	directory *directory.Directory
	keys      *keyFile
	desk      *signin.Desk
	post      *mail.Post // nil without a mail setting
	rates     *rates
	// warn looks the started config over.
	warn func()
	// ending is done when answers that go on by themselves have to end.
	ending context.Context
	end    context.CancelFunc
	logger *zap.Logger
}

// CaddyModule describes the app to Caddy.
func (App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "usher", New: func() caddy.Module { return new(App) }}
}

// Provision takes handles and opens nothing: `caddy validate` runs beside a
// live server and must neither lock a file nor make a connection.
func (a *App) Provision(ctx caddy.Context) error {
	a.logger, a.rates = ctx.Logger(), new(rates)
	a.ending, a.end = context.WithCancel(context.Background())
	a.warn = func() { a.warnStorage(ctx) }
	if err := a.resolve(); err != nil {
		return err
	}
	if err := a.App.Validate(); err != nil {
		return err
	}
	if _, err := token.LoadKeyring(a.Keys); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the keyring: %w", err)
	}
	opener, err := storeOpener(a.Store)
	if err != nil {
		return err
	}
	if a.keys, err = takeKeyFile(a.Keys, a.logger); err != nil {
		return err
	}
	a.backing, err = takeBacking(opener, a.logger)
	if err != nil {
		return err
	}
	if err := a.openDirectory(); err != nil {
		return err
	}
	if err := a.openDesk(); err != nil {
		return err
	}
	return registerMetrics(ctx.GetMetricsRegistry())
}

// resolve replaces {env.*} and {file.*} in the operator's own settings, once,
// and fills in defaults. Nothing that comes from a request is ever expanded.
func (a *App) resolve() error {
	data := filepath.Join(caddy.AppDataDir(), "usher")
	if a.Store.Kind == "" {
		a.Store.Kind = config.StoreEmbedded
	}
	if a.Store.Kind == config.StoreEmbedded && a.Store.Dir == "" {
		a.Store.Dir = data
	}
	if a.Keys == "" {
		a.Keys = filepath.Join(data, "keys.json")
	}
	a.App = a.App.WithDefaults()
	repl := caddy.NewReplacer()
	for name, setting := range map[string]*string{
		"store dir": &a.Store.Dir, "store url": &a.Store.URL, "keys": &a.Keys, "public_url": &a.PublicURL,
		"mail host": &a.Mail.Host, "mail user": &a.Mail.User, "mail password": &a.Mail.Password, "mail from": &a.Mail.From,
		"oidc issuer": &a.OIDC.Issuer, "oidc client_id": &a.OIDC.ClientID, "oidc client_secret": &a.OIDC.ClientSecret,
	} {
		value, err := repl.ReplaceOrErr(*setting, true, true)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*setting = value
	}
	return nil
}

// Start opens what Provision took. A store that cannot be opened is fatal; a
// Redis that does not answer is not: the gate then denies until it is back.
func (a *App) Start() error {
	a.warn()
	if err := a.keys.open(time.Now()); err != nil {
		return err
	}
	if err := a.backing.open(); err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	a.backing.trail.KeepFor(time.Duration(a.KeepEvents))
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := a.backing.Ready(ctx)
	if errors.Is(err, redis.ErrEvicts) {
		return fmt.Errorf("opening the store: %w", err)
	}
	if err != nil {
		a.logger.Warn("the store does not answer yet; nothing passes until it does", zap.Error(err))
	}
	return nil
}

// Stop leaves the store open: answers of this config may still be running,
// and the next config uses the same store. Streams have no end of their own, and
// whoever reads them comes again.
func (a *App) Stop() error {
	a.end()
	return nil
}

// Cleanup lets go of what this instance took, and of nothing else; it runs
// also when Provision failed halfway.
func (a *App) Cleanup() error {
	var errs []error
	if a.end != nil {
		a.end()
	}
	if a.post != nil {
		if lost := a.post.Close(); lost.Mails > 0 {
			a.logger.Error("mails were not sent before the end: invite list shows which invitations, the others are asked for again",
				zap.Int("mails", lost.Mails), zap.Int("addresses", lost.Addresses))
		}
	}
	if a.backing != nil {
		_, err := backings.Delete(a.backing.key)
		errs = append(errs, err)
	}
	if a.keys != nil {
		_, err := keyFiles.Delete(a.keys.path)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// gateFor returns a gate with a site's policy.
func (a *App) gateFor(pacer func(gate.SessionID, time.Time) (gate.Pacer, bool), policy gate.Policy) *gate.Gate {
	return gate.New(gate.House{
		Store: a.backing, Rules: a.backing.view, Door: a.desk, Keys: a.keys.Ring, Marks: &a.backing.marks,
	}, pacer, policy)
}

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
