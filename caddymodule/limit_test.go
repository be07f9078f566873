package caddymodule

import (
	"net/netip"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func addr(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

func TestBucketsLimitEachKey(t *testing.T) {
	b := newBuckets[netip.Addr](1, 3)
	for i := range 5 {
		if got, want := b.allow(addr(1), start), i < 3; got != want {
			t.Errorf("request %d: %v", i, got)
		}
	}
	if !b.allow(addr(2), start) {
		t.Error("another key is refused")
	}
	if !b.allow(addr(1), start.Add(time.Second)) {
		t.Error("refused after a second")
	}
}

// A flood of keys neither grows the map past its bound nor lifts the limit of
// a key that is in it; newcomers share one bucket.
func TestBucketsAreBounded(t *testing.T) {
	b := newBuckets[netip.Addr](1, 2)
	abuser := addr(0)
	for b.allow(abuser, start) {
	}
	for n := 1; n <= maxBuckets+10; n++ {
		b.allow(addr(n), start)
	}
	if len(b.byKey) > maxBuckets {
		t.Fatalf("%d buckets", len(b.byKey))
	}
	if b.allow(abuser, start) {
		t.Error("the flood lifted the abuser's limit")
	}
	if b.allow(addr(maxBuckets+99), start) || b.allow(addr(maxBuckets+98), start) {
		t.Error("newcomers do not share a bucket")
	}
	later := start.Add(time.Hour) // all buckets are full again, which is as good as unknown
	b.allow(addr(maxBuckets+97), later)
	if len(b.byKey) > 1 {
		t.Errorf("%d buckets are kept though full", len(b.byKey))
	}
}
