package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Store kinds.
const (
	StoreEmbedded = "embedded"
	StoreRedis    = "redis"
)

// App is the JSON of the `usher` app: what all sites of one server share.
type App struct {
	// Store says where links, sessions and views are kept. Default: embedded.
	Store Store `json:"store,omitzero"`
	// Keys is the path of the keyring, a JSON Web Key Set that is created with
	// mode 0600 when absent. Default: usher/keys.json in Caddy's data folder.
	Keys string `json:"keys,omitempty"`
	// PublicURL is the address that viewers use, for links in API and CLI
	// output. It is never guessed from a request. Default: none, and links are
	// given as paths.
	PublicURL string `json:"public_url,omitempty"`
	// Owners is how many owners the account may have, 1 to 3. Default: 3.
	Owners int `json:"owners,omitempty"`
	// Homes are folders, such as "/people/*", in which persons of role standard may
	// make collections. Default: none.
	Homes []string `json:"homes,omitempty"`
	// Presets are named sets of capabilities for grants, beside can_view and
	// can_manage. Default: none.
	Presets map[string][]string `json:"presets,omitempty"`
	// Mail is how invitations, links and codes are sent. Default: not at all, and
	// the command line prints them.
	Mail Mail `json:"mail,omitzero"`
	// OIDC is an OpenID Connect provider to sign in by. Default: none.
	OIDC OIDC `json:"oidc,omitzero"`
	// External is what becomes of persons who sign in there and whom nobody
	// invited: "jit", "deny" or "approve". Default: deny.
	External string `json:"external,omitempty"`
	// SignInLife is how long a person stays signed in on a device. Default: 14d
	// unused, 90d in all.
	SignInLife SignInLife `json:"sign_in_life,omitzero"`
	// KeepEvents is how long events are kept. Default: 90d.
	KeepEvents Duration `json:"keep_events,omitzero"`
	// SecondFactor says who is asked for a passkey. Default: whoever has one.
	SecondFactor SecondFactor `json:"second_factor,omitzero"`
}

// Store is the JSON of the store setting.
type Store struct {
	// Kind is "embedded" or "redis".
	Kind string `json:"kind,omitempty"`
	// Dir is the embedded store's folder. Default: usher in Caddy's data folder.
	Dir string `json:"dir,omitempty"`
	// URL is the Redis server: redis://, rediss:// or unix://. The placeholders
	// {file.PATH} and {env.NAME} keep the password out of the config.
	URL string `json:"url,omitempty"`
}

// Site is the JSON of the `usher` handler: one site's rules.
type Site struct {
	// Consistency is "strict": every media request asks the store; or a lease,
	// such as "lease 2s": what the store said is repeated for that long at the
	// most, and changes are pushed. Default: strict.
	Consistency string `json:"consistency,omitempty"`
	// OnStoreLoss is "closed": without the store nothing passes.
	OnStoreLoss string `json:"on_store_loss,omitempty"`
	// Carry is how a session travels to segments: "path", "cookie" or both.
	Carry []string `json:"carry,omitempty"`
	// Rate bounds the requests of one session, and of one client group.
	Rate Rate `json:"rate,omitzero"`
	// Idle ends a play after this time without a request. Default: 30m.
	Idle Duration `json:"idle,omitzero"`
	// MaxPlay ends a play this long after it began. Default: 12h.
	MaxPlay Duration `json:"max_play,omitzero"`
	// SessionLife ends a session that nobody used for this long; use renews it,
	// up to MaxPlay from its beginning. Default: as long as MaxPlay.
	SessionLife Duration `json:"session_life,omitzero"`
	// Lapse gives a reserved view back when no byte followed. Default: 2m.
	Lapse Duration `json:"lapse,omitzero"`
	// SeatIdle frees the seat of a session that was not seen for this long.
	// Default: 2m.
	SeatIdle Duration `json:"seat_idle,omitzero"`
	// AfterExpiry says what becomes of a play that runs when its link ends:
	// "cut" or "finish". Default: cut.
	AfterExpiry string `json:"after_expiry,omitempty"`
	// Upload lets whoever may upload change what is below gated paths, with bodies
	// of this size at the most. Default: nobody may.
	Upload Size `json:"upload,omitzero"`
	// API mounts the management API below /_usher/api/ on this site.
	API bool `json:"api,omitempty"`
	// Console mounts the console at /_usher/console on this site.
	Console bool `json:"console,omitempty"`
	// Brand is how the pages of this site look. Default: as Usher's own.
	Brand Brand `json:"brand,omitzero"`
}

// Rate is a token bucket.
type Rate struct {
	PerSecond float64 `json:"per_second,omitempty"`
	Burst     int     `json:"burst,omitempty"`
}

// DefaultSite is a site that says nothing.
func DefaultSite() Site {
	return Site{
		Consistency: "strict",
		OnStoreLoss: "closed",
		Carry:       []string{"path", "cookie"},
		Rate:        Rate{PerSecond: 50, Burst: 300},
		Idle:        Duration(30 * time.Minute),
		MaxPlay:     Duration(12 * time.Hour),
		Lapse:       Duration(2 * time.Minute),
		SeatIdle:    Duration(2 * time.Minute),
		AfterExpiry: "cut",
	}
}

