package embedded

import (
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

func link(n byte) gate.LinkID { return gate.LinkID{11: n} }

// recordsOf are an account and two sessions: of size 3.
func recordsOf(n byte) map[gate.LinkID]*records {
	r := newRecords()
	r.read, r.account = true, &account{}
	r.sessions[gate.SessionID{10: n, 11: 1}] = &session{}
	r.sessions[gate.SessionID{10: n, 11: 2}] = &session{}
	return map[gate.LinkID]*records{link(n): &r}
}

func TestFrontIsBounded(t *testing.T) {
	f := newFront(12)
	for n := range byte(200) {
		f.publish(recordsOf(n))
		sum := 0
		for _, c := range f.links {
			sum += c.size()
		}
		if f.size != sum || sum > f.max {
			t.Fatalf("after %d links the front says %d, has %d, and may have %d", n+1, f.size, sum, f.max)
		}
	}
	f.publish(recordsOf(199)) // the same once more
	if f.size > f.max {
		t.Fatalf("size is %d", f.size)
	}
	f.purge()
	f.publish(recordsOf(1))
	if f.size != 3 {
		t.Errorf("after a purge and one link the size is %d, want 3", f.size)
	}
}

func TestFrontKeepsWhatIsUsed(t *testing.T) {
	f := newFront(12)
	for n := range byte(4) {
		f.publish(recordsOf(n))
	}
	f.recall(gate.Query{Link: link(0)})
	f.publish(recordsOf(4)) // one too many: leaves three links, and those used last
	for n, want := range []bool{true, false, false, true, true} {
		if _, found := f.account(link(byte(n))); found != want {
			t.Errorf("link %d is there: %v, want %v", n, found, want)
		}
	}
}
