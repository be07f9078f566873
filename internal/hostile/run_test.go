package hostile

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// TestHostileRequests is the suite: one server, all families.
func TestHostileRequests(t *testing.T) {
	r := startRig(t)
	log := r.logReader()
	for _, l := range r.lanes {
		l.controls(t)
	}
	for _, f := range families() {
		t.Run(f.name, func(t *testing.T) {
			r.run(t, f)
			log.check(t, r.secrets)
		})
	}
	t.Run("H2 group", func(t *testing.T) { r.lanes[0].oneGroup(t) })
	t.Run("http2", func(t *testing.T) { r.h2.http2(t) })
	for _, l := range r.lanes {
		l.controls(t) // the valid session has come through all of it
	}
	r.server.Stop()
	log.check(t, r.secrets)
}

func families() []family {
	var all []family
	for _, some := range [][]family{
		pathFamilies, octetFamilies, targetFamilies, queryFamilies, headerFamilies, requestFamilies, cookieFamilies, rangeFamilies, tokenFamilies,
	} {
		all = append(all, some...)
	}
	return all
}

// run fires a family at every lane at once.
func (r *rig) run(t *testing.T, f family) {
	shots := f.shots(full())
	var cases, requests, upstreams atomic.Int64
	t.Run("at", func(t *testing.T) {
		for _, l := range r.lanes {
			t.Run(l.name, func(t *testing.T) {
				t.Parallel()
				upstreams.Add(1)
				all := shots
				if f.made != nil {
					all = append(slices.Clone(shots), f.made(l, t)...)
				}
				cases.Store(int64(len(all)))
				for _, state := range l.tries(f) {
					requests.Add(l.fire(t, all, l.credentials[state]))
				}
			})
		}
	})
	t.Logf("%-6s %4d cases %2d credentials %d upstreams %6d requests", f.name, cases.Load(), len(f.states), upstreams.Load(), requests.Load())
	if cases.Load() == 0 || requests.Load() == 0 {
		t.Error("the family has sent nothing")
	}
}

// tries are the credentials that the lane tries: with one dimension varied at
// a time all of them where the upstream is worst, and elsewhere the first.
func (l *lane) tries(f family) []string {
	if full() || (l.origin != nil && l.origin.gullible) {
		return f.states
	}
	return f.states[:1]
}

// mostFaults keeps a broken gate from drowning its own story.
const mostFaults = 15

// fire sends shots with one credential and judges each.
func (l *lane) fire(t *testing.T, shots []shot, c credential) int64 {
	t.Helper()
	faults := 0
	before := map[string]count{}
	for _, s := range shots {
		who := c
		if s.as != "" {
			who = l.credentials[s.as]
		}
		watched := or(who.link, l.credentials[base].link)
		if _, known := before[watched]; !known {
			before[watched] = l.count(t, watched)
		}
		tr := trial{lane: l, shot: s.spell(l.words), asked: c, who: who, before: before[watched]}
		request := tr.shot.request(c)
		var err error
		if tr.answer, tr.hits, err = l.patiently(request); err != nil {
			t.Errorf("%s with %s: %v", s.name, c.state, err)
			continue
		}
		tr.after = l.settled(t, watched, tr.before)
		before[watched] = tr.after
		for _, fault := range tr.faults() {
			faults++
			t.Errorf("%.120q with %s: %s\n> %s\n< %s", s.name, c.state, fault, firstLine(request), firstLine(string(tr.answer.wire)))
		}
		if faults > mostFaults {
			t.Fatal("and so on")
		}
	}
	return int64(len(shots))
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\r\n")
	return fmt.Sprintf("%.300q", line)
}

// controls sees to it that the credentials are what they are called. Without
// it a suite in which everything is refused would be green.
func (l *lane) controls(t *testing.T) {
	t.Helper()
	for _, state := range states {
		c := l.credentials[state]
		a := l.must(t, shot{path: oneScope}.request(c))
		whole := bytes.Equal(a.body, l.tree[oneScope].content)
		switch {
		case c.opens == folder || c.opens == oneFile:
			if a.status != http.StatusOK || !whole {
				t.Errorf("%s: the credential %s does not open %s: status %d", l.name, state, oneScope, a.status)
			}
		case c.opens == redirects:
			if a.status != http.StatusFound {
				t.Errorf("%s: the credential %s is answered with %d", l.name, state, a.status)
			}
		case a.status < 400:
			t.Errorf("%s: the credential %s is answered with %d", l.name, state, a.status)
		}
	}
	for name, text := range l.issuer.good() {
		l.secrets.add(text)
		if a := l.must(t, shot{path: oneScope, query: "usher=" + text}.request(credential{})); a.status != http.StatusFound {
			t.Errorf("%s: a good signed link, %s, is answered with %d", l.name, name, a.status)
		}
	}
}
