package gate

import (
	"crypto/sha256"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/usher-media/usher/internal/token"
)

// pass is a verified credential: a link's, or a session's. It is shared by
// all requests that bring the same credential.
type pass struct {
	link    LinkID
	session SessionID // zero: the credential is a link
	subject Subject
	claims  *token.Claims // a link minted elsewhere
	labels  Labels

	// What is remembered about a session beside its token, so that a request
	// finds it all in one place.
	pacer  atomic.Pointer[Pacer]
	record atomic.Pointer[record]
	ruled  atomic.Pointer[ruled]
	lease  atomic.Pointer[lease]
	terms  atomic.Pointer[writtenTerms]
	shape  atomic.Pointer[shape]
}

// writtenTerms are terms with what they were written from.
type writtenTerms struct {
	left      int64
	limited   bool
	expiresAt time.Time
	text      TermsText
}

// write returns the account's terms as text, which is made anew only when they
// changed: every media request is told them.
func (p *pass) write(a *Account) TermsText {
	left, limited := a.Left()
	known := p.terms.Load()
	if known != nil && known.left == left && known.limited == limited && known.expiresAt.Equal(a.ExpiresAt) {
		return known.text
	}
	text := a.Text()
	p.terms.Store(&writtenTerms{left, limited, a.ExpiresAt, text})
	return text
}

// nobody is a credential that did not verify.
var nobody = new(pass)

// verified remembers the credentials that verified under one keyring, by their
// text: each token has one spelling. A keyring that changed begins anew, so
// that what a retired key signed is refused from then on. Only what was
// rightly signed gets in, so nobody can fill it with tokens of their own.
type verified struct {
	ring     *token.Keyring
	sessions *recent[string, *pass]
	links    *recent[string, *pass]
}

// Bounds of the memory. A session takes less than 2 KiB with its lease, a link that was
// minted elsewhere at most 5 KiB.
const (
	maxVerifiedSessions = 100_000
	maxVerifiedLinks    = 4_000
)

// verifiedBy returns the memory that belongs to the keyring of the moment.
func (g *Gate) verifiedBy(ring *token.Keyring) *verified {
	known := g.verified.Load()
	if known != nil && known.ring == ring {
		return known
	}
	fresh := &verified{
		ring:     ring,
		sessions: newRecent[string, *pass](maxVerifiedSessions),
		links:    newRecent[string, *pass](maxVerifiedLinks),
	}
	g.verified.Store(fresh) // of two at once, one is forgotten again
	return fresh
}

// verify asks whether we, or an issuer we trust, signed the credential, for
// this purpose, and whether a signed link is in its own time. The three forms
// have different lengths or shapes, so a text is only ever tried as one.
func (g *Gate) verify(c Credential, now time.Time) (*pass, Reason) {
	switch {
	case len(c.Text) == token.SealedLen(token.SessionToken):
		return g.verifySession(c.Text, now)
	case c.Carrier == InPath || c.Carrier == InCookie:
		return nobody, BadToken // only sessions travel there
	}
	return g.verifyLink(c.Text, now)
}

func (g *Gate) verifySession(text string, now time.Time) (*pass, Reason) {
	ring := g.keys()
	known, spread := g.verifiedBy(ring).sessions, text[len(text)-1] // its MAC's end
	if p, found := known.get(spread, text, now); found {
		return p, OK
	}
	var buf [3 * token.IDSize]byte
	body, err := ring.Unseal(buf[:0], token.SessionToken, text)
	if err != nil {
		return nobody, tokenReason(err)
	}
	p := &pass{
		link:    LinkID(body[:token.IDSize]),
		session: SessionID(body[token.IDSize : 2*token.IDSize]),
		subject: Subject(body[2*token.IDSize:]),
	}
	p.labels = Labels{Link: p.link.String(), Session: p.session.String()}
	known.put(spread, strings.Clone(text), p, now) // the text is a piece of a whole request line
	return p, OK
}

// verifyLink reads a link's code or a signed link. NotYet and Expired come
// with the pass, since the signature held.
func (g *Gate) verifyLink(text string, now time.Time) (*pass, Reason) {
	ring := g.keys()
	if token.LooksLikeJWT(text) {
		return g.verifyJWT(ring, text, now)
	}
	var buf [token.IDSize]byte
	body, err := ring.Unseal(buf[:0], token.LinkCode, text)
	if err != nil {
		return nobody, tokenReason(err)
	}
	return &pass{link: LinkID(body)}, OK
}

