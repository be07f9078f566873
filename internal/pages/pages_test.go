package pages_test

import (
	"bytes"
	"errors"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/speech"
)

var (
	tags    = regexp.MustCompile(`<[a-zA-Z!/][^>]*>`)
	inline  = regexp.MustCompile(`(?i)\s(on[a-z]+|style|srcdoc)\s*=`)
	foreign = regexp.MustCompile(`(?i)\b(?:src|href|action)="(?:[a-z]+:)?//`)
	script  = regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`)
)

// The policy of the pages forbids inline code and foreign files; a page that
// carried any would look fine here and be broken in every browser.
func TestEveryPageKeepsItsPolicy(t *testing.T) {
	all := flat(speech.English())
	all["console"] = bare{pages.Console{API: "/_usher/api/v1", SignIn: "/_usher/signin", SignOut: "/_usher/signout", Presets: []pages.Preset{{Name: "review", Sentence: "Show something."}}}}
	for _, reason := range gate.Reasons()[1:] {
		all["refusal "+reason.String()] = refusal(reason)
	}
	for name, p := range all {
		t.Run(name, func(t *testing.T) {
			text := draw(t, p)
			for _, tag := range tags.FindAllString(text, -1) {
				if inline.MatchString(tag) || strings.HasPrefix(strings.ToLower(tag), "<style") {
					t.Errorf("inline style or script: %s", tag)
				}
				if foreign.MatchString(tag) && !strings.Contains(tag, `href="`+personal) && !strings.Contains(tag, `id="app"`) && !strings.Contains(tag, `id="vlc"`) {
					t.Errorf("something of another host: %s", tag)
				}
			}
			for _, found := range script.FindAllStringSubmatch(text, -1) {
				if !strings.Contains(found[1], `src="`+pages.AssetPrefix) || found[2] != "" {
					t.Errorf("a script that is not a file of ours: %s", found[0])
				}
			}
			if n := strings.Count(text, "<h1"); n != 1 {
				t.Errorf("%d H1, want one that states the fact", n)
			}
			if strings.Contains(text, "ZgotmplZ") {
				t.Error("html/template had to defuse something")
			}
			if !strings.HasSuffix(text, "</html>\n") {
				t.Error("the page has no end")
			}
		})
	}
}

// plain is a page as one reads it.
func plain(text string) string {
	_, body, _ := strings.Cut(text, "<body")
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString("<body"+body, " "))), " ")
}

func TestLandingSaysWhatItCosts(t *testing.T) {
	for _, c := range []struct {
		name    string
		landing pages.Landing
		want    string
	}{
		{"some of many", pages.Landing{ViewsLeft: 1, Views: 3, Resume: half}, "1 of 3 views left. Pressing Watch uses one; you can come back within 30 min at no cost."},
		{"one view", pages.Landing{ViewsLeft: 1, Views: 1, Resume: time.Hour}, "1 of 1 view left. Pressing Watch uses one; you can come back within 1 hour at no cost."},
		{"own share", pages.Landing{EachLeft: 1, Each: 2, Resume: 90 * time.Minute}, "You have 1 of 2 views left. Pressing Watch uses one; you can come back within 1 h 30 min at no cost."},
		{"own share of one", pages.Landing{EachLeft: 1, Each: 1}, "You have 1 of 1 view left. Pressing Watch uses one."},
		{"both", pages.Landing{ViewsLeft: 8, Views: 10, EachLeft: 2, Each: 2, Resume: half}, "8 of 10 views left, 2 of 2 for you. Pressing Watch uses one;"},
		{"no limit", pages.Landing{Resume: half}, "Press Watch to begin."},
		{"open view", pages.Landing{ViewsLeft: 0, Views: 3, Resume: half, Resuming: true}, "No views left. Your view is still open: pressing Watch costs nothing."},
		{"lowered below what is used", pages.Landing{ViewsLeft: -2, Views: 3}, "No views left."},
		{"own share spent", pages.Landing{ViewsLeft: 4, Views: 5, Each: 1}, "No views left for you."},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.landing.Action = "/s/abc"
			if got := plain(draw(t, c.landing)); !strings.Contains(got, c.want) {
				t.Errorf("the page says\n%s\nwant in it\n%s", got, c.want)
			}
		})
	}
}

