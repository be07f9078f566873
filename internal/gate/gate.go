package gate

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/usher-media/usher/internal/token"
)

// Gate decides about requests. It holds no state but caches: of links, and of
// tokens that were verified, with what is remembered about their sessions.
type Gate struct {
	store     Store
	rules     Rules
	door      Doorkeeper
	keys      func() *token.Keyring
	policy    Policy
	pacer     func(SessionID, time.Time) (Pacer, bool)
	links     *recent[LinkID, *record]
	verified  atomic.Pointer[verified]
	confirmed atomic.Pointer[confirmed]
	marks     *Marks
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

// House is what the gates of one store share.
type House struct {
	Store Store
	// Rules are those of the directory over the store; nil: [NoRules].
	Rules Rules
	// Door is asked who comes; nil: [NoDoorkeeper].
	Door Doorkeeper
	// Keys gives the keyring of the moment.
	Keys func() *token.Keyring
	// Marks are moved by what the store's Watch tells, and by what its Edits say
	// to the rules. Nil where nobody moves any, and there is no lease.
	Marks *Marks
}

// New returns a gate of a house. pacer gives the pacer of a session and whether
// that is its own, to be remembered.
func New(house House, pacer func(SessionID, time.Time) (Pacer, bool), policy Policy) *Gate {
	g := &Gate{
		store: house.Store, rules: house.Rules, door: house.Door, keys: house.Keys, marks: house.Marks,
		pacer: pacer, policy: policy, links: newRecent[LinkID, *record](maxCachedLinks),
	}
	if g.rules == nil {
		g.rules = NoRules{}
	}
	if g.door == nil {
		g.door = NoDoorkeeper{}
	}
	if g.marks == nil {
		g.marks = new(Marks)
	}
	return g
}

// maxCachedLinks bounds the cache; a link takes less than 1 KiB, and one for
// many persons as much as they do.
const maxCachedLinks = 50_000

// record is a link's document as it was read, and the mark from before it was.
type record struct {
	Link
	mark uint32
	// claimed says that the link was minted elsewhere, and is not stored yet.
	claimed bool
}

// above are the links that this one was made from.
func (r *record) above() (above [MaxAbove]LinkID) {
	copy(above[:], r.Above)
	return above
}

// complete sees that the state says what became of all of them.
func (r *record) complete(s *State) error {
	if len(s.Above) != len(r.Above) {
		return fmt.Errorf("link %s was made from %d links, and the store tells of %d", r.ID, len(r.Above), len(s.Above))
	}
	return nil
}

// link returns the link by id; ErrNotFound where there is none.
func (g *Gate) link(ctx context.Context, id LinkID, now time.Time) (*record, error) {
	mark := g.marks.record(id)
	if r := g.remembered(id, mark, now); r != nil {
		return r, nil
	}
	doc, err := g.store.Get(ctx, KindLink, id.String())
	if err != nil {
		return nil, err
	}
	return g.recordFrom(doc, mark, now)
}

// remembered is the record of a link that is as good as the mark; nil: there is
// none.
func (g *Gate) remembered(id LinkID, mark uint32, now time.Time) *record {
	if r, ok := g.links.get(id[len(id)-1], id, now); ok && r.mark == mark {
		return r
	}
	return nil
}

// recordFrom reads a document, and remembers it with the mark from before it was
// asked for.
func (g *Gate) recordFrom(doc Document, mark uint32, now time.Time) (*record, error) {
	link, err := LinkFrom(doc)
	if err != nil {
		return nil, err
	}
	r := &record{Link: link, mark: mark}
	g.remember(r, now)
	return r, nil
}

func (g *Gate) remember(r *record, now time.Time) {
	g.links.put(r.ID[len(r.ID)-1], r.ID, r, now)
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

// known returns the link that a verified credential names.
func (g *Gate) known(ctx context.Context, p *pass, now time.Time) (*record, Terms, Reason, error) {
	mark := g.marks.record(p.link)
	r, err := g.link(ctx, p.link, now)
	if errors.Is(err, ErrNotFound) {
		r, terms, no := p.claimed(mark, now)
		return r, terms, no, nil
	}
	return r, Terms{}, OK, err
}

// claimed is a link that has no record yet, since it was minted elsewhere, by
// what its token says. It is stored once somebody opens it: looking must not
// change anything.
func (p *pass) claimed(mark uint32, now time.Time) (*record, Terms, Reason) {
	if p.claims == nil {
		return nil, Terms{}, BadToken
	}
	link, terms, no := linkFrom(*p.claims, now)
	if no != OK {
		return nil, Terms{}, no
	}
	return &record{Link: link, mark: mark, claimed: true}, terms, OK
}

// adopt stores a link that was minted elsewhere.
func (g *Gate) adopt(ctx context.Context, r *record, terms Terms, now time.Time) error {
	if _, err := Create(ctx, g.store, r.Link, terms); err != nil {
		return err
	}
	g.remember(&record{Link: r.Link, mark: r.mark}, now)
	return nil
}
