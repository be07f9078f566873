package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mail is the JSON of the mail setting.
type Mail struct {
	// Host and Port are the SMTP server. Default port: 587, or 465 with security
	// tls.
	Host string `json:"host,omitempty"`
	Port int    `json:"port,omitempty"`
	// Security is "starttls": the connection has to turn to TLS before anything
	// is said; "tls": it is TLS from its first byte; or "none", for a server on
	// this machine only. Default: starttls.
	Security string `json:"security,omitempty"`
	// User and Password sign in at the server. The placeholders {file.PATH} and
	// {env.NAME} keep them out of the config.
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	// From is the sender: an address, or a name and an address.
	From string `json:"from,omitempty"`
}

// OIDC is the JSON of the oidc setting.
type OIDC struct {
	// Issuer is the URL that the provider calls itself.
	Issuer string `json:"issuer,omitempty"`
	// ClientID and ClientSecret are what the provider knows this site by. The
	// placeholders {file.PATH} and {env.NAME} keep the secret out of the config.
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	// Domains are those whose e-mail addresses the provider may vouch for.
	Domains []string `json:"domains,omitempty"`
}

// SignInLife is the JSON of the sign_in_life setting.
type SignInLife struct {
	// Idle ends a sign-in that was not used for so long.
	Idle Duration `json:"idle,omitzero"`
	// Max ends every sign-in.
	Max Duration `json:"max,omitzero"`
}

// Words of the external setting.
const (
	externalJIT     = "jit"
	externalDeny    = "deny"
	externalApprove = "approve"
)

// Ways to reach a mail server, as a URL names them.
var mailSchemes = map[string]Mail{
	"smtp":       {Port: 587, Security: "starttls"},
	"smtps":      {Port: 465, Security: "tls"},
	"smtp+clear": {Port: 25, Security: "none"},
}

const mailUsage = `want a URL, the word from and the sender, such as smtp://user:{file./run/secrets/smtp}@mail.example.com:587 from "Cinema <cinema@example.com>"`

func setMail(a *App, args []string) error {
	if len(args) != 3 || args[1] != "from" || args[2] == "" {
		return errors.New(mailUsage)
	}
	m, err := parseMailURL(args[0])
	m.From = args[2]
	a.Mail = m
	return err
}

// parseMailURL takes the URL apart by hand: a placeholder in it may hold slashes,
// and what comes in its place later stands as it is, whatever is in a password.
// Errors do not repeat the text, which may hold one.
func parseMailURL(text string) (Mail, error) {
	scheme, rest, found := strings.Cut(text, "://")
	m, known := mailSchemes[scheme]
	if !found || !known {
		return Mail{}, errors.New("the URL begins with smtp:// (STARTTLS), smtps:// (TLS), or smtp+clear:// (on this machine only)")
	}
	host := rest
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		host = rest[at+1:]
		m.User, m.Password, found = strings.Cut(rest[:at], ":")
		if !found || m.User == "" || m.Password == "" {
			return Mail{}, errors.New("before the @ of the URL, want USER:PASSWORD")
		}
	}
	if colon := strings.LastIndexByte(host, ':'); colon >= 0 && !strings.HasSuffix(host, "]") {
		port, err := strconv.Atoi(host[colon+1:])
		if err != nil {
			return Mail{}, errors.New("after the host of the URL, want a port or nothing")
		}
		m.Port, host = port, host[:colon]
	}
	m.Host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if m.Host == "" || strings.ContainsAny(m.Host, "/?#@ []") {
		return Mail{}, errors.New("after the scheme and user of the URL, want a host, perhaps a port, and nothing else")
	}
	return m, nil
}

// withDefaults fills in what m leaves open.
func (m Mail) withDefaults() Mail {
	if m == (Mail{}) {
		return m
	}
	m.Security = or(m.Security, "starttls")
	for _, way := range mailSchemes {
		if way.Security == m.Security {
			m.Port = or(m.Port, way.Port)
		}
	}
	return m
}

// validate reports what is missing; what the mail server makes of the rest is
// checked where it is used.
func (m Mail) validate(publicURL string) error {
	if m == (Mail{}) {
		return nil
	}
	if m.Host == "" || m.From == "" {
		return errors.New("mail: " + mailUsage)
	}
	if publicURL == "" {
		return errors.New("mail: mails hold links: set public_url as well")
	}
	return oneOf("mail: security", or(m.Security, "starttls"), "starttls", "tls", "none")
}

