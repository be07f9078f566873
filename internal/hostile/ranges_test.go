package hostile

import (
	"slices"
	"strings"
)

// rangeFamilies: parts of files, and what they may cost.
var rangeFamilies = []family{
	{name: "R", states: everyone, shots: ranges},
	{name: "R free", states: []string{"spent"}, shots: freeRides},
}

func ranges(bool) []shot {
	many := func(n int) string { return "bytes=" + strings.TrimSuffix(strings.Repeat("0-0,", n), ",") }
	list := []string{
		"bytes=0-", "bytes=-1", "bytes=0-0", many(2), many(4), many(5), many(50), many(900), many(5000),
		"bytes=0-99,50-149", "bytes=" + strings.TrimSuffix(strings.Repeat("0-,", 1000), ","), "bytes=900-999,0-99", "bytes=0-1,3-4,6-7,9-10,12-13",
		"bytes=9223372036854775808-", "bytes=18446744073709551616-", "bytes=0-18446744073709551615", "bytes=--1", "bytes=9-1", "seconds=0-1", "bytes = 0 - 1",
		"bytes=-99999999", "bytes=", "bytes=" + strings.Repeat("9", 10_000) + "-", "none", "bytes=0-1;1-2", "bytes=0x0-0x1", "bytes=0-1,", ",bytes=0-1",
	}
	var shots []shot
	for _, r := range list {
		shots = append(shots, shot{name: bounded(r), path: oneScope, header: []string{"Range: " + r}})
	}
	return append(shots,
		shot{name: "two headers", path: oneScope, header: []string{"Range: bytes=0-0", "Range: bytes=5-9"}, refuse: true},
		shot{name: "If-Range", path: oneScope, header: []string{"Range: bytes=0-9", `If-Range: "other"`}},
		shot{name: "of a manifest", path: "/acme/demo/master.m3u8", header: []string{"Range: bytes=0-9"}},
		shot{name: "Request-Range", path: oneScope, header: []string{"Request-Range: bytes=0-9"}},
	)
}

// freeRides are what starts no play and could still bring media: a session
// whose link is spent must get none of it. The first two bytes, and a tail
// that is a small part of a film, are probes, which are free.
func freeRides(bool) []shot {
	var shots []shot
	add := func(path string, list ...string) {
		for _, r := range list {
			shots = append(shots, shot{name: path + " " + r, path: path, header: []string{"Range: " + r}})
		}
		shots = append(shots, shot{name: path + " whole", path: path}, shot{name: path + " as path info", path: path + "/x.vtt"})
	}
	always := []string{
		"bytes=-1048576", "bytes=-99999999", "bytes=0-0", "bytes=0-1", "bytes=0-2", "bytes=0-99", "bytes=0-1,-1048576", "bytes=0-0,1-1023", "bytes=1-99",
	}
	for _, path := range []string{"/acme/demo/seg1.ts", "/acme/demo/sub/part.mp4"} {
		add(path, append(slices.Clone(always), "bytes=-129", "bytes=-1023", "bytes=-1024")...)
	}
	add(oneScope, append(slices.Clone(always), "bytes=-3073")...)
	add("/acme/demo/long.mp4", "bytes=-1048577", "bytes=-99999999", "bytes=0-99", "bytes=0-0,1-1023")
	return shots
}
