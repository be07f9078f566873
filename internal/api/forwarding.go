package api

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/forwarding"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/suspicion"
)

var forwardingEndpoints = []endpoint{
	{
		method: "GET", path: "/links/{id}/forwarding", serve: (*call).showForwarding, needs: needs(directory.ChangeCollections),
		name: "showForwarding", says: "Show whether a link looks as if it was passed on", gives: Forwarding{},
	},
	{
		method: "POST", path: "/links/{id}/fine", changes: true, serve: (*call).declareFine, needs: needs(directory.ChangeCollections),
		name: "declareFine", says: "Say that it is fine how a link is used", gives: Forwarding{}, refuses: []kind{revoked},
	},
}

// Forwarding is how a link is used, and whether that looks as if it was passed on.
type Forwarding struct {
	Link      string `json:"link"`
	Audience  string `json:"audience"`
	OnForward string `json:"on_forward,omitempty"`
	// Level is quiet, watch, likely or restream.
	Level string    `json:"level"`
	Since time.Time `json:"since,omitzero"`
	// Score is what the evidence weighs at this moment.
	Score float64 `json:"score"`
	// Devices are what looks like different ones; Previews and Scans were set apart.
	Devices  int        `json:"devices"`
	Previews int        `json:"previews"`
	Scans    int        `json:"scans"`
	Evidence []Evidence `json:"evidence"`
}

// Evidence is one thing that speaks for a link's having been passed on.
type Evidence struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	// Says is the reason as a sentence. It is never proof.
	Says   string  `json:"says"`
	Weight float64 `json:"weight"`
}

func (c *call) showForwarding() (answer, error) {
	link, err := c.link()
	if err != nil {
		return answer{}, err
	}
	ledger, _, err := suspicion.Read(c.r.Context(), c.Store, link.ID)
	return done(c.forwardingOf(link, ledger), err)
}

func (c *call) forwardingOf(link gate.Link, l forwarding.Ledger) Forwarding {
	f := Forwarding{
		Link: link.ID.String(), Audience: audienceWord(link), OnForward: string(link.OnForward), Level: l.Level.String(), Since: l.Since,
		Score: l.Score(c.Now()), Devices: len(l.Clusters) + l.Uncounted, Previews: l.Previews, Scans: l.Scans, Evidence: []Evidence{},
	}
	for _, e := range l.Evidence {
		f.Evidence = append(f.Evidence, Evidence{At: e.At, Reason: e.Reason.String(), Says: e.Sentence(), Weight: e.Weight})
	}
	return f
}

// fineTries bounds how often others may change the link meanwhile.
const fineTries = 5

// declareFine is an owner's "this is fine": the link is for a wider audience from
// then on, as far as the link that it was made from allows, and what was held
// against it is forgotten. The audience comes first: where that cannot be changed,
// no evidence is lost. A link that was suspended is resumed by a request of its own.
func (c *call) declareFine() (answer, error) {
	for range fineTries {
		link, err := c.widen()
		if errors.Is(err, gate.ErrConflict) {
			continue // somebody changed something else of it
		}
		if err != nil {
			return answer{}, err
		}
		ledger, err := suspicion.Change(c.r.Context(), c.Store, link.ID, func(l *forwarding.Ledger) { l.Fine(c.Now()) })
		return done(c.forwardingOf(link, ledger), err)
	}
	return answer{}, gate.ErrConflict
}

// widen means the link for the next wider audience.
func (c *call) widen() (gate.Link, error) {
	doc, link, err := c.linkDocument()
	if err != nil {
		return link, err
	}
	audience, err := suspicion.Audience(link)
	if err != nil {
		return link, err
	}
	if audience == forwarding.Public {
		return link, badValue.of("audience", nil, "nobody looks whether this link is passed on: it is for everybody")
	}
	wider, err := c.noWider(audience.Wider(), link)
	if err != nil {
		return link, err
	}
	setAudience(&link, wider)
	changed, err := link.Document()
	if err != nil {
		return link, err
	}
	changed.Rev, changed.Until = doc.Rev, doc.Until
	_, err = c.Store.Put(c.r.Context(), changed)
	return link, err
}

// audienceWord is whom a link is for.
func audienceWord(l gate.Link) string {
	if l.Audience == "" {
		return forwarding.Public.String()
	}
	return l.Audience
}

// setAudience says whom a link is for. What is for everybody is not watched.
func setAudience(l *gate.Link, a forwarding.Audience) {
	l.Audience = a.String()
	if a == forwarding.Public {
		l.Audience, l.OnForward = "", ""
	}
}

// declare takes in what a body says of a link's audience.
func declare(l *gate.Link, audience, onForward *string) error {
	if audience != nil {
		a, err := forwarding.ParseAudience(*audience)
		if err != nil {
			return badValue.of("audience", audienceWords, err.Error())
		}
		setAudience(l, a)
	}
	if onForward == nil {
		return nil
	}
	if l.Audience == "" {
		return badValue.of("on_forward", nil, "say whom the link is for, with audience: one for everybody cannot be passed on")
	}
	var words []string
	for _, known := range gate.OnForwards() {
		if l.OnForward = known; string(known) == *onForward {
			return nil
		}
		words = append(words, string(known))
	}
	return badValue.of("on_forward", words, "unknown")
}

// asWatched holds what a link says of being passed on against the link that it is
// made from: it is for no more people, and not less is done. Otherwise whoever was
// given a link to hand on could have the gate look away.
func asWatched(l, from *gate.Link) error {
	if from.Audience == "" {
		return nil
	}
	most, err := suspicion.Audience(*from)
	if err != nil {
		return err
	}
	a, err := suspicion.Audience(*l)
	if err != nil {
		return err
	}
	if !a.Within(most) {
		return tooWide.of("audience", []string{from.Audience}, "the parent is for "+from.Audience)
	}
	least := slices.Index(gate.OnForwards(), cmp.Or(from.OnForward, gate.OnForwardNotify))
	if allowed := gate.OnForwards()[least:]; !slices.Contains(allowed, cmp.Or(l.OnForward, gate.OnForwardNotify)) {
		words := make([]string, len(allowed))
		for i := range allowed {
			words[i] = string(allowed[i])
		}
		return tooWide.of("on_forward", words, "where the parent is passed on, more is done than that")
	}
	return nil
}

// noWider is the audience, or the parent's where that is for fewer.
func (c *call) noWider(a forwarding.Audience, l gate.Link) (forwarding.Audience, error) {
	if len(l.Above) == 0 {
		return a, nil
	}
	doc, err := c.Store.Get(c.r.Context(), gate.KindLink, l.Above[0].String())
	if errors.Is(err, gate.ErrNotFound) {
		return a, gate.ErrFinal // what came from a link that is gone opens nothing
	}
	if err != nil {
		return a, err
	}
	from, err := gate.LinkFrom(doc)
	if err != nil {
		return a, err
	}
	most, err := suspicion.Audience(from)
	if err == nil && !a.Within(most) {
		a = most
	}
	return a, err
}

var audienceWords = []string{"one", "household", "team:N", "public"}
