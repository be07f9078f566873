package revoke

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/loadtest/internal/rig"
	"github.com/usher-media/usher/loadtest/internal/viewer"
	"github.com/usher-media/usher/loadtest/internal/wire"
)

// change is something that an operator does, after which nothing passes.
type change struct {
	word string
	// shared: all players use one session, which is what is ended.
	shared bool
	// status is that of the refusals.
	status int
	// set makes what the change is about; nil: a link.
	set func(ctx context.Context, node *rig.Server) (stage, error)
	// do makes the change.
	do func(ctx context.Context, node *rig.Server, s stage) error
}

// stage is what players watch by.
type stage struct {
	// link is theirs; they bring none where person is there, who is signed in.
	link   api.Link
	person viewer.Person
	// segment is what they read.
	segment string
	// about is the id of what is changed.
	about string
}

var changes = []change{
	{word: "revoke", status: http.StatusGone, do: func(ctx context.Context, node *rig.Server, s stage) error {
		return node.Call(ctx, http.MethodPost, "/links/"+s.link.ID+"/revoke", nil, nil)
	}},
	{word: "suspend", status: http.StatusForbidden, do: func(ctx context.Context, node *rig.Server, s stage) error {
		return node.Call(ctx, http.MethodPost, "/links/"+s.link.ID+"/suspend", nil, nil)
	}},
	{word: "shorten", status: http.StatusGone, do: func(ctx context.Context, node *rig.Server, s stage) error {
		over := time.Now().Add(-time.Second)
		return node.Call(ctx, http.MethodPatch, "/links/"+s.link.ID, api.LinkChange{ExpiresAt: &over}, nil)
	}},
	{word: "end", shared: true, status: http.StatusForbidden, do: endSession},
	{word: "lower", status: http.StatusForbidden, set: childLink, do: func(ctx context.Context, node *rig.Server, s stage) error {
		return node.Call(ctx, http.MethodPatch, "/links/"+s.about, api.LinkChange{Can: []string{"share"}}, nil)
	}},
	{word: "lock", status: http.StatusForbidden, set: inCollection, do: func(ctx context.Context, node *rig.Server, s stage) error {
		return node.Call(ctx, http.MethodPatch, "/collections/"+s.about, api.CollectionChange{Level: new("locked")}, nil)
	}},
	{word: "ungrant", status: http.StatusForbidden, set: grantedPerson, do: func(ctx context.Context, node *rig.Server, s stage) error {
		return node.Call(ctx, http.MethodDelete, "/grants/"+s.about, nil, nil)
	}},
	{word: "suspend-person", status: http.StatusForbidden, set: namedPerson, do: func(ctx context.Context, node *rig.Server, s stage) error {
		return node.Call(ctx, http.MethodPost, "/persons/"+s.about+"/suspend", nil, nil)
	}},
}

func changeWords() []string {
	words := []string{download}
	for _, ch := range changes {
		words = append(words, ch.word)
	}
	return words
}

func endSession(ctx context.Context, node *rig.Server, s stage) error {
	link := s.link
	var list api.SessionList
	if err := node.Call(ctx, http.MethodGet, "/sessions?link="+link.ID, nil, &list); err != nil {
		return err
	}
	if len(list.Sessions) != 1 {
		return fmt.Errorf("link %s has %d sessions where one was opened", link.ID, len(list.Sessions))
	}
	return node.Call(ctx, http.MethodPost, "/sessions/"+list.Sessions[0].ID.String()+"/end?link="+link.ID, nil, nil)
}

// patience is how long a refusal may take before the run is given up.
const patience = 20 * time.Second

