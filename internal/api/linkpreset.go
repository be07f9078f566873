package api

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Preset is a named way to make a link. What the request says itself wins.
type Preset struct {
	Name string `json:"name"`
	// Sentence says what it is for.
	Sentence string `json:"for"`
	// NamesPersons says that such a link has to name the persons that it is for.
	NamesPersons bool `json:"names_persons,omitzero"`
	// Sets is what it sets where the request says nothing.
	Sets NewLink `json:"sets"`
}

// presets is the one place that says what a preset sets.
var presets = []Preset{
	{"review", "Show something before its release, to a few who look again and again.", false, NewLink{
		Can: []string{"view"}, ExpiresIn: new("14d"), ViewsEach: new(int64(10)), SeatsEach: new(int64(2)), WhenFull: "replace",
	}},
	{"team", "Instruct a team: everybody at their own pace, on any device.", false, NewLink{
		Can: []string{"view"}, ExpiresIn: new("90d"), SeatsEach: new(int64(3)), WhenFull: "replace",
	}},
	{"sensitive", "Show something internal to named persons, on one device at a time.", true, NewLink{
		Can: []string{"view"}, ExpiresIn: new("7d"), ViewsEach: new(int64(3)), SeatsEach: new(int64(1)), WhenFull: "refuse",
	}},
	{"paid", "Sell a viewing: 30 days to begin, then 48 hours.", false, NewLink{
		Can: []string{"view"}, ExpiresIn: new("30d"), PlayFor: new("48h"), Seats: new(int64(2)), SeatsEach: new(int64(1)), WhenFull: "replace",
	}},
	{"exam", "Let named persons watch twice, one device each, for a day.", true, NewLink{
		Can: []string{"view"}, ExpiresIn: new("24h"), ViewsEach: new(int64(2)), SeatsEach: new(int64(1)), WhenFull: "refuse",
	}},
}

// Presets returns all presets.
func Presets() []Preset { return append([]Preset(nil), presets...) }

func presetNames() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.Name
	}
	return names
}

// preset returns what the body asks for with what its preset adds, which is
// never more than what it leaves open. The zero preset adds nothing.
func (b NewLink) preset() (Preset, error) {
	if b.Preset == "" {
		return Preset{}, nil
	}
	for _, p := range presets {
		if p.Name == b.Preset {
			return p, nil
		}
	}
	return Preset{}, badValue.of("preset", presetNames(), "unknown: known are "+strings.Join(presetNames(), ", "))
}

// filled is the body with what the preset sets where it says nothing.
func (b NewLink) filled(p Preset) NewLink {
	for _, limit := range []struct {
		given **int64
		set   *int64
	}{
		{&b.Views, p.Sets.Views}, {&b.ViewsEach, p.Sets.ViewsEach}, {&b.Seats, p.Sets.Seats}, {&b.SeatsEach, p.Sets.SeatsEach},
	} {
		if *limit.given == nil {
			*limit.given = limit.set
		}
	}
	if b.Can == nil {
		b.Can = p.Sets.Can
	}
	if b.WhenFull == "" {
		b.WhenFull = p.Sets.WhenFull
	}
	if b.ExpiresAt == nil && b.ExpiresIn == nil {
		b.ExpiresIn = p.Sets.ExpiresIn
	}
	if b.PlayFor == nil {
		b.PlayFor = p.Sets.PlayFor
	}
	return b
}

// says tells in words what a preset sets.
func (p Preset) says() string {
	var said []string
	limit := func(n *int64, one, many string) {
		if n != nil && *n == 1 {
			said = append(said, one)
		} else if n != nil {
			said = append(said, fmt.Sprintf(many, *n))
		}
	}
	said = append(said, "can "+strings.Join(p.Sets.Can, ", "))
	limit(p.Sets.ViewsEach, "1 view each", "%d views each")
	limit(p.Sets.Seats, "1 device at once", "%d devices at once")
	limit(p.Sets.SeatsEach, "1 device each at once", "%d devices each at once")
	if p.Sets.WhenFull != "" {
		said = append(said, p.Sets.WhenFull+" one more")
	}
	if p.Sets.ExpiresIn != nil {
		said = append(said, "ends after "+*p.Sets.ExpiresIn)
	}
	if p.Sets.PlayFor != nil {
		said = append(said, *p.Sets.PlayFor+" from the first view")
	}
	if p.NamesPersons {
		said = append(said, "names its persons")
	}
	return strings.Join(said, "; ")
}

// PrintPresets writes the table for a terminal.
func PrintPresets(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "PRESET\tFOR\tSETS")
	for _, p := range presets {
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, p.Sentence, p.says())
	}
	_ = w.Flush()
}

// PresetMarkdown returns the table for the docs.
func PresetMarkdown() string {
	var b strings.Builder
	b.WriteString("| preset | for | sets |\n| --- | --- | --- |\n")
	for _, p := range presets {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, p.Sentence, p.says())
	}
	return b.String()
}
