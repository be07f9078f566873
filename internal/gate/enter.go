package gate

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/usher-media/usher/internal/token"
)

// open makes or finds the session of a signed media URL. Previewers, prefetch
// and HEAD get a blank answer: looking at a link must not use it.
func (g *Gate) open(ctx context.Context, now time.Time, req *Request, who *pass, v *Verdict) error {
	if !req.Speculative && req.Method != http.MethodHead {
		return g.enter(ctx, now, req, who, false, v)
	}
	r, _, no, err := g.known(ctx, who, now)
	if err != nil || no != OK {
		v.Refusal.Reason = no
		return err
	}
	v.Link = r.Link
	if v.Refusal.Reason = cover(&r.Link, req); v.Refusal.Reason == OK {
		v.Outcome = Blank
	}
	return nil
}

// enter opens the session on a link; hold says that a person pressed Watch, on
// the link's own page and at none of its paths.
func (g *Gate) enter(ctx context.Context, now time.Time, req *Request, who *pass, hold bool, v *Verdict) error {
	at, err := g.approach(ctx, now, req, who)
	if err != nil {
		return err
	}
	v.Link, v.Account, v.Person, v.Refusal.Reason = at.link(), at.state.Account, at.person, at.no
	if !hold && at.record != nil { // what it does not cover is none of its business, however it stands
		v.Refusal.Reason = cmp.Or(cover(&v.Link, req), at.no)
	}
	if v.Refusal.Reason != OK {
		return nil
	}
	place := g.home(&v.Link)
	if !hold {
		place = g.rules.Place(req.Path)
	}
	c := at.at(place)
	ruling, err := g.ruleAnew(ctx, c)
	if err == nil && ruling.Reason == OK && !hold {
		ruling.Reason = req.mayKeep(ruling.Can)
	}
	if err != nil || ruling.Reason != OK {
		v.Refusal.Reason = ruling.Reason
		return err
	}
	if v.Asks = v.Link.asks(at.person); v.Asks != OK {
		if v.Refusal, err = g.unlock(ctx, now, req, &v.Link); err != nil || v.Refusal.Reason != OK {
			return err
		}
		v.Asks = OK
	}
	if at.record.claimed {
		if err := g.adopt(ctx, at.record, at.terms, now); err != nil {
			return err
		}
	}
	v.Can = ruling.Can
	return g.begin(ctx, now, req, c, hold, v)
}

// approach is what is known when somebody comes to open a link.
type approach struct {
	record *record
	terms  Terms // of a link that is not stored yet
	state  State
	person PersonID // who is signed in
	no     Reason   // of the link itself
}

func (a *approach) link() Link {
	if a.record == nil {
		return Link{}
	}
	return a.record.Link
}

// at is the case of the session that is about to be opened.
func (a *approach) at(place Place) Case {
	return Case{Now: a.state.Now, Place: place, Link: &a.record.Link, Person: a.person, Opened: a.state.Now}
}

// approach asks the store how a link stands, and who it is that comes to it.
func (g *Gate) approach(ctx context.Context, now time.Time, req *Request, who *pass) (a approach, err error) {
	if err = g.standing(ctx, now, who, &a); err != nil || a.no != OK {
		return approach{no: a.no}, err
	}
	account := &a.state.Account
	switch {
	case a.record.Pass || (!account.Exists && who.claims == nil):
		return approach{no: BadToken}, nil
	case !account.Exists: // minted elsewhere, and opened by nobody yet
		*account = Account{Exists: true, Terms: a.terms, Standing: Standing{State: Active}}
	}
	if err := a.record.complete(&a.state); err != nil {
		return approach{}, err
	}
	a.no = a.state.opens()
	if req != nil {
		a.person, err = g.person(ctx, req, a.state.Now)
	}
	return a, err
}

// standing reads a link and what became of it. One that is not remembered is
// asked for on the same trip. Only for one that was made from others is that not
// enough: they have to be known before they can be asked about.
func (g *Gate) standing(ctx context.Context, now time.Time, who *pass, a *approach) (err error) {
	mark := g.marks.record(who.link)
	if r := g.remembered(who.link, mark, now); r != nil {
		if err = g.consult(ctx, now, Query{Link: who.link, Above: r.above()}, &a.state); err != nil {
			return err
		}
		// Its document may be another one by the edition that the rules know now.
		a.record, a.terms, a.no, err = g.known(ctx, who, now)
		return err
	}
	if err = g.consult(ctx, now, Query{Link: who.link, Record: true}, &a.state); err != nil {
		return err
	}
	if a.state.Record == nil {
		a.record, a.terms, a.no = who.claimed(mark, now)
		return nil
	}
	a.record, err = g.recordFrom(*a.state.Record, mark, now)
	if err != nil || len(a.record.Above) == 0 {
		return err
	}
	if err = g.consult(ctx, now, Query{Link: who.link, Above: a.record.above()}, &a.state); err != nil {
		return err
	}
	a.record, a.terms, a.no, err = g.known(ctx, who, now) // that was another trip, with an edition of its own
	return err
}

