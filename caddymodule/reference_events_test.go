package caddymodule

import (
	"fmt"

	"github.com/usher-media/usher/internal/events"
)

func eventsReference() string {
	return "# Events\n\n" + generated + fmt.Sprintf(`What is worth telling a person, or keeping for later: who changed what, and what viewers met. `+"`usher events`"+` shows them, and
`+"`GET /events`"+` of the [API](api.md). They are kept for %d days, or as long as
`+"`keep_events`"+` says, in the store of everything else. No event has a token, a password, what a
mail says, or an address of a client in it.

- An event of a change is durable before the change is answered. Where it cannot be kept, the change stands and is answered all the
  same; the log says so, and `+"`usher_events_dropped_total`"+` counts it.
- What viewers do waits for nothing: it is written a moment later, and lost, and counted, where more happens than the store takes.
  Of one type a link has %d events at once and then one a minute. What comes above is told by the next one, as a `+"`count`"+`.
- A stream (`+"`GET /events/stream`, `usher events --follow`"+`) tells what happens within about a second, on any node. `+"`Last-Event-ID`"+` goes on
  where a stream ended, for up to a thousand events; beyond that the event `+"`gap`"+` says that something was left out. An event that is
  written more than %s after its time, by a node whose clock or store is that far behind, is listed and not streamed.

`, int(events.DefaultKept.Hours()/24), events.Burst, events.Late) + events.Reference()
}
