package speech

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/feature/plural"
)

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// placeholders are the arguments of a sentence, in order of their names.
func placeholders(sentence string) string {
	found := placeholder.FindAllString(sentence, -1)
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " ")
}

// Each language says everything, nothing else, and with the same arguments. A
// form for one or two things may leave its number out, as Arabic does.
func TestCataloguesAreComplete(t *testing.T) {
	english := English()
	want := slices.Sorted(maps.Keys(english.texts))
	for _, l := range All() {
		if got := slices.Sorted(maps.Keys(l.texts)); !slices.Equal(got, want) {
			for _, name := range want {
				if _, ok := l.texts[name]; !ok {
					t.Errorf("%s does not say %s", l.Tag, name)
				}
			}
			for _, name := range got {
				if _, ok := english.texts[name]; !ok {
					t.Errorf("%s says %s, which English does not", l.Tag, name)
				}
			}
		}
		for name, said := range l.texts {
			full := placeholders(english.texts[name][plural.Other])
			for form, sentence := range said {
				got := placeholders(sentence)
				few := form == plural.Zero || form == plural.One || form == plural.Two
				if got != full && !(few && strings.Trim(strings.Replace(" "+full+" ", " {n} ", " ", 1), " ") == got) {
					t.Errorf("%s: %s has the arguments %q, want %q: %s", l.Tag, name, got, full, sentence)
				}
				if strings.TrimSpace(sentence) != sentence || sentence == "" || strings.ContainsAny(sentence, "<>&\"\\\n") || strings.Contains(sentence, "  ") {
					t.Errorf("%s: %s is no plain sentence: %q", l.Tag, name, sentence)
				}
				if rest := placeholder.ReplaceAllString(sentence, ""); strings.ContainsAny(rest, "{}") {
					t.Errorf("%s: %s has half an argument: %s", l.Tag, name, sentence)
				}
			}
		}
	}
}

// A sentence with a plural has each form that its language tells apart, and no
// form that it does not.
func TestPluralsAreThoseOfTheLanguage(t *testing.T) {
	for _, l := range All() {
		told := map[plural.Form]bool{}
		for n := range int64(1000) {
			told[l.plural(n)] = true
		}
		want := slices.Sorted(maps.Keys(told))
		for name, said := range l.texts {
			counted := strings.Contains(English().texts[name][plural.Other], "{n}")
			got := slices.Sorted(maps.Keys(said))
			if counted && !slices.Equal(got, want) {
				t.Errorf("%s: %s has the forms %v, want %v", l.Tag, name, got, want)
			}
			if !counted && len(got) != 1 {
				t.Errorf("%s: %s has forms and no number", l.Tag, name)
			}
		}
	}
}

// used finds the names of sentences that Go files and templates say.
func used(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	names := regexp.MustCompile(`(?:Say\(|Around\(|say |around |\.say\()"([a-z_0-9.]+)"`)
	for _, root := range []string{"..", "../../caddymodule"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") || !slices.Contains([]string{".go", ".html"}, filepath.Ext(path)) {
				return err
			}
			text, err := os.ReadFile(path)
			for _, match := range names.FindAllStringSubmatch(string(text), -1) {
				found[match[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// What is said is in the catalogue, and what is there is said.
func TestEverySentenceIsUsed(t *testing.T) {
	said := used(t)
	for name := range said {
		if _, ok := English().texts[name]; !ok && !strings.HasSuffix(name, ".") {
			t.Errorf("%s is said, and no catalogue has it", name)
		}
	}
	for name := range English().texts {
		composed := strings.HasPrefix(name, "month.") || strings.HasPrefix(name, "reason.")
		if !said[name] && !composed {
			t.Errorf("nobody says %s", name)
		}
	}
}

func TestLanguageIsChosen(t *testing.T) {
	for accept, want := range map[string]string{
		"": "en", "de": "de", "de-AT,en;q=0.5": "de", "fr-CA": "fr", "es-419,es;q=0.9": "es", "ja-JP": "ja", "ar-EG": "ar",
		"nl,de;q=0.3": "de", "en-GB,de;q=0.9": "en", "sw": "en", "*": "en", "de;q=0.1,fr;q=0.9": "fr", "pt-BR": "en",
		"no such thing!": "en", strings.Repeat("de,", 200): "en", "de;q=x": "en", "ar-u-nu-latn": "ar",
	} {
		if got := Of(accept).Tag; got != want {
			t.Errorf("%q: %s, want %s", accept, got, want)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("de-AT,en;q=0.5")
	f.Add("*;q=0")
	f.Fuzz(func(t *testing.T, accept string) {
		if l := Of(accept); l == nil || !slices.Contains(tags, l.Tag) {
			t.Errorf("%q: %v", accept, l)
		}
	})
}

func TestNumbersAndTimes(t *testing.T) {
	at := time.Date(2031, time.March, 4, 17, 5, 0, 0, time.FixedZone("", 2*3600))
	for tag, want := range map[string][4]string{
		"en": {"4 March 2031, 15:05 UTC", "1 hour", "2 days", "This link has 1,200 views in all."},
		"de": {"4. März 2031, 15:05 UTC", "1 Stunde", "2 Tagen", "Dieser Link hat insgesamt 1.200 Wiedergaben."},
		"fr": {"4 mars 2031 à 15:05 UTC", "1 heure", "2 jours", "Ce lien donne droit à 1\u00a0200 lectures en tout."},
		"es": {"4 de marzo de 2031, 15:05 UTC", "1 hora", "2 días", "Este enlace tiene 1.200 reproducciones en total."},
		"ja": {"2031年3月4日 15:05（UTC）", "1時間", "2日", "このリンクの視聴回数は、全部で1,200回です。"},
		"ar": {"٤ مارس ٢٠٣١، ١٥:٠٥ بالتوقيت العالمي (UTC)", "ساعة واحدة", "يومين", "لهذا الرابط ١٬٢٠٠ مشاهدة إجمالًا."},
	} {
		l := Of(tag)
		got := [4]string{string(l.Time(at)), string(l.Span(time.Hour)), string(l.Span(48 * time.Hour)), l.Say("refusal.views", "n", int64(1200))}
		if got != want {
			t.Errorf("%s:\n%q\nwant\n%q", tag, got, want)
		}
	}
	if got := Of("ar").Say("span.days", "n", 3); got != "٣ أيام" {
		t.Errorf("three days in Arabic are %q", got)
	}
}

// A text of another direction does not turn the sentence around it.
func TestStrangersAreIsolated(t *testing.T) {
	if got := Of("ar").Say("signedin.lead", "address", "ann@example.com"); !strings.Contains(got, isolate+"ann@example.com"+isolated) {
		t.Errorf("the sentence is %q", got)
	}
	if got := English().Say("signedin.lead", "address", "{address}"); got != "As {address}." {
		t.Errorf("a value that looks like an argument gave %q", got)
	}
}

func TestSpans(t *testing.T) {
	l := English()
	for d, want := range map[time.Duration]string{
		time.Second: "1 second", 1500 * time.Millisecond: "2 seconds", 90 * time.Second: "90 seconds", 121 * time.Second: "3 min", 0: "",
		90 * time.Minute: "1 h 30 min", 12 * time.Hour: "12 hours", 49 * time.Hour: "2 days",
	} {
		if got := fmt.Sprint(l.Wait(d)); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
