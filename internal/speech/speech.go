// Package speech says what Usher tells people, in the language that they read:
// one catalogue of sentences for each language, with plurals, numbers and times
// as that language writes them. Titles and names are their owners' own, and are
// never translated.
package speech

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/usher-media/usher/internal/gate"
)

//go:embed catalogue
var files embed.FS

// Language is one of those that the pages are written in.
type Language struct {
	// Tag is the language as HTML names it, and Dir the direction it is read in,
	// "ltr" or "rtl".
	Tag, Dir string

	tag    language.Tag
	digits []rune
	texts  map[string]text
}

// text is a sentence, in the forms that go by a number; most have one form only.
type text map[plural.Form]string

// tags are the languages there are. The first one is spoken to whoever reads
// none of them.
var tags = []string{"en", "de", "fr", "es", "ja", "ar"}

var (
	languages = loadAll()
	matcher   = newMatcher(languages)
)

// All returns the languages, English first.
func All() []*Language { return slices.Clone(languages) }

// English is what is spoken where nobody says what they read.
func English() *Language { return languages[0] }

// maxAccept is how much of an Accept-Language header is looked at.
const maxAccept = 256

// Of returns the language that fits an Accept-Language header best; English
// where none does, or the header is malformed.
func Of(accept string) *Language {
	if accept == "" || len(accept) > maxAccept {
		return English()
	}
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(wanted) == 0 {
		return English()
	}
	_, index, confidence := matcher.Match(wanted...)
	if confidence == language.No {
		return English()
	}
	return languages[index]
}

// Say returns the sentence of that name, with values in the places of its
// arguments, which are names and values in turn: strings, and whole numbers.
// The number named n chooses the plural.
func (l *Language) Say(name string, arguments ...any) string {
	form := plural.Other
	pairs := make([]string, 0, len(arguments))
	for i := 0; i+1 < len(arguments); i += 2 {
		key := fmt.Sprint(arguments[i])
		value := l.write(arguments[i+1])
		if n, isNumber := number(arguments[i+1]); isNumber && key == "n" {
			form = l.plural(n)
		}
		pairs = append(pairs, "{"+key+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(l.texts[name].in(form))
}

// Around returns what stands before and behind one of a sentence's arguments,
// for a page that puts an element there.
func (l *Language) Around(name, argument string) [2]string {
	before, behind, _ := strings.Cut(l.texts[name].in(plural.Other), "{"+argument+"}")
	return [2]string{before, behind}
}

// in is the text for a number of that form.
func (t text) in(form plural.Form) string {
	if sentence, ok := t[form]; ok {
		return sentence
	}
	return t[plural.Other]
}

func (l *Language) plural(n int64) plural.Form {
	return plural.Cardinal.MatchPlural(l.tag, int(n), 0, 0, 0, 0)
}

func number(value any) (int64, bool) {
	switch n := value.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

// Marks around a text that may be read in another direction than the sentence
// it stands in (Unicode Standard Annex 9).
const isolate, isolated = "\u2068", "\u2069"

func (l *Language) write(value any) string {
	if n, ok := number(value); ok {
		return message.NewPrinter(l.tag).Sprint(n)
	}
	if written, ours := value.(Phrase); ours {
		return string(written)
	}
	written := fmt.Sprint(value)
	if l.Dir == "rtl" {
		return isolate + written + isolated
	}
	return written
}

// Phrase is an argument that is in the sentence's own language.
type Phrase string

// figures writes a number that is none of an amount: a year, an hour.
func (l *Language) figures(n, width int) string {
	plain := fmt.Sprintf("%0*d", width, n)
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return l.digits[r-'0']
		}
		return r
	}, plain)
}

// file is a catalogue as it is written down.
type file struct {
	Dir    string                     `json:"dir"`
	Digits string                     `json:"digits"`
	Texts  map[string]json.RawMessage `json:"texts"`
}

// loadAll reads the catalogues. One that cannot be read is a fault of this
// package, and stops the program at start.
func loadAll() []*Language {
	all := make([]*Language, len(tags))
	for i, tag := range tags {
		l, err := load(tag)
		if err != nil {
			panic(fmt.Sprintf("catalogue %s: %v", tag, err))
		}
		all[i] = l
	}
	for _, reason := range gate.Reasons()[1:] { // English stands with the reasons
		all[0].texts["reason."+reason.String()+".heading"] = text{plural.Other: reason.Heading()}
		all[0].texts["reason."+reason.String()+".advice"] = text{plural.Other: reason.Advice()}
	}
	return all
}

func load(tag string) (*Language, error) {
	raw, err := files.ReadFile(path.Join("catalogue", tag+".json"))
	if err != nil {
		return nil, err
	}
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, err
	}
	l := &Language{Tag: tag, Dir: f.Dir, tag: language.MustParse(tag), digits: []rune(f.Digits), texts: make(map[string]text, len(f.Texts))}
	if len(l.digits) != 10 {
		return nil, fmt.Errorf("%d digits", len(l.digits))
	}
	for name, raw := range f.Texts {
		if l.texts[name], err = parseText(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return l, nil
}

var forms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

// parseText reads a sentence, or an object of its forms.
func parseText(raw json.RawMessage) (text, error) {
	if raw[0] == '"' {
		var sentence string
		err := json.Unmarshal(raw, &sentence)
		return text{plural.Other: sentence}, err
	}
	var words map[string]string
	if err := json.Unmarshal(raw, &words); err != nil {
		return nil, err
	}
	t := text{}
	for word, sentence := range words {
		form, known := forms[word]
		if !known {
			return nil, fmt.Errorf("unknown form %s", strconv.Quote(word))
		}
		t[form] = sentence
	}
	return t, nil
}

func newMatcher(all []*Language) language.Matcher {
	known := make([]language.Tag, len(all))
	for i, l := range all {
		known[i] = l.tag
	}
	return language.NewMatcher(known)
}
