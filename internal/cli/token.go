package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// Token returns `usher token`.
func Token() *cobra.Command {
	return tree(&cobra.Command{
		Use:   "token",
		Short: "Signs links without a server",
		Long: `A link can be signed anywhere, with a key of the server's keyring: as a JSON Web
Token that says what it opens. The server learns of it when it is first used.`,
		Example: "  usher token sign --keys /etc/usher/keys.json --path '/acme/demo/*' --views 3 --expires 24h",
	}, signToken())
}

// signOptions are the flags of `usher token sign`.
type signOptions struct {
	keys, expires, starts, jti string
	terms                      token.LinkClaims
	json                       bool
}

// signed is what `usher token sign --json` prints.
type signed struct {
	Token     string    `json:"token"`
	JTI       string    `json:"jti"`
	ExpiresAt time.Time `json:"expires_at"`
	SharePath string    `json:"share_path"`
	MediaPath string    `json:"media_path"`
}

func signToken() *cobra.Command {
	var o signOptions
	cmd := &cobra.Command{
		Use:   "sign --keys FILE --path PATH",
		Short: "Signs a link as a JSON Web Token, without a server",
		Long: `Signs a link with the keyring's link key and prints the token. Put it behind
https://HOST/s/ for people, or behind ?usher= on the path of a file for players.
Two tokens with the same --jti are one link, and share its views. The link's end
is inside the signature: it can be cut short by revoking, never moved.`,
		Example: `  usher token sign --keys /etc/usher/keys.json --path '/acme/demo/*' --views 3 --expires 24h
  usher token sign --keys keys.json --path /acme/film.mp4 --jti order-17 --json`,
		Args: takesNothing,
	}
	flags := cmd.Flags()
	flags.StringVar(&o.keys, "keys", "", "The keyring's file")
	flags.StringVar(&o.terms.Path, "path", "", "What the link opens: a file such as /acme/film.mp4, or '/acme/demo/*' for everything below that folder")
	flags.Int64Var(&o.terms.Views, "views", 0, "How many views the link is good for (0: no limit)")
	flags.Int64Var(&o.terms.ViewsEach, "views-each", 0, "How many of them one viewer may use (0: no limit)")
	flags.Int64Var(&o.terms.Seats, "seats", 0, "How many devices may watch at once (0: no limit)")
	flags.Int64Var(&o.terms.SeatsEach, "seats-each", 0, "How many of them may be one viewer's (0: no limit)")
	flags.StringVar(&o.terms.WhenFull, "when-full", "", whenFullFlag)
	flags.StringVar(&o.expires, "expires", "24h", "When the link ends: a duration such as 48h or 7d, or a time such as 2026-01-31T18:00:00Z")
	flags.StringVar(&o.starts, "starts", "", "When it opens, written the same way (default now)")
	flags.StringSliceVar(&o.terms.Can, "can", nil, "What it allows: view, download, upload, share, stats, comment (default view)")
	flags.StringVar(&o.terms.Title, "title", "", "What the link's page calls the video (default nothing)")
	flags.StringVar(&o.terms.Entry, "entry", "", "File below the folder that players start with, such as master.m3u8 (default looked for)")
	flags.StringVar(&o.jti, "jti", "", "The link's own name, at most 256 bytes (default a random one)")
	flags.BoolVar(&o.json, "json", false, "Print one JSON object with the token and the paths that open it")
	return plain(cmd, func(cmd *cobra.Command, _ []string) error {
		return o.sign(cmd.OutOrStdout(), time.Now())
	})
}

func (o signOptions) sign(out io.Writer, now time.Time) error {
	if o.keys == "" || o.terms.Path == "" {
		return errors.New("say with --keys which keyring signs, and with --path what the link opens")
	}
	ring, err := token.LoadKeyring(o.keys)
	if err != nil {
		return fmt.Errorf("reading the keyring: %w", err)
	}
	claims, err := o.claims(now)
	if err != nil {
		return err
	}
	link, err := o.link(claims)
	if err != nil {
		return err
	}
	text, err := ring.SignLink(claims)
	if err != nil {
		return err
	}
	// What the server would not take must not be handed out.
	if _, err := ring.ReadLink(text, now); err != nil && !errors.Is(err, token.ErrNotYet) {
		return errors.New("the server would refuse this token: the end has passed, or --jti or another text is too long")
	}
	if !o.json {
		_, err := fmt.Fprintln(out, text)
		return err
	}
	object, err := json.Marshal(signed{text, claims.JTI, claims.Expires, gate.SharePath(text), link.MediaPath(text)})
	if err != nil {
		return fmt.Errorf("writing the token: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s\n", object)
	return err
}

func (o signOptions) claims(now time.Time) (token.Claims, error) {
	claims := token.Claims{JTI: o.jti, Terms: o.terms}
	if claims.JTI == "" {
		claims.JTI = token.NewID(now).String()
	}
	end, err := parseWhen("expires", o.expires)
	if err != nil {
		return claims, err
	}
	start, err := parseWhen("starts", o.starts)
	if err != nil {
		return claims, err
	}
	if t := end.time(now); t != nil {
		claims.Expires = t.UTC()
	} else {
		return claims, errors.New("--expires: a signed link needs an end, such as 24h")
	}
	if t := start.time(now); t != nil {
		claims.NotBefore = t.UTC()
	}
	return claims, nil
}

// link checks the claims as the server will, and says which flag is wrong.
func (o signOptions) link(claims token.Claims) (gate.Link, error) {
	scope, err := gate.ParseScope(o.terms.Path)
	if err != nil {
		return gate.Link{}, fmt.Errorf("--%w", err)
	}
	link := gate.Link{Scope: scope, Can: gate.View, Title: o.terms.Title, Entry: o.terms.Entry}
	if len(o.terms.Can) > 0 {
		if link.Can, err = gate.ParseCapabilities(o.terms.Can); err != nil {
			return gate.Link{}, fmt.Errorf("--%w", err)
		}
	}
	terms := gate.Terms{
		Views: o.terms.Views, ViewsEach: o.terms.ViewsEach, StartsAt: claims.NotBefore, ExpiresAt: claims.Expires,
		Seats: o.terms.Seats, SeatsEach: o.terms.SeatsEach,
	}
	if terms.WhenFull, err = gate.ParseWhenFull(o.terms.WhenFull); err != nil {
		return gate.Link{}, flagError(err)
	}
	if err := link.Validate(terms); err != nil {
		return gate.Link{}, flagError(err)
	}
	return link, nil
}

// flagError names the flag in the place of the field that an error of package
// gate begins with.
func flagError(err error) error {
	field, rest, _ := strings.Cut(err.Error(), ": ")
	if field == "expires_at" {
		field = "expires"
	}
	return fmt.Errorf("--%s: %s", strings.ReplaceAll(field, "_", "-"), rest)
}
