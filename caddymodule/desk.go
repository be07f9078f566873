package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/signin"
)

// people are the directory's persons as the desk that signs them in knows them.
type people struct {
	*backing
	directory *directory.Directory
}

var _ signin.People = people{}

func (p people) ByAddress(ctx context.Context, address string) (signin.Person, error) {
	found, err := p.directory.PersonByAddress(ctx, address)
	if err != nil {
		return signin.Person{}, err
	}
	return p.known(ctx, found)
}

func (p people) ByID(ctx context.Context, id gate.PersonID) (signin.Person, error) {
	found, err := p.directory.PersonByID(ctx, id)
	if err != nil {
		return signin.Person{}, err
	}
	return p.known(ctx, found)
}

// known says of a person what signing in needs.
func (p people) known(ctx context.Context, found directory.Person) (signin.Person, error) {
	now, err := p.now(ctx)
	if err != nil {
		return signin.Person{}, err
	}
	live, err := p.view.Admits(ctx, found.ID, time.Time{}, now)
	return signin.Person{
		ID: found.ID, Address: found.Email, Name: found.Name, Password: found.Password,
		Live: live, Waiting: found.Waits(), CutAt: found.CutAt,
		Owner: found.Role == directory.Owner,
	}, err
}

func (p people) SetPassword(ctx context.Context, id gate.PersonID, phc string) error {
	return p.directory.SetPassword(ctx, id, phc)
}

func (p people) Accept(ctx context.Context, invite string, id gate.PersonID, phc string) error {
	return p.directory.AcceptInvite(ctx, invite, id, phc)
}

// Join makes somebody a person whom a provider vouched for, in the name of the
// operator, who said in the config that they may become one.
func (p people) Join(ctx context.Context, address, name string, waiting bool) (signin.Person, error) {
	made, err := p.directory.AddPerson(ctx, directory.Operator(), directory.NewPerson{Email: address, Name: name, Waits: waiting})
	if _, taken := errors.AsType[*directory.Exists](err); taken {
		return signin.Person{}, gate.ErrConflict
	}
	if err != nil {
		return signin.Person{}, err
	}
	p.trail.Note(events.Event{Type: events.PersonCreated, Person: made.ID, Detail: "signed in elsewhere"})
	return p.known(ctx, made)
}

// openDirectory makes the directory, with the settings that it has.
func (a *App) openDirectory() (err error) {
	settings := directory.Settings{MaxOwners: a.Owners, Presets: directory.Presets{}, Now: a.backing.now}
	for name, can := range a.Presets {
		if settings.Presets[name], err = gate.ParseCapabilities(can); err != nil {
			return fmt.Errorf("preset %s: %w", name, err)
		}
	}
	for _, home := range a.Homes {
		scope, err := gate.ParseScope(home)
		if err != nil {
			return fmt.Errorf("homes: %w", err)
		}
		settings.Homes = append(settings.Homes, scope)
	}
	a.directory, err = directory.New(a.backing, a.backing.view, settings)
	return err
}

// openDesk makes the desk where persons sign in, and the post for its messages.
// The post makes no connection before there is a message.
func (a *App) openDesk() (err error) {
	options := signin.Options{
		Store: a.backing, People: people{a.backing, a.directory}, Keys: a.keys.Ring, Now: time.Now,
		PublicURL: strings.TrimSuffix(a.PublicURL, "/"),
		Idle:      time.Duration(a.SignInLife.Idle), Max: time.Duration(a.SignInLife.Max),
		External: a.External, Mail: mail.Printer{}, Failed: a.deskFailed, Told: a.deskTold,
	}
	if m := a.Mail; m.Host != "" {
		server := mail.Server{Host: m.Host, Port: m.Port, Security: m.Security, User: m.User, Password: m.Password, From: m.From}
		if a.post, err = mail.NewPost(server, a.mailed); err != nil {
			return fmt.Errorf("mail: %w", err)
		}
		options.Mail = a.post
	}
	if o := a.OIDC; o.Issuer != "" {
		options.Elsewhere = &signin.Provider{Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret, Domains: o.Domains}
	}
	factor := a.SecondFactor
	options.SecondFactor = factor.For
	options.Party, err = signin.NewParty(options.PublicURL, factor.Verify == "required")
	if must := factor.For == signin.FactorOwners || factor.For == signin.FactorEveryone; err != nil && must {
		return fmt.Errorf("second_factor %s: %w", factor.For, err) // nobody could sign in
	}
	a.desk = signin.NewDesk(options)
	return nil
}

// deskFailed logs what went wrong behind an answer that may not say so.
func (a *App) deskFailed(what string, err error) {
	a.logger.Error("signing in failed", zap.String("what", what), zap.Error(err))
}

// mailedTime bounds noting that a mail was delivered.
const mailedTime = 2 * time.Second

// mailed logs what became of a message: neither what is in it nor to whom. Of an
// invitation it notes that it went out.
func (a *App) mailed(r mail.Report) {
	fields := []zap.Field{zap.String("kind", string(r.Kind)), zap.Int("try", r.Try)}
	switch {
	case r.Err == nil:
		a.logger.Info("a mail was sent", fields...)
		if r.Ref == "" {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), mailedTime)
		defer cancel()
		if err := a.directory.InviteMailed(ctx, r.Ref); err != nil && !errors.Is(err, gate.ErrNotFound) {
			a.logger.Warn("that an invitation was sent could not be noted", zap.Error(err))
		}
	case r.Last:
		a.logger.Error("a mail was given up", append(fields, zap.Error(r.Err))...)
	default:
		a.logger.Warn("a mail is tried again", append(fields, zap.Error(r.Err))...)
	}
}
