package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

// site is an API over a model store, with a clock that tests move.
type site struct {
	*testing.T
	now   time.Time
	store *faulty
	keys  *memoryKeys
	gate  *gate.Gate
	dir   *directory.Directory
	box   *box
	open  http.Handler
	guard http.Handler // the same with access by API key
	down  bool         // no backend
	rates *api.Rates   // of the node

	events  *events.Trail
	lost    atomic.Int64 // events that were not kept
	streams *api.Streams
	ending  context.Context
	stop    context.CancelFunc // ends the server

	backend func() (api.Backend, bool)
}

func newSite(t *testing.T) *site {
	s := &site{T: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	ring, err := token.NewKeyring(s.now)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return s.now }
	s.keys = &memoryKeys{ring: ring, now: clock}
	s.store = &faulty{Store: model.New(clock)}
	storesTime := func(context.Context) (time.Time, error) { return s.now, nil }
	view := directory.NewView(s.store, clock)
	if s.dir, err = directory.New(s.store, view, directory.Settings{Now: storesTime}); err != nil {
		t.Fatal(err)
	}
	s.gate = gate.New(gate.House{Store: s.store, Keys: s.keys.Ring, Rules: view}, gate.Unpaced, gate.DefaultPolicy())
	s.box = &box{}
	s.events = events.New(s.store, clock, func(error) { s.lost.Add(1) })
	s.streams = api.NewStreams()
	var stop context.CancelFunc
	s.ending, stop = context.WithCancel(t.Context())
	s.stop = stop
	desk := s.desk(clock)
	backend := func() (api.Backend, bool) {
		b := api.Backend{
			Store: s.store, Gate: s.gate, Keys: s.keys, Directory: s.dir, Desk: desk, PublicURL: "https://media.example.com", Now: clock,
			Events: s.events, Streams: s.streams, Ending: s.ending,
			Node: api.Node{Store: "model", Version: "v1", Dropped: func() int64 { return 3 }},
		}
		if s.rates != nil {
			b.Rates = func() api.Rates { return *s.rates }
		}
		return b, !s.down
	}
	s.backend = backend
	s.open, s.guard = api.New(backend, api.Open), api.New(backend, api.Bearer)
	return s
}

// reply is an answer with its body decoded.
type reply struct {
	status int
	header http.Header
	text   string
	object map[string]any
}

func (r reply) slug() string {
	kind, _ := r.object["type"].(string)
	return strings.TrimPrefix(kind, "https://usher.media/problems/")
}

func (r reply) word(name string) string { s, _ := r.object[name].(string); return s }

// ask sends a request to the open mount. A body that is not empty is JSON.
func (s *site) ask(method, path, body string) reply {
	s.Helper()
	return s.send(s.open, request(s.Context(), method, path, body))
}

