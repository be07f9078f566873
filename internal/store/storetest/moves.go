package storetest

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/usher-media/usher/internal/gate"
)

// brisk is the pace of a site after its operator changed the config: plays of
// one pace are then looked at by another.
var brisk = gate.Pace{Idle: 10 * time.Minute, Max: 45 * time.Minute, Lapse: time.Minute, Seat: time.Minute}

// The names in play. The third device belongs to the second's owner: one
// subject on two devices.
var (
	devices  = []gate.DeviceID{{11: 1}, {11: 2}, {11: 3}}
	subjects = []gate.Subject{{11: 1}, {11: 2}, {11: 2}}
	aliases  = []gate.Subject{{}, {10: 1}, {10: 2}}
	persons  = []gate.PersonID{{}, {}, {11: 1}, {11: 2}}
	assets   = []string{"a", "b", gate.WholeScope, "/f/a", "/f/b", "/f/"}
	folders  = []string{gate.WholeScope, "/f/", "/f/"}
)

func (m *machine) link(r *rapid.T) gate.LinkID {
	return rapid.SampledFrom(m.links).Draw(r, "link")
}

// known returns a session that was made, most likely one of the last, or now
// and then one that was not.
func (m *machine) known(r *rapid.T) gate.SessionID {
	unknown := gate.SessionID{11: 255}
	last := m.sessions[max(0, len(m.sessions)-4):]
	return rapid.SampledFrom(slices.Concat(m.sessions, last, last, []gate.SessionID{unknown})).Draw(r, "session")
}

func subject(r *rapid.T) gate.Subject { return rapid.SampledFrom(subjects[:2]).Draw(r, "subject") }
func asset(r *rapid.T) string         { return rapid.SampledFrom(assets).Draw(r, "asset") }
func folder(r *rapid.T) string        { return rapid.SampledFrom(folders).Draw(r, "folder") }

func tempo(r *rapid.T) gate.Pace {
	return rapid.SampledFrom([]gate.Pace{pace, pace, pace, brisk}).Draw(r, "pace")
}

func whenFull(r *rapid.T) gate.WhenFull {
	return rapid.SampledFrom([]gate.WhenFull{gate.RefuseNew, gate.ReplaceOldest}).Draw(r, "when full")
}

// around draws a time near now.
func (m *machine) around(r *rapid.T, what string) time.Time {
	return m.now().Add(rapid.SampledFrom([]time.Duration{
		-pace.Idle, -time.Minute, -ms, 0, ms, time.Minute, time.Hour, 48 * time.Hour,
	}).Draw(r, what))
}

func (m *machine) issue(r *rapid.T) {
	link := m.links[len(m.links)-1]
	if rapid.IntRange(0, 9).Draw(r, "reissue") == 0 {
		link = m.link(r) // which may leave the newest without an account
	}
	terms := gate.Terms{
		Views:     int64(rapid.IntRange(0, 3).Draw(r, "views")),
		ViewsEach: int64(rapid.IntRange(0, 2).Draw(r, "views each")),
		Seats:     int64(rapid.IntRange(0, 2).Draw(r, "seats")),
		SeatsEach: int64(rapid.IntRange(0, 2).Draw(r, "seats each")),
		WhenFull:  whenFull(r),
	}
	if rapid.IntRange(0, 4).Draw(r, "starts") == 0 {
		terms.StartsAt = m.around(r, "start")
	}
	if rapid.IntRange(0, 4).Draw(r, "ends") == 0 {
		terms.ExpiresAt = m.around(r, "end")
	}
	if rapid.IntRange(0, 2).Draw(r, "clock") == 0 {
		terms.StartBy, terms.PlayFor = m.around(r, "start by"), time.Hour
	}
	_, _ = both(m, r, "Issue", func(s gate.Store) (gate.Account, error) { return s.Issue(ctx, link, terms) })
}

func (m *machine) open(r *rapid.T) {
	who := rapid.IntRange(0, len(devices)-1).Draw(r, "device")
	m.arrive(r, gate.Opening{
		Link:    m.link(r),
		Device:  devices[who],
		Subject: subjects[who],
		Person:  rapid.SampledFrom(persons).Draw(r, "person"),
		Alias:   rapid.SampledFrom(aliases).Draw(r, "alias"),
		Hold:    rapid.Bool().Draw(r, "hold"),
		Life:    rapid.SampledFrom([]time.Duration{life, life, time.Minute}).Draw(r, "life"),
	})
}

func (m *machine) arrive(r *rapid.T, o gate.Opening) {
	o.Session, o.Agent, o.Group, o.Pace = gate.SessionID(m.fresh()), "agent", "group", tempo(r)
	opened, err := both(m, r, "Open", func(s gate.Store) (gate.Opened, error) { return s.Open(ctx, o) })
	if err == nil {
		m.admitted(r, opened.Account, opened.Refused)
		if opened.Session.ID == o.Session {
			m.sessions = append(m.sessions, o.Session)
		}
	}
}

