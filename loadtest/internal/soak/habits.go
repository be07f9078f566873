package soak

import (
	"fmt"

	"github.com/usher-media/usher/internal/sample"
	"github.com/usher-media/usher/loadtest/internal/dice"
)

var renditions = []string{"180p", "360p"}

const (
	hlsSegments = 6
	// ahead is how many segments a player fetches before it shows the first.
	ahead = 3
	// chunk is how much of a file a player fetches at once.
	chunk = 64 << 10
)

// watchHLS plays the playlist: some segments ahead, then one at a time, in
// another rendition when the line seems to want it.
func (p *player) watchHLS() error {
	known, rendition, err := p.open()
	for next, fetched := 0, 0; err == nil && next < hlsSegments; next++ {
		if fetched >= ahead && !p.rest(1) {
			return nil
		}
		fetched++
		switch {
		case chance(10): // the line got better, or worse
			rendition = renditions[dice.Roll(len(renditions))]
		case chance(5): // a seek
			next, fetched = dice.Roll(hlsSegments), 0
		case chance(5): // the telephone rang
			if !p.rest(longPause) {
				return nil
			}
		case chance(4): // the page was loaded again
			if err = p.press(); err == nil {
				known, rendition, err = p.open()
			}
			next, fetched = 0, 0
		case chance(2): // something else was on
			return nil
		}
		if err == nil && !known[rendition] {
			known[rendition], err = true, p.playlist(rendition)
		}
		if err == nil {
			err = p.whole(p.media, fmt.Sprintf("clock/%s/%d.ts", rendition, next))
		}
	}
	return err
}

// open reads the master playlist, which lists the renditions.
func (p *player) open() (known map[string]bool, rendition string, err error) {
	return map[string]bool{}, renditions[dice.Roll(len(renditions))], p.whole(p.get, sample.HLS)
}

func (p *player) playlist(rendition string) error {
	return p.whole(p.get, "clock/"+rendition+"/index.m3u8")
}

// watchFile plays the file by ranges, as browsers do: a probe, a look at its
// end, and then piece by piece with seeks.
func (p *player) watchFile() error {
	total, err := size(sample.MP4)
	if err != nil {
		return err
	}
	if err := p.get(sample.MP4, 1, "Range", "bytes=0-0"); err != nil {
		return err
	}
	const tail = 1000
	if err := p.get(sample.MP4, tail, "Range", fmt.Sprintf("bytes=-%d", tail)); err != nil {
		return err
	}
	for at, fetched := int64(0), 0; at < total; fetched++ {
		if fetched >= ahead && !p.rest(1) {
			return nil
		}
		switch {
		case chance(10): // a seek
			at, fetched = int64(dice.Roll(int(total))), 0
		case chance(5):
			if !p.rest(longPause) {
				return nil
			}
		case chance(3):
			return nil
		}
		end := min(at+chunk, total)
		if err := p.media(sample.MP4, end-at, "Range", fmt.Sprintf("bytes=%d-%d", at, end-1)); err != nil {
			return err
		}
		at = end
	}
	return nil
}