// WithDefaults fills in what s leaves open.
func (s Site) WithDefaults() Site {
	d := DefaultSite()
	s.Consistency = or(s.Consistency, d.Consistency)
	s.OnStoreLoss = or(s.OnStoreLoss, d.OnStoreLoss)
	s.AfterExpiry = or(s.AfterExpiry, d.AfterExpiry)
	s.Rate = or(s.Rate, d.Rate)
	s.Idle = or(s.Idle, d.Idle)
	s.MaxPlay = or(s.MaxPlay, d.MaxPlay)
	s.SessionLife = or(s.SessionLife, s.MaxPlay)
	s.Lapse = or(s.Lapse, d.Lapse)
	s.SeatIdle = or(s.SeatIdle, d.SeatIdle)
	if len(s.Carry) == 0 {
		s.Carry = d.Carry
	}
	return s
}

func or[T comparable](given, fallback T) T {
	var zero T
	if given == zero {
		return fallback
	}
	return given
}

// Validate reports what is wrong with a site that has its defaults.
func (s Site) Validate() error {
	return errors.Join(
		validConsistency(s.Consistency),
		oneOf("on_store_loss", s.OnStoreLoss, "closed"),
		oneOf("after_expiry", s.AfterExpiry, "cut", "finish"),
		named("carry", validCarry(s.Carry)),
		named("rate", s.Rate.validate()),
		within("idle", s.Idle, time.Second, 24*time.Hour),
		within("max_play", s.MaxPlay, time.Second, 7*24*time.Hour),
		within("session_life", s.SessionLife, time.Second, 7*24*time.Hour),
		within("lapse", s.Lapse, time.Second, time.Hour),
		within("seat_idle", s.SeatIdle, 10*time.Second, time.Hour),
		named("brand", s.Brand.validate()),
	)
}

// Bounds of a lease. Below the shortest one nothing is saved; a revocation
// whose push was lost takes effect after the longest one.
const (
	minLease = 100 * time.Millisecond
	maxLease = time.Minute
	// usualLease is that of the word lease alone.
	usualLease = 2 * time.Second
)

// Lease is how long the store's word may be repeated; 0 on a strict site.
func (s Site) Lease() time.Duration {
	lease, _ := parseConsistency(s.Consistency)
	return lease
}

func validConsistency(text string) error {
	_, err := parseConsistency(text)
	return named("consistency", err)
}

func parseConsistency(text string) (lease time.Duration, err error) {
	word, length, given := strings.Cut(text, " ")
	switch {
	case text == "strict":
		return 0, nil
	case word == "strict":
		return 0, errors.New("strict takes no duration; a lease does, such as lease 2s")
	case word != "lease":
		return 0, fmt.Errorf("unknown word %q: known are strict, lease", word)
	case !given:
		return usualLease, nil
	}
	d, err := ParseDuration(length)
	if err != nil {
		return 0, err
	}
	return time.Duration(d), within("lease", d, minLease, maxLease)
}

func validCarry(carry []string) error {
	for i, way := range carry {
		if err := word(way, "path", "cookie"); err != nil {
			return err
		}
		if slices.Contains(carry[:i], way) {
			return fmt.Errorf("%q is given twice", way)
		}
	}
	return nil
}

// Interval is the time between two requests at this rate.
func (r Rate) Interval() time.Duration { return time.Duration(float64(time.Second) / r.PerSecond) }

func (r Rate) validate() error {
	if !(r.PerSecond >= 0.1 && r.PerSecond <= 1e6) || r.Burst < 1 || r.Burst > 1e6 {
		return fmt.Errorf("%g/s burst %d: want 0.1 to 1000000 a second and a burst of 1 to 1000000", r.PerSecond, r.Burst)
	}
	return nil
}

func within(name string, d Duration, low, high time.Duration) error {
	if got := time.Duration(d); got < low || got > high {
		return fmt.Errorf("%s: %s: want %s to %s", name, got, low, high)
	}
	return nil
}

func oneOf(name, given string, known ...string) error { return named(name, word(given, known...)) }

// named puts the setting's name before what is wrong with it.
func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

func word(given string, known ...string) error {
	if slices.Contains(known, given) {
		return nil
	}
	return fmt.Errorf("unknown word %q: known are %s", given, strings.Join(known, ", "))
}

// Validate reports what is wrong with the app's settings.
func (a App) Validate() error {
	return errors.Join(
		a.Store.validate(), a.validPublicURL(), a.Mail.validate(a.PublicURL), a.OIDC.validate(a.PublicURL),
		oneOf("external", or(a.External, externalDeny), externalJIT, externalDeny, externalApprove),
		named("sign_in_life", a.SignInLife.validate()), a.SecondFactor.withDefaults().validate(),
		named("keep_events", validKeepEvents(a.KeepEvents)),
		named("owners", validOwners(a.Owners)), named("homes", validHomes(a.Homes)),
	)
}

func (s Store) validate() error {
	if err := oneOf("store", or(s.Kind, StoreEmbedded), StoreEmbedded, StoreRedis); err != nil {
		return err
	}
	switch {
	case s.Kind == StoreRedis && s.URL == "":
		return errors.New("store redis: the URL is missing or empty, such as redis://127.0.0.1:6379/0")
	case s.Kind == StoreRedis && s.Dir != "":
		return errors.New("store redis: dir belongs to store embedded")
	case s.Kind != StoreRedis && s.URL != "":
		return errors.New("store embedded: url belongs to store redis")
	}
	return nil
}

func (a App) validPublicURL() error {
	if a.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(a.PublicURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("public_url: %q: want scheme and host and nothing else, such as https://media.example.com", a.PublicURL)
	}
	return nil
}