// seats has one device after the other open a link whose seats were just set:
// several live sessions on a link that is full would be rare otherwise.
func (m *machine) seats(r *rapid.T) {
	link := m.link(r)
	full := whenFull(r)
	change := gate.Extension{
		Views: number(0), ViewsEach: number(0), WhenFull: &full,
		Seats: number(int64(rapid.IntRange(1, 3).Draw(r, "seats"))), SeatsEach: number(int64(rapid.IntRange(0, 2).Draw(r, "seats each"))),
	}
	_, _ = both(m, r, "Extend", func(s gate.Store) (gate.Account, error) { return s.Extend(ctx, link, change) })
	for who := range devices {
		m.arrive(r, gate.Opening{Link: link, Device: devices[who], Subject: subjects[who], Life: life})
		m.pass(rapid.SampledFrom([]time.Duration{0, ms, brisk.Seat, pace.Seat}).Draw(r, "between"))
	}
}

// home is the link that the session was made on, or now and then another.
func (m *machine) home(r *rapid.T, session gate.SessionID) gate.LinkID {
	if rapid.IntRange(0, 9).Draw(r, "elsewhere") > 0 {
		for _, link := range m.links {
			state, err := m.model.Check(ctx, gate.Query{Link: link, Session: session})
			if err == nil && state.Session.Exists {
				return link
			}
		}
	}
	return m.link(r)
}

// claim claims, often what was claimed just before: several holders of one
// reservation would be rare otherwise.
func (m *machine) claim(r *rapid.T) (gate.Settlement, gate.Claimed, error) {
	session := m.known(r)
	c := gate.Claim{Link: m.home(r, session), Session: session, Subject: subject(r), Asset: asset(r)}
	if n := len(m.granted); n > 0 && rapid.Bool().Draw(r, "again") {
		last := m.granted[n-1]
		c = gate.Claim{Link: last.Link, Session: last.Session, Subject: last.Subject, Asset: last.Asset}
	}
	return m.claimOf(r, c)
}

func (m *machine) claimOf(r *rapid.T, c gate.Claim) (gate.Settlement, gate.Claimed, error) {
	c.Opener, c.Pace = "/claim", tempo(r)
	claimed, err := both(m, r, "Reserve", func(s gate.Store) (gate.Claimed, error) { return s.Reserve(ctx, c) })
	st := gate.Settlement{
		Link: c.Link, Session: c.Session, Subject: c.Subject, Asset: claimed.Asset, Opener: "/settle", Pace: c.Pace,
	}
	if err == nil {
		m.admitted(r, claimed.Account, claimed.Refused)
	}
	if err == nil && !claimed.Free && claimed.Refused == (gate.Refusal{}) {
		m.granted = append(m.granted, st)
	}
	return st, claimed, err
}

func (m *machine) reserve(r *rapid.T) { _, _, _ = m.claim(r) } // it compares the stores itself

func (m *machine) finish(r *rapid.T, st gate.Settlement) {
	settled, err := both(m, r, "Settle", func(s gate.Store) (gate.Settled, error) { return s.Settle(ctx, st) })
	if err == nil && st.Charge {
		m.admitted(r, settled.Account, settled.Refused)
	}
}

// settle settles one of the last claims that were granted, or now and then
// something that nobody claimed.
func (m *machine) settle(r *rapid.T) {
	session := m.known(r)
	st := gate.Settlement{
		Link: m.home(r, session), Session: session, Subject: subject(r), Asset: asset(r), Opener: "/settle", Pace: tempo(r),
	}
	if n := len(m.granted); n > 0 && rapid.IntRange(0, 5).Draw(r, "unclaimed") > 0 {
		st = rapid.SampledFrom(m.granted[max(0, n-3):]).Draw(r, "claim")
	}
	st.Charge = rapid.Bool().Draw(r, "charge")
	m.finish(r, st)
}

// watch claims and, where that was granted, charges: most plays go like this.
func (m *machine) watch(r *rapid.T) {
	st, claimed, err := m.claim(r)
	m.charge(r, st, claimed, err)
}

func (m *machine) charge(r *rapid.T, st gate.Settlement, claimed gate.Claimed, err error) {
	if err == nil && !claimed.Free && claimed.Refused == (gate.Refusal{}) {
		st.Charge = true
		m.finish(r, st)
	}
}

// film has a session watch two assets and then ask for a manifest. Several
// plays of one subject at one moment would meet a gathering too rarely else.
func (m *machine) film(r *rapid.T) {
	session := m.known(r)
	link := m.home(r, session)
	state, err := m.model.Check(ctx, gate.Query{Link: link, Session: session})
	if err != nil {
		r.Fatalf("the model's Check: %v", err)
	}
	whole := folder(r)
	for range 2 {
		c := gate.Claim{Link: link, Session: session, Subject: state.Session.Subject, Asset: asset(r)}
		if rapid.IntRange(0, 3).Draw(r, "of it") > 0 {
			c.Asset = whole + rapid.SampledFrom(assets[:2]).Draw(r, "part")
		}
		st, claimed, err := m.claimOf(r, c)
		m.charge(r, st, claimed, err)
	}
	m.gather(r, link, session, whole)
	both(m, r, "Sessions", func(s gate.Store) ([]gate.Session, error) {
		return s.Sessions(ctx, gate.Whose{Link: link}, gate.SessionID{}, 99)
	})
}