func request(ctx context.Context, method, path, body string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func (s *site) send(h http.Handler, r *http.Request) reply {
	s.Helper()
	if strings.HasSuffix(r.URL.Path, "/stream") {
		r.Method = http.MethodHead // which ends: see TestEventStream for the others
	}
	w := httptest.NewRecorder()
	var asked bytes.Buffer
	r.Body = io.NopCloser(io.TeeReader(r.Body, &asked))
	h.ServeHTTP(w, r)
	result := w.Result()
	text, err := io.ReadAll(result.Body)
	if err != nil {
		s.Fatal(err)
	}
	got := reply{status: result.StatusCode, header: result.Header, text: string(text)}
	streams := result.Header.Get("Content-Type") == "text/event-stream"
	if !streams {
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(&got.object); err != nil {
			s.Fatalf("%s %s: the answer is no JSON object: %q", r.Method, r.URL, text)
		}
	}
	keepsContract(s.T, r, asked.Bytes(), got)
	if streams {
		return got
	}
	want := "application/json"
	if got.status >= 400 {
		want = "application/problem+json"
		if got.slug() == "" || got.object["title"] == "" || got.object["detail"] == "" || got.object["status"] != float64(got.status) {
			s.Errorf("%s %s: incomplete problem %s", r.Method, r.URL, text)
		}
	}
	for name, value := range map[string]string{"Content-Type": want, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got.header.Get(name) != value {
			s.Errorf("%s %s: %s is %q, want %q", r.Method, r.URL, name, got.header.Get(name), value)
		}
	}
	return got
}

// must is ask for requests that have to succeed.
func (s *site) must(method, path, body string) map[string]any {
	s.Helper()
	got := s.ask(method, path, body)
	if got.status/100 != 2 {
		s.Fatalf("%s %s %s: %d %s", method, path, body, got.status, got.text)
	}
	return got.object
}

// link makes a link and returns its id.
func (s *site) link(body string) string {
	s.Helper()
	return s.must("POST", "/links", body)["id"].(string)
}

// session opens a session on a link by its media URL, of a device of its own.
func (s *site) session(link, path string) gate.Verdict {
	s.Helper()
	id, err := gate.ParseLinkID(link)
	if err != nil {
		s.Fatal(err)
	}
	p, _ := gate.ParsePath(path)
	v, err := s.gate.Decide(s.Context(), s.now, &gate.Request{
		Method: http.MethodGet, Path: p, Browser: true,
		Presented: []gate.Credential{{Carrier: gate.InQuery, Text: s.gate.LinkCode(id)}},
	})
	if err != nil || v.Outcome != gate.Redirect {
		s.Fatalf("opening a session: %+v, %v", v.Refusal, err)
	}
	return v
}

// watch charges a view to the session.
func (s *site) watch(v gate.Verdict, path string) {
	s.Helper()
	p, _ := gate.ParsePath(path)
	v, err := s.gate.Decide(s.Context(), s.now, &gate.Request{
		Method: http.MethodGet, Path: p,
		Presented: []gate.Credential{{Carrier: gate.InPath, Text: v.Token}},
	})
	if err != nil || v.Outcome != gate.Pass {
		s.Fatalf("watching: %+v, %v", v.Refusal, err)
	}
	if settled, err := s.gate.Charge(s.Context(), &v); err != nil || !settled.Charged {
		s.Fatalf("charging: %+v, %v", settled, err)
	}
}

// memoryKeys is a keyring without a file.
type memoryKeys struct {
	mu   sync.Mutex
	ring *token.Keyring
	now  func() time.Time
	fail error
}

func (k *memoryKeys) Ring() *token.Keyring {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ring
}

func (k *memoryKeys) Rotate(use token.Use) (token.Key, error) {
	if k.fail != nil {
		return token.Key{}, k.fail
	}
	ring, key, err := k.Ring().Rotate(use, k.now())
	if err != nil {
		return token.Key{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ring = ring
	return key, nil
}

func (k *memoryKeys) Retire(id string) (token.Key, error) {
	if k.fail != nil {
		return token.Key{}, k.fail
	}
	ring, err := k.Ring().Retire(id, k.now())
	if err != nil {
		return token.Key{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ring = ring
	keys := ring.Keys()
	return keys[slices.IndexFunc(keys, func(key token.Key) bool { return key.ID == id })], nil
}

// faulty is a store of which one verb fails. It also notes what was asked.
type faulty struct {
	gate.Store
	fails string
	mu    sync.Mutex
	asked []string
	// before is called before each verb.
	before func(verb string)
}

var errFault = errors.New("the disk is gone")

func (f *faulty) verb(name string) error {
	f.mu.Lock()
	f.asked = append(f.asked, name)
	f.mu.Unlock()
	if f.before != nil {
		f.before(name)
	}
	if f.fails == name {
		return errFault
	}
	return nil
}

func (f *faulty) Ready(ctx context.Context) error {
	return errors.Join(f.verb("ready"), f.Store.Ready(ctx))
}

func (f *faulty) Get(ctx context.Context, kind gate.Kind, id string) (gate.Document, error) {
	if err := f.verb("get " + string(kind)); err != nil {
		return gate.Document{}, err
	}
	return f.Store.Get(ctx, kind, id)
}

func (f *faulty) Put(ctx context.Context, doc gate.Document) (int64, error) {
	if err := f.verb("put " + string(doc.Kind)); err != nil {
		return 0, err
	}
	return f.Store.Put(ctx, doc)
}

func (f *faulty) Delete(ctx context.Context, kind gate.Kind, id string) error {
	if err := f.verb("delete " + string(kind)); err != nil {
		return err
	}
	return f.Store.Delete(ctx, kind, id)
}

func (f *faulty) List(ctx context.Context, kind gate.Kind, term, below string, limit int) ([]gate.Document, error) {
	if err := f.verb("list " + string(kind)); err != nil {
		return nil, err
	}
	return f.Store.List(ctx, kind, term, below, limit)
}

func (f *faulty) Issue(ctx context.Context, id gate.LinkID, terms gate.Terms) (gate.Account, error) {
	if err := f.verb("issue"); err != nil {
		return gate.Account{}, err
	}
	return f.Store.Issue(ctx, id, terms)
}

func (f *faulty) Account(ctx context.Context, id gate.LinkID) (gate.Account, error) {
	if err := f.verb("account"); err != nil {
		return gate.Account{}, err
	}
	return f.Store.Account(ctx, id)
}

func (f *faulty) Extend(ctx context.Context, id gate.LinkID, change gate.Extension) (gate.Account, error) {
	if err := f.verb("extend"); err != nil {
		return gate.Account{}, err
	}
	return f.Store.Extend(ctx, id, change)
}

func (f *faulty) SetStanding(ctx context.Context, id gate.LinkID, standing gate.Standing) (gate.Account, error) {
	if err := f.verb("set_standing"); err != nil {
		return gate.Account{}, err
	}
	return f.Store.SetStanding(ctx, id, standing)
}

func (f *faulty) Sessions(ctx context.Context, whose gate.Whose, below gate.SessionID, limit int) ([]gate.Session, error) {
	if err := f.verb("sessions"); err != nil {
		return nil, err
	}
	return f.Store.Sessions(ctx, whose, below, limit)
}

func (f *faulty) End(ctx context.Context, link gate.LinkID, id gate.SessionID) (gate.Session, error) {
	if err := f.verb("end"); err != nil {
		return gate.Session{}, err
	}
	return f.Store.End(ctx, link, id)
}
