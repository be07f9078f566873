package caddymodule

import (
	"image"
	_ "image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/gate"
)

var (
	looksAt = regexp.MustCompile(`data-look="([^"]+)"`)
	anew    = regexp.MustCompile(`<noscript><meta http-equiv="refresh" content="(\d+); url=([^"]+)"></noscript>`)
)

// looks is where a page that waits looks next, with a script and without.
func (s *site) looks(page string) string {
	s.Helper()
	script, plain := looksAt.FindStringSubmatch(page), anew.FindStringSubmatch(page)
	if script == nil || plain == nil || script[1] != plain[2] {
		s.Fatalf("the page does not wait:\n%s", page)
	}
	return script[1]
}

func (s *site) account(id gate.LinkID) gate.Account {
	s.Helper()
	if err := s.app.backing.usage.Flush(s.Context(), s.app.backing.Store); err != nil {
		s.Fatal(err)
	}
	a, err := s.app.backing.Account(s.Context(), id)
	if err != nil {
		s.Fatal(err)
	}
	return a
}

func (s *site) extend(id gate.LinkID, change gate.Extension) {
	s.Helper()
	if _, err := s.app.backing.Extend(s.Context(), id, change); err != nil {
		s.Fatal(err)
	}
}

// TestAPageWaitsForViews is refused a view, and lands once the owner has added
// one. However often the page looks, nothing is counted and nothing redeemed.
func TestAPageWaitsForViews(t *testing.T) {
	s := newSite(t, config.Site{})
	link, code := s.link(gate.Link{Title: "The film"})
	tabs := []browserTab{{}, {}, {}, {}}
	for _, tab := range tabs {
		s.want(s.do(tab, http.MethodGet, "/s/"+code, nil), 200, gate.OK)
	}
	for _, tab := range tabs[:3] {
		s.want(s.do(tab, http.MethodPost, "/s/"+code, url.Values{}), 303, gate.OK)
	}
	late := tabs[3]
	next := s.looks(s.want(s.do(late, http.MethodPost, "/s/"+code, url.Values{}), 410, gate.ViewsSpent))
	before := s.account(link.ID)
	for range 5 {
		s.want(s.do(late, http.MethodHead, next, nil), 410, gate.ViewsSpent)
		next = s.looks(s.want(s.do(late, http.MethodGet, next, nil), 410, gate.ViewsSpent))
	}
	if next != "/s/"+code+"?wait=6" {
		t.Errorf("the sixth look is at %s", next)
	}
	s.extend(link.ID, gate.Extension{AddViews: 1})
	s.want(s.do(late, http.MethodHead, next, nil), 200, gate.OK)
	if page := s.want(s.do(late, http.MethodGet, next, nil), 200, gate.OK); !strings.Contains(page, `action="/s/`+code+`"`) {
		t.Errorf("the page that waited shows no button:\n%s", page)
	}
	after := s.account(link.ID)
	if before.Opens != 4 || after.Opens != 4 || after.Redeems != before.Redeems || after.Reserved != 3 || after.RefusedOpens != 0 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	s.want(s.do(late, http.MethodPost, "/s/"+code, url.Values{}), 303, gate.OK)
}

// TestAPageWaitsForAViewOfItsOwn is one whose viewer has used up their share.
func TestAPageWaitsForAViewOfItsOwn(t *testing.T) {
	s := newSite(t, config.Site{})
	link, code := s.link(gate.Link{})
	one := int64(1)
	s.extend(link.ID, gate.Extension{ViewsEach: &one})
	tab := browserTab{}
	s.want(s.do(tab, http.MethodGet, "/s/"+code, nil), 200, gate.OK)
	look := "/s/" + code + "?wait=1.1"
	s.want(s.do(tab, http.MethodGet, look, nil), 410, gate.ViewsSpent)
	s.want(s.do(browserTab{}, http.MethodGet, look, nil), 200, gate.OK) // whoever has the address and never watched
	s.extend(link.ID, gate.Extension{AddViewsEach: 1})
	s.want(s.do(tab, http.MethodGet, look, nil), 200, gate.OK)
}

