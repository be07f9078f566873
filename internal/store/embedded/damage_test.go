package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/usher-media/usher/internal/gate"
)

// sample is a store's file with a little of everything in it, and what there
// is to be seen in it.
type sample struct {
	bytes []byte
	wall  *wall
	claim gate.Claim
	seen  []any
}

var samplePerson = gate.PersonID{1}

func newSample(t *testing.T) sample {
	t.Helper()
	w, dir := newWall(), privateDir(t)
	s := openStore(t, dir, Options{Now: w.now})
	var c gate.Claim
	for range 10 {
		c = visit(t, s, gate.Terms{Views: 3, ViewsEach: 2})
		watch(t, s, c)
		held := openingOf(c.Link)
		held.Hold, held.Person = true, samplePerson
		must(s.Open(t.Context(), held))(t)
		must(s.Put(t.Context(), gate.Document{Kind: gate.KindLink, ID: c.Link.String(), Index: []string{"scope:a", "b"},
			Until: w.now().Add(time.Hour), Body: []byte(`{"scope": "/a/b"}`)}))(t)
	}
	seen, err := lookAround(t, s, c)
	if err != nil {
		t.Fatal(err)
	}
	// The last two commits are of the same content, and so both headers of the
	// file stand for it: damage to one of them must go by unnoticed.
	used := int64(0)
	for range 2 {
		if err := s.db.Update(func(tx *bolt.Tx) error { used = tx.Size(); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	return sample{must(os.ReadFile(filepath.Join(dir, fileName)))(t)[:used], w, c, seen}
}

// lookAround reads all there is by the verbs.
func lookAround(t *testing.T, s *Store, c gate.Claim) ([]any, error) {
	account, err1 := s.Account(t.Context(), c.Link)
	state, err2 := s.Check(t.Context(), queryOf(c))
	state.Edition = 0 // begins anew when the file is opened
	sessions, err3 := s.Sessions(t.Context(), gate.Whose{}, gate.SessionID{}, 99)
	ofLink, err4 := s.Sessions(t.Context(), gate.Whose{Link: c.Link}, gate.SessionID{}, 99)
	docs, err5 := s.List(t.Context(), gate.KindLink, "", "", 99)
	ofTerm, err6 := s.List(t.Context(), gate.KindLink, "b", "", 99)
	ofPerson, err7 := s.Sessions(t.Context(), gate.Whose{Person: samplePerson}, gate.SessionID{}, 99)
	seen := []any{account, state, sessions, ofLink, docs, ofTerm, ofPerson}
	return seen, errors.Join(err1, err2, err3, err4, err5, err6, err7)
}

// survives opens a damaged file. It may be refused, and so may every verb; it
// may never panic, and whatever is answered has to be true.
func (sample sample) survives(t *testing.T, damage string, file []byte) (opened bool) {
	t.Helper()
	dir := privateDir(t)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fileName)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	s, err := Open(dir, Options{Now: sample.wall.now})
	if err != nil {
		for _, want := range []string{path, "put a backup of the file in its place"} {
			if !strings.Contains(err.Error(), want) {
				t.Fatalf("%s: the error does not say %q: %v", damage, want, err)
			}
		}
		return false
	}
	defer s.Close()
	seen, err := lookAround(t, s, sample.claim)
	if err == nil && !reflect.DeepEqual(seen, sample.seen) {
		t.Fatalf("%s was not noticed", damage)
	}
	opening := openingOf(sample.claim.Link)
	_, _ = s.Open(t.Context(), opening)
	_, _ = s.Reserve(t.Context(), sample.claim)
	_, _ = s.Settle(t.Context(), chargeOf(sample.claim))
	_, _ = s.Put(t.Context(), gate.Document{Kind: gate.KindAPIKey, ID: "x"})
	return true
}

func TestTruncatedFile(t *testing.T) {
	sample := newSample(t)
	page := os.Getpagesize()
	for _, size := range []int{
		1, 16, 100, 1024, page - 1, page, page + 1, 2*page - 1, 2 * page, 3 * page, 4*page - 1, 4 * page,
		5 * page, 7*page + 100, len(sample.bytes) / 2, len(sample.bytes) - 1,
	} {
		if opened := sample.survives(t, "truncation", sample.bytes[:size]); opened {
			t.Errorf("cut to %d of %d bytes it was opened", size, len(sample.bytes))
		}
	}
	if opened := sample.survives(t, "nothing", sample.bytes); !opened {
		t.Errorf("whole, it was not opened")
	}
}

func TestFlippedBytes(t *testing.T) {
	sample := newSample(t)
	var opened, refused int
	for at := 0; at < len(sample.bytes); at += 251 {
		file := append([]byte(nil), sample.bytes...)
		file[at] ^= []byte{0xff, 1 << (at % 8)}[at%2]
		if sample.survives(t, fmt.Sprintf("a flip at %d", at), file) {
			opened++
		} else {
			refused++
		}
	}
	t.Logf("of %d bytes: opened %d, refused %d", len(sample.bytes), opened, refused)
	if opened == 0 || refused == 0 {
		t.Error("that proves nothing")
	}
}

func TestFileOfZeros(t *testing.T) {
	sample := newSample(t)
	if sample.survives(t, "zeros", make([]byte, len(sample.bytes))) {
		t.Error("it was opened")
	}
	half := append([]byte(nil), sample.bytes...)
	clear(half[len(half)/8:])
	if sample.survives(t, "zeros", half) {
		t.Error("with its content zeroed it was opened")
	}
}

// A file that is cut while it is in use is a fault in the processor's eyes, and
// would end the process.
func TestFileCutWhileOpen(t *testing.T) {
	s := openStore(t, privateDir(t), Options{})
	c := visit(t, s, gate.Terms{})
	s.front.purge()
	if err := os.Truncate(s.path, int64(os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Sessions(t.Context(), gate.Whose{Link: c.Link}, gate.SessionID{}, 9); !errors.Is(err, errDamaged) {
			t.Errorf("Sessions: got error %v", err)
		}
		if _, err := s.Reserve(t.Context(), c); !errors.Is(err, errDamaged) {
			t.Errorf("Reserve: got error %v", err)
		}
	}
	if err := s.Close(); !errors.Is(err, errDamaged) {
		t.Errorf("Close: got error %v", err)
	}
}