func TestWatchSaysWhatIsLeft(t *testing.T) {
	for want, watch := range map[string]pages.Watch{
		"1 of 3 views left. You can stop, and come back within 30 min at no cost.":                 {ViewsLeft: 1, Views: 3, Resume: half},
		"No views left after this one. You can stop, and come back within 12 hours at no cost.":    {Views: 3, Resume: 12 * time.Hour},
		"No views left for you after this one. You can stop, and come back within 2 days":          {ViewsLeft: 1, Views: 3, Each: 2, Resume: 48 * time.Hour},
		"Open the address below in a video player. Watch in another app":                           {AppURL: "/~abc/folder/"},
		"It is yours alone: whoever has it watches as you. https://media.example.com/~abc/x.m3u8 ": {Sources: sources, AppURL: "https://media.example.com/~abc/x.m3u8"},
	} {
		if got := plain(draw(t, watch)); !strings.Contains(got, want) {
			t.Errorf("the page says\n%s\nwant in it\n%s", got, want)
		}
	}
}

// HLS comes before MP4 where the caller said so, and the player has what a
// phone and a browser without scripts need.
func TestWatchHasAPlayer(t *testing.T) {
	text := draw(t, pages.Watch{Sources: sources})
	hls, mp4 := strings.Index(text, sources[0].URL), strings.Index(text, sources[1].URL)
	if hls < 0 || mp4 < hls {
		t.Errorf("HLS stands at %d and MP4 at %d, want HLS first", hls, mp4)
	}
	if !strings.Contains(text, `<video controls playsinline autoplay preload="metadata"`) || strings.Contains(text, "crossorigin") {
		t.Error("the video element is not the one that was agreed on")
	}
	if strings.Contains(draw(t, pages.Watch{AppURL: "/~abc/"}), "<video") {
		t.Error("a player without anything to play")
	}
}

func TestTimesAreAbsoluteWithTheirZone(t *testing.T) {
	const want = `<time datetime="2031-03-04T15:30:00Z">4 March 2031, 15:30 UTC</time>`
	for _, name := range []string{"landing", "watch"} {
		if text := draw(t, flat(speech.English())[name]); !strings.Contains(text, want) {
			t.Errorf("%s lacks %s:\n%s", name, want, text)
		}
	}
	if text := draw(t, flat(speech.English())["landing untitled"]); strings.Contains(text, "<time") {
		t.Error("a link without an end shows one")
	}
}

func TestRefusalNamesItsReasonOnlyToHolders(t *testing.T) {
	if got := plain(draw(t, flat(speech.English())["refusal used up each"])); !strings.Contains(got, "Each viewer of this link has 2 views.") ||
		!strings.Contains(got, "mention views_spent (410) .") {
		t.Errorf("the page says %s", got)
	}
	if got := plain(draw(t, flat(speech.English())["refusal uniform"])); strings.Contains(got, "404") || strings.Contains(got, "mention") {
		t.Errorf("the uniform page tells more than it should: %s", got)
	}
	for d, want := range map[time.Duration]string{
		time.Second:             "try again in 1 second.",
		1500 * time.Millisecond: "try again in 2 seconds.",
		90 * time.Second:        "try again in 90 seconds.",
		121 * time.Second:       "try again in 3 min.",
	} {
		if got := plain(draw(t, pages.Refusal{Reason: gate.TooFast, RetryAfter: d})); !strings.Contains(got, want) {
			t.Errorf("after %v the page says %s, want %s", d, got, want)
		}
	}
}

// A landing page without a title tells nothing of what is behind it.
func TestUntitledPagesTellNothing(t *testing.T) {
	if text := draw(t, flat(speech.English())["landing untitled"]); !strings.Contains(text, "<title>A video for you</title>") || strings.Contains(text, "clock") {
		t.Errorf("the page tells too much:\n%s", text)
	}
}

// Whatever an owner or a request wrote stays text.
func TestPayloadsStayText(t *testing.T) {
	for _, payload := range []string{
		`<script>alert(1)</script>`,
		`"><img src=x onerror=alert(1)>`,
		`' autofocus onfocus=alert(1) x='`,
		`</title><svg onload=alert(1)>`,
		`</template><script>alert(1)</script>`,
		`{{.}}{{template "body"}}`,
		"`${alert(1)}`",
		`<!--<script>`,
		"\x00<b>",
	} {
		for _, p := range []page{
			pages.Landing{Title: payload, Action: "/s/abc"},
			pages.Watch{Title: payload, Sources: []pages.Source{{URL: "/~a/b", Type: payload}}},
			pages.Passkey{Title: payload, Lead: payload, Action: "/a", Makes: true, Name: payload, Options: payload, Note: payload, Problem: payload},
			pages.Passkeys{Lead: payload, Action: "/a", Items: []pages.PasskeyItem{{ID: payload, Name: payload}}, Remove: true, Note: payload, Problem: payload},
			pages.Form{Title: payload, Lead: payload, Problem: payload, Note: payload, Action: "/a", Fields: []pages.Field{{Name: "x", Label: payload, Value: payload, Hint: payload}}, Hidden: []pages.Hidden{{Name: "n", Value: payload}}},
		} {
			clean := draw(t, like(p))
			text := draw(t, p)
			if got, want := len(tags.FindAllString(text, -1)), len(tags.FindAllString(clean, -1)); got != want {
				t.Errorf("%q brought %d tags into %T", payload, got-want, p)
			}
			for _, tag := range tags.FindAllString(text, -1) {
				if inline.MatchString(strings.NewReplacer("&#34;", "", "&#39;", "").Replace(quoted.ReplaceAllString(tag, ""))) {
					t.Errorf("%q became an attribute: %s", payload, tag)
				}
			}
		}
	}
}

