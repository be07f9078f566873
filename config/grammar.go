package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Directive is one row of the grammar: everything there is to say about a
// setting, once. The Caddyfile parser is a loop over rows; the reference docs
// and the lists of known words in error messages are printed from them.
type Directive[T any] struct {
	Name string
	// Field is the JSON field that the row sets.
	Field string
	// Args is the shape of the arguments, for people.
	Args string
	// Doc is one sentence or two; Default is what holds without the row.
	Doc, Default string
	// Block are the rows of the block that the setting takes after its arguments;
	// their fields are those of the object that Field is. Empty: no block.
	Block []Directive[T]
	// Repeats: the row may be given several times.
	Repeats bool
	// Set applies the arguments. Its errors name what is allowed.
	Set func(*T, []string) error
}

// AppGrammar is the global block `usher { … }`.
var AppGrammar = slices.Concat(appRows, factorRows, directoryRows, eventRows)

var appRows = []Directive[App]{
	{
		Name: "store", Field: "store", Args: "embedded [DIR] | redis URL",
		Doc:     "Where links, sessions and views are kept. The embedded store is one file and one process; Redis is shared by any number of gateway nodes. URL is redis://, rediss:// or unix://, and may hold {file.PATH} or {env.NAME} for secrets.",
		Default: "embedded, in the folder usher below Caddy's data folder",
		Set:     setStore,
	},
	{
		Name: "keys", Field: "keys", Args: "FILE",
		Doc:     "The keyring: a JSON Web Key Set with mode 0600, created when absent. All nodes of one site need the same file.",
		Default: "usher/keys.json below Caddy's data folder",
		Set: func(a *App, args []string) error {
			return one(args, "FILE", func(v string) error { a.Keys = v; return nil })
		},
	},
	{
		Name: "public_url", Field: "public_url", Args: "URL",
		Doc:     "Scheme and host that viewers use, for the links that the API and the command line print, and by which URLs in manifests and redirects are known to be the site's own. It is never guessed from a request.",
		Default: "none: links are printed as paths",
		Set: func(a *App, args []string) error {
			return one(args, "URL", func(v string) error { a.PublicURL = v; return nil })
		},
	},
	{
		Name: "mail", Field: "mail", Args: "URL from SENDER",
		Doc:     "The SMTP server for invitations, links and codes: smtp://USER:PASSWORD@HOST:PORT with STARTTLS, which the server has to offer, smtps:// for TLS from the first byte, smtp+clear:// for a server on this machine only. PASSWORD may be {file.PATH} or {env.NAME}, and is never percent-encoded. SENDER is an address, or \"Name <address>\". It needs public_url.",
		Default: "none: the command line prints messages for you to send, and nobody signs in by a code",
		Set:     setMail,
	},
	{
		Name: "oidc", Field: "oidc", Args: "ISSUER",
		Doc:     "An OpenID Connect provider, by whom persons sign in whose address it has verified. ISSUER is the URL that it calls itself. It needs public_url.",
		Default: "none",
		Set: func(a *App, args []string) error {
			return one(args, "ISSUER", func(v string) error { a.OIDC.Issuer = v; return nil })
		},
		Block: oidcRows,
	},
	{
		Name: "external", Field: "external", Args: "jit | deny | approve",
		Doc:     "Who signs in by the provider and was not invited: becomes a person at once, with access to nothing yet; is turned away; or waits until somebody approves.",
		Default: "deny",
		Set: func(a *App, args []string) error {
			return one(args, "jit, deny or approve", func(v string) error {
				a.External = v
				return word(v, externalJIT, externalDeny, externalApprove)
			})
		},
	},
	{
		Name: "sign_in_life", Field: "sign_in_life", Args: "DURATION [max DURATION]",
		Doc:     "How long a person stays signed in on a device that is not used, and at the most. From 10m to 400d.",
		Default: "14d max 90d",
		Set:     setSignInLife,
	},
}

