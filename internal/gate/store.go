package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Store keeps everything that outlives a request, in rooms behind one
// contract: [Documents] are written rarely and read whole; the [Ledger] holds
// what is counted and timed, and each of its verbs is atomic; [Changes] tells
// whoever remembers an answer when to forget it.
//
// Four rules hold for every verb of every store, and package storetest proves
// them:
//
//   - The store owns the clock. No caller passes a time; results carry Now
//     where a decision needs it. A store's time never runs backwards. Times in
//     results are UTC and whole milliseconds.
//   - Validity comes from the clock, never from what was already deleted.
//     Deleting is housekeeping and changes no answer.
//   - A refusal is a value (a [Reason] in the result); an error means "could
//     not decide", and then nothing has been handed out. The same call may be
//     made again: a play is named by its subject and asset, so a claim whose
//     answer was lost is found and joined, and never costs a second view. A
//     context that is done already is such an error.
//   - When a verb that changes something returns without an error, the change
//     is durable: on disk in the embedded store, acknowledged by Redis.
type Store interface {
	Documents
	Ledger
	Changes

	// Ready reports whether the store can decide now, by asking it.
	Ready(ctx context.Context) error
	// Close lets go of files and connections. No verb may be called after it,
	// and every Watch is to be ended before it.
	Close() error
}

// Errors that the rooms give back. Anything else means "could not decide".
var (
	// ErrNotFound reports that there is no such document, link or session.
	ErrNotFound = errors.New("not found")
	// ErrConflict reports that a document is not at the revision it was said to replace.
	ErrConflict = errors.New("changed by somebody else in the meantime")
	// ErrFinal reports a change to a link whose revocation is final.
	ErrFinal = errors.New("the link was revoked, and revocation is final")
	// ErrTooFew reports that a link has fewer views left than were to be handed on.
	ErrTooFew = errors.New("the link has not that many views left to hand on")
)

// Kind names a family of documents.
type Kind string

// The kinds of documents.
const (
	KindLink       Kind = "link"
	KindAPIKey     Kind = "apikey"
	KindPerson     Kind = "person"
	KindAddress    Kind = "address" // an e-mail address, by its hash: whose it is
	KindName       Kind = "name"    // a name or a path that only one may have, by its hash: whose it is
	KindGroup      Kind = "group"
	KindMember     Kind = "member" // one person in one group
	KindCollection Kind = "collection"
	KindGrant      Kind = "grant"
	KindInvite     Kind = "invite"
	KindSignIn     Kind = "signin"     // one person on one device
	KindPasskey    Kind = "passkey"    // a second factor of a person
	KindCode       Kind = "code"       // a one-time code, by its hash
	KindAttempt    Kind = "attempt"    // guesses that were counted
	KindObject     Kind = "object"     // who uploaded a file
	KindAnswer     Kind = "answer"     // what a request was answered that may be sent again
	KindForwarding Kind = "forwarding" // how a link is used, by the link's id
	KindSite       Kind = "site"       // what holds for everything, such as when all was cut
	KindEvent      Kind = "event"      // what happened
)

// Remembered reports whether somebody may remember what documents of the kind
// said, or that there was none, so that a change has to be told: see
// [Documents]. A link that was made is no such change, since nobody remembers
// that a link does not exist; those of the other kinds are read again each time.
func (k Kind) Remembered(made bool) bool {
	switch k {
	case KindLink:
		return !made
	case KindPerson, KindGroup, KindMember, KindCollection, KindGrant, KindSignIn, KindSite:
		return true
	default:
		return false
	}
}

// Document is one stored record. Body is JSON, opaque to the store.
type Document struct {
	Kind Kind
	ID   string
	// Rev counts the document's changes from 1.
	Rev  int64
	Body []byte
	// Index are the terms by which List finds the document: at most MaxTerms,
	// each of 1 to MaxTerm bytes of a-z, 0-9 and "_:.-", none twice. A put
	// replaces all of them. They come back in byte order.
	Index []string
	// Until is when the document ends by itself; zero: never. From then on it
	// does not exist, for any verb, whether or not it was deleted already.
	Until time.Time
}

