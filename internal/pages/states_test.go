package pages_test

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/speech"
)

// page is what all pages have in common.
type page interface {
	Render(io.Writer, pages.Reader) error
}

// bare is the console: it is drawn for nobody in particular.
type bare struct{ pages.Console }

func (d bare) Render(w io.Writer, _ pages.Reader) error { return d.Console.Render(w) }

var (
	someday = time.Date(2031, time.March, 4, 17, 30, 0, 0, time.FixedZone("", 2*3600))
	half    = 30 * time.Minute
	sources = []pages.Source{
		{URL: "/~abc/clock/master.m3u8", Type: "application/vnd.apple.mpegurl"},
		{URL: "/~abc/clock/clock.mp4", Type: "video/mp4"},
	}
)

const (
	signIn   = "/_usher/signin?next=%2Fs%2Fabc"
	personal = "https://media.example.com/~NQAAAZr9xAAHk2q3hXy0bW8vT5mJd1cU6ePfLs4RgYiOaZnKtMx/clock/master.m3u8"
)

// states is every situation, with each page that belongs to it, as it is drawn
// in a language.
func states(l *speech.Language) map[string]map[string]page {
	all := map[string]map[string]page{
		"open": {
			"landing":           pages.Landing{Title: "Acme, second cut", ViewsLeft: 1, Views: 3, ExpiresAt: someday, Resume: half, Action: "/s/abc"},
			"landing untitled":  pages.Landing{ViewsLeft: 3, Views: 3, EachLeft: 1, Each: 1, Resume: half, Action: "/s/abc"},
			"landing unlimited": pages.Landing{Title: "Press kit", Resume: half, Action: "/s/abc"},
			"landing resuming":  pages.Landing{Title: "Press kit", Views: 1, ExpiresAt: someday, Resume: half, Action: "/s/abc", Resuming: true},
		},
		"password": {
			"landing password": asked(pages.Asking{Password: true}),
			"landing guessed":  asked(pages.Asking{Password: true, SignIn: signIn, Problem: gate.PasswordWrong}),
			"landing slowed":   asked(pages.Asking{Password: true, Problem: gate.TooManyTries}),
			"refusal password": refusal(gate.PasswordNeeded),
		},
		"sign in": {
			"landing named":   asked(pages.Asking{SignIn: signIn}),
			"refusal sign in": pages.Refusal{Reason: gate.SignIn, Signed: true, SignIn: "/_usher/signin"},
			"refusal person":  pages.Refusal{Reason: gate.WrongPerson, Signed: true, SignIn: signIn},
		},
		"player": {
			"watch":           pages.Watch{Title: "Acme, second cut", Sources: sources, AppURL: personal, QR: "/_usher/watch/lnk_a/qr.png", ViewsLeft: 2, Views: 3, ExpiresAt: someday, Resume: half, Download: "/~abc/clock/clock.mp4?download"},
			"watch parts":     pages.Watch{Title: "Festival", Sources: sources, AppURL: "/~abc/clock/master.m3u8", Parts: []pages.Part{{Name: "clock", URL: "/_usher/watch/lnk_a", Shown: true}, {Name: "teaser.mp4", URL: "/_usher/watch/lnk_a/2"}}},
			"watch last":      pages.Watch{Sources: sources[1:], AppURL: "https://media.example.com/~abc/clock/clock.mp4", Views: 1, Resume: half},
			"watch elsewhere": pages.Watch{Title: "A folder", AppURL: personal, QR: "/_usher/watch/lnk_a/qr.png"},
		},
		"not yet":   {"refusal not yet": pages.Refusal{Reason: gate.NotYet, Signed: true, OpensAt: someday, OpensIn: time.Hour, Look: "/s/abc?wait=1"}},
		"expired":   {"refusal expired": waiting(gate.Expired)},
		"used up":   {"refusal used up": used(gate.AllowanceViews), "refusal used up each": used(gate.AllowanceViewsEach)},
		"suspended": {"refusal suspended": waiting(gate.SuspendedLink), "refusal locked": waiting(gate.LockedPlace)},
		"revoked":   {"refusal revoked": refusal(gate.RevokedLink)},
		"playing elsewhere": {
			"refusal seats":      pages.Refusal{Reason: gate.TooManySeats, Signed: true, Allowance: gate.AllowanceSeats, Limit: 2, RetryAfter: 2 * time.Minute, Press: "/s/abc"},
			"refusal seats each": pages.Refusal{Reason: gate.TooManySeats, Signed: true, Allowance: gate.AllowanceSeatsEach, Limit: 1, RetryAfter: time.Minute, Press: "/s/abc"},
			"refusal replaced":   pages.Refusal{Reason: gate.Replaced, Signed: true, Press: "/s/abc", Takes: true},
		},
		"slow down":   {"refusal too fast": waiting(gate.TooFast), "refusal tries": waiting(gate.TooManyTries)},
		"unknown":     {"refusal uniform": pages.Refusal{Reason: gate.NoToken}},
		"unavailable": {"refusal unavailable": pages.Refusal{Reason: gate.StoreDown, RetryAfter: time.Second, Look: "/s/abc?wait=1"}},
		"not allowed": {"refusal session": refusal(gate.NoSession)},
		"passkey": {
			"passkey":         pages.Passkey{Title: "Use your passkey", Lead: "You are almost signed in as ann@example.com.", Action: "/_usher/signin/passkey", Options: `{"challenge":"AA","allowCredentials":[]}`, Links: []pages.Link{{Text: "Leave it", URL: "/_usher/passkeys"}}},
			"passkey refused": pages.Passkey{Title: "Use your passkey", Lead: "You are almost signed in as ann@example.com.", Problem: "This passkey was not taken. Use one that you added here.", Action: "/_usher/signin/passkey", Options: `{}`},
			"passkey made":    pages.Passkey{Title: "Add a passkey", Lead: "A passkey is in your phone.", Action: "/_usher/signin/passkey", Makes: true, Name: "Passkey", Most: 60, Options: `{"user":{"id":"AA"},"challenge":"AA"}`},
			"passkeys":        pages.Passkeys{Lead: "Whoever signs in is asked for one of them.", Action: "/_usher/passkeys", Items: []pages.PasskeyItem{{ID: "pky_1", Name: "blue key", Made: someday, Used: someday}, {ID: "pky_2", Name: "phone", Made: someday}}, Add: true, Remove: true},
			"passkeys late":   pages.Passkeys{Lead: "You have none.", Problem: "An owner's last passkey stays.", Action: "/_usher/passkeys", Items: []pages.PasskeyItem{{ID: "pky_2", Name: "phone", Made: someday}}, Note: "To add or remove one, sign out and in again.", Links: []pages.Link{{Text: "Sign out", URL: "/_usher/signout"}}},
		},
		"mistaken": {"refusal cross origin": pages.Refusal{Reason: gate.CrossOrigin}},
	}
	for situation, forms := range forms(l) {
		if all[situation] == nil {
			all[situation] = map[string]page{}
		}
		maps.Copy(all[situation], forms)
	}
	return all
}

