package caddymodule

import (
	"net/netip"

	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/signin"
)

// What viewers do is noted for the trail and written later, by a worker: no
// request waits for it.

// tell notes what somebody met who came to a link.
func (h *Handler) tell(what events.Type, in *request, v *gate.Verdict) {
	h.app.backing.trail.Note(events.Event{
		Type: what, Link: v.Link.ID, Collection: v.Link.Home(), Maker: v.Link.By, Session: v.Session, Person: v.Person,
		Client: h.app.clientDigest(gate.ClientGroup(in.Client)), Agent: gate.AgentFamily(in.Agent), Reason: reasonOf(v),
	})
}

func reasonOf(v *gate.Verdict) string {
	if v.Refusal.Reason == gate.OK {
		return ""
	}
	return v.Refusal.Reason.String()
}

// tellOpened notes a session that was opened, and none that was found again.
func (h *Handler) tellOpened(in *request, v *gate.Verdict) {
	if !v.Resumed {
		h.tell(events.LinkOpened, in, v)
	}
}

// tellCharged notes a view, and that it was the link's last one.
func (a *answer) tellCharged(settled *gate.Settled) {
	v, trail := &a.verdict, a.handler.app.backing.trail
	e := events.Event{
		Type: events.PlayBegan, Link: v.Link.ID, Collection: v.Link.Home(), Maker: v.Link.By,
		Session: v.Session, Person: v.Person, Asset: v.Asset,
	}
	trail.Note(e)
	if limit := settled.Account.Views; limit > 0 && settled.Account.Used >= limit {
		e.Type, e.Asset = events.LinkSpent, ""
		trail.Note(e)
	}
}

func (a *App) clientDigest(group netip.Prefix) string { return gate.GroupDigest(a.keys.Ring(), group) }

// deskTold notes who signed in, and who did not.
func (a *App) deskTold(news signin.News) {
	e := events.Event{
		Type: events.SigninRefused, Person: news.Person, Agent: news.Agent,
		Client: a.clientDigest(news.Group), Detail: news.How,
	}
	if news.Result != signin.In {
		e.Detail += ", " + news.Result.String()
		a.backing.trail.Note(e)
		return
	}
	if news.How == signin.ByActivation {
		activated := e
		activated.Type, activated.Detail = events.PersonActivated, ""
		a.backing.trail.Note(activated)
	}
	e.Type = events.SigninSucceeded
	a.backing.trail.Note(e)
}

// eventLost counts an event that could not be kept, and says why in the log where
// it was one of a change.
func (b *backing) eventLost(err error) {
	eventsDropped.Inc()
	if err != nil {
		b.logger.Error("an event could not be kept; what it tells of was done", zap.Error(err))
	}
}