// Bounds of a document's index.
const (
	MaxTerms = 16
	MaxTerm  = 80
)

// Validate reports what is wrong with the document's index.
func (d Document) Validate() error {
	if len(d.Index) > MaxTerms {
		return fmt.Errorf("a document has at most %d terms, not %d", MaxTerms, len(d.Index))
	}
	for i, term := range d.Index {
		if !validTerm(term) || slices.Contains(d.Index[:i], term) {
			return fmt.Errorf("term %q: want 1 to %d bytes of a-z, 0-9 and _:.- and none twice", term, MaxTerm)
		}
	}
	return nil
}

func validTerm(term string) bool {
	return term != "" && len(term) <= MaxTerm && strings.Trim(term, "abcdefghijklmnopqrstuvwxyz0123456789_:.-") == ""
}

// DocumentName says which document.
type DocumentName struct {
	Kind Kind
	ID   string
}

// Documents is the room of things that are written rarely and read whole.
//
// It has an edition, a number that grows with each put and delete of a document
// that is Remembered, and with nothing else. Whoever remembers documents knows
// as of which edition they do; [State] says the edition of the moment, in the
// same trip as all else, and [Documents.Edits] which documents to read again.
// An edition is never lower than that of any change acknowledged before. It may
// begin anew, at any number, when a store has lost it or is opened: then Edits
// from an earlier one are not complete.
type Documents interface {
	// Get returns the document, or ErrNotFound.
	Get(ctx context.Context, kind Kind, id string) (Document, error)
	// Put writes doc in place of revision doc.Rev (0: it must not exist yet)
	// and returns the new revision. Otherwise it changes nothing and returns
	// ErrConflict, or ErrNotFound where doc.Rev is above 0 and there is none.
	Put(ctx context.Context, doc Document) (int64, error)
	// Delete removes the document. It returns ErrNotFound where there is none.
	Delete(ctx context.Context, kind Kind, id string) error
	// List returns at most limit documents of the kind in falling order of id
	// (ids sort by age, so: newest first), only ids below the given one where
	// it is not empty, and only those with the term where that is not empty.
	// A limit that is not above 0 gives none. It costs in proportion to what it
	// returns, not to what there is.
	List(ctx context.Context, kind Kind, term, below string, limit int) ([]Document, error)
	// Edits returns the documents that changed after the edition since, each
	// once, and the edition of the moment. complete is false where that is not
	// known any more: then everything is to be read again.
	Edits(ctx context.Context, since int64) (names []DocumentName, edition int64, complete bool, err error)
}

// EditsKept is how many edits a store knows at the least, since it was opened.
const EditsKept = 4096