// quoted is an attribute's value: what stands inside it is data.
var quoted = regexp.MustCompile(`"[^"]*"`)

// like is the same page with harmless words in the places of a payload.
func like(p page) page {
	switch p.(type) {
	case pages.Landing:
		return pages.Landing{Title: "word", Action: "/s/abc"}
	case pages.Watch:
		return pages.Watch{Title: "word", Sources: []pages.Source{{URL: "/~a/b", Type: "word"}}}
	case pages.Passkey:
		return pages.Passkey{Title: "word", Lead: "word", Action: "/a", Makes: true, Name: "word", Options: "word", Note: "word", Problem: "word"}
	case pages.Passkeys:
		return pages.Passkeys{Lead: "word", Action: "/a", Items: []pages.PasskeyItem{{ID: "word", Name: "word"}}, Remove: true, Note: "word", Problem: "word"}
	default:
		return pages.Form{Title: "word", Lead: "word", Problem: "word", Note: "word", Action: "/a", Fields: []pages.Field{{Name: "x", Label: "word", Value: "word", Hint: "word"}}, Hidden: []pages.Hidden{{Name: "n", Value: "word"}}}
	}
}

func TestAddressesAreRefused(t *testing.T) {
	for _, address := range []string{
		"", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", " javascript:alert(1)",
		"data:text/html,<script>alert(1)</script>", "vbscript:x", "blob:x", "file:///etc/passwd", "vlc://x",
		"//evil.example/x", `/\evil.example/x`, `\\evil.example`, "/\t/evil.example", "https:evil.example", "http://",
		"https://user@evil.example/x", "relative/x", "?x", "#x", "/a b", "/%zz", "/x\x00",
	} {
		for _, p := range []page{
			pages.Landing{Action: address},
			pages.Watch{Sources: []pages.Source{{URL: address}}},
			pages.Watch{AppURL: address},
			bare{pages.Console{API: address, SignIn: "/a", SignOut: "/b"}},
		} {
			if w, isWatch := p.(pages.Watch); isWatch && w.AppURL == "" && w.Sources == nil {
				continue // no address is no mistake there
			}
			var out bytes.Buffer
			if err := p.Render(&out, pages.Reader{}); err == nil {
				t.Errorf("%T took the address %q", p, address)
			}
			if out.Len() > 0 {
				t.Errorf("%T wrote %d bytes of a page that failed", p, out.Len())
			}
		}
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestRenderReportsAFailedWrite(t *testing.T) {
	if err := (pages.Console{API: "/api", SignIn: "/a", SignOut: "/b"}).Render(fullDisk{}); !errors.Is(err, errFull) {
		t.Errorf("Render gave %v, want the writer's error", err)
	}
}

// What a link asks for comes before anything is told of what is behind it.
func TestAskingTellsNothing(t *testing.T) {
	for name, asks := range map[string]pages.Asking{
		"a password": {Password: true}, "a sign-in": {SignIn: "/_usher/signin"}, "either": {Password: true, SignIn: "/_usher/signin"},
	} {
		text := draw(t, pages.Landing{Title: "The secret film", Views: 7, ViewsLeft: 5, ExpiresAt: someday, Action: "/s/abc", Asks: asks})
		for _, secret := range []string{"secret film", "5 of 7", "2031"} {
			if strings.Contains(text, secret) {
				t.Errorf("asking for %s, the page tells %q", name, secret)
			}
		}
		if strings.Contains(text, "<form") != asks.Password || strings.Contains(text, `href="/_usher/signin"`) != (asks.SignIn != "") {
			t.Errorf("asking for %s:\n%s", name, text)
		}
	}
	for _, address := range []string{"javascript:alert(1)", "//evil.example/", "data:text/html,x"} {
		if err := (pages.Landing{Action: "/s/abc", Asks: pages.Asking{SignIn: address}}).Render(new(bytes.Buffer), pages.Reader{}); err == nil {
			t.Errorf("a sign-in at %s was drawn", address)
		}
		if err := (pages.Refusal{Reason: gate.SignIn, SignIn: address}).Render(new(bytes.Buffer), pages.Reader{}); err == nil {
			t.Errorf("a refusal with a sign-in at %s was drawn", address)
		}
	}
}
