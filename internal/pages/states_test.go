package pages_test

import (
	"bytes"
	"io"
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
	return map[string]page{
		"landing":           pages.Landing{Title: "Acme, second cut", ViewsLeft: 1, Views: 3, ExpiresAt: someday, Resume: half, Action: "/s/abc"},
		"landing untitled":  pages.Landing{ViewsLeft: 3, Views: 3, EachLeft: 1, Each: 1, Resume: half, Action: "/s/abc"},
		"landing unlimited": pages.Landing{Title: "Press kit", Resume: half, Action: "/s/abc"},
		"landing resuming":  pages.Landing{Title: "Press kit", Views: 1, ExpiresAt: someday, Resume: half, Action: "/s/abc", Resuming: true},
		"landing password":  pages.Landing{Action: "/s/abc", Asks: pages.Asking{Password: true}},
		"landing guessed":   pages.Landing{Action: "/s/abc", Asks: pages.Asking{Password: true, SignIn: "/_usher/signin?next=%2Fs%2Fabc", Problem: "This is not the password. Look at it once more."}},
		"landing named":     pages.Landing{Action: "/s/abc", Asks: pages.Asking{SignIn: "/_usher/signin?next=%2Fs%2Fabc"}},
		"refusal sign in":   pages.Refusal{Status: 401, Reason: "sign_in", Heading: "Please sign in", Advice: "Sign in with your address.", SignIn: "/_usher/signin"},
		"watch":             pages.Watch{Title: "Acme, second cut", Sources: sources, AppURL: "/~abc/clock/master.m3u8", ViewsLeft: 2, Views: 3, ExpiresAt: someday, Resume: half},
		"watch parts":       pages.Watch{Title: "Festival", Sources: sources, AppURL: "/~abc/clock/master.m3u8", Parts: []pages.Part{{Name: "clock", URL: "/_usher/watch/lnk_a", Shown: true}, {Name: "teaser.mp4", URL: "/_usher/watch/lnk_a/2"}}},
		"watch last":        pages.Watch{Sources: sources[1:], AppURL: "https://media.example.com/~abc/clock/clock.mp4", Views: 1, Resume: half},
		"watch elsewhere":   pages.Watch{Title: "A folder", AppURL: "/~abc/folder/"},
		"refusal uniform":   pages.Refusal{Status: 404, Heading: "Nothing here", Advice: "If you were sent a link, open it exactly as you received it."},
		"refusal each":      pages.Refusal{Status: 410, Reason: "views_spent", Heading: "All views of this link are used", Advice: "Ask whoever sent it to you.", Detail: "Each viewer may watch twice."},
		"refusal later":     refusal(gate.StoreDown),
		"console":           pages.Console{API: "/_usher/api/v1"},
		"form": pages.Form{
			Title: "Sign in", Action: "/_usher/signin", Hidden: []pages.Hidden{{Name: "next", Value: "/s/abc"}},
			Fields:  []pages.Field{{Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "username", Most: 254}, {Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Most: 256}},
			Buttons: []pages.Button{{Text: "Sign in"}, {Text: "Mail me a code instead", Action: "/_usher/signin/code"}},
			Links:   []pages.Link{{Text: "Sign in with your organisation", URL: "/_usher/oidc/start"}},
		},
		"form wrong": pages.Form{
			Title: "Change password", Lead: "On all other devices you are signed out.", Problem: "This is not your password so far.", Action: "/_usher/password",
			Fields:  []pages.Field{{Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "username", Value: "ann@example.com", Fixed: true, Most: 254}, {Name: "new", Label: "New password", Type: "password", Autocomplete: "new-password", Least: 10, Most: 256, Hint: "At least 10 characters.", Problem: "Too short."}},
			Buttons: []pages.Button{{Text: "Change password"}},
		},
		"form said": pages.Form{Title: "A fresh link is on its way", Lead: "It goes to the address that the invitation went to.", Note: "It works once."},
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
