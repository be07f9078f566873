package pages_test

import (
	"bytes"
	"io"
	"maps"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
)

// page is what all pages have in common.
type page interface{ Render(io.Writer) error }

var (
	someday = time.Date(2031, time.March, 4, 17, 30, 0, 0, time.FixedZone("", 2*3600))
	half    = 30 * time.Minute
	sources = []pages.Source{
		{URL: "/~abc/clock/master.m3u8", Type: "application/vnd.apple.mpegurl"},
		{URL: "/~abc/clock/clock.mp4", Type: "video/mp4"},
	}
)

// states is every page in every state that a person can meet.
func states() map[string]page {
	all := map[string]page{
		"landing":           pages.Landing{Title: "Acme, second cut", ViewsLeft: 1, Views: 3, ExpiresAt: someday, Resume: half, Action: "/s/abc"},
		"landing untitled":  pages.Landing{ViewsLeft: 3, Views: 3, EachLeft: 1, Each: 1, Resume: half, Action: "/s/abc"},
		"landing unlimited": pages.Landing{Title: "Press kit", Resume: half, Action: "/s/abc"},
		"landing resuming":  pages.Landing{Title: "Press kit", Views: 1, ExpiresAt: someday, Resume: half, Action: "/s/abc", Resuming: true},
		"landing password":  asked(pages.Asking{Password: true}),
		"landing guessed":   asked(pages.Asking{Password: true, SignIn: signIn, Problem: said(gate.PasswordWrong)}),
		"landing slowed":    asked(pages.Asking{Password: true, Problem: said(gate.TooManyTries)}),
		"landing named":     asked(pages.Asking{SignIn: signIn}),
		"refusal sign in":   pages.Refusal{Status: 401, Reason: "sign_in", Heading: gate.SignIn.Heading(), Advice: gate.SignIn.Advice(), SignIn: "/_usher/signin"},
		"refusal person":    pages.Refusal{Status: 403, Reason: "wrong_person", Heading: gate.WrongPerson.Heading(), Advice: gate.WrongPerson.Advice(), SignIn: signIn},
		"refusal locked":    refusal(gate.LockedPlace),
		"watch":             pages.Watch{Title: "Acme, second cut", Sources: sources, AppURL: "/~abc/clock/master.m3u8", ViewsLeft: 2, Views: 3, ExpiresAt: someday, Resume: half},
		"watch parts":       pages.Watch{Title: "Festival", Sources: sources, AppURL: "/~abc/clock/master.m3u8", Parts: []pages.Part{{Name: "clock", URL: "/_usher/watch/lnk_a", Shown: true}, {Name: "teaser.mp4", URL: "/_usher/watch/lnk_a/2"}}},
		"watch last":        pages.Watch{Sources: sources[1:], AppURL: "https://media.example.com/~abc/clock/clock.mp4", Views: 1, Resume: half},
		"watch elsewhere":   pages.Watch{Title: "A folder", AppURL: "/~abc/folder/"},
		"refusal uniform":   pages.Refusal{Status: 404, Heading: "Nothing here", Advice: "If you were sent a link, open it exactly as you received it."},
		"refusal each":      pages.Refusal{Status: 410, Reason: "views_spent", Heading: "All views of this link are used", Advice: "Ask whoever sent it to you.", Detail: "Each viewer may watch twice."},
		"refusal later":     refusal(gate.StoreDown),
		"console":           pages.Console{API: "/_usher/api/v1", SignIn: "/_usher/signin", SignOut: "/_usher/signout", Presets: []pages.Preset{{Name: "review", Sentence: "Show something."}}},
	}
	maps.Copy(all, forms())
	return all
}

const signIn = "/_usher/signin?next=%2Fs%2Fabc"

func asked(asks pages.Asking) page { return pages.Landing{Action: "/s/abc", Asks: asks} }

func said(reason gate.Reason) string { return reason.Heading() + ". " + reason.Advice() }

