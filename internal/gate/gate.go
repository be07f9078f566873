package gate

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/usher-media/usher/internal/token"
)

// Gate decides about requests. It holds no state but caches: of links, which
// never change, and of tokens that were verified, with what is remembered about
// their sessions.
type Gate struct {
	store    Store
	keys     func() *token.Keyring
	policy   Policy
	pacer    func(SessionID, time.Time) (Pacer, bool)
	links    *recent[LinkID, *Link]
	verified atomic.Pointer[verified]
	marks    *Marks
}

// Pacer says whether n more requests may come now. A [rate.Limiter] is one.
//
// [rate.Limiter]: https://pkg.go.dev/golang.org/x/time/rate#Limiter
type Pacer interface {
	AllowN(now time.Time, n int) bool
}

// Unpaced is a pacer for whoever may ask as fast as they like.
func Unpaced(SessionID, time.Time) (Pacer, bool) { return unpaced{}, true }

type unpaced struct{}

func (unpaced) AllowN(time.Time, int) bool { return true }

// New returns a gate over a store. keys gives the keyring of the moment, pacer
// the pacer of a session and whether that is its own, to be remembered. marks are only used where the policy has a Lease;
// whoever made them moves them by what the store's Watch tells.
func New(store Store, keys func() *token.Keyring, pacer func(SessionID, time.Time) (Pacer, bool), marks *Marks, policy Policy) *Gate {
	return &Gate{
		store: store, keys: keys, pacer: pacer, policy: policy, marks: marks,
		links: newRecent[LinkID, *Link](maxCachedLinks),
	}
}

// maxCachedLinks bounds the cache; a link takes less than 1 KiB.
const maxCachedLinks = 50_000

// link returns the link by id; ErrNotFound where there is none.
func (g *Gate) link(ctx context.Context, id LinkID, now time.Time) (*Link, error) {
	if link, ok := g.links.get(id[len(id)-1], id, now); ok {
		return link, nil
	}
	doc, err := g.store.Get(ctx, KindLink, id.String())
	if err != nil {
		return nil, err
	}
	link, err := LinkFrom(doc)
	if err != nil {
		return nil, err
	}
	g.remember(&link, now)
	return &link, nil
}

func (g *Gate) remember(link *Link, now time.Time) {
	g.links.put(link.ID[len(link.ID)-1], link.ID, link, now)
}

// Create stores a new link with its account. The account comes first: a crash
// in between leaves an account that nobody can reach, while a document without
// an account would be a link that is listed and denies.
func Create(ctx context.Context, store Store, link Link, terms Terms) (Account, error) {
	if err := link.Validate(terms); err != nil {
		return Account{}, err
	}
	doc, err := link.Document()
	if err != nil {
		return Account{}, err
	}
	account, err := store.Issue(ctx, link.ID, terms)
	if err != nil {
		return Account{}, err
	}
	if _, err := store.Put(ctx, doc); err != nil && !errors.Is(err, ErrConflict) {
		return Account{}, err
	}
	return account, nil
}

// known returns the link that a verified credential names. A link minted
// elsewhere may have no record yet: then it is made from the claims, and
// stored only if create is set, since looking must not change anything.
func (g *Gate) known(ctx context.Context, p *pass, now time.Time, create bool) (Link, Terms, Reason, error) {
	known, err := g.link(ctx, p.link, now)
	if err == nil {
		return *known, Terms{}, OK, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return Link{}, Terms{}, OK, err
	}
	if p.claims == nil {
		return Link{}, Terms{}, BadToken, nil
	}
	link, terms, no := linkFrom(*p.claims, now)
	if no != OK || !create {
		return link, terms, no, nil
	}
	if _, err := Create(ctx, g.store, link, terms); err != nil {
		return Link{}, Terms{}, OK, err
	}
	g.remember(&link, now)
	return link, terms, OK, nil
}