var oidcRows = []Directive[App]{
	{
		Name: "client_id", Field: "client_id", Args: "ID",
		Doc:     "What the provider knows this site by. The address to send browsers back to, for the provider's settings, is public_url and /_usher/oidc/callback.",
		Default: "none: has to be given",
		Set: func(a *App, args []string) error {
			return one(args, "ID", func(v string) error { a.OIDC.ClientID = v; return nil })
		},
	},
	{
		Name: "client_secret", Field: "client_secret", Args: "SECRET",
		Doc:     "The secret that goes with it: {file.PATH} or {env.NAME} keeps it out of the config.",
		Default: "none: has to be given",
		Set: func(a *App, args []string) error {
			return one(args, "SECRET", func(v string) error { a.OIDC.ClientSecret = v; return nil })
		},
	},
	{
		Name: "domains", Field: "domains", Args: "DOMAIN…",
		Doc:     "Whose e-mail addresses the provider may vouch for. One that could vouch for any address could sign in as anybody.",
		Default: "none: has to be given",
		Set: func(a *App, args []string) error {
			a.OIDC.Domains = args
			return validDomains(args)
		},
	},
}

func validDomains(domains []string) error {
	if len(domains) == 0 || len(domains) > 100 {
		return errors.New("want 1 to 100 domains, such as example.com")
	}
	for i, domain := range domains {
		if !strings.Contains(domain, ".") || strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || strings.Trim(domain, ".-") != domain {
			return fmt.Errorf("%q: want a domain in lower case, such as example.com", domain)
		}
		if slices.Contains(domains[:i], domain) {
			return fmt.Errorf("%q is given twice", domain)
		}
	}
	return nil
}

func (o OIDC) validate(publicURL string) error {
	if o.Issuer == "" && o.ClientID == "" && o.ClientSecret == "" && len(o.Domains) == 0 {
		return nil
	}
	u, err := url.Parse(o.Issuer)
	local := err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && (u.Scheme != "http" || !local)):
		return fmt.Errorf("oidc: issuer %q: want an https URL, such as https://accounts.example.com", o.Issuer)
	case o.ClientID == "" || o.ClientSecret == "":
		return errors.New("oidc: client_id and client_secret have to be given, and may not be empty")
	case publicURL == "":
		return errors.New("oidc: the provider sends browsers back to public_url: set it as well")
	}
	return named("oidc: domains", validDomains(o.Domains))
}

// Bounds of a sign-in's life. Browsers keep no cookie for longer than 400 days.
const (
	minSignIn = 10 * time.Minute
	maxSignIn = 400 * 24 * time.Hour
)

// DefaultSignInLife is how long a sign-in lives where nothing is said.
func DefaultSignInLife() SignInLife {
	return SignInLife{Idle: Duration(14 * 24 * time.Hour), Max: Duration(90 * 24 * time.Hour)}
}

func setSignInLife(a *App, args []string) error {
	if len(args) != 1 && (len(args) != 3 || args[1] != "max") {
		return errors.New("want DURATION, or DURATION max DURATION, such as 14d max 90d")
	}
	idle, err := ParseDuration(args[0])
	if err != nil {
		return err
	}
	a.SignInLife = SignInLife{Idle: idle, Max: max(idle, DefaultSignInLife().Max)}
	if len(args) == 3 {
		if a.SignInLife.Max, err = ParseDuration(args[2]); err != nil {
			return err
		}
	}
	return a.SignInLife.validate()
}

func (l SignInLife) validate() error {
	if l == (SignInLife{}) {
		return nil
	}
	if l.Max < l.Idle {
		return fmt.Errorf("max: %s: want at least %s, after which a sign-in ends unused", l.Max, l.Idle)
	}
	return errors.Join(within("idle", l.Idle, minSignIn, maxSignIn), within("max", l.Max, minSignIn, maxSignIn))
}

// WithDefaults fills in what a leaves open of signing in.
func (a App) WithDefaults() App {
	a.Mail = a.Mail.withDefaults()
	a.External = or(a.External, externalDeny)
	a.KeepEvents = or(a.KeepEvents, DefaultKeepEvents)
	a.SecondFactor = a.SecondFactor.withDefaults()
	a.SignInLife.Idle = or(a.SignInLife.Idle, DefaultSignInLife().Idle)
	a.SignInLife.Max = or(a.SignInLife.Max, max(a.SignInLife.Idle, DefaultSignInLife().Max))
	return a
}