// forms are the pages of signing in, as package signin makes them.
func forms() map[string]page {
	next := []pages.Hidden{{Name: "next", Value: "/s/abc"}}
	email := pages.Field{Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "username", Most: 254}
	hers, odd := email, email
	hers.Value, hers.Fixed = "ann.with.a.long.name@a-company-of-many-words.example.com", true
	odd.Value, odd.Problem = "ann at example", "This is not an e-mail address. Type it as in name@example.com."
	password := pages.Field{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Most: 256}
	fresh := pages.Field{
		Name: "new", Label: "New password", Type: "password", Autocomplete: "new-password", Least: 10, Most: 256,
		Hint: "At least 10 characters. A few words are easier to remember than odd letters.",
	}
	desk := pages.Form{
		Title: "Sign in", Action: "/_usher/signin", Hidden: next, Fields: []pages.Field{email, password},
		Buttons: []pages.Button{{Text: "Sign in"}, {Text: "Mail me a code instead", Action: "/_usher/signin/code"}},
		Links:   []pages.Link{{Text: "Sign in with your organisation", URL: "/_usher/oidc/start"}},
	}
	wrong, slowed, mistyped := desk, desk, desk
	wrong.Problem = "This address and this password do not belong together. Look at both once more."
	slowed.Problem = "Too many wrong tries. Wait 60 seconds, then try again."
	mistyped.Fields = []pages.Field{odd, password}
	code := pages.Form{
		Title: "Look into your mail", Lead: "If " + hers.Value + " can sign in here, six digits are on their way to it. They are good for 10 minutes, in this browser.",
		Action: "/_usher/signin/code", Hidden: next,
		Fields:  []pages.Field{{Name: "code", Label: "Code", Type: "text", Autocomplete: "one-time-code", Keys: "numeric", Most: 8}},
		Buttons: []pages.Button{{Text: "Sign in"}},
		Links:   []pages.Link{{Text: "Ask for another code", URL: "/_usher/signin/code"}},
	}
	guessed := code
	guessed.Problem = "This code is not right, or no longer good. Look at the newest mail, or ask for another code."
	activation := pages.Form{
		Title: "Welcome", Lead: "Choose a password of your own. You are then signed in on this device.", Action: "/_usher/activate/abc",
		Fields: []pages.Field{hers, fresh}, Buttons: []pages.Button{{Text: "Go on"}},
		Note: "This link works once. If you signed in on other devices before, you are signed out there.",
	}
	weak := activation
	weak.Problem = "Choose a password of at least 10 characters, and at most 256."
	return map[string]page{
		"sign in": desk, "sign in wrong": wrong, "sign in slowed": slowed, "sign in mistyped": mistyped,
		"code asked": pages.Form{
			Title: "Sign in by a code", Lead: "We mail you six digits to type in here.", Action: "/_usher/signin/code", Fields: []pages.Field{email},
			Buttons: []pages.Button{{Text: "Mail me a code"}}, Links: []pages.Link{{Text: "Sign in by password", URL: "/_usher/signin"}},
		},
		"code": code, "code wrong": guessed, "activation": activation, "activation weak": weak,
		"activation used": pages.Form{
			Title: "This link was used already", Lead: "An activation link works once, on one device. If it was you who used it, sign in with your password.",
			Action: "/_usher/activate/abc", Hidden: []pages.Hidden{{Name: "fresh", Value: "1"}}, Buttons: []pages.Button{{Text: "Mail me a fresh link"}},
			Links: []pages.Link{{Text: "Sign in", URL: "/_usher/signin"}},
			Note:  "A fresh link goes to the address that the invitation went to, and to no other. Whoever invited you is told.",
		},
		"activation fresh": pages.Form{Title: "A fresh link is on its way", Lead: "It goes to the address that the invitation went to. If it does not come within a few minutes, look among the unwanted mail."},
		"signed in": pages.Form{
			Title: "You are signed in", Lead: "As " + hers.Value + ".",
			Links: []pages.Link{{Text: "Go on", URL: "/s/abc", Main: true}, {Text: "Change password", URL: "/_usher/password"}, {Text: "Sign out", URL: "/_usher/signout"}},
		},
		"sign out": pages.Form{Title: "Sign out", Lead: "What you are watching in this browser stops.", Action: "/_usher/signout", Buttons: []pages.Button{{Text: "Sign out"}}},
		"denied":   pages.Form{Title: "You cannot sign in with this account", Lead: "Its address is not known here, or it was not confirmed, or it took too long. Try again, or ask whoever invited you.", Links: []pages.Link{{Text: "Sign in", URL: "/_usher/signin", Main: true}}},
	}
}

func refusal(reason gate.Reason) page {
	no := pages.Refusal{Status: reason.Status(), Reason: reason.String(), Heading: reason.Heading(), Advice: reason.Advice()}
	if reason == gate.StoreDown || reason == gate.TooFast {
		no.RetryAfter = 5 * time.Second
	}
	return no
}

func draw(t *testing.T, p page) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Render(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