// verifyJWT remembers the claims and asks for their time again each time.
func (g *Gate) verifyJWT(ring *token.Keyring, text string, now time.Time) (*pass, Reason) {
	known, spread := g.verifiedBy(ring).links, text[len(text)-8] // within its signature
	if p, found := known.get(spread, text, now); found {
		return p, tokenReason(p.claims.InTime(now))
	}
	claims, err := ring.ReadLink(text, now)
	no := tokenReason(err)
	if no != OK && no != NotYet && no != Expired {
		return nobody, no
	}
	p := &pass{link: linkIDOf(claims), claims: &claims}
	if no != Expired { // it never comes back
		known.put(spread, strings.Clone(text), p, now)
	}
	return p, no
}

func tokenReason(err error) Reason {
	switch {
	case err == nil:
		return OK
	case errors.Is(err, token.ErrUnknownKey):
		return UnknownKey
	case errors.Is(err, token.ErrNotYet):
		return NotYet
	case errors.Is(err, token.ErrExpired):
		return Expired
	default:
		return BadToken
	}
}

// linkIDOf names the record of a link minted elsewhere by its issuer's key and
// its jti, so that the same token always finds the same record, on every node.
// The lengths are part of the hash: no two pairs run together.
func linkIDOf(c token.Claims) LinkID {
	h := sha256.New()
	h.Write([]byte{'j', byte(len(c.KeyID))})
	h.Write([]byte(c.KeyID))
	h.Write([]byte(c.JTI))
	var id LinkID
	copy(id[:], h.Sum(nil))
	return id
}

// linkFrom makes the record of a link minted elsewhere.
func linkFrom(c token.Claims, now time.Time) (Link, Terms, Reason) {
	scope, err := ParseScope(c.Terms.Path)
	if err != nil {
		return Link{}, Terms{}, BadToken
	}
	can := View
	if len(c.Terms.Can) > 0 {
		if can, err = ParseCapabilities(c.Terms.Can); err != nil {
			return Link{}, Terms{}, BadToken
		}
	}
	link := Link{
		ID: linkIDOf(c), Scope: scope, Can: can, Title: c.Terms.Title, Entry: c.Terms.Entry,
		CreatedAt: now.UTC().Truncate(time.Second), CreatedBy: "token", Issuer: c.KeyID,
	}
	full, err := ParseWhenFull(c.Terms.WhenFull)
	if err != nil {
		return Link{}, Terms{}, BadToken
	}
	terms := Terms{
		Views: c.Terms.Views, ViewsEach: c.Terms.ViewsEach, StartsAt: c.NotBefore, ExpiresAt: c.Expires,
		Seats: c.Terms.Seats, SeatsEach: c.Terms.SeatsEach, WhenFull: full,
	}
	if link.Validate(terms) != nil {
		return Link{}, Terms{}, BadToken
	}
	return link, terms, OK
}

// Seals that the gate makes.

func (g *Gate) sessionToken(link LinkID, session SessionID, subject Subject) string {
	body := make([]byte, 0, 3*token.IDSize)
	body = append(body, link[:]...)
	body = append(body, session[:]...)
	body = append(body, subject[:]...)
	return g.keys().Seal(token.SessionToken, body)
}

// LinkCode returns the code that stands in a link's share URL.
func (g *Gate) LinkCode(id LinkID) string { return g.keys().Seal(token.LinkCode, id[:]) }

// DeviceToken returns the cookie text of a device.
func (g *Gate) DeviceToken(id DeviceID) string { return g.keys().Seal(token.DeviceToken, id[:]) }

// device returns the device that the request's cookie names, or a new one.
func (g *Gate) device(req *Request, now time.Time) (id DeviceID, known bool) {
	var buf [token.IDSize]byte
	body, err := g.keys().Unseal(buf[:0], token.DeviceToken, req.Device)
	if err != nil {
		return DeviceID(token.NewID(now)), false
	}
	return DeviceID(body), true
}

// KnowsDevice reports whether the request's device cookie is one of ours.
func (g *Gate) KnowsDevice(req *Request) bool {
	_, known := g.device(req, time.Time{})
	return known
}
