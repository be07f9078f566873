package api

import (
	"fmt"
	"io"
	"strings"

	"github.com/usher-media/usher/internal/gate"
)

// Strength says how hard it is to watch by a link for somebody whom nobody
// meant, in a level, and what that stops and what it does not.
type Strength struct {
	Level       int      `json:"level"`
	Name        string   `json:"name"`
	Stops       []string `json:"stops"`
	DoesNotStop []string `json:"does_not_stop"`
}

// Levels of strength.
const (
	open = iota
	unlisted
	limitedLink
	guarded
	personal
	sealed
)

// strengths is the one place that says what a level means: link objects, the
// command line and the docs are printed from it. A level stops what those below
// it stop, except that level 0 stops nothing.
var strengths = [...]struct {
	name, means, stops, doesNotStop string
}{
	open:        {"open", "The collection is public: nobody needs the link.", "", "whoever knows or guesses the address"},
	unlisted:    {"unlisted", "Whoever has the link may watch.", "search engines and guessing", "passing the link on to anybody"},
	limitedLink: {"limited", "Whoever has the link may watch, and it is used up: it has views, seats or an end.", "passing the link on to many", "passing the link on to a few"},
	guarded:     {"guarded", "It takes the link's password, or to be signed in as anybody known here.", "whoever only finds the link: in a forwarded mail, a log, a history", "passing the link on with its password, or to others who sign in here"},
	personal:    {"personal", "It takes to be signed in as somebody whom the link names, or who was granted it.", "passing the link on", "sharing one's sign-in with others"},
	sealed:      {"sealed", "As personal, one device at a time for each, and their views are counted.", "two people watching by one sign-in at once, and without end", "handing a signed-in device over"},
}

// unstoppable is what no link stops.
const unstoppable = "recording the screen, or filming it"

// strength returns the row of a level with all that it stops.
func strength(level int) Strength {
	s := Strength{Level: level, Name: strengths[level].name, Stops: []string{}}
	for i := unlisted; i <= level; i++ {
		s.Stops = append(s.Stops, strengths[i].stops)
	}
	s.DoesNotStop = []string{strengths[level].doesNotStop, unstoppable}
	return s
}

// Strengths returns all levels, the weakest first.
func Strengths() []Strength {
	all := make([]Strength, len(strengths))
	for level := range strengths {
		all[level] = strength(level)
	}
	return all
}

// strengthOf works out the level of a link from what it asks of whoever comes:
// place is how open its collection is, known is false where it is in none. A
// password beside persons is a second way in, so the weaker of the two counts.
func strengthOf(l gate.Link, terms gate.Terms, place gate.Level, known bool) Strength {
	named := len(l.For) > 0 && l.Password == ""
	switch {
	case known && place == gate.Public:
		return strength(open)
	case (named || known && place == gate.Locked) && terms.SeatsEach == 1 && (terms.ViewsEach > 0 || terms.Views > 0):
		return strength(sealed)
	case named || known && place == gate.Locked:
		return strength(personal)
	case l.Password != "" || known && place == gate.Members:
		return strength(guarded)
	case usedUp(terms):
		return strength(limitedLink)
	}
	return strength(unlisted)
}

// usedUp reports whether a link with these terms is good for so much only.
func usedUp(t gate.Terms) bool {
	return t.Views > 0 || t.ViewsEach > 0 || t.Limited() || !t.ExpiresAt.IsZero() || !t.StartBy.IsZero() || t.PlayFor > 0
}

// PrintStrengths writes the table for a terminal.
func PrintStrengths(out io.Writer) {
	for level, row := range strengths {
		s := strength(level)
		fmt.Fprintf(out, "%d  %s: %s\n", level, row.name, row.means)
		if len(s.Stops) > 0 {
			fmt.Fprintf(out, "   stops          %s\n", strings.Join(s.Stops, "; "))
		}
		fmt.Fprintf(out, "   does not stop  %s\n", strings.Join(s.DoesNotStop, "; "))
	}
}

// StrengthMarkdown returns the table for the docs.
func StrengthMarkdown() string {
	var b strings.Builder
	b.WriteString("| level | name | it means | stops | does not stop |\n| --- | --- | --- | --- | --- |\n")
	for level, row := range strengths {
		s := strength(level)
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", level, row.name, row.means, strings.Join(s.Stops, "; "), strings.Join(s.DoesNotStop, "; "))
	}
	return b.String()
}
