package redis

import (
	"context"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// The client prints every dial that fails, which it also returns.
func init() { logging.Disable() }

var pace = gate.Pace{Idle: 30 * time.Minute, Max: 12 * time.Hour, Lapse: 2 * time.Minute, Seat: 2 * time.Minute}

// open opens a store that is patient with a server on a busy machine.
func open(t testing.TB, url string, now func() time.Time) *Store {
	t.Helper()
	settings, err := parseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	settings.PoolTimeout, settings.DialTimeout = time.Minute, time.Minute
	settings.ReadTimeout, settings.WriteTimeout = time.Minute, time.Minute
	s := newStore(settings, Options{Now: now})
	s.checks.budget = time.Minute
	t.Cleanup(func() { s.Close() })
	return s
}

// openStrict opens a store with the budgets that it has at work.
func openStrict(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// admin is a client of the server for what no store does.
func admin(t testing.TB, url string) *goredis.Client {
	t.Helper()
	settings, err := goredis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := goredis.NewClient(settings)
	t.Cleanup(func() { c.Close() })
	return c
}

// do runs a command as an admin.
func do(t testing.TB, c *goredis.Client, args ...any) {
	t.Helper()
	if err := c.Do(t.Context(), args...).Err(); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}

// link issues a fresh link.
func link(t testing.TB, s *Store, terms gate.Terms) gate.LinkID {
	t.Helper()
	id := gate.LinkID(token.NewID(time.Now()))
	if _, err := s.Issue(t.Context(), id, terms); err != nil {
		t.Fatal(err)
	}
	return id
}

// visitor is a fresh device's opening of a link.
func visitor(link gate.LinkID) gate.Opening {
	device := gate.DeviceID(token.NewID(time.Now()))
	return gate.Opening{
		Link: link, Session: gate.SessionID(token.NewID(time.Now())),
		Device: device, Subject: gate.SubjectOf(device),
		Agent: "agent", Group: "group", Life: time.Hour, Pace: pace,
	}
}

// visit opens a session for a fresh device.
func visit(t testing.TB, s *Store, link gate.LinkID) gate.Opening {
	t.Helper()
	o := visitor(link)
	if opened, err := s.Open(t.Context(), o); err != nil || opened.Refused.Reason != gate.OK {
		t.Fatalf("Open: %+v, %v", opened, err)
	}
	return o
}

func query(o gate.Opening, asset string) gate.Query {
	return gate.Query{Link: o.Link, Session: o.Session, Subject: o.Subject, Asset: asset}
}

func claim(o gate.Opening, asset string) gate.Claim {
	return gate.Claim{
		Link: o.Link, Session: o.Session, Subject: o.Subject,
		Asset: asset, Opener: "/film/seg1.ts", Pace: o.Pace,
	}
}

func settlement(o gate.Opening, asset string, charge bool) gate.Settlement {
	return gate.Settlement{
		Link: o.Link, Session: o.Session, Subject: o.Subject,
		Asset: asset, Opener: "/film/seg1.ts", Charge: charge, Pace: o.Pace,
	}
}

// watch reserves and charges a play.
func watch(t testing.TB, s *Store, o gate.Opening, asset string) {
	t.Helper()
	claimed, err := s.Reserve(t.Context(), claim(o, asset))
	if err != nil || claimed.Refused.Reason != gate.OK {
		t.Fatalf("Reserve: %+v, %v", claimed, err)
	}
	settled, err := s.Settle(t.Context(), settlement(o, asset, true))
	if err != nil || !settled.Charged {
		t.Fatalf("Settle: %+v, %v", settled, err)
	}
}

// account reads the account, which has to be there.
func account(t testing.TB, s *Store, link gate.LinkID) gate.Account {
	t.Helper()
	a, err := s.Account(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// verb calls one verb of a store.
type verb func(context.Context) error

// verbs calls every verb of the store with arguments about that opening.
func verbs(s *Store, o gate.Opening) map[string]verb {
	return map[string]verb{
		"Ready": s.Ready,
		"Get":   func(ctx context.Context) error { return second(s.Get(ctx, gate.KindLink, "x")) },
		"Put": func(ctx context.Context) error {
			return second(s.Put(ctx, gate.Document{Kind: gate.KindLink, ID: token.NewID(time.Now()).String()}))
		},
		"Put of a person": func(ctx context.Context) error {
			return second(s.Put(ctx, gate.Document{Kind: gate.KindPerson, ID: token.NewID(time.Now()).String()}))
		},
		"Edits": func(ctx context.Context) error {
			_, _, _, err := s.Edits(ctx, 0)
			return err
		},
		"Delete":  func(ctx context.Context) error { return s.Delete(ctx, gate.KindLink, "x") },
		"List":    func(ctx context.Context) error { return second(s.List(ctx, gate.KindLink, "", "", 9)) },
		"Issue":   func(ctx context.Context) error { return second(s.Issue(ctx, o.Link, gate.Terms{})) },
		"Account": func(ctx context.Context) error { return second(s.Account(ctx, o.Link)) },
		"Extend": func(ctx context.Context) error {
			return second(s.Extend(ctx, o.Link, gate.Extension{AddViews: 1}))
		},
		"SetStanding": func(ctx context.Context) error {
			return second(s.SetStanding(ctx, o.Link, gate.Standing{State: gate.Active}))
		},
		"Open":    func(ctx context.Context) error { return second(s.Open(ctx, o)) },
		"Check":   func(ctx context.Context) error { return second(s.Check(ctx, query(o, "film"))) },
		"Reserve": func(ctx context.Context) error { return second(s.Reserve(ctx, claim(o, "film"))) },
		"Settle":  func(ctx context.Context) error { return second(s.Settle(ctx, settlement(o, "film", true))) },
		"Gather":  func(ctx context.Context) error { return s.Gather(ctx, o.Link, o.Session, gate.WholeScope) },
		"End":     func(ctx context.Context) error { return second(s.End(ctx, o.Link, o.Session)) },
		"Seated":  func(ctx context.Context) error { return second(s.Seated(ctx, o.Link)) },
		"Sessions": func(ctx context.Context) error {
			return second(s.Sessions(ctx, gate.Whose{Link: o.Link}, gate.SessionID{}, 9))
		},
		"Announce": func(ctx context.Context) error {
			return s.Announce(ctx, gate.Change{Kind: gate.KeysChanged})
		},
		"Flush": func(ctx context.Context) error {
			return s.Flush(ctx, []gate.Usage{{Link: o.Link, Session: o.Session, Subject: o.Subject, LastSeen: time.Now()}})
		},
	}
}

func second[T any](_ T, err error) error { return err }
