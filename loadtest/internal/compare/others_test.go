package compare

import (
	"testing"
	"time"
)

func TestBusyTime(t *testing.T) {
	const stat = "cpu  100 20 30 9999 8888 4 5 6 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n"
	if got, err := busyTime(stat); err != nil || got != 1650*time.Millisecond {
		t.Errorf("%s, %v; want 1.65s", got, err)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "cpu0 1 2 3 4 5 6 7 8 9", "cpu a 2 3 4 5 6 7 8 9"} {
		if _, err := busyTime(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestWitness(t *testing.T) {
	var w witness
	if err := w.begin(nil); err != nil {
		t.Fatal(err)
	}
	if err := w.end(); err != nil || w.took < 0 || w.lasted <= 0 {
		t.Errorf("%+v, %v", w, err)
	}
	w = witness{took: time.Second, lasted: 4 * time.Second}
	if got := w.part(); got != 0.25 {
		t.Errorf("part %g, want 0.25", got)
	}
}
