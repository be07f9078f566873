package caddymodule

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/forwarding"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/suspicion"
)

// sawOpening tells of a session that was opened.
func (h *Handler) sawOpening(r *http.Request, in *request, v *gate.Verdict) {
	h.saw(r, in, v, forwarding.Opened)
}

// sawPreview tells of a client that says of itself that it draws previews.
func (h *Handler) sawPreview(r *http.Request, in *request, v *gate.Verdict) {
	if gate.Previewer(in.Agent) {
		h.saw(r, in, v, forwarding.Opened)
	}
}

// sawPassing tells of a session that goes on, where the gate found that worth it.
func (a *answer) sawPassing() {
	switch a.verdict.Seen {
	case gate.SeenPlaying:
		a.handler.saw(a.request, &a.in, &a.verdict, forwarding.Played)
	case gate.SeenMoved:
		a.handler.saw(a.request, &a.in, &a.verdict, forwarding.Moved)
	}
}

// saw queues a sighting of a link that was made for a certain audience. What
// identifies is turned into digests by the keyring's secret before it is kept.
func (h *Handler) saw(r *http.Request, in *request, v *gate.Verdict, kind forwarding.Kind) {
	if v.Link.Audience == "" {
		return
	}
	network := gate.NetworkGroup(in.Client)
	names := h.namesOf(v.Device.String(), network.String())
	s := forwarding.Sighting{
		At: in.came.UTC(), Kind: kind, Device: names[0].Device, Before: names[1:], Cookieless: in.Device == "",
		Network: forwarding.Network{Group: names[0].Network, Six: network.Addr().Is6()},
		Agent:   gate.AgentFamily(in.Agent), Language: languageOf(r),
	}
	switch {
	case gate.Previewer(in.Agent):
		s.Who = forwarding.Preview
	case !v.Link.By.IsZero() && v.Person == v.Link.By: // signed in, and looking at their own
		s.Who = forwarding.Owner
	}
	h.app.backing.suspicion.Saw(suspicion.Sighting{Link: v.Link.ID, Sighting: s})
}

// namesOf are what a device and a network are called under each key that is not
// retired, first under the one that seals: that keys are rotated makes no device a
// new one.
func (h *Handler) namesOf(device, network string) []forwarding.Names {
	ring := h.app.keys.Ring()
	devices, networks := ring.Digests("forwarding device", device), ring.Digests("forwarding network", network)
	names := make([]forwarding.Names, len(devices))
	for i := range names {
		names[i] = forwarding.Names{Device: short(devices[i]), Network: short(networks[i])}
	}
	return names
}

// short is enough: it is only ever compared with those of the same link.
func short(digest string) forwarding.Digest {
	sum := sha256.Sum256([]byte(digest))
	return forwarding.Digest(sum[:8])
}

// languageOf is the first language that the client asks for, without its region.
func languageOf(r *http.Request) string {
	text := first(r.Header["Accept-Language"])
	end := strings.IndexFunc(text, func(c rune) bool { return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') })
	if end < 0 {
		end = len(text)
	}
	if end > 3 {
		return ""
	}
	return strings.ToLower(text[:end])
}

// suspected tells whoever made the link, and counts.
func (b *backing) suspected(ctx context.Context, s suspicion.Suspected) {
	countSuspicion(s.Level, s.Action)
	b.trail.Note(events.Event{
		Type: events.ForwardingSuspected, Link: s.Link.ID, Collection: s.Link.Home(), Maker: s.Link.By,
		Detail: s.Level.String() + ", " + string(s.Action),
	})
	b.logger.Info("a link was probably passed on", zap.Stringer("link", s.Link.ID), zap.Stringer("level", s.Level), zap.String("action", string(s.Action)))
	if s.Action == gate.OnForwardWatch || s.Link.By.IsZero() {
		return
	}
	app := activeApp()
	if app == nil || app.backing != b {
		return
	}
	if err := app.mailSuspicion(ctx, s); err != nil {
		b.logger.Error("nobody was told that a link was probably passed on", zap.Stringer("link", s.Link.ID), zap.Error(err))
	}
}

// mailSuspicion writes to whoever made the link. Without a mail setting the
// suspicion is where they look: beside the link.
func (a *App) mailSuspicion(ctx context.Context, s suspicion.Suspected) error {
	if a.post == nil {
		return nil
	}
	owner, err := a.directory.PersonByID(ctx, s.Link.By)
	if err != nil {
		return err
	}
	page := ""
	if a.PublicURL != "" {
		page = strings.TrimSuffix(a.PublicURL, "/") + ownPrefix + "console"
	}
	message, err := mail.Suspicion{
		Title: s.Link.Title, Link: s.Link.ID.String(), Why: s.Why, Suspended: s.Action == gate.OnForwardSuspend, When: s.At, URL: page,
	}.Message(owner.Email)
	if err != nil {
		return err
	}
	_, err = a.post.Send(ctx, message)
	return err
}

// keepSuspecting judges what was seen.
func (b *backing) keepSuspecting(ctx context.Context) { b.suspicion.Run(ctx) }

// newSuspicion makes the keeper of a store's sightings.
func newSuspicion(b *backing) *suspicion.Keeper {
	return suspicion.New(suspicion.Options{
		Store: b, Dropped: sightingsDropped.Inc, Told: b.suspected,
		Failed: func(err error) { b.logger.Debug("a sighting was lost", zap.Error(err), zap.Time("at", time.Now())) },
	})
}
