package rig

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Site says what a server serves.
type Site struct {
	// Name is unique in the rig.
	Name string
	// Store is the store setting, such as "redis redis://…" or "embedded";
	// empty: bare Caddy, nothing of the gate's.
	Store       string
	Consistency Consistency
	// Settings are more lines of the site's usher block.
	Settings string
	// Behind is the directive behind the gate.
	Behind string
	// Env is added to the server's environment.
	Env []string
}

// Server is the binary at work, with or without a gate.
type Server struct {
	*Process
	// Addr is the site's host:port, URL its base URL.
	Addr, URL string

	rig   *Rig
	site  Site
	dir   string
	admin *http.Client
}

// KeysFile is the keyring that all gated sites of a rig share, in its folder.
const KeysFile = "keys.json"

// unlimited lifts the request rate: all clients come from one address.
const unlimited = "rate 1000000/s burst 1000000"

// Serve starts a server and waits until it answers. Gated sites of one rig
// share their keys, as the nodes of one site do.
func (r *Rig) Serve(ctx context.Context, site Site) (*Server, error) {
	dir, err := r.folder(site.Name)
	if err != nil {
		return nil, err
	}
	s := &Server{rig: r, site: site, dir: dir}
	s.admin = &http.Client{Timeout: patience, Transport: &http.Transport{
		MaxIdleConnsPerHost: 16,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", s.socket())
		},
	}}
	err = onFreePort(ctx, func(addr string) error {
		s.Addr, s.URL = addr, "http://"+addr
		return s.Start(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", site.Name, err)
	}
	return s, nil
}

func (s *Server) socket() string { return filepath.Join(s.dir, "admin.sock") }

// Start starts the process; after a Kill it does so again, at the same address
// and with the same files.
func (s *Server) Start(ctx context.Context) error {
	file := filepath.Join(s.dir, "Caddyfile")
	err := os.WriteFile(file, []byte(s.caddyfile()), 0o600)
	if err != nil {
		return err
	}
	if s.Process, err = s.rig.launch(s.dir, s.site.Env, s.rig.Binary, "run", "--config", file, "--adapter", "caddyfile"); err != nil {
		return err
	}
	return s.await(ctx, func() error { return s.ready(ctx) })
}

// ready asks the site, and the admin endpoint too: on its socket nobody else
// can answer, where the port may have been taken by another process.
func (s *Server) ready(ctx context.Context) error {
	if err := s.ask(ctx, s.admin, "http://admin/config/"); err != nil {
		return err
	}
	if s.site.Store == "" {
		return nil // Caddy opens its sites before the admin endpoint answers for them
	}
	plain := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return s.ask(ctx, plain, s.URL+"/_usher/ready")
}

func (s *Server) ask(ctx context.Context, client *http.Client, target string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", target, resp.StatusCode)
	}
	return nil
}

// caddyfile is the same for bare and gated servers but for the gate.
func (s *Server) caddyfile() string {
	global, gate := "", ""
	if s.site.Store != "" {
		store := s.site.Store
		if store == "embedded" {
			store = fmt.Sprintf("embedded %q", filepath.Join(s.dir, "store"))
		}
		global = fmt.Sprintf("\tusher {\n\t\tstore %s\n\t\tkeys %q\n\t\tpublic_url %s\n\t}\n", store, filepath.Join(s.rig.Dir, KeysFile), s.URL)
		gate = fmt.Sprintf("\tusher {\n\t\tconsistency %s\n\t\t%s\n%s\t}\n", s.site.Consistency.Setting, unlimited, indent(s.site.Settings, "\t\t"))
	}
	return fmt.Sprintf(`{
	admin %q
	persist_config off
	auto_https off
	grace_period 1s
	log {
		level ERROR
	}
%s}
http://%s {
%s%s}
`, "unix/"+s.socket(), global, s.Addr, gate, indent(s.site.Behind, "\t"))
}

func indent(text, by string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(by + strings.TrimSuffix(line, "\n") + "\n")
	}
	return b.String()
}