// TestAPageWaitsForItsOwner is that of a link that is suspended, or not open
// yet. Coming is counted once.
func TestAPageWaitsForItsOwner(t *testing.T) {
	s := newSite(t, config.Site{})
	link, code := s.link(gate.Link{})
	tab := browserTab{}
	stand := func(state string) {
		t.Helper()
		if _, err := s.app.backing.SetStanding(t.Context(), link.ID, gate.Standing{State: state, Since: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	stand(gate.Suspended)
	next := s.looks(s.want(s.do(tab, http.MethodGet, "/s/"+code, nil), 403, gate.SuspendedLink))
	for range 3 {
		next = s.looks(s.want(s.do(tab, http.MethodGet, next, nil), 403, gate.SuspendedLink))
	}
	if a := s.account(link.ID); a.RefusedOpens != 1 || a.Opens != 0 {
		t.Errorf("%d refused, %d opens, want one who came", a.RefusedOpens, a.Opens)
	}
	stand(gate.Active)
	s.want(s.do(tab, http.MethodGet, next, nil), 200, gate.OK)

	soon := time.Now().Add(5 * time.Second)
	s.extend(link.ID, gate.Extension{StartsAt: &soon})
	page := s.want(s.do(tab, http.MethodGet, "/s/"+code, nil), 403, gate.NotYet)
	if s.looks(page); !strings.Contains(page, `<time datetime="`+soon.UTC().Format(time.RFC3339)) {
		t.Errorf("the page does not say when:\n%s", page)
	}
	stand(gate.Revoked)
	if page := s.want(s.do(tab, http.MethodGet, "/s/"+code, nil), 410, gate.RevokedLink); strings.Contains(page, "data-look") {
		t.Errorf("a page waits for a link that is gone for good:\n%s", page)
	}
}

// TestOnlyPagesOfOurOwnWait: looking again at media might begin a play.
func TestOnlyPagesOfOurOwnWait(t *testing.T) {
	for target, want := range map[string]string{
		"/s/abc": "/s/abc?wait=1", "/s/abc?wait=7": "/s/abc?wait=8", "/s/abc?wait=99": "/s/abc?wait=99", "/s/abc?wait=100": "/s/abc?wait=1",
		"/s/abc?wait=-1": "/s/abc?wait=1", "/s/abc?wait=1.x": "/s/abc?wait=1", "/s/abc?x=1&wait=2": "/s/abc?wait=1",
		"/_usher/watch/lnk_a": "/_usher/watch/lnk_a?wait=1", "/film/a.mp4": "", "/~abc/film/a.mp4": "", "/_usher/signin": "", "/s/a%22b": "",
	} {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		if got, _ := nextLook(r, &gate.Verdict{Refusal: gate.Refusal{Reason: gate.StoreDown}}); got != want {
			t.Errorf("%s: looks at %q, want %q", target, got, want)
		}
		if got, _ := nextLook(r, &gate.Verdict{Refusal: gate.Refusal{Reason: gate.NoToken}}); got != "" {
			t.Errorf("%s: the uniform page looks at %q", target, got)
		}
	}
}

// TestTheUnknownIsUniform compares whole answers: nobody learns by them whether
// there is a link, or was, or what a page of ours would be.
func TestTheUnknownIsUniform(t *testing.T) {
	s := newSite(t, config.Site{})
	_, code := s.link(gate.Link{})
	forged := []byte(code)
	forged[len(forged)/2] ^= 1
	other := newSite(t, config.Site{}).gate
	for _, accept := range []string{"", "ar", "de-AT"} {
		first := ""
		for _, target := range []string{
			"/s/x", "/s/" + string(forged), "/s/" + other.LinkCode(gate.LinkID{1, 2, 3}), "/s/", "/s/a/b",
			"/_usher/watch/lnk_a", "/_usher/watch/lnk_a/qr.png", "/_usher/nothing", "/film/a.mp4", "/s/x?wait=3",
		} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
			r.Header.Set("Accept", "text/html")
			r.Header.Set("Accept-Language", accept)
			w := httptest.NewRecorder()
			if err := s.ServeHTTP(w, r, nil); err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			all.WriteString(http.StatusText(w.Code))
			if err := w.Header().Write(&all); err != nil {
				t.Fatal(err)
			}
			all.WriteString(w.Body.String())
			if first == "" {
				first = all.String()
			}
			if all.String() != first || w.Code != http.StatusNotFound {
				t.Errorf("%s in %q is answered %d\n%s\nwant\n%s", target, accept, w.Code, all.String(), first)
			}
		}
	}
}

// TestPlayingElsewhere is refused a seat where whoever watches is kept, and
// offers to take it where the link says so.
func TestPlayingElsewhere(t *testing.T) {
	s := newSite(t, config.Site{})
	link, code := s.link(gate.Link{})
	one, replace := int64(1), gate.ReplaceOldest
	s.extend(link.ID, gate.Extension{Seats: &one})
	tv, phone := browserTab{}, browserTab{}
	for _, tab := range []browserTab{tv, phone} {
		s.want(s.do(tab, http.MethodGet, "/s/"+code, nil), 200, gate.OK)
	}
	s.want(s.do(tv, http.MethodPost, "/s/"+code, url.Values{}), 303, gate.OK)
	page := s.want(s.do(phone, http.MethodPost, "/s/"+code, url.Values{}), 429, gate.TooManySeats)
	for _, want := range []string{"This link lets 1 device watch at once", "is not interrupted", `<form method="post" action="/s/` + code, "Try again"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	s.extend(link.ID, gate.Extension{WhenFull: &replace})
	s.want(s.do(phone, http.MethodPost, "/s/"+code, url.Values{}), 303, gate.OK)
	page = s.want(s.do(tv, http.MethodGet, "/_usher/watch/"+link.ID.String(), nil), 403, gate.Replaced)
	if !strings.Contains(page, `<form method="post" action="/s/`+code) || !strings.Contains(page, "Watch here instead") {
		t.Errorf("the page does not offer the seat:\n%s", page)
	}
	s.want(s.do(tv, http.MethodPost, "/s/"+code, url.Values{}), 303, gate.OK)
	s.want(s.do(tv, http.MethodGet, "/_usher/watch/"+link.ID.String(), nil), 200, gate.OK)
	s.want(s.do(phone, http.MethodGet, "/_usher/watch/"+link.ID.String(), nil), 403, gate.Replaced)
}

// TestTheQRCodeIsTheSessions is drawn for the session's own cookie only, and
// kept by nobody.
func TestTheQRCodeIsTheSessions(t *testing.T) {
	s := newSite(t, config.Site{})
	s.app.PublicURL = "http://media.example.com"
	link, code := s.link(gate.Link{Scope: s.scope("/film/a.mp4")})
	tab, picture := browserTab{}, "/_usher/watch/"+link.ID.String()+"/qr.png"
	s.want(s.do(browserTab{}, http.MethodGet, picture, nil), 404, gate.OK)
	s.want(s.do(tab, http.MethodGet, "/s/"+code, nil), 200, gate.OK)
	s.want(s.do(tab, http.MethodPost, "/s/"+code, url.Values{}), 303, gate.OK)
	page := s.want(s.do(tab, http.MethodGet, "/_usher/watch/"+link.ID.String(), nil), 200, gate.OK)
	for _, want := range []string{`src="` + picture + `"`, `href="vlc://http://media.example.com/~`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	answer := s.do(tab, http.MethodGet, picture, nil)
	body := s.want(answer, 200, gate.OK)
	drawn, _, err := image.Decode(strings.NewReader(body))
	if err != nil || drawn.Bounds().Dx() < 200 || answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Content-Type") != "image/png" {
		t.Errorf("%v, %v", answer.Header, err)
	}
	s.app.PublicURL = ""
	s.want(s.do(tab, http.MethodGet, picture, nil), 404, gate.OK) // no host, no address
	if page := s.want(s.do(tab, http.MethodGet, "/_usher/watch/"+link.ID.String(), nil), 200, gate.OK); strings.Contains(page, "qr.png") || strings.Contains(page, "vlc://") {
		t.Errorf("the page promises what is not there:\n%s", page)
	}
}
