package caddymodule

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestPercentForAHeap(t *testing.T) {
	h := &heapFloor{floor: 32 << 20}
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 3100}, {1 << 20, 3100}, {4 << 20, 700}, {8 << 20, 300}, {16 << 20, 100}, {17 << 20, 100}, {1 << 30, 100},
	} {
		if got := h.percentFor(c.live); got != c.want {
			t.Errorf("%d MiB alive: %d %%, want %d %%", c.live>>20, got, c.want)
		}
	}
}

// sink keeps what is allocated off the stack.
var sink []byte

// While it is held, garbage is collected once it fills the floor, and not each
// time a small heap has doubled; afterwards all is as it was.
func TestHeapFloorPutsCollectionsOff(t *testing.T) {
	t.Setenv("GOGC", "") // as an operator has it who said nothing
	before := debug.SetGCPercent(goPercent)
	defer debug.SetGCPercent(before)
	h := &heapFloor{floor: 256 << 20}
	without := collections(256)
	h.hold()
	runtime.GC() // the percentage of a test's heap, whatever it was
	with := collections(256)
	h.release()
	if with > 4 || without < 4*max(with, 1) {
		t.Errorf("%d collections for 256 MiB of garbage, %d without", with, without)
	}
	if now := debug.SetGCPercent(goPercent); now != goPercent {
		t.Errorf("%d %% is left behind, want %d %%", now, goPercent)
	}
}

// collections counts those that so many MiB of garbage take.
func collections(mib int) uint32 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range mib * 16 {
		sink = make([]byte, 64<<10)
	}
	runtime.ReadMemStats(&after)
	return after.NumGC - before.NumGC
}

// What the operator says holds.
func TestHeapFloorLeavesGOGC(t *testing.T) {
	t.Setenv("GOGC", "50")
	before := debug.SetGCPercent(50)
	defer debug.SetGCPercent(before)
	h := &heapFloor{floor: 32 << 20}
	h.hold()
	h.release()
	if now := debug.SetGCPercent(50); now != 50 {
		t.Errorf("%d %%, want the operator's 50 %%", now)
	}
}
