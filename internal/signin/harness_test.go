package signin_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/secret"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

// people is the directory as far as signing in needs it.
type people struct {
	mu      sync.Mutex
	byID    map[gate.PersonID]signin.Person
	invites map[string]bool // open ones
	down    bool
}

func (p *people) ByAddress(_ context.Context, address string) (signin.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return signin.Person{}, errors.New("the directory is away")
	}
	for _, person := range p.byID {
		if person.Address == address {
			return person, nil
		}
	}
	return signin.Person{}, gate.ErrNotFound
}

func (p *people) ByID(_ context.Context, id gate.PersonID) (signin.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	person, found := p.byID[id]
	if !found {
		return signin.Person{}, gate.ErrNotFound
	}
	return person, nil
}

func (p *people) change(id gate.PersonID, change func(*signin.Person)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	person, found := p.byID[id]
	if !found {
		return gate.ErrNotFound
	}
	change(&person)
	p.byID[id] = person
	return nil
}

// of is who has an address.
func (p *people) of(address string) gate.PersonID {
	person, _ := p.ByAddress(context.Background(), address)
	return person.ID
}

func (p *people) SetPassword(_ context.Context, id gate.PersonID, phc string) error {
	return p.change(id, func(person *signin.Person) { person.Password = phc })
}

func (p *people) Accept(_ context.Context, invite string, id gate.PersonID, phc string) error {
	p.mu.Lock()
	open := p.invites[invite]
	p.mu.Unlock()
	if !open {
		return gate.ErrNotFound
	}
	return p.change(id, func(person *signin.Person) { person.Password, person.Live = phc, true })
}

func (p *people) Join(_ context.Context, address, name string, waiting bool) (signin.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	person := signin.Person{ID: gate.PersonID(token.NewID(time.Now())), Address: address, Name: name, Live: !waiting, Waiting: waiting}
	p.byID[person.ID] = person
	return person, nil
}

// box keeps what was mailed.
type box struct {
	mu   sync.Mutex
	sent []mail.Message
	none bool
	full bool
}

func (b *box) Send(_ context.Context, m mail.Message) (mail.Handed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.full:
		return mail.Handed{}, mail.ErrFull
	case b.none:
		return mail.Handed{ByHand: &m}, nil
	}
	b.sent = append(b.sent, m)
	return mail.Handed{}, nil
}

func (b *box) Delivers() bool { return !b.none }

// to returns the mails to an address of a kind.
func (b *box) to(address string, kind mail.Kind) []mail.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []mail.Message
	for _, m := range b.sent {
		if m.To == address && m.Kind == kind {
			found = append(found, m)
		}
	}
	return found
}

const (
	anna     = "anna@example.com"
	ben      = "ben@example.com"
	password = "correct horse battery"
	site     = "https://media.example.com"
)

type scene struct {
	*testing.T
	mu     sync.Mutex
	time   time.Time
	store  *model.Store
	people *people
	box    *box
	desk   *signin.Desk
	keys   *token.Keyring
	failed []string
	anna   gate.PersonID
}

func (s *scene) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.time
}

func (s *scene) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time = s.time.Add(d)
}

func stage(t *testing.T, change ...func(*signin.Options)) *scene {
	t.Helper()
	s := &scene{
		T: t, time: time.Date(2031, 3, 4, 5, 6, 7, 0, time.UTC), box: &box{},
		people: &people{byID: map[gate.PersonID]signin.Person{}, invites: map[string]bool{}},
	}
	s.store = model.New(s.now)
	var err error
	if s.keys, err = token.NewKeyring(s.time); err != nil {
		t.Fatal(err)
	}
	options := signin.Options{
		Store: s.store, People: s.people, Keys: func() *token.Keyring { return s.keys }, Mail: s.box, Now: s.now, PublicURL: site,
		Idle: 14 * 24 * time.Hour, Max: 90 * 24 * time.Hour, External: signin.ExternalDeny,
		Failed: func(what string, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.failed = append(s.failed, what+": "+err.Error())
		},
	}
	for _, c := range change {
		c(&options)
	}
	s.desk = signin.NewDesk(options)
	s.anna = s.person(anna, password)
	return s
}