// flat is every page of all situations.
func flat(l *speech.Language) map[string]page {
	all := map[string]page{}
	for _, of := range states(l) {
		maps.Copy(all, of)
	}
	return all
}

func asked(asks pages.Asking) page { return pages.Landing{Action: "/s/abc", Asks: asks} }

func refusal(reason gate.Reason) page { return pages.Refusal{Reason: reason, Signed: true} }

func waiting(reason gate.Reason) page {
	no := pages.Refusal{Reason: reason, Signed: true, Look: "/s/abc?wait=1"}
	if reason.Status() == 429 {
		no.RetryAfter = 5 * time.Second
	}
	return no
}

func used(allowance string) page {
	return pages.Refusal{Reason: gate.ViewsSpent, Signed: true, Allowance: allowance, Limit: 2, Look: "/s/abc?wait=1"}
}

// forms are the pages of signing in, as package signin makes them.
func forms(l *speech.Language) map[string]map[string]page {
	next := []pages.Hidden{{Name: "next", Value: "/s/abc"}}
	email := pages.Field{Name: "email", Label: l.Say("form.email"), Type: "email", Autocomplete: "username", Most: 254}
	hers, odd := email, email
	hers.Value, hers.Fixed = "ann.with.a.long.name@a-company-of-many-words.example.com", true
	odd.Value, odd.Problem = "ann at example", l.Say("form.odd", "example", "name@example.com")
	password := pages.Field{Name: "password", Label: l.Say("form.password"), Type: "password", Autocomplete: "current-password", Most: 256}
	fresh := pages.Field{
		Name: "new", Label: l.Say("form.new"), Type: "password", Autocomplete: "new-password", Least: 10, Most: 256,
		Hint: l.Say("form.new_hint", "n", 10),
	}
	desk := pages.Form{
		Title: l.Say("signin.title"), Action: "/_usher/signin", Hidden: next, Fields: []pages.Field{email, password},
		Buttons: []pages.Button{{Text: l.Say("signin.title")}, {Text: l.Say("signin.code"), Action: "/_usher/signin/code"}},
		Links:   []pages.Link{{Text: l.Say("signin.elsewhere"), URL: "/_usher/oidc/start"}},
	}
	wrong, slowed, mistyped := desk, desk, desk
	wrong.Problem = l.Say("form.wrong_two")
	slowed.Problem = l.Say("form.tries", "span", l.Wait(time.Minute))
	mistyped.Fields = []pages.Field{odd, password}
	code := pages.Form{
		Title: l.Say("code.title"), Lead: l.Say("code.lead", "address", hers.Value, "n", 10), Action: "/_usher/signin/code", Hidden: next,
		Fields:  []pages.Field{{Name: "code", Label: l.Say("code.label"), Type: "text", Autocomplete: "one-time-code", Keys: "numeric", Most: 8}},
		Buttons: []pages.Button{{Text: l.Say("signin.title")}},
		Links:   []pages.Link{{Text: l.Say("code.another"), URL: "/_usher/signin/code"}},
	}
	guessed := code
	guessed.Problem = l.Say("form.wrong_code")
	activation := pages.Form{
		Title: l.Say("activation.title"), Lead: l.Say("activation.lead"), Action: "/_usher/activate/abc",
		Fields: []pages.Field{hers, fresh}, Buttons: []pages.Button{{Text: l.Say("form.go_on")}}, Note: l.Say("activation.note"),
	}
	weak := activation
	weak.Problem = l.Say("form.weak", "n", 10, "most", 256)
	return map[string]map[string]page{
		"sign in": {
			"sign in": desk, "sign in wrong": wrong, "sign in slowed": slowed, "sign in mistyped": mistyped,
			"signed in": pages.Form{
				Title: l.Say("signedin.title"), Lead: l.Say("signedin.lead", "address", hers.Value),
				Links: []pages.Link{{Text: l.Say("form.go_on"), URL: "/s/abc", Main: true}, {Text: l.Say("password.title"), URL: "/_usher/password"}, {Text: l.Say("signout.title"), URL: "/_usher/signout"}},
			},
			"sign out": pages.Form{Title: l.Say("signout.title"), Lead: l.Say("signout.lead"), Action: "/_usher/signout", Buttons: []pages.Button{{Text: l.Say("signout.title")}}},
			"denied":   pages.Form{Title: l.Say("denied.title"), Lead: l.Say("denied.lead"), Links: []pages.Link{{Text: l.Say("signin.title"), URL: "/_usher/signin", Main: true}}},
		},
		"code": {
			"code asked": pages.Form{
				Title: l.Say("ask_code.title"), Lead: l.Say("ask_code.lead"), Action: "/_usher/signin/code", Fields: []pages.Field{email},
				Buttons: []pages.Button{{Text: l.Say("ask_code.button")}}, Links: []pages.Link{{Text: l.Say("ask_code.password"), URL: "/_usher/signin"}},
			},
			"code": code, "code wrong": guessed,
		},
		"activation": {
			"activation": activation, "activation weak": weak,
			"activation used": pages.Form{
				Title: l.Say("used.title"), Lead: l.Say("used.lead"),
				Action: "/_usher/activate/abc", Hidden: []pages.Hidden{{Name: "fresh", Value: "1"}}, Buttons: []pages.Button{{Text: l.Say("used.button")}},
				Links: []pages.Link{{Text: l.Say("signin.title"), URL: "/_usher/signin"}}, Note: l.Say("used.mail"),
			},
			"activation fresh": pages.Form{Title: l.Say("fresh.title"), Lead: l.Say("fresh.lead")},
		},
	}
}

