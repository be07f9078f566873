package hostile

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/usher-media/usher/internal/gate"
)

// The families of single octets and characters in a name.
var octetFamilies = []family{
	{name: "F6", states: everyone, shots: encodedOctets},
	{name: "F9", states: everyone, shots: rawOctets},
	{name: "F10", states: everyone, shots: characters},
}

func encodedOctets(bool) []shot {
	var list []string
	octets := []byte(" \"#%*+./:;<=>?@[\\]^`{|}~\x7f\x80\xff")
	for c := range byte(0x20) {
		octets = append(octets, c)
	}
	for _, c := range octets {
		list = append(list, fmt.Sprintf("/acme/demo/fi%%%02Xlm.mp4", c))
	}
	return append(paths(list...), paths("/acme/demo/..%2Fsecret.mp4", "/acme/demo/..%5Csecret.mp4", "/acme/demo/%7Benv.HOME%7D")...)
}

func rawOctets(bool) []shot {
	var list []string
	octets := []string{"\x7f", "\x80", "\xa0", "\xc0\xae", "\xff"}
	for c := range byte(0x20) {
		octets = append(octets, string([]byte{c}))
	}
	for _, c := range octets {
		list = append(list, "/acme/demo/fi"+c+"lm.mp4")
	}
	return append(paths(list...), paths("/acme/demo/"+strings.Repeat("\xc0\xae", 2)+"/secret.mp4", "/acme/demo/{env.HOME}", "/acme/demo/ü.mp4")...)
}

// characters are those that some reader takes for others.
func characters(bool) []shot {
	climb := func(dots, slash string) string { return "/acme/demo/" + dots + slash + "secret.mp4" }
	list := []string{
		// one character in two, three and four bytes
		climb("%C0%AE%C0%AE", "/"), climb("..", "%C0%AF"), climb("..", "%C1%9C"),
		climb("%E0%80%AE%E0%80%AE", "/"), climb("..", "%E0%80%AF"), climb("..", "%E0%81%9C"),
		climb("%F0%80%80%AE%F0%80%80%AE", "/"), climb("..", "%F0%80%80%AF"), climb("..", "%F0%80%81%9C"),
		// a lone surrogate
		climb("..", "%ED%A0%80"), climb("%ED%A0%AE%ED%A0%AE", "/"),
	}
	for _, raw := range []string{
		// full width, and what best fit makes of others
		climb("．．", "/"), climb("..", "／"), climb("..", "＼"),
		climb("..", "\u2044"), climb("..", "\u2215"), climb("..", "\u2216"), climb("..", "\u29f8"), climb("..", "\ufe68"),
		// compatibility forms of several dots at once
		climb("\u2024\u2024", "/"), climb("\u2025", "/"), climb("\u2026", "/"), climb("\ufe30", "/"), climb("\ufe19", "/"),
		climb("\ufe52\ufe52", "/"), climb("\u3002\u3002", "/"), climb("\uff61\uff61", "/"), climb("\u2024\ufe52", "/"),
		// and of other delimiters
		climb("..", "\ufe54"), climb("..", "\ufe55"), climb("..", "\u2a74"), climb("..", "\ufe5f"), climb("..", "\u2047"),
		// dots with what is not seen around them
		climb("..\ufe0f", "/"), climb("..\u034f", "/"), climb("\ufe0f..", "/"), climb(".\ufe0f.", "/"), climb("..\U000e0100", "/"),
		climb("..\u200b", "/"), climb("..\u00ad", "/"), climb("..\u115f", "/"), climb("..\u3164", "/"), climb("..\u180b", "/"),
		// the same name composed and not, and a look-alike
		"/acme/demo/film [1] ü.mp4", "/acme/demo/film [1] u\u0308.mp4", "/acme/dem\u043e/film.mp4",
		// direction, width, order
		"/acme/demo/\u202efilm.mp4", "/acme/demo/fi\u200blm.mp4", "/acme/demo/\ufefffilm.mp4",
		// what folds to s and k
		"/acme/demo/\u017feg1.ts", "/acme/demo/en.vtt\u212a", "/acme/demo/seg1.t\u017f",
		// spaces
		"/acme/demo/film.mp4\u00a0", "/acme/demo/film.mp4\u3000", "/acme/demo/film.mp4\u2028",
	} {
		list = append(list, percent(raw))
	}
	return paths(list...)
}

// percent encodes as the gate wants it, so that only the characters count.
func percent(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// TestNoCharacterFoldsIntoADelimiter goes through all of Unicode: nothing that
// the gate lets pass turns into a delimiter of paths or URLs where a server
// folds names (NFKC, NFKD, either case), and nothing that is not seen passes
// but variation selectors, which hide no dots.
func TestNoCharacterFoldsIntoADelimiter(t *testing.T) {
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		name := string(r)
		passes := func(segment string) bool {
			_, ok := gate.ParsePath(gate.EncodePath("/" + segment))
			return ok && norm.NFC.IsNormalString(segment)
		}
		if !passes("a" + name + "b") {
			continue
		}
		for _, form := range []norm.Form{norm.NFKC, norm.NFKD} {
			reading := form.String(name)
			reading += strings.ToLower(reading) + strings.ToUpper(reading)
			if strings.ContainsAny(reading, "./\\%;:?#\x00") {
				t.Errorf("%U passes, and folds to %q", r, reading)
			}
		}
		if visible(r) < 0 && (!unicode.Is(unicode.Variation_Selector, r) || passes(".."+name) || passes(name+"..") || passes("."+name+".") || passes(name)) {
			t.Errorf("%U passes, and is not seen", r)
		}
	}
}
