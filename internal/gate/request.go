package gate

import (
	"net/netip"
	"strconv"
	"time"
)

// Carrier is where in a request a credential was found.
type Carrier uint8

// The carriers. All but the cookie are explicit: somebody put the credential
// there for this request. A browser adds cookies by itself.
const (
	InPath Carrier = iota
	InQuery
	InHeader
	InCookie
)

// Credential is one presented text, unverified.
type Credential struct {
	Carrier Carrier
	Text    string
}

// Request is what a step may know of an HTTP request: parsed, bounded, and
// with nothing of ours left in the path and query.
type Request struct {
	Method string
	// Path is the path the viewer asked for, without a session in front.
	Path Path
	// Query is the raw query without credentials.
	Query string
	// Presented are all credentials found, in the order of the carriers.
	Presented []Credential
	// Device is the device cookie's text, if there is one.
	Device string
	// SignIn is the sign-in cookie's text, if there is one. It is looked at only
	// where a session is opened.
	SignIn string
	// Client is the client's address as Caddy resolved it (trusted_proxies).
	Client netip.Addr
	Agent  string
	Range  RangeKind
	// Browser: the request has Fetch Metadata, so it comes from a browser,
	// which keeps cookies.
	Browser bool
	// Speculative: a prefetch, or a known maker of previews.
	Speculative bool
	// Document: a browser navigates to it, and will show or save it by itself.
	Document bool
	// Navigates: a person's browser goes to it in a window of its own, and says so.
	Navigates bool
	// Download: it is asked for as a file to keep.
	Download bool
	// Password is what was typed into a landing page's form; empty: nothing.
	Password string
}

// Outcome is what became of a request.
type Outcome uint8

const (
	// Refuse answers with Verdict.Refusal. It is the zero value: an outcome
	// that was never set denies.
	Refuse Outcome = iota
	// Pass hands the request on.
	Pass
	// Redirect sends the client to the session that was opened.
	Redirect
	// Blank answers a speculative request or a HEAD of a signed media URL
	// with nothing, and changes nothing.
	Blank
)

var outcomeWords = [...]string{"refuse", "pass", "redirect", "blank"}

// String returns the outcome's word, a metric label.
func (o Outcome) String() string { return outcomeWords[o] }

// Outcomes returns all outcomes.
func Outcomes() []Outcome { return []Outcome{Refuse, Pass, Redirect, Blank} }

// Verdict is the decision about a request.
type Verdict struct {
	Outcome Outcome
	Refusal Refusal
	// Signed says that a valid signature was presented: only then is the
	// reason told.
	Signed bool
	Link   Link
	// Labels are the ids of the link and session as text.
	Labels  Labels
	Account Account
	// Terms is the account's for a request that passes, as text.
	Terms TermsText
	// Session is the session used or opened; its token stands in Token.
	Session SessionID
	// Resumed says that the session was there already and not opened just now.
	Resumed bool
	Subject Subject
	// Person is who is signed in on the session; zero: nobody.
	Person PersonID
	// Can is what may be done by this request: what the link says, and everybody
	// from whom it came still may, or what the person was granted.
	Can    Capability
	Device DeviceID
	Token  string
	// Carrier is how the session came.
	Carrier Carrier
	// Path is what a request that passes asked for.
	Path  Path
	Class Class
	// Asset is what a request that passes watches.
	Asset string
	// Gathers says that this request's answer, if it is a whole manifest,
	// makes one asset of the folder it is in, for the session.
	Gathers bool
	// Claim is what the request holds or may have to take: Holding says
	// whether it holds a reservation now.
	Claim   Claim
	Holding bool
	// Countable says that bytes of this answer belong to a play.
	Countable bool
	// Recalled says that the store was not asked: a lease was in hand.
	Recalled bool
	// Public says that the request passes because of its place alone: no
	// credential was looked at, and nothing is counted.
	Public bool
	// Claimed says that the request would change what is at a path of which
	// nothing is known: see [Gate.Claim].
	Claimed bool
	// Writing is what is asked again while an upload runs; nil: it is none.
	Writing *Writing
	// Embed is who may embed what a request that passes asked for.
	Embed *Embedding
	// Asks is what whoever redeems a link that was only looked at will be asked
	// for, SignIn or PasswordNeeded; OK: nothing.
	Asks Reason
	// Seen says that the request is worth a sighting of its link, by Device.
	Seen Seen
	// late says that no new play may begin any more.
	late bool
}

// TermsText is what is left of a link, as the viewer is told.
type TermsText struct {
	Left    string // views left to take; empty: no limit
	Expires string // RFC 3339; empty: no end
}

// Text writes out the terms.
func (a *Account) Text() (text TermsText) {
	if left, limited := a.Left(); limited {
		text.Left = strconv.FormatInt(left, 10)
	}
	if !a.ExpiresAt.IsZero() {
		text.Expires = a.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return text
}

// Labels are ids as the upstream and the log are told them, written out once
// for a session and not on every request of it. Person is empty where nobody is
// signed in.
type Labels struct{ Link, Session, Person string }

// refuse is the verdict that denies for a reason.
func refuse(no Reason) Verdict { return Verdict{Refusal: Refusal{Reason: no}} }
