package gate

import (
	"crypto/sha256"
	"errors"
	"time"

	"github.com/usher-media/usher/internal/token"
)

// pass is a verified credential: a link's, or a session's.
type pass struct {
	link    LinkID
	session SessionID // zero: the credential is a link
	subject Subject
	claims  *token.Claims // a link minted elsewhere
}

// verify asks whether we, or an issuer we trust, signed the credential, for
// this purpose, and whether a signed link is in its own time. The three forms
// have different lengths or shapes, so a text is only ever tried as one.
func (g *Gate) verify(c Credential, now time.Time) (pass, Reason) {
	ring := g.keys()
	switch {
	case len(c.Text) == token.SealedLen(token.SessionToken):
		return g.verifySession(ring, c.Text)
	case c.Carrier == InPath || c.Carrier == InCookie:
		return pass{}, BadToken // only sessions travel there
	}
	return verifyLink(ring, c.Text, now)
}

func (g *Gate) verifySession(ring *token.Keyring, text string) (pass, Reason) {
	var buf [3 * token.IDSize]byte
	body, err := ring.Unseal(buf[:0], token.SessionToken, text)
	if err != nil {
		return pass{}, tokenReason(err)
	}
	return pass{
		link:    LinkID(body[:token.IDSize]),
		session: SessionID(body[token.IDSize : 2*token.IDSize]),
		subject: Subject(body[2*token.IDSize:]),
	}, OK
}

// verifyLink reads a link's code or a signed link. NotYet and Expired come
// with the pass, since the signature held.
func verifyLink(ring *token.Keyring, text string, now time.Time) (pass, Reason) {
	if token.LooksLikeJWT(text) {
		claims, err := ring.ReadLink(text, now)
		no := tokenReason(err)
		if no != OK && no != NotYet && no != Expired {
			return pass{}, no
		}
		return pass{link: linkIDOf(claims), claims: &claims}, no
	}
	var buf [token.IDSize]byte
	body, err := ring.Unseal(buf[:0], token.LinkCode, text)
	if err != nil {
		return pass{}, tokenReason(err)
	}
	return pass{link: LinkID(body)}, OK
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
	terms := Terms{Views: c.Terms.Views, ViewsEach: c.Terms.ViewsEach, StartsAt: c.NotBefore, ExpiresAt: c.Expires}
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
func (g *Gate) device(req Request, now time.Time) (id DeviceID, known bool) {
	var buf [token.IDSize]byte
	body, err := g.keys().Unseal(buf[:0], token.DeviceToken, req.Device)
	if err != nil {
		return DeviceID(token.NewID(now)), false
	}
	return DeviceID(body), true
}

// KnowsDevice reports whether the request's device cookie is one of ours.
func (g *Gate) KnowsDevice(req Request) bool {
	_, known := g.device(req, time.Time{})
	return known
}
