package storetest

import (
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// recorded checks a link, and asks for its document.
func (f *fixture) recorded(o gate.Opening) gate.State {
	f.Helper()
	return ok[gate.State](f, "Check")(f.store.Check(f.ctx,
		gate.Query{Link: o.Link, Session: o.Session, Subject: o.Subject, Asset: "a", Record: true}))
}

// checkedWithRecord is a state beside the document that came with it, so that both
// are compared by what they say.
type checkedWithRecord struct {
	gate.State
	record gate.Document
}

func split(state gate.State) checkedWithRecord {
	if state.Record == nil {
		return checkedWithRecord{State: state}
	}
	record := *state.Record
	state.Record = nil
	return checkedWithRecord{state, record}
}

var recordCases = []testCase{
	{"a check brings the link's document when it is asked for", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 2}))
		want := f.check(o, "a")
		f.equal("none", f.recorded(o), want)
		doc := f.write(paper(gate.KindLink, o.Link.String(), "b", "a"))
		f.write(paper(gate.KindPerson, o.Link.String()))
		want = f.check(o, "a")
		f.equal("not asked for", want.Record == nil, true)
		f.equal("asked for", split(f.recorded(o)), checkedWithRecord{want, doc})
		doc = f.write(doc)
		f.equal("changed", *f.recorded(o).Record, doc)
		f.fails("Delete", f.store.Delete(f.ctx, doc.Kind, doc.ID), nil)
		f.equal("deleted", f.recorded(o).Record == nil, true)
	}},
	{"a document comes without an account, and not after its end", func(f *fixture) {
		o := f.device(gate.LinkID(f.id()))
		doc := paper(gate.KindLink, o.Link.String())
		doc.Until = f.now().Add(time.Hour)
		doc = f.write(doc)
		f.equal("alone", split(f.recorded(o)), checkedWithRecord{gate.State{Now: f.now(), Edition: f.edition()}, doc})
		f.pass(time.Hour - ms)
		f.equal("just before", *f.recorded(o).Record, doc)
		f.pass(ms)
		f.equal("ended", f.recorded(o).Record == nil, true)
	}},
}