// Ledger is the room of counted and timed things. One link's accounting is
// one unit: each verb below is atomic over it, on any number of gateway nodes.
//
// The invariant of the whole: for every link with a limit,
// Used + Reserved never grows while it is at or above Views; the same for each
// subject and ViewsEach. Used never falls.
type Ledger interface {
	// Issue opens the account of a link under these terms, active since now.
	// An account that exists is left as it is and returned.
	Issue(ctx context.Context, link LinkID, terms Terms) (Account, error)

	// Account returns the account, with lapsed reservations already given
	// back, or ErrNotFound.
	Account(ctx context.Context, link LinkID) (Account, error)

	// Extend changes the terms of a live link, never its counts. It returns
	// ErrNotFound, or ErrFinal for a revoked link.
	Extend(ctx context.Context, link LinkID, change Extension) (Account, error)

	// SetStanding says what becomes of the link from now on. It returns
	// ErrNotFound, or ErrFinal where the link was revoked already (saying
	// "revoked" again changes nothing and is no error). The store fills in
	// Since.
	SetStanding(ctx context.Context, link LinkID, standing Standing) (Account, error)

	// Open finds the device's live session on the link, or makes the proposed
	// one; see [Opening] for the rules. It returns ErrNotFound where the link
	// has no account.
	Open(ctx context.Context, opening Opening) (Opened, error)

	// Check reads what a decision about one media request needs, in one trip
	// and without changing anything. A link, session or play that does not
	// exist is reported by its Exists field, not by an error. What a session
	// says for people only, its Agent and Group, is left empty.
	//
	// Whatever was acknowledged before Check was called is in its answer. A
	// store may ask for many callers at once; one whose context ends meanwhile
	// may then have to wait for the others' answer, a quarter of a second at
	// most.
	Check(ctx context.Context, query Query) (State, error)

	// Reserve takes the slot for a play before its first byte, or finds that
	// the play is open; see [Claim] for the rules. ErrNotFound: no account.
	Reserve(ctx context.Context, claim Claim) (Claimed, error)

	// Settle charges a reserved play when its first byte is about to leave, or
	// gives the slot back; see [Settlement] for the rules. ErrNotFound: no
	// account.
	Settle(ctx context.Context, settlement Settlement) (Settled, error)

	// Gather makes a folder one asset for the session: whole, and all that
	// [WholeOf] says is part of it. It is called once a manifest that stands
	// directly in the folder was answered, since renditions below it are one
	// film and not several. ErrNotFound: no such session.
	//
	// From then on the session's play of whatever is part of whole is the one
	// of whole. Where its subject has none, neither charged nor reserved, the
	// subject's charged play of a part that was seen last (of several, the one
	// whose asset is first in byte order) becomes it, open or ended: only its
	// Asset changes. Otherwise who had begun to watch before the manifest was
	// asked for would pay twice, or on a spent link be cut off. Nothing is
	// charged or given back, and reservations and holds stay as they are.
	// Gathering what the session gathered already changes nothing. One that
	// gathers more than MaxGathered lets go of what it gathered first.
	Gather(ctx context.Context, link LinkID, session SessionID, whole string) error

	// End ends a session now. Ending an ended or expired session changes
	// nothing. ErrNotFound: no such session.
	End(ctx context.Context, link LinkID, session SessionID) (Session, error)

	// Seated returns how many live sessions the link has. ErrNotFound: no
	// account.
	Seated(ctx context.Context, link LinkID) (int64, error)

	// Sessions returns at most limit sessions of whom in falling order of id,
	// only ids below the given one where it is not zero.
	// Each carries the plays of its subject on its link, by OpenedAt and then
	// by Asset. A limit that is not above 0 gives none.
	Sessions(ctx context.Context, whose Whose, below SessionID, limit int) ([]Session, error)

	// Flush adds gathered usage facts: bytes, opens, requests, last seen; see
	// [Usage] for the rules.
	Flush(ctx context.Context, facts []Usage) error
}

// Whose says which sessions: those of a link, those of a person on all links, or
// where both are zero, all there are. Not both may be given.
type Whose struct {
	Link   LinkID
	Person PersonID
}

// Changes is the room of news: what was changed, on any node, for whoever
// remembers what [Ledger] answered. It makes forgetting prompt, never certain:
// news travels after the change and may be held up on its way, so what is
// remembered has to end by itself as well.
type Changes interface {
	// Watch calls tell for every change, on any node, that may end what an
	// earlier Check allowed or alter what it said: a standing, the terms of a
	// link, a session that ended or was gathered, a document that is
	// Remembered, and whatever was announced.
	// Changes of one link come in the order in which they were made, and
	// documents in that of their editions.
	//
	// The first change told is Missed, once Watch listens: what was read before
	// may be old already. So is the first after the store was out of reach, or
	// after more happened than could be told.
	//
	// All calls of tell come from one goroutine, before Watch returns; tell may
	// not block. Watch returns when ctx is done and at no other time: there is
	// no failure that it does not go on after, and so no error.
	Watch(ctx context.Context, tell func(Change))

	// Announce tells every Watch on every node of a change that the store does
	// not make itself.
	Announce(ctx context.Context, change Change) error
}

