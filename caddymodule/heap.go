package caddymodule

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// heapFloor lets the heap grow to a size before it is collected. By default Go
// collects whenever the heap has doubled, and never below 4 MiB. A gateway keeps
// so little alive that this means a hundred collections a second under load: a
// third of what a small answer costs. Up to floor bytes a collection is put off,
// from half of that on Go's own rule holds again; memory limits (GOMEMLIMIT, which
// Caddy sets inside of a container) hold all the same.
//
// An allocation that is never used, as ballast, would do it too, but it counts
// against the memory limit and falsifies every figure about the heap.
//
// It only acts while a store is open, and never where the operator has said
// something of their own with GOGC.
type heapFloor struct {
	floor uint64

	mu      sync.Mutex
	users   int
	percent int  // as it was set last
	before  int  // what it was without us
	waiting bool // for the next collection
}

// heap is the one of this process: there is only one heap.
var heap = &heapFloor{floor: 32 << 20}

// goPercent is Go's own setting.
const goPercent = 100

// hold begins to act with the first holder.
func (h *heapFloor) hold() {
	if os.Getenv("GOGC") != "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users++; h.users == 1 {
		h.before = debug.SetGCPercent(goPercent)
		h.percent = goPercent
		h.adjust()
		h.afterNext()
	}
}

// release ends what hold began, with the last holder.
func (h *heapFloor) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users == 0 {
		return // GOGC is set
	}
	if h.users--; h.users == 0 {
		debug.SetGCPercent(h.before)
	}
}

// afterNext adjusts after the next collection, and after all that follow. An
// object that nobody reaches is how a program learns of one: a ticker would let
// a heap that grows fast between two ticks grow by the percentage of a small one.
func (h *heapFloor) afterNext() {
	if h.waiting {
		return // since an earlier holder
	}
	h.waiting = true
	unreached := new([64]byte)
	runtime.AddCleanup(unreached, func(h *heapFloor) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.waiting = false; h.users > 0 {
			h.adjust()
			h.afterNext()
		}
	}, h)
}

// adjust sets the percentage by which what is alive may grow. Setting it stops
// the world for a moment, so small differences are left.
func (h *heapFloor) adjust() {
	percent := h.percentFor(liveHeap())
	if diff := percent - h.percent; diff > h.percent/8 || -diff > h.percent/8 {
		debug.SetGCPercent(percent)
		h.percent = percent
	}
}

// percentFor is the percentage with which a heap of which so much is alive is
// collected at the floor, or as Go does it where that is later.
func (h *heapFloor) percentFor(live uint64) int {
	live = max(live, 1<<20)
	if live >= h.floor/2 {
		return goPercent
	}
	return int((h.floor - live) * 100 / live)
}

// liveHeap is how much was alive at the last collection.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
