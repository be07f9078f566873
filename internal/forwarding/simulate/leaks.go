package simulate

import (
	"time"

	"github.com/usher-media/usher/internal/forwarding"
)

// rightful is the person whom the link was for: one browser at home, who passes the
// link on at the moment that is returned.
func (w *world) rightful() (d *device, home forwarding.Network, passedOn time.Time) {
	d, home = w.device(), w.network()
	passedOn = monday.Add(w.between(18*time.Hour, 4*24*time.Hour))
	w.watches(d, passedOn.Add(-w.between(time.Hour, 18*time.Hour)), w.while(), home)
	return d, home, passedOn
}

// friends watch once each within hours of the message, at homes of their own.
func (w *world) friends(n int, after time.Time, within time.Duration) {
	for range n {
		w.watches(w.device(), after.Add(w.between(time.Minute, within)), w.while(), w.anywhere())
	}
}

// alike are the scenarios that cannot be told from another by anything that a
// gateway sees: no threshold does justice to both.
var alike = map[string]string{
	"colleague":     "two people in one office look like one who has two devices",
	"three devices": "one person with three devices in three places within hours looks like two friends",
}

var leaks = []Scenario{
	{"colleague", true, forwarding.One, "one colleague in the same office", func(w *world) {
		d, office := w.device("chrome", "edge"), w.network()
		w.watches(d, w.working(), w.while(), office)
		w.watches(w.device("chrome", "edge"), w.working(), w.while(), office)
	}},
	{"one friend", true, forwarding.One, "one friend at home, 1 to 3 sittings; both at the same time in 4 of 10 weeks", func(w *world) {
		d, home, at := w.rightful()
		friend, there := w.device(), w.anywhere()
		then := at.Add(w.between(time.Hour, 20*time.Hour))
		w.watches(friend, then, w.while(), there)
		if w.happens(0.4) { // on the telephone, at the same time
			w.watches(d, then.Add(time.Minute), w.while(), home)
		}
		w.times(2, func() { w.watches(friend, w.evening(), w.while(), there) })
	}},
	{"few friends", true, forwarding.One, "2 to 5 friends who get one message and watch within 5 hours, at homes of their own", func(w *world) {
		_, _, at := w.rightful()
		w.friends(2+w.below(4), at, 5*time.Hour)
	}},
	{"chat group", true, forwarding.One, "8 to 20 members of a chat within 4 hours", func(w *world) {
		_, _, at := w.rightful()
		w.friends(8+w.below(13), at, 4*time.Hour)
	}},
	{"forum", true, forwarding.One, "40 to 100 readers over 3 days", func(w *world) {
		_, _, at := w.rightful()
		w.friends(40+w.below(61), at, 72*time.Hour)
	}},
	{"resold", true, forwarding.One, "10 to 30 buyers who watch at the same time, each evening", func(w *world) {
		_, _, at := w.rightful()
		for range 10 + w.below(21) {
			d, there := w.device(), w.anywhere()
			for day := range 3 {
				w.watches(d, at.Add(time.Duration(day)*24*time.Hour+w.between(time.Minute, 15*time.Minute)), 30*time.Minute, there)
			}
		}
	}},
	{"copied session", true, forwarding.One, "the address of a running playback is opened by another player elsewhere while the first plays on", func(w *world) {
		d, home, at := w.rightful()
		w.watches(d, at, 30*time.Minute, home)
		thief := *d
		thief.agent = "vlc"
		w.seen = append(w.seen, thief.sighting(at.Add(w.between(2*time.Minute, 25*time.Minute)), w.network(), forwarding.Moved))
	}},
	{"copied cookie", true, forwarding.One, "a browser's cookies are used by another program elsewhere, on two days", func(w *world) {
		d, home, at := w.rightful()
		w.watches(d, at, w.while(), home)
		thief, there := *d, w.network()
		thief.agent = "yt-dlp"
		for day := range 2 {
			w.watches(&thief, at.Add(time.Duration(day+1)*26*time.Hour), w.while(), there)
		}
	}},
	{"household and friends", true, forwarding.Household, "a household of 3 devices, and 3 to 6 friends within 5 hours", func(w *world) {
		_, home, at := w.rightful()
		for range 2 {
			w.watches(w.device(), at.Add(-w.between(time.Hour, 9*time.Hour)), w.while(), home)
		}
		w.friends(5+w.below(4), at, 5*time.Hour)
	}},
}

// Scenarios are all of them, honest ones first.
func Scenarios() []Scenario { return append(append([]Scenario(nil), personas...), leaks...) }