// Change is a piece of news. Link and Session are zero where the kind does not
// say that they are there.
type Change struct {
	Kind    ChangeKind
	Link    LinkID
	Session SessionID
	// Document was changed, which made the edition this one. It need not be the
	// edition after the last one that was told: news may be lost.
	Document DocumentName
	Edition  int64
}

// ChangeKind says what a change was about.
type ChangeKind uint8

const (
	// Missed says that anything may have changed: forget all.
	Missed ChangeKind = iota
	// LinkChanged says that Link has another standing or other terms.
	LinkChanged
	// SessionChanged says that Session on Link was ended or gathered.
	SessionChanged
	// KeysChanged says that the keyring is another. Only Announce tells so.
	KeysChanged
	// DocumentChanged says that Document was put or deleted, at Edition.
	DocumentChanged
)

// SessionKept is how long a session is known after it was ended or expired,
// and how long a charged play is known after it was last seen. From then on it
// does not exist, for any verb, whether or not it was deleted already.
const SessionKept = 24 * time.Hour

// Terms is the part of a link that its owner may change while it lives.
// Times are kept to the millisecond.
type Terms struct {
	// Views limits how many plays the link is good for; 0: no limit.
	Views int64 `json:"views,omitempty"`
	// ViewsEach limits the plays of one subject; 0: no limit.
	ViewsEach int64 `json:"views_each,omitempty"`
	// StartsAt and ExpiresAt are the window [StartsAt, ExpiresAt); zero: open
	// on that side.
	StartsAt  time.Time `json:"starts_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// StartBy is when the last play may begin: one that is open then goes on to
	// ExpiresAt. Zero: at any time. A store keeps it and the gate looks at it.
	StartBy time.Time `json:"start_by,omitzero"`
	// PlayFor ends the link this long after its first view: the charge that
	// makes Used 1 moves ExpiresAt to then, unless that is earlier already. It
	// has whole milliseconds; 0: no such clock.
	PlayFor time.Duration `json:"play_for,omitzero"`
	// Seats limits how many live sessions the link has at once, SeatsEach how
	// many of them one subject has; 0: no limit. WhenFull says what becomes of
	// one more.
	Seats     int64    `json:"seats,omitempty"`
	SeatsEach int64    `json:"seats_each,omitempty"`
	WhenFull  WhenFull `json:"when_full,omitzero"`
}

// Extension is a change of terms; nil fields stay as they are. AddViews and
// AddViewsEach are added to a limit that exists (to none, nothing changes),
// after Views and ViewsEach were set. No limit falls below one by a sum: at
// zero it would turn into "no limit". Fewer seats end nobody by themselves: the
// next new session makes room for itself, or is refused, as [Opening] says.
type Extension struct {
	Views        *int64
	ViewsEach    *int64
	AddViews     int64
	AddViewsEach int64
	StartsAt     *time.Time
	ExpiresAt    *time.Time
	StartBy      *time.Time
	PlayFor      *time.Duration
	Seats        *int64
	SeatsEach    *int64
	WhenFull     *WhenFull
	// HandOn takes so many views out of the limit, for somebody else, where at
	// least as many are left to reserve and, if the link has a limit at all,
	// one stays in it; otherwise nothing changes and the error is ErrTooFew. On
	// a link without a limit there is nothing to take, and it changes nothing.
	HandOn int64
}

// State words of a link.
const (
	Active    = "active"
	Suspended = "suspended"
	Revoked   = "revoked"
)

// Standing is what became of a link: since when, why, by whom.
type Standing struct {
	State string    `json:"state"`
	Since time.Time `json:"since,omitzero"`
	Why   string    `json:"why,omitempty"`
	By    string    `json:"by,omitempty"`
}

// Account is a link's side of the ledger.
type Account struct {
	// Exists is false where there is no such account: absence denies.
	Exists bool
	Terms
	Standing Standing
	// Used counts charged plays; it never falls. Reserved counts slots taken
	// by plays whose first byte has not left yet.
	Used     int64
	Reserved int64
	// Redeems counts sessions made from a landing page, Devices distinct
	// devices that ever opened a session, Opens looks at the landing page, and
	// RefusedOpens how often somebody came while the link was closed.
	Redeems      int64
	Devices      int64
	Opens        int64
	RefusedOpens int64
	// Sessions counts those that were ever made, and Bytes what was sent on them, as
	// far as [Ledger.Flush] was told. Like Used they outlive the sessions.
	Sessions int64
	Bytes    int64
}

// Opening asks for a session on a link.
//
// In this order: a link that is not active, or not in its window, refuses
// (RevokedLink, SuspendedLink, NotYet, Expired). Then the device's live session
// is looked up, among those of the same Person: by Device, and where none is found and Alias is not zero, by
// Alias, which leads to the session that was made with it last and counts only
// if that was last seen less than Idle ago. Live means: not ended and before
// its ExpiresAt. A session that is found is returned with Resumed set, and its
// LastSeen becomes now; nothing else of it changes.
//
// With Hold (a person pressed Watch), a slot is held for the session's subject
// (a found session keeps its own) unless it has an open play or a hold or a
// reservation already; the hold lapses after Lapse and is used up by the
// subject's next reservation. Where no slot is left, the answer is ViewsSpent
// and no session is made or touched. Without Hold, a new session is refused
// with ViewsSpent where a hold would be, and nothing is held.
//
// A new session takes a seat; a found one has its own. Where there are SeatsEach
// live sessions of the subject already, and after that where there are Seats of
// the link, as many as it takes have to leave: first those that were not seen
// for Pace.Seat, beginning with the one seen longest ago, and then, only under
// ReplaceOldest, the others, beginning with the oldest (by CreatedAt; whatever
// is even goes by CreatedAt and then by ID). They end now, with EndedReplaced.
// Where that makes no room, or more than MaxReplaced would have to leave, the
// answer is TooManySeats, naming the allowance, and nothing was made, held or
// ended.
type Opening struct {
	Link    LinkID
	Session SessionID // the id a new session gets: fresh, on no other link
	Device  DeviceID
	Subject Subject
	// Person is who is signed in on the device; zero: nobody. A live session of
	// somebody else, or of nobody, is not the one that is looked for.
	Person PersonID
	// Alias stands for "the same cookieless player again": a keyed hash of
	// client group and agent family. Zero where the client keeps cookies.
	Alias Subject
	Hold  bool
	// Agent is the agent family, Group a keyed hash of the client group; both
	// for people who look at sessions, neither ever for deciding.
	Agent string
	Group string
	// Life is how long a new session lasts; the store does not cut it to the
	// link's window, since the link is looked at again on every request.
	Life time.Duration
	Pace Pace
}

// Pace is the site's timing of plays.
type Pace struct {
	Idle  time.Duration // a play ends when nothing was asked for this long
	Max   time.Duration // a play ends this long after it began
	Lapse time.Duration // a reservation without a byte goes back after this long
	Seat  time.Duration // a session's seat may be taken when it was not seen for this long
}

// Opened is the answer to an [Opening].
type Opened struct {
	Refused Refusal
	// Session is zero where the opening was refused.
	Session Session
	Resumed bool
	Account Account
}

// Refusal is a reason and, for ViewsSpent and TooManySeats, which allowance
// said so.
type Refusal struct {
	Reason Reason
	// Allowance is "views" or "views_each" where Reason is ViewsSpent, "seats"
	// or "seats_each" where it is TooManySeats.
	Allowance string
	// Wait is after how long asking again may help; zero where that is not
	// known. The gate fills it in, never a store.
	Wait time.Duration
}

// Allowances that a refusal names.
const (
	AllowanceViews     = "views"
	AllowanceViewsEach = "views_each"
	AllowanceSeats     = "seats"
	AllowanceSeatsEach = "seats_each"
)

// Session is one device's short-lived credential on one link.
type Session struct {
	Exists  bool      `json:"-"`
	ID      SessionID `json:"id"`
	Link    LinkID    `json:"link"`
	Device  DeviceID  `json:"device"`
	Subject Subject   `json:"-"`
	// Person is who was signed in when the session was opened; zero: nobody.
	Person    PersonID  `json:"person,omitzero"`
	Agent     string    `json:"agent,omitempty"`
	Group     string    `json:"group,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	LastSeen  time.Time `json:"last_seen"`
	ExpiresAt time.Time `json:"expires_at"`
	// EndedAt is zero while nobody ended the session.
	EndedAt time.Time `json:"ended_at,omitzero"`
	// EndedWhy is EndedReplaced, or empty.
	EndedWhy string `json:"ended_why,omitempty"`
	// Gathered says that the session gathered something: see [Ledger].
	Gathered bool  `json:"gathered,omitempty"`
	Bytes    int64 `json:"bytes"`
	// PacedTo is when the session's next request would be due if it had always
	// kept to its rate; see [Usage].
	PacedTo time.Time `json:"-"`
	// Plays are those of the session's subject, filled in by Sessions only.
	Plays []Play `json:"plays,omitempty"`
}

