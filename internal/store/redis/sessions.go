package redis

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

// page is how many things are read or written in one trip.
const page = 100

// listedName is the name of a session in the lists over all links. Ids are of
// one length, so the order of names is the order of session ids.
func listedName(link gate.LinkID, session gate.SessionID) string {
	return session.String() + ":" + link.String()
}

// Sessions implements [gate.Ledger].
func (s *Store) Sessions(
	ctx context.Context, whose gate.Whose, below gate.SessionID, limit int,
) ([]gate.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("sessions", err)
	}
	list := allSessions
	switch {
	case !whose.Link.IsZero():
		list = keysOf(whose.Link).sessions()
	case !whose.Person.IsZero():
		list = personSessions(whose.Person)
	}
	from := "+"
	if !below.IsZero() {
		from = "(" + below.String()
	}
	var found []gate.Session
	for len(found) < limit {
		names, sessions, err := s.sessionPage(ctx, list, whose.Link, from)
		if err != nil {
			return nil, wrap("sessions", err)
		}
		found = append(found, sessions[:min(len(sessions), limit-len(found))]...)
		if len(names) < page {
			break
		}
		from = "(" + names[page-1]
	}
	if err := s.addPlays(ctx, found); err != nil {
		return nil, wrap("sessions", err)
	}
	return found, nil
}

// Seated implements [gate.Ledger].
func (s *Store) Seated(ctx context.Context, link gate.LinkID) (int64, error) {
	k := keysOf(link)
	got, err := s.ask(ctx, seatedScript, []string{k.account(), k.reservations(), k.sessionEnds()})
	if err != nil {
		return 0, wrap("seated", err)
	}
	f := fields{values: got.rest}
	n := f.number()
	return n, wrap("seated", f.err)
}

// sessionPage reads a page of names and the sessions behind them. A name may
// be of a session that was never made, or that is not known any more.
func (s *Store) sessionPage(
	ctx context.Context, list string, link gate.LinkID, from string,
) (names []string, sessions []gate.Session, err error) {
	names, err = s.client.ZRevRangeByLex(ctx, list, &goredis.ZRangeBy{Max: from, Min: "-", Count: page}).Result()
	if err != nil || len(names) == 0 {
		return nil, nil, err
	}
	proposed := make([]gate.Session, len(names))
	cmds := make([]*goredis.SliceCmd, len(names))
	pipe := s.client.Pipeline()
	for i, name := range names {
		id, ofLink, _ := strings.Cut(name, ":")
		f := fields{values: []any{id, ofLink}}
		proposed[i] = gate.Session{ID: f.session(), Link: link}
		if link.IsZero() {
			proposed[i].Link = f.link()
		}
		if f.err != nil {
			return nil, nil, f.err
		}
		cmds[i] = readSession(ctx, pipe, keysOf(proposed[i].Link).session(proposed[i].ID))
	}
	now, err := s.exec(ctx, pipe)
	if err != nil {
		return nil, nil, err
	}
	for i, p := range proposed {
		session, err := decodeSession(p.Link, p.ID, now, cmds[i].Val())
		if err != nil {
			return nil, nil, err
		}
		if session.Exists {
			sessions = append(sessions, session)
		}
	}
	return names, sessions, nil
}

// exec makes a trip of plain reads and tells the time after them.
func (s *Store) exec(ctx context.Context, pipe goredis.Pipeliner) (time.Time, error) {
	var asked *goredis.TimeCmd
	if s.now == nil {
		asked = pipe.Time(ctx)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return time.Time{}, err
	}
	return fromMillis(s.saw(s.reading(asked))), nil
}

// addPlays reads the plays of the sessions' subjects.
func (s *Store) addPlays(ctx context.Context, sessions []gate.Session) error {
	for chunk := range slices.Chunk(sessions, page) {
		pipe := s.client.Pipeline()
		cmds := make([]*goredis.MapStringStringCmd, len(chunk))
		for i, session := range chunk {
			cmds[i] = pipe.HGetAll(ctx, keysOf(session.Link).plays(session.Subject))
		}
		now, err := s.exec(ctx, pipe)
		if err != nil {
			return err
		}
		for i := range chunk {
			if chunk[i].Plays, err = listPlays(cmds[i].Val(), now); err != nil {
				return err
			}
		}
	}
	return nil
}

func listPlays(byAsset map[string]string, now time.Time) ([]gate.Play, error) {
	var plays []gate.Play
	for asset, value := range byAsset {
		play, err := decodePlay(asset, now, value)
		if err != nil {
			return nil, err
		}
		if play.Exists {
			plays = append(plays, play)
		}
	}
	slices.SortFunc(plays, func(a, b gate.Play) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.Asset, b.Asset))
	})
	return plays, nil
}