// opens says whether a link that stands so lets a session begin.
func (s *State) opens() Reason {
	if no := s.Account.Standing.Reason(); no != OK {
		return no
	}
	if no := s.inherited(s.Now); no != OK {
		return no
	}
	if no := s.Account.Window(s.Now); no != OK {
		return no
	}
	if s.late(s.Now) {
		return Expired
	}
	return OK
}

// unlock asks for the link's password.
func (g *Gate) unlock(ctx context.Context, now time.Time, req *Request, link *Link) (Refusal, error) {
	if req.Password == "" {
		return Refusal{Reason: PasswordNeeded}, nil
	}
	try := Try{Link: link.ID, Password: link.Password, Text: req.Password, Group: ClientGroup(req.Client)}
	if device, ours := g.device(req, now); ours {
		try.Device = device
	}
	return g.door.PasswordFits(ctx, try)
}

// home is the place that a link leads to: where its player starts.
func (g *Gate) home(link *Link) Place {
	if !link.Collection.IsZero() && link.Entry == "" {
		if homes := g.rules.Homes(link.Collection); len(homes) > 0 {
			return homes[0]
		}
		return Place{}
	}
	entry := link.Entry
	if link.Scope.tree {
		entry = cmp.Or(entry, "entry") // whichever it is: it stands in that folder
	}
	start, err := link.Scope.Entry(entry)
	if err != nil {
		return Place{}
	}
	return g.rules.Place(start)
}

// Starts are the paths and folders in which a player of the link may start: of a
// link to a path that one, of a link to a collection those of the collection.
func (g *Gate) Starts(link *Link) []Scope {
	if link.Collection.IsZero() || link.Entry != "" {
		return []Scope{link.Scope}
	}
	var starts []Scope
	for _, home := range g.rules.Homes(link.Collection) {
		starts = append(starts, home.Scope)
	}
	return starts
}

// begin opens the session on v's link, of which the rules have said that it may be.
func (g *Gate) begin(ctx context.Context, now time.Time, req *Request, c Case, hold bool, v *Verdict) error {
	device, returning := g.device(req, now)
	opening := Opening{
		Link: v.Link.ID, Session: SessionID(token.NewID(now)), Device: device, Subject: SubjectOf(device), Person: c.Person, Hold: hold,
		Agent: AgentFamily(req.Agent), Group: GroupDigest(g.keys(), ClientGroup(req.Client)),
		Life: g.policy.SessionLife, Pace: g.policy.Pace,
	}
	switch {
	case !c.Person.IsZero():
		opening.Subject = SubjectOfPerson(c.Person)
	case !returning && !req.Browser && !hold:
		opening.Alias = subjectFrom("alias", []byte(opening.Group+"/"+opening.Agent))
	}
	opened, err := g.openAnew(ctx, opening, c)
	if errors.Is(err, ErrNotFound) {
		v.Refusal.Reason = BadToken
		return nil
	}
	if err != nil {
		return err
	}
	v.Account, v.Refusal = opened.Account, opened.Refused
	if v.Refusal.Reason == TooManySeats {
		v.Refusal.Wait = g.policy.Pace.Seat // a seat that was left just now is free by then
	}
	if v.Refusal.Reason != OK {
		return nil
	}
	s := opened.Session
	v.Resumed = opened.Resumed
	v.Outcome, v.Session, v.Subject, v.Person, v.Device = Redirect, s.ID, s.Subject, s.Person, s.Device
	v.Token = g.sessionToken(v.Link.ID, s.ID, s.Subject)
	v.Labels = Labels{Link: v.Link.ID.String(), Session: s.ID.String()}
	return nil
}

// openAnew opens the session, or finds the one that is there. One that was cut
// since it was opened is no use to anybody, and would be found again and again:
// it is ended for the one that is wanted now.
func (g *Gate) openAnew(ctx context.Context, opening Opening, c Case) (Opened, error) {
	opened, err := g.store.Open(ctx, opening)
	if err != nil || !opened.Resumed {
		return opened, err
	}
	c.Opened = opened.Session.CreatedAt
	if ruling, err := g.ruleAnew(ctx, c); err != nil || ruling.Reason != NoSession {
		return opened, err
	}
	if _, err := g.store.End(ctx, opening.Link, opened.Session.ID); err != nil {
		return Opened{}, err
	}
	return g.store.Open(ctx, opening)
}
