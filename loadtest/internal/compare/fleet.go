package compare

import (
	"context"
	"fmt"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/loadtest/internal/rig"
	"github.com/usher-media/usher/loadtest/internal/together"
	"github.com/usher-media/usher/loadtest/internal/viewer"
)

// fleet is one stand a system, all of one kind.
type fleet struct{ stands []*stand }

// stand is one server under test and the requests for it.
type stand struct {
	system System
	server *rig.Server
	redis  *rig.Redis // nil without
	links  []api.Link
	// shots are those of each viewer.
	shots [][]shot
	trip  *trip // nil without Redis
}

// sharers is how many sessions share a link.
const sharers = 4

func (run *comparison) startFleet(ctx context.Context, k kind, viewers int) (*fleet, error) {
	f := &fleet{}
	for _, system := range run.systems() {
		s := &stand{system: system}
		f.stands = append(f.stands, s)
		if err := s.start(ctx, run.rig, k.name, k.behind(run.media, run.origin)); err != nil {
			return nil, err
		}
		if err := s.prepare(ctx, k, run.media, viewers); err != nil {
			return nil, fmt.Errorf("opening sessions on %s: %w", system.title(), err)
		}
	}
	return f, nil
}

// cells are one for each stand.
func (f *fleet) cells(k kind, conns int) []*cell {
	row := make([]*cell, len(f.stands))
	for i, s := range f.stands {
		row[i] = newCell(k, conns, s)
	}
	return row
}

// start starts the server, with a Redis of its own where it has one: the
// counters of one must not show the work of another.
func (s *stand) start(ctx context.Context, r *rig.Rig, kind, behind string) (err error) {
	name := kind + "-" + string(s.system)
	site := rig.Site{Name: name, Behind: behind, Consistency: rig.Strict}
	switch s.system {
	case Bare:
	case Roomy:
		site.Env = []string{roomyGC}
	case Embedded:
		site.Store = "embedded"
	case Lease:
		site.Consistency = rig.Lease
		fallthrough
	case Strict:
		if s.redis, err = r.Redis(ctx, name+"-redis"); err != nil {
			return err
		}
		site.Store = "redis " + s.redis.URL()
	}
	s.server, err = r.Serve(ctx, site)
	return err
}

// prepare opens the viewers' sessions and lets each watch a first segment: the
// views are charged before anything is measured.
func (s *stand) prepare(ctx context.Context, k kind, m media, viewers int) error {
	s.shots = make([][]shot, viewers)
	plain := func(path string) string { return path }
	if !s.system.gated() {
		for i := range viewers {
			s.shots[i] = k.shots(s.server.Addr, i, m, plain)
		}
		return nil
	}
	for range (viewers + sharers - 1) / sharers {
		link, err := s.server.NewLink(ctx, api.NewLink{Path: "/load/*"})
		if err != nil {
			return err
		}
		s.links = append(s.links, link)
	}
	v := viewer.New(true)
	defer v.Close()
	err := together.Do(viewers, atOnce, func(i int) error {
		code, _ := viewer.Code(s.links[i/sharers].URL)
		session, err := v.Watch(ctx, s.server.URL, code, "")
		if err != nil {
			return err
		}
		s.shots[i] = k.shots(s.server.Addr, i, m, session.Path)
		_, err = v.Get(ctx, s.server.URL+session.Path(segmentPath(i%assets, 0)))
		return err
	})
	if err != nil || s.redis == nil {
		return err
	}
	s.trip, err = recordTrip(ctx, s)
	return err
}

func (f *fleet) processes() []*rig.Process {
	var list []*rig.Process
	for _, s := range f.stands {
		list = append(list, s.server.Process)
		if s.redis != nil {
			list = append(list, s.redis.Process)
		}
	}
	return list
}

func (f *fleet) stop() {
	for _, s := range f.stands {
		s.server.Kill()
		if s.redis != nil {
			s.redis.Kill()
		}
		if s.trip != nil {
			s.trip.close()
		}
	}
}

// atOnce is how many sessions are opened at the same time.
const atOnce = 16