// measure makes the change once, on the first node, and notes for every node
// how long its player was let through.
func (ch change) measure(ctx context.Context, c *rig.Cluster, t *tally) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stage, players, err := ch.players(ctx, c)
	defer closeAll(players)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for _, p := range players {
		wg.Go(func() { p.read(ctx, ch.status) })
	}
	began, answered, err := ch.whenAllRead(ctx, c.Nodes[0], stage, players)
	if err != nil {
		cancel()
	}
	wg.Wait()
	for _, p := range players {
		err = errors.Join(err, p.err)
		t.note(p.refused.Sub(began), p.refused.Sub(answered))
	}
	return err
}

// whenAllRead makes the change as soon as every player has read a few times,
// so that whatever is remembered about them is remembered.
func (ch change) whenAllRead(ctx context.Context, node *rig.Server, s stage, players []*player) (began, answered time.Time, err error) {
	for _, p := range players {
		select {
		case <-p.reading:
		case <-ctx.Done():
			return began, answered, ctx.Err()
		}
	}
	began = time.Now()
	err = ch.do(ctx, node, s)
	return began, time.Now(), err
}

// players opens sessions on a fresh stage, and connects a player to each node.
func (ch change) players(ctx context.Context, c *rig.Cluster) (s stage, list []*player, err error) {
	set := ch.set
	if set == nil {
		set = plainLink
	}
	if s, err = set(ctx, c.Nodes[0]); err != nil {
		return s, nil, err
	}
	v := viewer.New(true)
	defer v.Close()
	var session viewer.Session
	for _, node := range c.Nodes {
		if session == "" || !ch.shared {
			if session, err = s.enter(ctx, v, node); err != nil {
				return s, list, err
			}
		}
		if _, err := v.Get(ctx, node.URL+session.Path(s.segment)); err != nil {
			return s, list, err
		}
		p, err := newPlayer(ctx, node.Addr, session.Path(s.segment))
		if err != nil {
			return s, list, err
		}
		list = append(list, p)
	}
	return s, list, nil
}

func closeAll(players []*player) {
	for _, p := range players {
		_ = p.conn.Close()
	}
}

// player reads through one node until it is refused.
type player struct {
	addr    string
	conn    *wire.Conn
	request []byte
	reading chan struct{} // closed when it has read a few times
	refused time.Time
	err     error
}

func newPlayer(ctx context.Context, addr, path string) (*player, error) {
	conn, err := wire.Dial(ctx, addr)
	return &player{addr: addr, conn: conn, request: wire.Get(addr, path), reading: make(chan struct{})}, err
}

// enough is how many answers show that a player is being let through.
const enough = 3

func (p *player) read(ctx context.Context, refusal int) {
	stop := context.AfterFunc(ctx, func() { _ = p.conn.Close() })
	defer stop()
	for n := 1; ; n++ {
		got, err := p.conn.Do(p.request)
		if n == enough {
			close(p.reading)
		}
		switch {
		case err != nil && ctx.Err() == nil && n > enough:
			// An answer that was running was cut. That is a refusal too, where
			// the next request gets one in words.
			p.refused = time.Now()
			p.err = p.confirm(ctx, refusal)
			return
		case err != nil:
			p.err = fmt.Errorf("a player after %d answers: %w", n-1, errors.Join(err, ctx.Err()))
			return
		case got.Status == http.StatusOK || got.Status == http.StatusServiceUnavailable && n > enough:
			continue // a store that is busy denies for a moment; that is not the refusal
		}
		p.refused = time.Now()
		if got.Status != refusal || n <= enough {
			p.err = fmt.Errorf("answer %d to a player at %s has status %d; the refusal was to be %d, and after %d answers", n, p.addr, got.Status, refusal, enough)
		}
		return
	}
}

// confirm asks once more, on a new connection, and wants the refusal.
func (p *player) confirm(ctx context.Context, refusal int) error {
	conn, err := wire.Dial(ctx, p.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	got, err := conn.Do(p.request)
	if err == nil && got.Status != refusal {
		err = fmt.Errorf("status %d instead of %d", got.Status, refusal)
	}
	if err != nil {
		return fmt.Errorf("after an answer was cut: %w", err)
	}
	return nil
}
