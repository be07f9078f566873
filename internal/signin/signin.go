// Package signin lets persons in: by a password of their own, by a code that was
// mailed to them, by the activation link of an invitation, or by the account that
// they have elsewhere (OpenID Connect), and then, where they have one, by a passkey.
// Whoever was let in on a device has a sign-in, a document that ends by itself and
// that a sealed cookie names.
//
// Whoever is not let in learns nothing of who exists: answers, the work behind
// them and the waits after wrong tries are the same for addresses that nobody has.
package signin

import (
	"context"
	"net/netip"
	"time"

	"github.com/usher-media/usher/internal/attempts"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/token"
)

// Person is what signing in needs to know of somebody.
type Person struct {
	ID      gate.PersonID
	Address string
	Name    string
	// Password is a PHC string of argon2id; empty: none was chosen yet.
	Password string
	// Live says that the person may sign in now: active, within their time, and
	// so is their sponsor.
	Live bool
	// Waiting says that somebody has to approve of them first.
	Waiting bool
	// CutAt ends every sign-in that was opened at or before it.
	CutAt time.Time
	// Owner says that the person owns the account.
	Owner bool
}

// People are the persons there are. Where there is none, the error is
// [gate.ErrNotFound].
type People interface {
	// ByAddress returns the person with this address, which is in lower case.
	ByAddress(ctx context.Context, address string) (Person, error)
	// ByID returns the person.
	ByID(ctx context.Context, id gate.PersonID) (Person, error)
	// SetPassword puts a PHC string in place of the person's password.
	SetPassword(ctx context.Context, id gate.PersonID, phc string) error
	// Accept notes that the person has followed the invitation, and sets their
	// password. It may be called again. An invitation that was withdrawn is
	// ErrNotFound.
	Accept(ctx context.Context, invite string, id gate.PersonID, phc string) error
	// Join makes a person who came without an invitation and has access to
	// nothing. One who is waiting is not live before somebody approves. Where
	// somebody has the address already, the error is [gate.ErrConflict].
	Join(ctx context.Context, address, name string, waiting bool) (Person, error)
}

// Store is what the desk keeps its documents in, and ends sessions in.
type Store interface {
	gate.Documents
	Sessions(ctx context.Context, whose gate.Whose, below gate.SessionID, limit int) ([]gate.Session, error)
	End(ctx context.Context, link gate.LinkID, session gate.SessionID) (gate.Session, error)
}

// What becomes of persons whom nobody invited and who sign in elsewhere.
const (
	ExternalJIT     = "jit"     // they become persons at once, with access to nothing yet
	ExternalDeny    = "deny"    // they are turned away
	ExternalApprove = "approve" // they wait until somebody approves
)

// Options are what a desk is made of.
type Options struct {
	Store  Store
	People People
	Keys   func() *token.Keyring
	Mail   mail.Sender
	Now    func() time.Time
	// PublicURL is the address of the site, without a path: links in mails are
	// made from it and never from a request. Empty: nothing is mailed that needs
	// one.
	PublicURL string
	// Idle ends a sign-in that was not used for so long, Max every sign-in.
	Idle, Max time.Duration
	// Elsewhere is where persons have accounts already; nil: nowhere.
	Elsewhere *Provider
	// External is one of ExternalJIT, ExternalDeny and ExternalApprove.
	External string
	// SecondFactor says who is asked for a passkey: one of FactorOffered,
	// FactorOwners, FactorEveryone and FactorOff. Empty: FactorOff.
	SecondFactor string
	// Party is whom passkeys are made for; nil: none can be made or used.
	Party *Party
	// Failed is told of what went wrong behind an answer that may not say so.
	Failed func(what string, err error)
	// Told is told of who came in, and of who did not. It may not block. nil:
	// nobody wants to know.
	Told func(News)
}

// News is what became of somebody at the desk.
type News struct {
	Visitor
	// Result is In, Wrong, TooMany, Denied or Waiting.
	Result Result
	// Person is who came in, or who was meant; zero: nobody is known to be.
	Person gate.PersonID
	// How is one of ByPassword, ByCode, ByActivation and ByOIDC.
	How string
}

// turnAway is the answer to somebody who is not let in.
func (d *Desk) turnAway(v Visitor, result Result, person gate.PersonID, how string) Outcome {
	d.tell(News{v, result, person, how})
	return Outcome{Result: result}
}

func (d *Desk) tell(news News) {
	if d.Told != nil {
		d.Told(news)
	}
}

// Desk signs persons in and out.
type Desk struct {
	Options
	tries *attempts.Book
}

// NewDesk returns a desk.
func NewDesk(options Options) *Desk {
	return &Desk{Options: options, tries: attempts.NewBook(options.Store, options.Now)}
}

// Visitor is who stands at the desk.
type Visitor struct {
	// Device is the browser's signed id. It is never zero: a browser without one
	// gets one with the answer.
	Device gate.DeviceID
	// Group is the client's group of addresses.
	Group netip.Prefix
	// Agent is the family of the browser, for people.
	Agent string
	// Token is the sign-in cookie that came along, if any.
	Token string
}

// Result is what became of somebody at the desk.
type Result uint8

// The results.
const (
	// In: the person is signed in.
	In Result = iota
	// Wrong: the password or the code is not right, or there is no such person,
	// or they may not sign in.
	Wrong
	// TooMany: wrong tries were too many, and one has to wait.
	TooMany
	// Weak: the new password is none that can be chosen.
	Weak
	// Gone: the activation link is unknown, ran out, or was withdrawn.
	Gone
	// Used: the activation link was used already, on another device.
	Used
	// Denied: the account elsewhere is none that may sign in here.
	Denied
	// Waiting: somebody has to approve first.
	Waiting
	// Second: who somebody is was shown by one factor, and a passkey comes next.
	Second
	// NoPasskeys: a passkey would come next, and none can be used at this address.
	NoPasskeys
)

var resultNames = [...]string{"in", "wrong", "too_many", "weak", "gone", "used", "denied", "waiting", "second", "no_passkeys"}

// String returns the result's word.
func (r Result) String() string { return resultNames[r] }

// Outcome is the answer to somebody at the desk.
type Outcome struct {
	Result Result
	// Wait is after how long to try again, where the result is TooMany.
	Wait time.Duration
	// Person is who was known already, or is in now. SignIn and Token are set
	// where the result is In; Token is the text of the cookie.
	Person Person
	SignIn SignIn
	Token  string
}