// Live reports whether the session may still be used at now.
func (s *Session) Live(now time.Time) bool {
	return s.Exists && s.EndedAt.IsZero() && now.Before(s.ExpiresAt)
}

// EndedReplaced is why a session ended whose seat was given to another one.
const EndedReplaced = "replaced"

// Refused says what a session that is not live means for a request; OK: it is.
func (s *Session) Refused(now time.Time) Reason {
	switch {
	case s.Live(now):
		return OK
	case s.Exists && s.EndedWhy == EndedReplaced:
		return Replaced
	}
	return NoSession
}

// Query asks for what one decision needs. Where the session gathered what Asset
// is part of, its play is the one of that whole; otherwise that of Asset.
// State.Play is the right one of the two.
type Query struct {
	Link    LinkID
	Session SessionID
	Subject Subject
	Asset   string
	// Above are the links that this one was made from, its parent first; zero
	// where there are no more.
	Above [MaxAbove]LinkID
	// Record asks for the link's document too: whoever does not remember it need
	// not make a trip for it alone.
	Record bool
}

// MaxAbove is how long a chain of links made from links may be, without the
// last one.
const MaxAbove = 4

// WholeScope is the asset of a link whose whole scope is one asset.
const WholeScope = ""

// WholeOf is the asset that an asset is part of for a session that gathered it:
// the folder in which it is, which is its name up to the last slash. Below a
// link's path that is WholeScope. A folder is part of itself.
func WholeOf(asset string) string { return asset[:strings.LastIndexByte(asset, '/')+1] }

