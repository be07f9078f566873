package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/sample"
)

// demoOptions are the flags of `usher demo`.
type demoOptions struct {
	listen, media, store string
	json                 bool
}

func demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Runs a gated sample video with a 3-view link",
		Long: `Starts a server with a sample video behind the gate and prints a share link
that is good for 3 views, a signed media URL for players, and the console.
Everything is kept in a temporary folder that is gone when the demo ends
(Ctrl-C). With --store redis://… the link stays in that Redis until you
delete it.`,
		Example: "  usher demo\n  usher demo --media ~/Videos/holiday --listen 127.0.0.1:9000\n  usher demo --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), cmd.OutOrStdout(), o) },
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8080", "Address to listen on")
	cmd.Flags().StringVar(&o.media, "media", "", "Folder with your own video instead of the sample")
	cmd.Flags().StringVar(&o.store, "store", "", "Redis URL, such as redis://127.0.0.1:6379/0, instead of the embedded store")
	cmd.Flags().BoolVar(&o.json, "json", false, "Print one JSON object on the first line instead of text")
	return cmd
}

// demoResult is what the demo prints.
type demoResult struct {
	ShareURL   string `json:"share_url"`
	MediaURL   string `json:"media_url"`
	ConsoleURL string `json:"console_url"`
	APIURL     string `json:"api_url"`
	APIKey     string `json:"api_key"`
	// Admin is the admin endpoint, for --address of the other commands.
	Admin string `json:"admin"`
}

func runDemo(ctx context.Context, out io.Writer, o demoOptions) (err error) {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "usher-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// Caddy keeps an id and other small things of its own there.
	for _, name := range []string{"XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
		if err := os.Setenv(name, filepath.Join(dir, "caddy")); err != nil {
			return err
		}
	}
	folder, err := demoMedia(dir, o.media)
	if err != nil {
		return err
	}
	listen, err := demoListen(o.listen)
	if err != nil {
		return err
	}
	cfg, err := demoConfig(dir, listen, o.store)
	if err != nil {
		return err
	}
	if err := caddy.Load(cfg, true); err != nil {
		return fmt.Errorf("starting the demo: %w", err)
	}
	defer func() { err = errors.Join(err, caddy.Stop()) }()
	result, err := demoLinks(ctx, dir, "http://"+listen, folder)
	if err != nil {
		return err
	}
	if err := result.print(out, o.json); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// demoListen refuses an address that is taken before anything is started, and
// gives port 0 a number, since the links have to name it.
func demoListen(address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("--listen %s: %w: choose another address with --listen", address, err)
	}
	defer l.Close()
	host, port, err := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // links have to name a host; it listens there too
	}
	return net.JoinHostPort(host, port), err
}

var notPathWord = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// demoMedia puts the sample, or a link to the given folder, where the demo's
// site expects it, and returns its name there.
func demoMedia(dir, media string) (string, error) {
	site := filepath.Join(dir, "site")
	if media == "" {
		return "clock", sample.Write(site)
	}
	full, err := filepath.Abs(media)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(full); err != nil || !info.IsDir() {
		return "", fmt.Errorf("--media %s: want a folder with video in it", media)
	}
	name := strings.Trim(notPathWord.ReplaceAllString(filepath.Base(full), "-"), "-")
	if name == "" || name == "s" || name == "_usher" {
		name = "media"
	}
	if err := os.MkdirAll(site, 0o700); err != nil {
		return "", err
	}
	return name, os.Symlink(full, filepath.Join(site, name))
}

func adminSocket(dir string) string { return "unix/" + filepath.Join(dir, "admin.sock") }

func demoConfig(dir, listen, store string) ([]byte, error) {
	app := config.App{
		Store:     config.Store{Kind: config.StoreEmbedded, Dir: filepath.Join(dir, "store")},
		Keys:      filepath.Join(dir, "keys.json"),
		PublicURL: "http://" + listen,
	}
	if store != "" {
		app.Store = config.Store{Kind: config.StoreRedis, URL: store}
	}
	type object = map[string]any
	return json.Marshal(object{
		"admin":   object{"listen": adminSocket(dir), "config": object{"persist": false}},
		"logging": object{"logs": object{"default": object{"level": "ERROR"}}},
		"storage": object{"module": "file_system", "root": filepath.Join(dir, "caddy")},
		"apps": object{
			"usher": app,
			"http": object{"servers": object{"demo": object{
				"listen":          []string{listen},
				"automatic_https": object{"disable": true},
				"routes": []object{{"handle": []object{
					{"handler": "usher", "api": true, "console": true},
					{"handler": "file_server", "root": filepath.Join(dir, "site")},
				}}},
			}}},
		},
	})
}

// demoLinks makes the demo's link and API key the way any operator would.
func demoLinks(ctx context.Context, dir, base, folder string) (demoResult, error) {
	admin := adminDoer{address: adminSocket(dir)}
	var link struct {
		URL      string `json:"url"`
		MediaURL string `json:"media_url"`
	}
	if err := admin.create(ctx, "/links", map[string]any{"path": "/" + folder + "/*", "views": 3, "title": "Usher demo"}, &link); err != nil {
		return demoResult{}, err
	}
	var key struct {
		Key string `json:"key"`
	}
	if err := admin.create(ctx, "/apikeys", map[string]any{"name": "demo", "scope": "manage", "expires_in": "24h"}, &key); err != nil {
		return demoResult{}, err
	}
	return demoResult{
		ShareURL: link.URL, MediaURL: link.MediaURL, ConsoleURL: base + ownPrefix + "console#key=" + key.Key,
		APIURL: base + apiPrefix, APIKey: key.Key, Admin: adminSocket(dir),
	}, nil
}

func (d adminDoer) create(ctx context.Context, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	status, answer, err := d.Do(ctx, http.MethodPost, path, text)
	if err != nil {
		return err
	}
	if status != http.StatusCreated {
		return fmt.Errorf("%s: status %d: %s", path, status, answer)
	}
	return json.Unmarshal(answer, into)
}

func (r demoResult) print(out io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(r)
	}
	_, err := fmt.Fprintf(out, `
A sample video stands behind the gate. Its link is good for 3 views.

  Share link    %s
                open it in a browser and press Watch
  For players   %s
                for ffplay, mpv, VLC or a video tag
  Console       %s

  The command line reaches this server with --address %s
  Ctrl-C ends the demo; nothing is left behind.

`, r.ShareURL, r.MediaURL, r.ConsoleURL, r.Admin)
	return err
}
