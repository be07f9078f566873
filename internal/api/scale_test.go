package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/embedded"
	"github.com/usher-media/usher/internal/store/redis"
	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/token"
)

// town is a large directory: persons, a tenth as many groups, and links.
type town struct {
	*site
	raw     gate.Store
	persons []gate.PersonID
	links   int
	hands   int
	crowd   gate.GroupID // a group that everybody is in
	home    gate.CollectionID
	// costs says what the server was asked for since it was asked last.
	costs func() string
}

// townSize is how many persons and links a large town has. Those of the nightly
// run take minutes to be put there.
func townSize() (persons, links int) {
	if os.Getenv("USHER_FULL") == "1" {
		return 100_000, 1_000_000
	}
	return 20_000, 20_000
}

// TestWhatThereIsCostsNothing fills a directory and sees that pages of listings,
// a new member, and the check of a media request cost the same, by what the
// server was asked, whether there is a thousand of everything or many thousands.
func TestWhatThereIsCostsNothing(t *testing.T) {
	const few = 1_000
	many, links := townSize()
	for name, on := range map[string]struct {
		open  func(t *testing.T) (store, raw gate.Store, costs func() string)
		hands int // as many as a pool has connections, and as fill a commit of the disk
	}{
		"redis": {inRedis, 16}, "embedded": {inAFile, 512},
	} {
		t.Run(name, func(t *testing.T) {
			store, raw, costs := on.open(t)
			w := &town{site: newSiteOn(t, store), raw: raw, costs: costs, hands: on.hands}
			w.crowd = w.groupID(w.must("POST", "/groups", `{"name":"everybody"}`))
			made := w.must("POST", "/collections", `{"name":"films","paths":["/films/*"],"level":"link"}`)
			var err error
			if w.home, err = gate.ParseCollectionID(made["id"].(string)); err != nil {
				t.Fatal(err)
			}
			w.fill(few, few)
			before := w.measure()
			began := time.Now()
			w.fill(many, links)
			t.Logf("%d persons, %d groups and %d links were there after %v", many, many/10, w.links, time.Since(began).Round(time.Second))
			after := w.measure()
			for _, what := range slices.Sorted(maps.Keys(before)) {
				if before[what] != after[what] {
					t.Errorf("%s: of %d it costs\n\t%s\nof %d\n\t%s", what, few, before[what], many, after[what])
				} else {
					t.Logf("%s: %s", what, after[what])
				}
			}
		})
	}
}

// inRedis counts the commands that a real server is asked for, those of scripts
// too, and the trips that they come in.
func inRedis(t *testing.T) (store, raw gate.Store, costs func() string) {
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr)
	var both [2]gate.Store
	for i, url := range []string{proxy.URL(), server.URL()} {
		one, err := redis.Open(url, redis.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { one.Close() })
		both[i] = one
	}
	admin := goredis.NewClient(&goredis.Options{Addr: server.Addr})
	t.Cleanup(func() { admin.Close() })
	trips := int64(0)
	return both[0], both[1], func() string {
		info, err := admin.Info(t.Context(), "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		if err := admin.ConfigResetStat(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		var said []string
		for line := range strings.Lines(info) {
			name, counts, found := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
			count, _, _ := strings.Cut(counts, ",")
			if found && !slices.Contains([]string{"info", "config|resetstat", "hello", "client|setinfo", "client|maint_notifications"}, name) {
				said = append(said, count+" "+name)
			}
		}
		slices.Sort(said)
		now := proxy.Trips()
		said = append(said, fmt.Sprintf("in %d trips", now-trips))
		trips = now
		return strings.Join(said, ", ")
	}
}