func draw(t *testing.T, p page) string {
	t.Helper()
	return drawFor(t, p, pages.Reader{})
}

func drawFor(t *testing.T, p page, to pages.Reader) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Render(&out, to); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Every situation has a page, every reason a situation, and every page is drawn
// in every language.
func TestEverySituationIsDrawnInEveryLanguage(t *testing.T) {
	known := map[gate.Reason]string{}
	for _, s := range pages.Situations() {
		for _, no := range s.Reasons {
			if other, twice := known[no]; twice {
				t.Errorf("%s belongs to %s and to %s", no, s.Name, other)
			}
			known[no] = s.Name
			if pages.Waits(no) != s.Waits {
				t.Errorf("%s: waiting is %t", no, !s.Waits)
			}
		}
	}
	for _, no := range gate.Reasons()[1:] {
		if known[no] == "" {
			t.Errorf("%s belongs to no situation", no)
		}
	}
	english := map[string]string{}
	for _, l := range speech.All() {
		drawn := states(l)
		if len(drawn) != len(pages.Situations()) {
			t.Errorf("%d situations are drawn, of %d", len(drawn), len(pages.Situations()))
		}
		for _, s := range pages.Situations() {
			if len(drawn[s.Name]) == 0 {
				t.Errorf("nothing shows %q", s.Name)
			}
			for name, p := range drawn[s.Name] {
				text := drawFor(t, p, pages.Reader{Language: l})
				if !strings.Contains(text, `<html lang="`+l.Tag+`" dir="`+l.Dir+`">`) {
					t.Errorf("%s in %s does not say so", name, l.Tag)
				}
				if strings.ContainsAny(plain(text), "{}") {
					t.Errorf("%s in %s has an argument left: %s", name, l.Tag, plain(text))
				}
				if l == speech.English() {
					english[name] = text
				} else if left := same(english[name], text); left != "" {
					t.Errorf("%s in %s still says %q", name, l.Tag, left)
				}
			}
		}
	}
}

// same finds a sentence that two pages of different languages have in common.
func same(a, b string) string {
	for _, sentence := range tags.Split(a, -1) {
		sentence = strings.TrimSpace(sentence)
		owners := slices.Contains([]string{"Acme, second cut", "A folder", personal}, sentence) || strings.HasPrefix(sentence, "https://")
		if strings.Count(sentence, " ") > 1 && !owners && strings.Contains(b, ">"+sentence+"<") {
			return sentence
		}
	}
	return ""
}