// MaxGathered is how many folders a session has gathered at the most.
const MaxGathered = 64

// State is what a decision needs, as of Now.
type State struct {
	Now     time.Time
	Account Account
	Session Session
	// Gathered says that the session gathered what Query.Asset is part of.
	Gathered bool
	Play     Play
	// Above are the accounts of Query.Above, in the same order; nil where the
	// query has none. One that is not there is reported by its Exists.
	Above []Account
	// Edition is that of the documents, read no earlier than the account.
	Edition int64
	// Record is the document that Query.Record asked for, as of the edition or
	// later, and as [Documents.Get] would have returned it; nil where there is none.
	Record *Document
}

// Play states.
const (
	PlayReserved = "reserved"
	PlayCharged  = "charged"
)

// Play is one counted view: a subject watching one asset. There is one of each
// at a time: a new reservation takes the place of a play that has ended.
type Play struct {
	Exists bool   `json:"-"`
	Asset  string `json:"asset"`
	State  string `json:"state"`
	// OpenedAt is when it was reserved, and from its charge on, when charged.
	OpenedAt time.Time `json:"opened_at"`
	LastSeen time.Time `json:"last_seen"`
	// Session and Opener say which request opened the play: the number is
	// explainable. Opener is a path, cut to MaxOpener bytes.
	Session SessionID `json:"session"`
	Opener  string    `json:"opener"`
}