// inAFile counts the verbs: that none of them scans is tested with the store.
func inAFile(t *testing.T) (store, raw gate.Store, costs func() string) {
	file, err := embedded.Open(filepath.Join(t.TempDir(), "store"), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	counted := &checking{Store: file}
	return counted, file, func() string { return fmt.Sprintf("%d checks", counted.n.Swap(0)) }
}

// checking is a store that counts checks.
type checking struct {
	gate.Store
	n atomic.Int64
}

func (c *checking) Check(ctx context.Context, q gate.Query) (gate.State, error) {
	c.n.Add(1)
	return c.Store.Check(ctx, q)
}

// fill brings the town to so many persons and links.
func (w *town) fill(persons, links int) {
	w.Helper()
	now := time.Now()
	from := len(w.persons)
	for range persons - from {
		w.persons = append(w.persons, gate.PersonID(token.NewID(now)))
	}
	w.atOnce(persons-from, func(ctx context.Context, i int) error {
		id := w.persons[from+i]
		p := directory.Person{
			ID: id, Email: fmt.Sprintf("p%d@example.com", from+i), Standing: gate.Standing{State: gate.Active}, CreatedAt: now,
		}
		return w.keep(ctx, gate.KindPerson, id.String(), p, "role:limited")
	})
	w.atOnce(persons-from, func(ctx context.Context, i int) error {
		m := directory.Member{Group: w.crowd, Person: w.persons[from+i]}
		return w.keep(ctx, gate.KindMember, directory.MemberID{Group: m.Group, Person: m.Person}.String(), m, "group:"+m.Group.String(), "person:"+m.Person.String())
	})
	w.atOnce((persons-from)/10, func(ctx context.Context, i int) error {
		g := directory.Group{ID: gate.GroupID(token.NewID(now)), Name: fmt.Sprintf("group %d", from+i), CreatedAt: now}
		return w.keep(ctx, gate.KindGroup, g.ID.String(), g)
	})
	scope, err := gate.ParseScope("/films/*")
	if err != nil {
		w.Fatal(err)
	}
	had := w.links
	w.links = links
	w.atOnce(links-had, func(ctx context.Context, i int) error {
		link := gate.Link{ID: gate.LinkID(token.NewID(now)), Scope: scope, Can: gate.View, CreatedAt: now, Within: w.home}
		if i < 100 { // enough for a page, which is what asks for accounts
			link.ID = gate.LinkID(token.NewID(now.Add(time.Second)))
			_, err := gate.Create(ctx, w.raw, link, gate.Terms{})
			return err
		}
		doc, err := link.Document()
		if err == nil {
			_, err = w.raw.Put(ctx, doc)
		}
		return err
	})
}

func (w *town) keep(ctx context.Context, kind gate.Kind, id string, record any, terms ...string) error {
	body, err := json.Marshal(record)
	if err == nil {
		_, err = w.raw.Put(ctx, gate.Document{Kind: kind, ID: id, Body: body, Index: terms})
	}
	return err
}

// atOnce does many things with many hands. A store on a busy machine may not be
// able to decide in time, and is asked again.
func (w *town) atOnce(n int, do func(ctx context.Context, i int) error) {
	w.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	for range w.hands {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && w.Context().Err() == nil; i = int(next.Add(1)) - 1 {
				err := do(w.Context(), i)
				for n := 0; err != nil && n < 20; n++ {
					if err = do(w.Context(), i); errors.Is(err, gate.ErrConflict) {
						err = nil // it was done, and only the answer was lost
					}
				}
				if err != nil {
					w.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if w.Failed() {
		w.FailNow()
	}
}

// measure does each thing twice, since the first finds out what changed
// meanwhile, and says what the second cost.
func (w *town) measure() map[string]string {
	w.Helper()
	link := w.link(`{"path":"/films/*"}`)
	session := w.session(link, "/films/a/1.ts")
	w.watch(session, "/films/a/1.ts")
	costs := map[string]string{}
	note := func(what string, do func()) {
		for range 2 {
			w.costs()
			w.store.asked = nil
			do()
		}
		slices.Sort(w.store.asked)
		costs[what] = strings.TrimSuffix(w.costs()+"; "+strings.Join(w.store.asked, ", "), "; ")
	}
	for _, path := range []string{
		"/persons", "/persons?role=limited", "/persons?group=" + w.crowd.String(), "/groups", "/links", "/links?collection=films", "/sessions?link=" + link,
	} {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		var next string
		name, _, _ := strings.Cut(path, "=grp_")
		name, _, _ = strings.Cut(name, "=lnk_")
		note("the first page of "+name, func() {
			next, _ = w.must("GET", path+mark+"limit=20", "")["next"].(string)
		})
		if strings.HasPrefix(path, "/sessions") {
			continue
		}
		note("the second page of "+name, func() { w.must("GET", path+mark+"limit=20&cursor="+next, "") })
	}
	joins, n := w.groupID(w.must("POST", "/groups", `{"name":"at `+strconv.Itoa(len(w.persons))+`"}`)), 0
	add := func(group gate.GroupID) func() {
		return func() {
			n++
			id := w.must("POST", "/persons", fmt.Sprintf(`{"email":"new%d-%d@example.com"}`, len(w.persons), n))["id"].(string)
			w.costs()
			w.store.asked = nil
			w.must("POST", "/groups/"+group.String()+"/members", `{"add":["`+id+`"]}`)
		}
	}
	note("a new member of a group", add(joins))
	note("a new member of a group of everybody", add(w.crowd))
	note("a media request", func() {
		v, err := w.gate.Decide(w.Context(), w.now, mediaRequest(session.Token, "/films/a/2.ts"))
		if err != nil || v.Outcome != gate.Pass {
			w.Fatalf("%+v, %v", v.Refusal, err)
		}
	})
	if got := costs["a media request"]; !strings.HasSuffix(got, "in 1 trips") && got != "1 checks" {
		w.Errorf("a media request costs %s", got)
	}
	return costs
}

func mediaRequest(session, path string) *gate.Request {
	p, _ := gate.ParsePath(path)
	return &gate.Request{Method: "GET", Path: p, Presented: []gate.Credential{{Carrier: gate.InPath, Text: session}}}
}

func (s *site) groupID(made map[string]any) gate.GroupID {
	s.Helper()
	id, err := gate.ParseGroupID(made["id"].(string))
	if err != nil {
		s.Fatal(err)
	}
	return id
}

// newSiteOn is newSite on a store that has a clock of its own.
func newSiteOn(t *testing.T, store gate.Store) *site {
	s := &site{T: t, now: time.Now()}
	ring, err := token.NewKeyring(s.now)
	if err != nil {
		t.Fatal(err)
	}
	s.keys = &memoryKeys{ring: ring, now: time.Now}
	s.store = &faulty{Store: store}
	storesTime := func(ctx context.Context) (time.Time, error) {
		state, err := store.Check(ctx, gate.Query{})
		return state.Now, err
	}
	view := directory.NewView(s.store, time.Now)
	if s.dir, err = directory.New(s.store, view, directory.Settings{Now: storesTime}); err != nil {
		t.Fatal(err)
	}
	s.gate = gate.New(gate.House{Store: s.store, Keys: s.keys.Ring, Rules: view}, gate.Unpaced, gate.DefaultPolicy())
	s.box = &box{}
	desk := s.desk(time.Now)
	s.open = api.New(func() (api.Backend, bool) {
		return api.Backend{Store: s.store, Gate: s.gate, Keys: s.keys, Directory: s.dir, Desk: desk, PublicURL: "https://media.example.com", Now: time.Now}, true
	}, api.Open)
	return s
}
