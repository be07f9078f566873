package redis

import (
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// An account that was written before sessions and bytes were counted is read as one
// that has none yet, and counts on from there.
func TestAnAccountFromBeforeItsSumsIsRead(t *testing.T) {
	const before = "3 0 - - 1800000000000 2 1 1 2 7 1800000000000 0 0 0 0 - 0 4 0 - -"
	read := func(sums string) (gate.Account, error) {
		a, _, err := decodeAccount([]any{"active", "", "", sums})
		return a, err
	}
	old, err := read(before)
	if err != nil || old.Used != 2 || old.RefusedOpens != 4 || old.Sessions != 0 || old.Bytes != 0 {
		t.Errorf("%+v, %v", old, err)
	}
	want := old
	want.Sessions, want.Bytes = 8, 5_000_000_000
	if got, err := read(before + " 8 5000000000"); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if got, err := read(before + " - 7"); err != nil || got.Sessions != 0 || got.Bytes != 7 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := read(before + " 8"); err == nil {
		t.Error("half of its sums was taken for an account")
	}
}