func (m *machine) gather(r *rapid.T, link gate.LinkID, session gate.SessionID, whole string) {
	both(m, r, "Gather", func(s gate.Store) (any, error) { return nil, s.Gather(ctx, link, session, whole) })
}

func (m *machine) check(r *rapid.T) {
	session := m.known(r)
	q := gate.Query{Link: m.home(r, session), Session: session, Subject: subject(r), Asset: asset(r), Above: m.above(r), Record: rapid.Bool().Draw(r, "record")}
	if rapid.IntRange(0, 3).Draw(r, "paper link") == 0 {
		q.Link = paperLink
	}
	both(m, r, "Check", func(s gate.Store) (checkedWithRecord, error) {
		state, err := s.Check(ctx, q)
		state.Edition = 0 // each store has its own
		return split(state), err
	})
}

func (m *machine) flush(r *rapid.T) {
	var facts []gate.Usage
	for range rapid.IntRange(1, 3).Draw(r, "facts") {
		session := m.known(r)
		if rapid.IntRange(0, 9).Draw(r, "no session") == 0 {
			session = gate.SessionID{}
		}
		facts = append(facts, gate.Usage{
			Link:         m.home(r, session),
			Session:      session,
			Subject:      subject(r),
			Asset:        asset(r),
			Bytes:        int64(rapid.IntRange(0, 9).Draw(r, "bytes")),
			Opens:        int64(rapid.IntRange(0, 2).Draw(r, "opens")),
			RefusedOpens: int64(rapid.IntRange(0, 1).Draw(r, "refused opens")),
			Requests:     int64(rapid.IntRange(0, 40).Draw(r, "requests")),
			Since:        m.around(r, "since"),
			LastSeen:     m.around(r, "last seen"),
			Pace:         tempo(r),
			Rate:         rapid.SampledFrom([]gate.Rate{{}, {Interval: 333333333, Burst: 5}, {Interval: time.Second, Burst: 60}}).Draw(r, "rate"),
		})
	}
	both(m, r, "Flush", func(s gate.Store) (any, error) { return nil, s.Flush(ctx, facts) })
}

// owner does what the owner of a link may do to it.
func (m *machine) owner(r *rapid.T) {
	link := m.link(r)
	switch rapid.SampledFrom([]string{"issue", "extend", "extend", "extend", "stand", "stand"}).Draw(r, "verb") {
	case "issue":
		if len(m.links) < 5 {
			m.links = append(m.links, gate.LinkID(m.fresh()))
		}
		m.issue(r)
	case "extend":
		change := m.times(r)
		change.AddViews = int64(rapid.IntRange(-2, 2).Draw(r, "add views"))
		change.AddViewsEach = int64(rapid.IntRange(-2, 2).Draw(r, "add views each"))
		change.HandOn = int64(max(rapid.IntRange(-4, 3).Draw(r, "hand on"), -1))
		if rapid.Bool().Draw(r, "set") {
			change.Views = number(int64(rapid.IntRange(0, 3).Draw(r, "views")))
			change.ViewsEach = number(int64(rapid.IntRange(0, 2).Draw(r, "views each")))
		}
		if rapid.IntRange(0, 3).Draw(r, "seats") == 0 {
			full := whenFull(r)
			change.WhenFull = &full
			change.Seats = number(int64(rapid.IntRange(0, 2).Draw(r, "seats")))
			change.SeatsEach = number(int64(rapid.IntRange(0, 2).Draw(r, "seats each")))
		}
		both(m, r, "Extend", func(s gate.Store) (gate.Account, error) { return s.Extend(ctx, link, change) })
	case "stand":
		standing := gate.Standing{
			State: rapid.SampledFrom([]string{gate.Active, gate.Active, gate.Suspended, gate.Revoked}).Draw(r, "state"),
			Why:   "why",
			By:    "by",
		}
		both(m, r, "SetStanding", func(s gate.Store) (gate.Account, error) { return s.SetStanding(ctx, link, standing) })
	}
}

// session looks at and ends sessions.
func (m *machine) session(r *rapid.T) {
	session := m.known(r)
	link := m.home(r, session)
	switch rapid.SampledFrom([]string{"end", "gather", "list", "list"}).Draw(r, "verb") {
	case "end":
		both(m, r, "End", func(s gate.Store) (gate.Session, error) { return s.End(ctx, link, session) })
	case "gather":
		m.gather(r, link, session, folder(r))
	case "list":
		whose := rapid.SampledFrom([]gate.Whose{
			{Link: link}, {}, {Person: persons[2]}, {Person: persons[3]},
		}).Draw(r, "whose")
		below := rapid.SampledFrom([]gate.SessionID{{}, session}).Draw(r, "below")
		limit := rapid.IntRange(-1, 4).Draw(r, "limit")
		both(m, r, "Sessions", func(s gate.Store) ([]gate.Session, error) {
			return s.Sessions(ctx, whose, below, limit)
		})
	}
}
