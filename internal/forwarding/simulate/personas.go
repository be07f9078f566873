package simulate

import (
	"time"

	"github.com/usher-media/usher/internal/forwarding"
)

// Scenario is one way in which a link is used.
type Scenario struct {
	Name string
	// Leak says that the link is used by more people than it was meant for.
	Leak bool
	// Audience is what the link's owner declared.
	Audience forwarding.Audience
	// What says what happens, with the numbers that were assumed.
	What string
	live func(w *world)
}

func team(n int) forwarding.Audience {
	a, err := forwarding.Team(n)
	if err != nil {
		panic(err) // of constants below
	}
	return a
}

// personas are honest.
var personas = []Scenario{
	{"single", false, forwarding.One, "one browser at home, 1 to 6 sittings", func(w *world) {
		d, home := w.device(), w.network()
		w.times(6, func() { w.sits(d, w.evening(), w.while(), home) })
	}},
	{"dual stack", false, forwarding.One, "one browser at home that uses IPv4 and IPv6 in turn, within one sitting", func(w *world) {
		d, home := w.device(), w.network()
		other := w.sister(home)
		w.times(6, func() { w.sits(d, w.evening(), w.while(), home, other) })
	}},
	{"commuter", false, forwarding.One, "one phone at home and under way; the mobile network has 6 gateways and both protocols", func(w *world) {
		d, home := w.device("safari", "chrome-android"), w.network()
		mobile := w.network()
		w.times(4, func() { w.sits(d, w.evening(), w.while(), home, w.sister(home)) })
		w.times(4, func() { w.sits(d, w.commuting(), w.while(), w.sister(mobile), w.sister(mobile)) })
	}},
	{"two devices", false, forwarding.One, "a phone under way and at home, and a computer at work, one after the other", func(w *world) {
		phone, work := w.device("safari", "chrome-android"), w.device("chrome", "edge")
		work.language = phone.language
		home, mobile, office := w.network(), w.network(), w.network()
		w.times(3, func() { w.sits(phone, w.evening(), w.while(), home) })
		w.times(2, func() { w.sits(phone, w.commuting(), w.between(3*time.Minute, 12*time.Minute), w.sister(mobile)) })
		w.times(2, func() { w.sits(work, w.working(), w.while(), office) })
	}},
	{"three devices", false, forwarding.One, "phone, computer at home and computer at work; the phone is at home in 7 of 10 weeks", func(w *world) {
		phone, desk, work := w.device("safari", "chrome-android"), w.device("firefox", "chrome"), w.device("edge", "chrome")
		desk.language, work.language = phone.language, phone.language
		home, mobile, office := w.network(), w.network(), w.network()
		w.times(2, func() { w.sits(desk, w.evening(), w.while(), home) })
		w.sits(work, w.working(), w.while(), office)
		w.sits(phone, w.commuting(), w.between(3*time.Minute, 12*time.Minute), mobile)
		if w.happens(0.7) {
			w.sits(phone, w.evening(), w.while(), home)
		}
	}},
	{"household", false, forwarding.Household, "2 to 4 devices at home, sometimes two at once, one of them under way at times", func(w *world) {
		home, mobile := w.network(), w.network()
		first := w.device()
		w.watches(first, w.evening(), w.while(), home)
		for range 1 + w.below(3) {
			d := w.device()
			w.times(3, func() { w.watches(d, w.evening(), w.while(), home) })
			if w.happens(0.4) {
				w.watches(d, w.commuting(), w.while(), w.sister(mobile))
			}
		}
	}},
	{"television", false, forwarding.One, "a browser that hands over to a television or VLC in the same home, which keeps no cookies", func(w *world) {
		d, home := w.device(), w.network()
		tv := w.device("vlc", "android-tv", "apple-media")
		tv.forgets = true
		w.times(4, func() {
			at := w.evening()
			w.watches(d, at, 2*time.Minute, home)
			w.watches(tv, at.Add(2*time.Minute), w.while(), home, w.sister(home))
		})
	}},
	{"office", false, forwarding.One, "one computer behind 6 egress addresses of an office, changing within a sitting", func(w *world) {
		d, office := w.device("chrome", "edge"), w.network()
		pool := []forwarding.Network{office}
		for range 5 {
			pool = append(pool, w.sister(office))
		}
		w.times(5, func() { w.sits(d, w.working(), w.while(), pool[w.below(6)], pool[w.below(6)]) })
	}},
	{"team", false, team(8), "5 to 8 colleagues in one office and at home, often at the same time", func(w *world) {
		office, at := w.network(), w.working()
		for range 5 + w.below(4) {
			d := w.device("chrome", "edge", "firefox")
			w.watches(d, at.Add(w.between(0, 20*time.Minute)), w.while(), w.sister(office))
			if w.happens(0.5) {
				w.watches(d, w.evening(), w.while(), w.network())
			}
		}
	}},
	{"relay", false, forwarding.One, "a browser behind a relay whose exits change with each sitting", func(w *world) {
		d := w.device("safari")
		w.times(6, func() {
			exit := w.network()
			exit.Shared = w.table
			w.sits(d, w.evening(), w.while(), exit)
		})
	}},
	{"VPN", false, forwarding.One, "a browser at home that switches a VPN on and off, abroad at times, within minutes", func(w *world) {
		d, home := w.device(), w.network()
		w.times(5, func() {
			at, exit := w.evening(), w.network()
			exit.Shared = w.table
			w.sits(d, at, w.between(3*time.Minute, 10*time.Minute), home)
			w.sits(d, at.Add(w.between(11*time.Minute, 20*time.Minute)), w.while(), exit)
		})
	}},
	{"private mode", false, forwarding.One, "a browser whose cookies are cleared after each sitting, at home by both protocols, and under way in 3 of 10 weeks", func(w *world) {
		d, home := w.device("firefox", "safari"), w.network()
		v6 := w.sister(home)
		d.forgets = true
		w.times(6, func() { w.sits(d, w.evening(), w.while(), home, v6) })
		if w.happens(0.3) {
			w.sits(d, w.commuting(), w.while(), w.network())
		}
	}},
	{"traveller", false, forwarding.One, "one laptop in 3 to 5 hotels and stations of several countries, a phone in half of them", func(w *world) {
		d, phone := w.device("chrome", "safari"), w.device("safari", "chrome-android")
		phone.language = d.language
		for day := range 3 + w.below(3) {
			at, hotel := monday.Add(time.Duration(day)*24*time.Hour), w.network()
			w.sits(d, at.Add(w.between(7*time.Hour, 12*time.Hour)), w.while(), w.network())
			w.sits(d, at.Add(w.between(18*time.Hour, 20*time.Hour)), w.while(), hotel)
			if w.happens(0.5) {
				w.sits(phone, at.Add(w.between(21*time.Hour, 22*time.Hour)), w.while(), hotel)
			}
		}
	}},
	{"mpv", false, forwarding.One, "a player without cookies, at home and at work", func(w *world) {
		d, home, office := w.device("mpv", "ffmpeg"), w.network(), w.network()
		d.forgets, d.language = true, ""
		w.times(4, func() { w.sits(d, w.evening(), w.while(), home) })
		w.times(2, func() { w.sits(d, w.working(), w.while(), office) })
	}},
	{"scanned", false, forwarding.One, "one browser; mail gateways and chats look at the link 3 to 20 times from data centres", func(w *world) {
		d, home := w.device(), w.network()
		for range 3 + w.below(18) {
			look := w.device("scanner").sighting(monday.Add(w.between(0, time.Hour)), w.network(), forwarding.Opened)
			look.Who = []forwarding.Visitor{forwarding.Scanner, forwarding.Preview}[w.below(2)]
			w.seen = append(w.seen, look)
		}
		w.times(4, func() { w.sits(d, w.evening(), w.while(), home) })
	}},
}
