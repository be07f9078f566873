package pages

import (
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/speech"
)

// Situation is what a person meets who opens a link: each has its page, and
// each reason of a refusal belongs to one.
type Situation struct {
	Name string
	// Reasons lead here.
	Reasons []gate.Reason
	// Waits: what is in the way may pass by itself, or by the owner's hand, and
	// the page notices.
	Waits bool
}

// situations is the table of them all. Whatever is asked for at the door
// (password, sign-in, code) is asked again by the same page.
var situations = []Situation{
	{Name: "open"},
	{Name: "player"},
	{Name: "password", Reasons: []gate.Reason{gate.PasswordNeeded, gate.PasswordWrong}},
	{Name: "activation"},
	{Name: "sign in", Reasons: []gate.Reason{gate.SignIn, gate.WrongPerson}},
	{Name: "code"},
	{Name: "not yet", Reasons: []gate.Reason{gate.NotYet}, Waits: true},
	{Name: "expired", Reasons: []gate.Reason{gate.Expired}, Waits: true},
	{Name: "used up", Reasons: []gate.Reason{gate.ViewsSpent}, Waits: true},
	{Name: "suspended", Reasons: []gate.Reason{gate.SuspendedLink, gate.LockedPlace}, Waits: true},
	{Name: "revoked", Reasons: []gate.Reason{gate.RevokedLink}},
	{Name: "playing elsewhere", Reasons: []gate.Reason{gate.TooManySeats, gate.Replaced}},
	{Name: "slow down", Reasons: []gate.Reason{gate.TooFast, gate.TooManyTries}, Waits: true},
	{Name: "unknown", Reasons: []gate.Reason{gate.NoToken, gate.BadToken, gate.UnknownKey}},
	{Name: "unavailable", Reasons: []gate.Reason{gate.StoreDown}, Waits: true},
	{Name: "not allowed", Reasons: []gate.Reason{gate.NotCovered, gate.NoCapability, gate.NoSession, gate.BadManifest, gate.TooLarge}},
	{Name: "mistaken", Reasons: []gate.Reason{gate.BadRequest, gate.BadMethod, gate.BadRange, gate.TwoTokens, gate.CrossOrigin}},
}

// Situations returns the table.
func Situations() []Situation { return slices.Clone(situations) }

// Waits reports whether a page that tells the reason notices a change by itself.
func Waits(no gate.Reason) bool {
	return slices.ContainsFunc(situations, func(s Situation) bool { return s.Waits && slices.Contains(s.Reasons, no) })
}

// told is the reason in the reader's language: the fact, and what to do.
func told(l *speech.Language, no gate.Reason) (heading, advice string) {
	return l.Say("reason." + no.String() + ".heading"), l.Say("reason." + no.String() + ".advice")
}

// Bounds of how often a waiting page loads itself anew without a script, and of
// how soon its script asks for the first time.
const (
	firstLook  = 10 * time.Second
	longestGap = 2 * time.Minute
	firstAsk   = 3 * time.Second
)

// gap is the time until a page that has looked so often looks again: it grows
// by half each time, is no shorter than it makes sense to ask, and not much
// longer than until the link is known to open.
func gap(looked int, retryAfter, opensIn time.Duration) time.Duration {
	d := firstLook
	for range min(looked, 8) {
		d += d / 2
	}
	d = max(min(d, longestGap), retryAfter)
	if opensIn > 0 && opensIn < d {
		return opensIn + time.Second
	}
	return d
}