// hashed keeps the tests from computing the same string again and again.
var hashed = sync.OnceValues(func() (string, error) { return secret.Hash(context.Background(), password) })

// person puts a live person with a password, or none, into the directory.
func (s *scene) person(address, text string) gate.PersonID {
	s.Helper()
	person := signin.Person{ID: gate.PersonID(token.NewID(s.now())), Address: address, Live: true}
	if text != "" {
		phc, err := hashed()
		if err != nil || text != password {
			s.Fatal("persons of these tests share one password", err)
		}
		person.Password = phc
	}
	s.people.byID[person.ID] = person
	return person.ID
}

func (s *scene) invite(a signin.Activation) string {
	s.Helper()
	s.people.mu.Lock()
	s.people.invites[a.Invite] = true
	s.people.mu.Unlock()
	code, err := s.desk.NewActivation(s.Context(), a)
	if err != nil {
		s.Fatal(err)
	}
	return code
}

func (s *scene) invitation() signin.Activation {
	return signin.Activation{Invite: "inv_0", Person: s.anna, Address: anna, Tell: "owner@example.com", Next: "/s/abc", Until: s.now().Add(7 * 24 * time.Hour)}
}

// browserOf is a browser with a cookie jar, and no redirects followed.
type browserOf struct {
	*scene
	cookies map[string]string
	addr    string
	web     signin.Web
	plain   bool // by http
}

func (s *scene) browser() *browserOf {
	b := &browserOf{scene: s, cookies: map[string]string{}, addr: "203.0.113.7"}
	b.web = signin.Web{
		Desk: s.desk, Secure: func(*http.Request) bool { return !b.plain },
		Client: func(*http.Request) netip.Addr { return netip.MustParseAddr(b.addr) },
		Refuse: func(w http.ResponseWriter, _ *http.Request, no gate.Reason) {
			w.Header().Set("Usher-Reason", no.String())
			w.WriteHeader(no.Status())
		},
	}
	return b
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

func (b *browserOf) do(r *http.Request) answer {
	b.Helper()
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.web.ServeHTTP(w, r)
	got := answer{w.Result(), w.Body.String()}
	for _, c := range got.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return got
}

func (b *browserOf) get(path string) answer {
	b.Helper()
	return b.do(httptest.NewRequest(http.MethodGet, site+path, nil))
}

func (b *browserOf) post(path string, pairs ...string) answer {
	b.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, site+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

func (b *browserOf) wants(got answer, status int, in string) {
	b.Helper()
	if got.StatusCode != status || !strings.Contains(got.body+got.Header.Get("Location")+got.Header.Get("Usher-Reason"), in) {
		b.Fatalf("status %d, %s %q; want %d with %q", got.StatusCode, got.Header, got.body, status, in)
	}
}

// who is signed in; empty: nobody.
func (b *browserOf) who() string {
	b.Helper()
	person, _, err := b.desk.Who(b.Context(), b.cookies["__Host-usher-person"])
	if err != nil && !errors.Is(err, gate.ErrNotFound) {
		b.Fatal(err)
	}
	return person.Address
}

func (b *browserOf) signIn() {
	b.Helper()
	b.wants(b.post("/_usher/signin", "email", anna, "password", password), http.StatusSeeOther, "/_usher/signin")
	if b.who() != anna {
		b.Fatal("nobody is signed in")
	}
}

var sixDigits = regexp.MustCompile(`(?m)^ +([0-9]{6})$`)

// code is the one in the last mail to an address.
func (s *scene) code(address string) string {
	s.Helper()
	mails := s.box.to(address, mail.KindCode)
	if len(mails) == 0 {
		s.Fatalf("no code was mailed to %s", address)
	}
	found := sixDigits.FindStringSubmatch(mails[len(mails)-1].Text)
	if found == nil {
		s.Fatalf("no code in %q", mails[len(mails)-1].Text)
	}
	return found[1]
}
