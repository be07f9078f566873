// Package cli is the command line: commands that talk to the management API
// of a running server, and one that signs links without any server.
package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Doer sends one request to the management API of the running server. path
// begins with "/links" and the like. An error means that no answer came.
type Doer interface {
	Do(ctx context.Context, method, path string, body []byte) (status int, response []byte, err error)
	// Follow opens a stream of server-sent events, which goes on after the one with
	// the id where that is not empty. It ends with ctx.
	Follow(ctx context.Context, path, after string) (status int, stream io.ReadCloser, err error)
}

// Dial makes the Doer for an admin address when a command runs; an empty
// address means Caddy's usual one. as is the person to ask on behalf of, by
// e-mail address or id; empty: the operator asks.
type Dial func(address, as string) (Doer, error)

// common are the flags that all commands with a server have.
type common struct {
	dial    Dial
	address string
	as      string
	json    bool
}

func (c *common) flags(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&c.address, "address", "", "Admin address of the running server: host:port, or unix//path/to/socket (default as Caddy's, localhost:2019)")
	flags.StringVar(&c.as, "as", "", "Do it on behalf of a person, by e-mail address or id, with what they may do and no more")
	flags.BoolVar(&c.json, "json", false, "Print what the API answered, one JSON object, and nothing else")
}

// run is what a command works with while it runs.
type run struct {
	Doer
	ctx  context.Context
	in   io.Reader
	out  io.Writer
	json bool
}

// leaf makes a command that talks to the server.
func (c *common) leaf(cmd *cobra.Command, do func(r *run, args []string) error) *cobra.Command {
	return plain(cmd, func(cmd *cobra.Command, args []string) error {
		doer, err := c.dial(c.address, c.as)
		if err != nil {
			return err
		}
		return do(&run{Doer: doer, ctx: cmd.Context(), in: cmd.InOrStdin(), out: cmd.OutOrStdout(), json: c.json}, args)
	})
}

// plain makes a command whose errors are one line on standard error. Cobra's
// own words are silenced only while one of ours is said, so none is ever lost.
func plain(cmd *cobra.Command, do func(cmd *cobra.Command, args []string) error) *cobra.Command {
	cmd.SilenceUsage = true
	if args := cmd.Args; args != nil {
		cmd.Args = func(cmd *cobra.Command, given []string) error {
			return misused(cmd, args(cmd, given))
		}
	}
	cmd.SetFlagErrorFunc(misused)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return said(cmd, do(cmd, args), "")
	}
	return cmd
}

// tree makes the command that others stand below.
func tree(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.SilenceUsage = true
	cmd.AddCommand(below...)
	names := make([]string, len(below))
	for i, sub := range below {
		names[i] = sub.Name()
	}
	known := strings.Join(names, ", ")
	cmd.Args = cobra.ArbitraryArgs // else cobra prints help, as if all were well
	// A command that does not exist is the mistake, and not its flags.
	cmd.FParseErrWhitelist.UnknownFlags = true
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return misused(cmd, fmt.Errorf("%s has no command %q: known are %s", cmd.CommandPath(), args[0], known))
	}
	return cmd
}

// misused reports an error in how a command was written.
func misused(cmd *cobra.Command, err error) error {
	return said(cmd, err, fmt.Sprintf("usher: see %s --help\n", cmd.CommandPath()))
}

func said(cmd *cobra.Command, err error, more string) error {
	if err != nil {
		cmd.SilenceErrors = true
		fmt.Fprintf(cmd.ErrOrStderr(), "usher: %v\n%s", err, more)
	}
	return err
}

// takes wants exactly one argument; what says in words which.
func takes(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return fmt.Errorf("want one argument, %s; got %d", what, len(args))
		}
		return nil
	}
}

func takesNothing(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("want flags only, and no argument %q", args[0])
	}
	return nil
}
