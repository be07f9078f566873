package secret

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
)

func hash(t *testing.T, text string) string {
	t.Helper()
	phc, err := Hash(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	return phc
}

func TestOnlyThePasswordIsRight(t *testing.T) {
	phc := hash(t, "correct horse")
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") || !Valid(phc) {
		t.Errorf("made %s", phc)
	}
	if again := hash(t, "correct horse"); again == phc {
		t.Error("two strings of one password are the same")
	}
	for text, right := range map[string]bool{
		"correct horse": true, "Correct horse": false, "correct hors": false, "": false,
		strings.Repeat("x", MaxText+1): false, "\xff": false,
	} {
		got, err := Verify(t.Context(), phc, text)
		if err != nil || got != (Answer{Right: right}) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestKeyboardsThatWriteALetterDifferently(t *testing.T) {
	const word = "crème brûlée"
	got, err := Verify(t.Context(), hash(t, norm.NFD.String(word)), norm.NFC.String(word))
	if err != nil || !got.Right {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatCannotBeAPassword(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "too long": strings.Repeat("x", MaxText+1), "not UTF-8": "a\xff", "a line end": "a\nb", "NUL": "a\x00",
	} {
		if _, err := Hash(t.Context(), text); !errors.Is(err, ErrText) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Hash(t.Context(), strings.Repeat("x", MaxText)); err != nil {
		t.Errorf("the longest one: %v", err)
	}
}

func TestOtherCostsAreStale(t *testing.T) {
	p := parsed{costs: costs{memory: 64, time: 1, lanes: 1}, salt: make([]byte, saltSize)}
	var err error
	if p.key, err = p.compute(t.Context(), []byte("old"), keySize); err != nil {
		t.Fatal(err)
	}
	got, err := Verify(t.Context(), p.String(), "old")
	if err != nil || got != (Answer{Right: true, Stale: true}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNobodyKnowsNobodysPassword(t *testing.T) {
	for _, text := range []string{"", "x", strings.Repeat("\x00", 32)} {
		if err := VerifyNobody(t.Context(), text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if got, err := Verify(t.Context(), nobody, text); err != nil || got.Right || got.Stale {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

const salt, key = "$AAAAAAAAAAAAAAAAAAAAAA", "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func TestStringsThatAreRefusedBeforeAnythingIsComputed(t *testing.T) {
	if !Valid("$argon2id$v=19$m=65536,t=5,p=4" + salt + key) {
		t.Error("the dearest one that is allowed was refused")
	}
	for name, phc := range map[string]string{
		"nothing":          "",
		"another function": "$argon2i$v=19$m=19456,t=2,p=1" + salt + key,
		"another version":  "$argon2id$v=16$m=19456,t=2,p=1" + salt + key,
		"no version":       "$argon2id$m=19456,t=2,p=1" + salt + key,
		"much memory":      "$argon2id$v=19$m=65537,t=2,p=1" + salt + key,
		"all memory":       "$argon2id$v=19$m=4294967295,t=2,p=1" + salt + key,
		"too little":       "$argon2id$v=19$m=7,t=2,p=1" + salt + key,
		"many passes":      "$argon2id$v=19$m=19456,t=6,p=1" + salt + key,
		"no pass":          "$argon2id$v=19$m=19456,t=0,p=1" + salt + key,
		"many lanes":       "$argon2id$v=19$m=19456,t=2,p=5" + salt + key,
		"no lane":          "$argon2id$v=19$m=19456,t=2,p=0" + salt + key,
		"257 lanes":        "$argon2id$v=19$m=19456,t=2,p=257" + salt + key,
		"other order":      "$argon2id$v=19$t=2,m=19456,p=1" + salt + key,
		"leading zero":     "$argon2id$v=19$m=019456,t=2,p=1" + salt + key,
		"a sign":           "$argon2id$v=19$m=+19456,t=2,p=1" + salt + key,
		"short salt":       "$argon2id$v=19$m=19456,t=2,p=1$AAAA" + key,
		"short key":        "$argon2id$v=19$m=19456,t=2,p=1" + salt + "$AAAA",
		"loose bits":       "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAB" + key,
		"padding":          "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA==" + key,
		"a line end":       "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAA\nA" + key,
		"more":             "$argon2id$v=19$m=19456,t=2,p=1" + salt + key + "$",
	} {
		if got, err := Verify(t.Context(), phc, "x"); !errors.Is(err, ErrPHC) || got.Right {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestTwoAtOnce fills the slots by hand: nothing more is computed until one is
// free, who waits may go, and the queue has an end.
func TestTwoAtOnce(t *testing.T) {
	patience(t, time.Hour)
	for range atOnce {
		slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	gone := make(chan error, maxQueue+atOnce)
	for range maxQueue + atOnce {
		wait.Go(func() {
			_, err := Hash(ctx, "x")
			gone <- err
		})
	}
	for len(queue) < maxQueue+atOnce {
		select {
		case err := <-gone:
			t.Fatalf("somebody was answered while others compute: %v", err)
		default:
			runtime.Gosched()
		}
	}
	if _, err := Hash(t.Context(), "x"); !errors.Is(err, ErrBusy) {
		t.Errorf("one more than the queue holds: %v", err)
	}
	cancel()
	wait.Wait()
	for range maxQueue + atOnce {
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("who went away was told %v", err)
		}
	}
	for range atOnce {
		<-slots
	}
	if len(queue) != 0 {
		t.Errorf("%d are still in the queue", len(queue))
	}
	if _, err := Hash(t.Context(), "x"); err != nil {
		t.Errorf("with free slots: %v", err)
	}
}

// patience sets how long somebody waits for their turn.
func patience(t *testing.T, d time.Duration) {
	before := maxWait
	maxWait = d
	t.Cleanup(func() { maxWait = before })
}

func TestNobodyWaitsForEver(t *testing.T) {
	patience(t, time.Millisecond)
	for range atOnce {
		slots <- struct{}{}
	}
	if _, err := Hash(t.Context(), "x"); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	for range atOnce {
		<-slots
	}
}

func TestWhoIsGoneAlreadyCostsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1" + salt + key)
	f.Add("$argon2id$v=19$m=65536,t=5,p=4$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, phc string) {
		p, err := parse(phc)
		if err != nil {
			return
		}
		if p.String() != phc {
			t.Errorf("%q has a second spelling, %q", phc, p.String())
		}
		if p.memory > maxMemory || p.time > maxTime || p.lanes > maxLanes || p.memory < 8*uint32(p.lanes) || p.time == 0 || p.lanes == 0 {
			t.Errorf("%q was accepted", phc)
		}
	})
}
