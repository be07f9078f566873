package embedded

import (
	"reflect"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// An account that was written before sessions and bytes were counted is read as one
// that has none yet.
func TestAnAccountFromBeforeItsSumsIsRead(t *testing.T) {
	a := &account{
		Account: gate.Account{Exists: true, Terms: gate.Terms{Views: 3}, Standing: gate.Standing{State: gate.Active}, Used: 2, Sessions: 4, Bytes: 5_000_000_000},
		lapses:  []time.Time{time.UnixMilli(1_800_000_000_000).UTC()},
	}
	whole := a.encode()
	if got, err := decodeAccount(whole); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("%+v, %v; want %+v", got, err, a)
	}
	sums := len(new(writer).number(a.Sessions).number(a.Bytes).bytes)
	a.Sessions, a.Bytes = 0, 0
	if got, err := decodeAccount(whole[:len(whole)-sums]); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("%+v, %v; want %+v", got, err, a)
	}
	if _, err := decodeAccount(whole[:len(whole)-1]); err == nil {
		t.Error("half of its sums was taken for an account")
	}
}
