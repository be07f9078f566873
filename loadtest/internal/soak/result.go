package soak

import (
	"fmt"

	"github.com/usher-media/usher/loadtest/internal/report"
)

// Result is what one gateway did and how it is.
type Result struct {
	Consistency string  `json:"consistency"`
	Sessions    int     `json:"sessions"`
	Links       int     `json:"links"`
	Views       int64   `json:"views"`
	Requests    int64   `json:"requests"`
	Unexpected  int64   `json:"unexpected"`
	Busy        int64   `json:"busy"`
	Differs     int64   `json:"links_that_differ"`
	RSS         float64 `json:"rss_mib"`
	RSSGrowth   float64 `json:"rss_growth_mib"`
	PerPlayer   float64 `json:"rss_kib_a_player"`
	Goroutines  float64 `json:"goroutines"`
	Growth      float64 `json:"goroutine_growth"`
}

const (
	kib = 1 << 10
	mib = 1 << 20
)

// What counts as flat: that much, or a part of the whole where that is more.
const (
	flatRSS        = 8.0 // MiB
	flatGoroutines = 8.0
	flatPart       = 0.05
)

func (v *venue) result() Result {
	list := settled(v.samples)
	r := Result{
		Consistency: v.consistency, Sessions: v.sessions, Links: len(v.ledger),
		Requests: v.requests, Unexpected: v.unexpected, Busy: v.busy, Differs: v.differs,
		RSS: mean(list, rss) / mib, RSSGrowth: growth(list, rss) / mib,
		PerPlayer:  (mean(list, rss) - v.before.RSS) / kib / float64(v.o.Players),
		Goroutines: mean(list, goroutines), Growth: growth(list, goroutines),
	}
	for _, own := range v.ledger {
		r.Views += own.plays
	}
	return r
}

func makeReport(o Options, venues []*venue) *report.Report {
	table := report.Table{Columns: []string{
		"consistency", "players", "sessions", "links", "views", "requests", "RSS MiB", "growth MiB", "KiB a player", "goroutines", "growth",
	}}
	f := report.Figure
	var results []Result
	var promises []report.Promise
	for _, v := range venues {
		r := v.result()
		results = append(results, r)
		promises = append(promises, judge(r, v.first)...)
		table.Row(r.Consistency, fmt.Sprint(o.Players), fmt.Sprint(r.Sessions), fmt.Sprint(r.Links), fmt.Sprint(r.Views), fmt.Sprint(r.Requests),
			f(r.RSS), f(r.RSSGrowth), f(r.PerPlayer), f(r.Goroutines), f(r.Growth))
	}
	out := report.New("soak", results, promises)
	out.Add(table)
	out.Note("%s of players who come, watch HLS or a file by ranges, seek, pause, change the rendition, load the page again, and leave. "+
		"Growth is the rise of the line that fits the samples after the first third. The KiB of a player are those of everything, connections included; --footprint tells what a session takes.", o.Duration)
	return out
}

func judge(r Result, first error) []report.Promise {
	why := ""
	if first != nil {
		why = "the first: " + first.Error()
	}
	return []report.Promise{
		{What: r.Consistency + ": unexpected answers", AtMost: true, Got: float64(r.Unexpected), Beside: why, Binding: true},
		{What: r.Consistency + ": answers 503, asked again", AtMost: true, Got: float64(r.Busy)},
		{What: r.Consistency + ": links whose views differ from the players' ledger", AtMost: true, Got: float64(r.Differs), Binding: true},
		{What: r.Consistency + ": growth of memory", Unit: "MiB", AtMost: true, Bound: max(flatRSS, r.RSS*flatPart), Got: r.RSSGrowth, Binding: true},
		{What: r.Consistency + ": growth of goroutines", AtMost: true, Bound: max(flatGoroutines, r.Goroutines*flatPart), Got: r.Growth, Binding: true},
	}
}
