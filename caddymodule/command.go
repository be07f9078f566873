package caddymodule

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/cli"
)

func init() {
	for _, tree := range commands() {
		register(tree)
	}
}

// commands are all that the binary has beside Caddy's own.
func commands() []*cobra.Command {
	return []*cobra.Command{
		cli.Link(dialAdmin), cli.Invite(dialAdmin), cli.Session(dialAdmin), cli.Key(dialAdmin), cli.APIKey(dialAdmin),
		cli.Person(dialAdmin), cli.Group(dialAdmin), cli.Collection(dialAdmin), cli.Grant(dialAdmin),
		cli.Role(dialAdmin), cli.Me(dialAdmin), cli.Usage(dialAdmin), cli.Cut(dialAdmin), cli.Limit(dialAdmin), cli.Events(dialAdmin),
		cli.Explain(dialAdmin), cli.Token(), cli.Simulate(), checkCommand(), demoCommand(),
	}
}

// register hands a finished cobra command to Caddy, which makes its own and
// lets it be filled in.
func register(tree *cobra.Command) {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name: tree.Name(), Short: tree.Short,
		CobraFunc: func(made *cobra.Command) {
			use, parent := tree.Use, made
			parent.Use, parent.Short, parent.Long, parent.Example = use, tree.Short, tree.Long, tree.Example
			parent.Args, parent.RunE = tree.Args, tree.RunE
			parent.SilenceUsage = true
			parent.SetFlagErrorFunc(tree.FlagErrorFunc())
			parent.Flags().AddFlagSet(tree.Flags())
			parent.PersistentFlags().AddFlagSet(tree.PersistentFlags())
			parent.AddCommand(tree.Commands()...)
		},
	})
}

// adminDoer talks to the management API on Caddy's admin endpoint.
type adminDoer struct {
	address string
	as      string // on whose behalf; empty: the operator's
}

func dialAdmin(address, as string) (cli.Doer, error) {
	address, err := caddycmd.DetermineAdminAPIAddress(address, nil, "", "")
	if err != nil {
		return nil, err
	}
	return adminDoer{address, as}, nil
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

// Do sends one request. Caddy's helper turns any status of 400 and above into
// an error with the body in it; the answer is wanted as it is, so the request
// is made with the client that the helper would use.
func (d adminDoer) Do(ctx context.Context, method, path string, body []byte) (int, []byte, error) {
	header := http.Header{}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	resp, err := d.send(ctx, method, path, header, body)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, answer, err
}

// Follow implements [cli.Doer].
func (d adminDoer) Follow(ctx context.Context, path, after string) (int, io.ReadCloser, error) {
	header := http.Header{}
	if after != "" {
		header.Set("Last-Event-ID", after)
	}
	resp, err := d.send(ctx, http.MethodGet, path, header, nil)
	if err != nil {
		return 0, nil, err
	}
	return resp.StatusCode, resp.Body, nil
}

func (d adminDoer) send(ctx context.Context, method, path string, header http.Header, body []byte) (*http.Response, error) {
	client, base, socket, err := adminClient(d.address)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, base+adminPrefix+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = header
	if !socket {
		header.Set("Origin", base) // the admin endpoint checks it on TCP, and knows none on a socket
	}
	if d.as != "" {
		header.Set("Usher-As", d.as)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no server answers at %s: start one with usher run, or name its admin endpoint with --address: %w", d.address, err)
	}
	return resp, nil
}

// adminClient returns a client that dials the admin endpoint, and the base URL
// to ask it with.
func adminClient(address string) (client *http.Client, base string, socket bool, err error) {
	parsed, err := caddy.ParseNetworkAddress(address)
	if err != nil || parsed.PortRangeSize() > 1 {
		return nil, "", false, fmt.Errorf("--address %q is not an admin address: want host:port, or unix//path", address)
	}
	target := parsed.JoinHostPort(0)
	base = "http://" + target
	if parsed.IsUnixNetwork() {
		base = "http://127.0.0.1"                    // any host: a socket has none
		target, _, _ = strings.Cut(parsed.Host, "|") // permission bits are no part of the path
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, parsed.Network, target)
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	return &http.Client{Transport: transport}, base, parsed.IsUnixNetwork(), nil
}
