package forwarding

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// network is one of its own for each number.
func network(n byte) Network { return Network{Group: Digest{n}} }

// by is a device in a network, at so many minutes past noon.
func by(device, on byte, minutes int, kind Kind) Sighting {
	return Sighting{
		At: noon.Add(time.Duration(minutes) * time.Minute), Kind: kind, Device: Digest{device}, Network: network(on),
		Agent: fmt.Sprintf("agent%d", device), Language: "de",
	}
}

func (l *Ledger) reasons() string {
	words := []string{}
	for _, e := range l.Evidence {
		word := e.Reason.String()
		if e.Explained {
			word += "-explained"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// six is the sighting by IPv6.
func six(s Sighting) Sighting {
	s.Network.Six = true
	return s
}

// TestRotation gives a secret to whoever makes digests that is another one: nobody
// is new, as long as the one before is known.
func TestRotation(t *testing.T) {
	var l Ledger
	for n := range byte(4) {
		l.See(by(n+1, n+1, 0, Played), Household)
	}
	was := l.reasons()
	for round := range byte(2) {
		for n := range byte(4) {
			s := by(n+11, n+11, 500+int(round), Kind(round))
			s.Agent, s.Before = by(n+1, 1, 0, Opened).Agent, []Names{{Digest{n + 1}, Digest{n + 1}}}
			l.See(s, Household)
		}
	}
	if len(l.Clusters) != 4 || l.reasons() != was {
		t.Errorf("%d clusters, %q, which was %q", len(l.Clusters), l.reasons(), was)
	}
}

// TestReasons holds each sighting to the evidence that it makes, and to the level.
func TestReasons(t *testing.T) {
	other := func(s Sighting, change func(*Sighting)) Sighting {
		change(&s)
		return s
	}
	for _, c := range []struct {
		name     string
		audience Audience
		seen     []Sighting
		reasons  string
		level    Level
	}{
		{"one device anywhere", One, []Sighting{by(1, 1, 0, Opened), by(1, 2, 60, Opened), by(1, 3, 120, Played)}, "", Quiet},
		{"a second device at home", One, []Sighting{by(1, 1, 0, Opened), by(2, 1, 5, Opened)}, "new_here", Quiet},
		{"a second device elsewhere", One, []Sighting{by(1, 1, 0, Opened), by(2, 2, 5, Opened)}, "new_elsewhere", Watch},
		{"two more elsewhere, within hours", One, []Sighting{by(1, 1, 0, Opened), by(2, 2, 5, Opened), by(3, 3, 9, Opened)}, "new_elsewhere new_elsewhere wave", Likely},
		{"two more elsewhere, days apart", One, []Sighting{by(1, 1, 0, Opened), by(2, 2, 5, Opened), by(3, 3, 2000, Opened)}, "new_elsewhere new_elsewhere", Watch},
		{"both at the same moment", One, []Sighting{by(1, 1, 0, Opened), by(2, 2, 5, Opened), by(1, 1, 6, Played), by(2, 2, 6, Played)}, "new_elsewhere watched_apart", Likely},
		{"one after the other", One, []Sighting{by(1, 1, 0, Opened), by(1, 1, 1, Played), by(2, 2, 5, Opened), by(2, 2, 6, Played)}, "new_elsewhere", Watch},
		{"it comes home later", One, []Sighting{by(1, 1, 0, Opened), by(2, 2, 5, Opened), by(2, 1, 60, Opened)}, "new_elsewhere-explained", Quiet},
		{"cleared cookies", One, []Sighting{by(1, 1, 0, Opened), other(by(2, 1, 5, Opened), func(s *Sighting) { s.Agent = "agent1" })}, "", Quiet},
		{"a player without cookies elsewhere", One, []Sighting{by(1, 1, 0, Opened), other(by(2, 2, 5, Opened), func(s *Sighting) { s.Agent, s.Cookieless = "agent1", true })}, "new_nearby", Quiet},
		{"another language", One, []Sighting{by(1, 1, 0, Opened), other(by(2, 2, 5, Opened), func(s *Sighting) { s.Language = "fr" })}, "new_elsewhere foreign", Watch},
		{"a session that is used twice at a time", One, []Sighting{by(1, 1, 0, Opened), by(1, 1, 5, Played), other(by(1, 2, 5, Moved), func(s *Sighting) { s.Agent = "vlc" })}, "copied_session", Likely},
		{"a session that went on elsewhere", One, []Sighting{by(1, 1, 0, Opened), by(1, 1, 5, Played), other(by(1, 2, 50, Moved), func(s *Sighting) { s.Agent = "vlc" })}, "handed_over", Quiet},
		{"a session that was cast at home", One, []Sighting{by(1, 1, 0, Opened), by(1, 1, 5, Played), other(by(1, 1, 5, Moved), func(s *Sighting) { s.Agent = "vlc" })}, "", Quiet},
		{"a copied cookie", One, []Sighting{by(1, 1, 0, Opened), other(by(1, 2, 50, Opened), func(s *Sighting) { s.Agent = "curl" })}, "copied_cookie", Watch},
		{"a session that was cast at home, by the other kind of address", One, []Sighting{by(1, 1, 0, Opened), by(1, 1, 5, Played), six(other(by(1, 2, 5, Moved), func(s *Sighting) { s.Agent = "crkey" }))}, "handed_over", Quiet},
		{"a page by one kind of address, its media by the other", One, []Sighting{six(by(1, 1, 0, Opened)), other(by(1, 2, 1, Played), func(s *Sighting) { s.Agent = "applecoremedia" }), six(by(1, 1, 3000, Opened))}, "", Quiet},
		{"a second device, by the other kind of address", One, []Sighting{by(1, 1, 0, Opened), six(by(2, 2, 5, Opened))}, "new_elsewhere", Quiet},
		{"scanners and previews", One, []Sighting{by(1, 1, 0, Opened), other(by(2, 2, 1, Opened), func(s *Sighting) { s.Who = Scanner }), other(by(3, 3, 2, Opened), func(s *Sighting) { s.Who = Preview }), other(by(4, 4, 3, Opened), func(s *Sighting) { s.Who = Owner })}, "", Quiet},
		{"a household", Household, []Sighting{by(1, 1, 0, Opened), by(2, 1, 1, Opened), by(3, 1, 2, Opened), by(1, 1, 3, Played), by(2, 1, 3, Played)}, "new_here new_here", Quiet},
		{"everybody", Public, []Sighting{by(1, 1, 0, Opened), by(2, 2, 1, Opened), by(3, 3, 2, Opened)}, "", Quiet},
	} {
		var l Ledger
		for _, s := range c.seen {
			l.See(s, c.audience)
		}
		if l.reasons() != c.reasons || l.Level != c.level {
			t.Errorf("%s: %q, %s at %.2f; want %q, %s", c.name, l.reasons(), l.Level, l.Score(c.seen[len(c.seen)-1].At), c.reasons, c.level)
		}
	}
}

// TestLedgersAreBounded has thousands open a link, and write it out and in again.
func TestLedgersAreBounded(t *testing.T) {
	var l Ledger
	rises := 0
	for i := range 5000 {
		s := Sighting{
			At: noon.Add(time.Duration(i) * time.Second), Kind: Kind(i % 2), Device: Digest{byte(i >> 8), byte(i), 1},
			Network: Network{Group: Digest{byte(i >> 8), byte(i), 2}}, Agent: "chrome", Language: "de",
		}
		if l.See(s, One) {
			rises++
		}
	}
	if len(l.Clusters) != maxClusters || l.Uncounted != 5000-maxClusters || len(l.Evidence) != maxEvidence || l.Level != Restream || rises != 3 {
		t.Errorf("%d clusters and %d more, %d pieces of evidence, %s, which it rose to in %d steps", len(l.Clusters), l.Uncounted, len(l.Evidence), l.Level, rises)
	}
	for i := range l.Clusters { // a device that comes back moves about without end
		for n := range byte(40) {
			s := by(9, n, 1_000_000+int(n), Opened)
			s.Device, s.Agent = l.Clusters[i].Devices[0], l.Clusters[i].Agent
			l.See(s, One)
		}
		if len(l.Clusters[i].Networks) > maxNetworks || len(l.Clusters[i].Devices) > maxDevices {
			t.Fatalf("%+v", l.Clusters[i])
		}
	}
	text, err := json.Marshal(l)
	if err != nil || len(text) > 400<<10 {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	var again Ledger
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if second, _ := json.Marshal(again); string(second) != string(text) {
		t.Error("a ledger that was read is another one")
	}
}

// TestSuspicionFades lets weeks pass, and says that a use is fine.
func TestSuspicionFades(t *testing.T) {
	var l Ledger
	for n := range byte(4) {
		l.See(by(n+1, n+1, int(n), Opened), One)
	}
	if l.Level != Likely {
		t.Fatal(l.Level)
	}
	score := l.Score(noon)
	if later := l.Score(noon.Add(halfLife)); later > score/2*1.01 || later < score/2*0.99 {
		t.Errorf("%.3f is %.3f after %s", score, later, halfLife)
	}
	l.See(by(1, 1, 60*24*60, Opened), One)
	if l.Level != Quiet {
		t.Errorf("%s after 60 days", l.Level)
	}
	for n := range byte(4) {
		l.See(by(n+11, n+11, 60*24*60+int(n), Opened), One)
	}
	if l.Level < Likely {
		t.Fatal(l.Level)
	}
	if l.Fine(noon); l.Level != Quiet || len(l.Evidence) != 0 || len(l.Clusters) != 8 {
		t.Errorf("%+v", l)
	}
}

func TestAudiences(t *testing.T) {
	for _, word := range []string{"one", "household", "team:2", "team:200", "public"} {
		if a, err := ParseAudience(word); err != nil || a.String() != word {
			t.Errorf("%s is %s, %v", word, a, err)
		}
	}
	for _, word := range []string{"", "One", "team", "team:", "team:1", "team:201", "team:+3", "team:03", "team:3 ", "family"} {
		if a, err := ParseAudience(word); err == nil {
			t.Errorf("%q is %s", word, a)
		}
	}
	widening := []string{}
	for a := One; a != Public; a = a.Wider() {
		if w := a.Wider(); !a.Within(a) || !a.Within(w) || w.Within(a) || !Public.Within(Public) {
			t.Errorf("%s within %s", w, a)
		}
		widening = append(widening, a.String())
	}
	if got := strings.Join(widening, " "); got != "one household team:5 team:10 team:20 team:40 team:80 team:160" {
		t.Error(got)
	}
}

// FuzzLedger reads whatever may stand in a store, and goes on with it.
func FuzzLedger(f *testing.F) {
	var l Ledger
	for n := range byte(4) {
		l.See(by(n+1, n+1, int(n), Kind(n%3)), One)
	}
	text, err := json.Marshal(l)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"evidence":[{"cluster":-1,"reason":"new_elsewhere"}],"clusters":[{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var l Ledger
		if json.Unmarshal(text, &l) != nil {
			return
		}
		for n := range byte(3) {
			l.See(by(n+1, n+2, int(n), Kind(n)), One)
		}
	})
}
