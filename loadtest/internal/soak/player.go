package soak

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/usher-media/usher/internal/sample"
	"github.com/usher-media/usher/loadtest/internal/dice"
	"github.com/usher-media/usher/loadtest/internal/viewer"
)

// player is one session, from its first look at the link to its end.
type player struct {
	venue *venue
	// ctx ends requests, over only what would be asked next: a request whose
	// answer nobody waits for would charge a view that no ledger shows.
	ctx, over context.Context
	viewer    *viewer.Viewer

	link     string
	code     string
	device   viewer.Device
	session  viewer.Session
	played   bool
	requests int64
}

// Of a hundred sessions so many watch the file, and so many only look.
const (
	ofFile  = 30
	looking = 5
)

// live is a session's life.
func (p *player) live() error {
	link, err := p.venue.invite(p.ctx)
	if err != nil {
		return err
	}
	p.code, _ = viewer.Code(link.URL)
	if p.device, err = p.viewer.Land(p.ctx, p.base(), p.code); err != nil {
		return fmt.Errorf("landing page: %w", err)
	}
	if err := p.press(); err != nil {
		return err
	}
	p.link = link.ID
	switch roll := dice.Roll(100); {
	case roll < looking:
		return p.look()
	case roll < looking+ofFile:
		return p.watchFile()
	}
	return p.watchHLS()
}

func (p *player) base() string { return p.venue.node.URL }

// press presses Watch, the first time and at every reload of the page.
func (p *player) press() (err error) {
	p.requests++
	if p.session, err = p.viewer.Watch(p.ctx, p.base(), p.code, p.device); err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	return nil
}

// get asks for a part of the clip and wants that many bytes.
func (p *player) get(path string, want int64, headers ...string) error {
	p.requests++
	n, err := p.viewer.Get(p.ctx, p.base()+p.session.Path("/"+path), headers...)
	if err == nil && n != want {
		err = fmt.Errorf("%d bytes instead of %d", n, want)
	}
	if err != nil {
		return fmt.Errorf("%s %v: %w", path, headers, err)
	}
	return nil
}

// media is get for what is watched.
func (p *player) media(path string, want int64, headers ...string) error {
	err := p.get(path, want, headers...)
	p.played = p.played || err == nil
	return err
}

func size(path string) (int64, error) {
	info, err := fs.Stat(sample.FS(), path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// whole gets a file whole.
func (p *player) whole(get func(string, int64, ...string) error, path string) error {
	want, err := size(path)
	if err != nil {
		return err
	}
	return get(path, want)
}

// look opens the page's playlist and asks what the file is, and watches
// nothing: that costs no view.
func (p *player) look() error {
	if err := p.whole(p.get, sample.HLS); err != nil {
		return err
	}
	return p.get(sample.MP4, 2, "Range", "bytes=0-1")
}

// chance is true that many times in a hundred.
func chance(percent int) bool { return dice.Roll(100) < percent }

// rest waits for so many segments' time, and reports whether to go on.
func (p *player) rest(tempos int) bool { return pause(p.over, time.Duration(tempos)*p.venue.o.Tempo) }

// longPause is how many segments' time a viewer stays away from the picture.
const longPause = 5