// MaxOpener is the most that is kept of an opener's path.
const MaxOpener = 200

// Open reports whether the charged play still runs at now: neither idle nor
// over its maximum length. Inside an open play everything is free.
func (p *Play) Open(now time.Time, pace Pace) bool {
	return p.Exists && p.State == PlayCharged &&
		now.Sub(p.LastSeen) < pace.Idle && now.Sub(p.OpenedAt) < pace.Max
}

// Claim asks for a slot for a play.
//
// In this order: a link that is not active, or not in its window, refuses; so
// does a session that does not exist or is not live (NoSession, or Replaced
// where it says EndedReplaced). An open play
// of (Subject, Asset) is joined for free. A reservation of the same play that
// has not lapsed is joined, and then belongs to one holder more. A hold of the
// subject becomes the reservation. Otherwise a slot is taken where Used +
// Reserved is below Views and the subject's own sum below ViewsEach, and where
// none is left the answer is ViewsSpent, naming views before views_each. A new
// reservation lapses Pace.Lapse from now; one that is joined keeps its time.
//
// Asset is looked at as in [Query]: what the session gathered is claimed as one.
type Claim struct {
	Link    LinkID
	Session SessionID
	Subject Subject
	Asset   string
	Opener  string
	Pace    Pace
}

// Claimed is the answer to a [Claim].
type Claimed struct {
	Refused Refusal
	// Free says that the play was open already: nothing is to be settled.
	Free bool
	// Asset is the asset the play is of; it goes into the Settlement and
	// [Usage]. Empty where the claim was refused.
	Asset   string
	Account Account
}

// Settlement ends a reservation.
//
// Charge: a link that is not active refuses. An open play of (Subject, Asset)
// is left as it is, which makes a repeated charge, and the charges of several
// holders, cost one view. A reservation becomes a charged play that opens now.
// Where the reservation has lapsed in the meantime, a slot is taken anew as a
// [Claim] does, from a hold or from what is left; otherwise the answer is
// ViewsSpent and no byte may leave.
//
// Give back (Charge false): one holder lets go; with the last, the slot
// returns. A play that was charged meanwhile, or a reservation that lapsed,
// stays as it is.
type Settlement struct {
	Link    LinkID
	Session SessionID
	Subject Subject
	Asset   string
	Opener  string
	Charge  bool
	Pace    Pace
}

// Settled is the answer to a [Settlement].
type Settled struct {
	Refused Refusal
	// Charged says that this call charged a view.
	Charged bool
	Account Account
}

// Usage is what was gathered in memory about one session's play since the
// last flush. A fact about an unknown link is dropped. Opens and
// RefusedOpens count for the link, whatever the rest says, and so do Bytes; a fact
// with a zero Session says nothing else.
// Bytes and LastSeen also go to the session, where it is known.
// LastSeen also goes to the subject's play of Asset while that is open: a play
// that has ended is never reopened. LastSeen only moves forward, and never
// beyond the store's now.
//
// Requests moves the session's PacedTo, by which nodes that never ask each
// other keep one rate (the generic cell rate algorithm, with many requests at
// once): see [Rate.Paced]. A fact that counts none leaves it.
type Usage struct {
	Link    LinkID
	Session SessionID
	Subject Subject
	Asset   string
	Bytes   int64
	Opens   int64
	// RefusedOpens are openings that were refused since the link is closed.
	RefusedOpens int64
	Requests     int64
	// Since is the time of the first of the requests.
	Since    time.Time
	LastSeen time.Time
	Pace     Pace
	Rate     Rate
}