// SiteGrammar is the site directive `usher { … }`.
var SiteGrammar = []Directive[Site]{
	{
		Name: "consistency", Field: "consistency", Args: "strict | lease [DURATION]",
		Doc:     "How a decision is made. strict: every media request asks the store. lease: what the store said about a session is repeated for this long at the most, 2s where nothing is given (100ms to 1m); revocations and other changes are pushed to all nodes and normally take effect within milliseconds, and never later than this.",
		Default: "strict",
		Set: func(s *Site, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return fmt.Errorf("want strict, or lease and a duration such as 2s")
			}
			s.Consistency = strings.Join(args, " ")
			_, err := parseConsistency(s.Consistency)
			return err
		},
	},
	{
		Name: "on_store_loss", Field: "on_store_loss", Args: "closed",
		Doc:     "What happens while the store cannot be asked. closed: nothing passes, and the answer is 503 with Retry-After.",
		Default: "closed",
		Set: func(s *Site, args []string) error {
			return one(args, "closed", func(v string) error { s.OnStoreLoss = v; return word(v, "closed") })
		},
	},
	{
		Name: "carry", Field: "carry", Args: "path | cookie | path cookie",
		Doc:     "How a session travels to segments. In the path every player hands it on by itself; the cookie is for pages of your own.",
		Default: "path cookie",
		Set: func(s *Site, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("want path, cookie or both")
			}
			s.Carry = args
			return validCarry(args)
		},
	},
	{
		Name: "rate", Field: "rate", Args: "N/s [burst M]",
		Doc:     "How many requests a second one session may make, over all nodes, and how many at once; a client group (an IPv4 address or an IPv6 /64) has four times that. Players fetch minutes ahead within seconds: keep the burst generous.",
		Default: "50/s burst 300",
		Set:     setRate,
	},
	{
		Name: "idle", Field: "idle", Args: "DURATION",
		Doc:     "A play ends when nothing was asked for this long; until then coming back costs nothing.",
		Default: "30m",
		Set:     func(s *Site, args []string) error { return duration(&s.Idle, args) },
	},
	{
		Name: "max_play", Field: "max_play", Args: "DURATION",
		Doc:     "A play ends this long after it began. A session lasts as long at the most.",
		Default: "12h",
		Set:     func(s *Site, args []string) error { return duration(&s.MaxPlay, args) },
	},
	{
		Name: "session_life", Field: "session_life", Args: "DURATION",
		Doc:     "A session that nobody used for this long is over. Use renews it by itself, without a new address for the player, up to max_play from its beginning.",
		Default: "as long as max_play",
		Set:     func(s *Site, args []string) error { return duration(&s.SessionLife, args) },
	},
	{
		Name: "lapse", Field: "lapse", Args: "DURATION",
		Doc:     "A view that was reserved goes back after this time when no byte of it was sent.",
		Default: "2m",
		Set:     func(s *Site, args []string) error { return duration(&s.Lapse, args) },
	},
	{
		Name: "seat_idle", Field: "seat_idle", Args: "DURATION",
		Doc:     "On a link with seats, a device that asked for nothing this long gives its seat to the next one. From 10s to 1h; players may pause between requests for as long as they have media ahead.",
		Default: "2m",
		Set:     func(s *Site, args []string) error { return duration(&s.SeatIdle, args) },
	},
	{
		Name: "after_expiry", Field: "after_expiry", Args: "cut | finish",
		Doc:     "What becomes of a play that runs when its link expires. Revocation and suspension always cut.",
		Default: "cut",
		Set: func(s *Site, args []string) error {
			return one(args, "cut or finish", func(v string) error { s.AfterExpiry = v; return word(v, "cut", "finish") })
		},
	},
	{
		Name: "upload", Field: "upload", Args: "[SIZE]",
		Doc:     "Hands PUT, POST, PATCH and DELETE on for whoever has the capability upload, with bodies of at most SIZE, such as 500MB or 10GiB (10GiB where nothing is given). What is at a path belongs to who uploaded it first: they and whoever manages the collection may change it. The upstream has to answer HEAD with 404 where there is nothing.",
		Default: "off: other methods than GET, HEAD and OPTIONS are answered 405",
		Set: func(s *Site, args []string) (err error) {
			if s.Upload = usualUpload; len(args) == 0 {
				return nil
			}
			return one(args, "SIZE", func(v string) error { s.Upload, err = ParseSize(v); return err })
		},
	},
	{
		Name: "api", Field: "api", Args: "",
		Doc:     "Mounts the management API below /_usher/api/v1/ on this site, for holders of API keys and, by their cookie, for persons who are signed in.",
		Default: "off; the API is always on Caddy's admin endpoint below /usher/v1/",
		Set:     func(s *Site, args []string) error { s.API = true; return none(args) },
	},
	{
		Name: "console", Field: "console", Args: "",
		Doc:     "Mounts the console at /_usher/console on this site. It needs api.",
		Default: "off",
		Set:     func(s *Site, args []string) error { s.Console = true; return none(args) },
	},
	{
		Name: "brand", Field: "brand", Args: "",
		Doc:     "How the pages of this site look: whose they are, in which colour, with which logo. Collections may have a brand of their own, where owners of the account say so.",
		Default: "Usher's own look",
		Set:     func(_ *Site, args []string) error { return none(args) },
		Block:   brandRows,
	},
}

// usualUpload is that of the word upload alone.
const usualUpload = 10 << 30

func setStore(a *App, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("want embedded, embedded DIR, or redis URL")
	}
	kind, rest := args[0], args[1:]
	if err := word(kind, StoreEmbedded, StoreRedis); err != nil {
		return err
	}
	a.Store = Store{Kind: kind}
	switch {
	case len(rest) > 1:
		return fmt.Errorf("store %s takes one argument at the most, not %d", kind, len(rest))
	case kind == StoreRedis && len(rest) == 0:
		return fmt.Errorf("store redis takes a URL, such as redis://127.0.0.1:6379/0")
	case len(rest) == 0:
	case kind == StoreRedis:
		a.Store.URL = rest[0]
	default:
		a.Store.Dir = rest[0]
	}
	return nil
}

func setRate(s *Site, args []string) error {
	usage := fmt.Errorf("want N/s, or N/s burst M, such as 50/s burst 300")
	if len(args) != 1 && len(args) != 3 {
		return usage
	}
	number, ok := strings.CutSuffix(args[0], "/s")
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil {
		return usage
	}
	s.Rate = Rate{PerSecond: n, Burst: max(1, int(min(n*6, 1e6)))}
	if len(args) == 3 {
		if args[1] != "burst" {
			return usage
		}
		if s.Rate.Burst, err = strconv.Atoi(args[2]); err != nil {
			return usage
		}
	}
	return s.Rate.validate()
}

func duration(into *Duration, args []string) error {
	return one(args, "DURATION", func(v string) (err error) {
		*into, err = ParseDuration(v)
		return err
	})
}

func one(args []string, what string, set func(string) error) error {
	if len(args) != 1 || args[0] == "" {
		return fmt.Errorf("want one argument, %s; got %d", what, len(args))
	}
	return set(args[0])
}

func none(args []string) error {
	if len(args) != 0 {
		return fmt.Errorf("takes no arguments, got %d", len(args))
	}
	return nil
}

// Known returns the names of the rows, for the error about an unknown one.
func Known[T any](grammar []Directive[T]) string {
	names := make([]string, len(grammar))
	for i, row := range grammar {
		names[i] = row.Name
	}
	return strings.Join(names, ", ")
}
