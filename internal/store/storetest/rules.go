package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

var ruleCases = []testCase{
	{"a store that was just opened is ready", func(f *fixture) {
		f.fails("Ready", f.store.Ready(f.ctx), nil)
	}},
	{"a store's time never runs backwards", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{ExpiresAt: f.now().Add(time.Hour)}))
		f.pass(time.Hour)
		f.stand(o.Link, gate.Active)
		late := f.now()
		f.pass(-time.Hour)
		f.equal("now", f.check(o, "a").Now, late)
		f.equal("open", f.open(f.device(o.Link)).Refused.Reason, gate.Expired)
		f.equal("reserve", f.reserve(o, "a").Refused.Reason, gate.Expired)
		f.equal("since", f.stand(o.Link, gate.Suspended).Standing.Since, late)
		f.pass(time.Hour + ms)
		f.equal("now, caught up", f.check(o, "a").Now, f.now())
	}},
	{"calls whose answers were lost cost no second view", func(f *fixture) {
		o := f.press(f.link(gate.Terms{Views: 1}))
		for range 2 {
			f.equal("Open", f.open(o).Refused, gate.Refusal{})
		}
		for range 2 {
			f.reserved(o, "a")
		}
		for range 2 {
			f.equal("Settle", f.settle(o, "a", true).Refused, gate.Refusal{})
		}
		f.counts("after", o.Link, 1, 0)
	}},
	{"a context that is done is an error, and nothing is decided", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.reserved(o, "a")
		f.put(gate.KindLink, "x", 0, `1`)
		account, listed := f.account(o.Link), f.sessions(gate.LinkID{}, gate.SessionID{}, 9)
		ctx, cancel := context.WithCancel(f.ctx)
		cancel()
		for verb, err := range f.everyVerb(ctx, o) {
			if !errors.Is(err, context.Canceled) {
				f.Errorf("%s: got error %v, want %v", verb, err, context.Canceled)
			}
		}
		f.equal("account", f.account(o.Link), account)
		f.equal("sessions", f.sessions(gate.LinkID{}, gate.SessionID{}, 9), listed)
		f.equal("documents", f.listed(gate.KindLink, "", 9), []string{"x"})
		f.equal("revision", f.get(gate.KindLink, "x").Rev, 1)
	}},
}

// everyVerb calls each verb with arguments that would be answered, and most of
// them with a change, were it not for the context.
func (f *fixture) everyVerb(ctx context.Context, o gate.Opening) map[string]error {
	errs := make(map[string]error)
	_, errs["Get"] = f.store.Get(ctx, gate.KindLink, "x")
	_, errs["Put"] = f.store.Put(ctx, gate.Document{Kind: gate.KindLink, ID: "x", Rev: 1, Body: []byte(`2`)})
	_, errs["List"] = f.store.List(ctx, gate.KindLink, "", "", 9)
	_, _, _, errs["Edits"] = f.store.Edits(ctx, 0)
	errs["Delete"] = f.store.Delete(ctx, gate.KindLink, "x")
	_, errs["Issue"] = f.store.Issue(ctx, gate.LinkID(f.id()), gate.Terms{})
	_, errs["Account"] = f.store.Account(ctx, o.Link)
	_, errs["Extend"] = f.store.Extend(ctx, o.Link, gate.Extension{Views: number(9)})
	_, errs["SetStanding"] = f.store.SetStanding(ctx, o.Link, gate.Standing{State: gate.Revoked})
	_, errs["Open"] = f.store.Open(ctx, f.press(o.Link))
	_, errs["Check"] = f.store.Check(ctx, gate.Query{Link: o.Link, Session: o.Session, Subject: o.Subject})
	_, errs["Reserve"] = f.store.Reserve(ctx, claim(o, "b"))
	_, errs["Settle"] = f.store.Settle(ctx, settlement(o, "a", true))
	errs["Gather"] = f.store.Gather(ctx, o.Link, o.Session, gate.WholeScope)
	_, errs["End"] = f.store.End(ctx, o.Link, o.Session)
	_, errs["Seated"] = f.store.Seated(ctx, o.Link)
	_, errs["Sessions"] = f.store.Sessions(ctx, gate.Whose{Link: o.Link}, gate.SessionID{}, 9)
	fact := usage(f, o, "a")
	fact.Bytes, fact.Opens = 1, 1
	errs["Flush"] = f.store.Flush(ctx, []gate.Usage{fact})
	errs["Announce"] = f.store.Announce(ctx, gate.Change{Kind: gate.KeysChanged})
	errs["Ready"] = f.store.Ready(ctx)
	return errs
}
