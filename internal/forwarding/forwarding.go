// Package forwarding judges whether a link is used by more people than it was
// meant for. It is pure: sightings in, a suspicion with its reasons out. Time
// comes with the sightings, and whoever asks keeps the [Ledger].
//
// Nothing here is proof. No signal decides alone, a change of address never
// counts by itself, and every contribution is a sentence that an owner can read.
package forwarding

import (
	"fmt"
	"strconv"
	"strings"
)

// Audience is whom a link was meant for: the one knob that an owner turns.
type Audience struct {
	kind   audienceKind
	people int
}

type audienceKind byte

const (
	toEverybody audienceKind = iota
	toOne
	toHousehold
	toTeam
)

// The audiences. The zero Audience is Public: nothing is suspected.
var (
	Public    = Audience{}
	One       = Audience{toOne, 1}
	Household = Audience{toHousehold, 2}
)

// maxTeam bounds a team; for more people than that a link is public.
const maxTeam = 200

// Team is an audience of so many people, from 2 to 200.
func Team(people int) (Audience, error) {
	if people < 2 || people > maxTeam {
		return Audience{}, fmt.Errorf("a team of %d: want 2 to %d people", people, maxTeam)
	}
	return Audience{toTeam, people}, nil
}

// ParseAudience reads what [Audience.String] writes: one, household, team:N or
// public.
func ParseAudience(text string) (Audience, error) {
	switch text {
	case "one":
		return One, nil
	case "household":
		return Household, nil
	case "public":
		return Public, nil
	}
	number, isTeam := strings.CutPrefix(text, "team:")
	people, err := strconv.Atoi(number)
	if !isTeam || err != nil || strconv.Itoa(people) != number {
		return Audience{}, fmt.Errorf("audience %q: want one, household, team:N or public", text)
	}
	return Team(people)
}

// String is the audience's word.
func (a Audience) String() string {
	switch a.kind {
	case toOne:
		return "one"
	case toHousehold:
		return "household"
	case toTeam:
		return "team:" + strconv.Itoa(a.people)
	}
	return "public"
}

// MarshalText writes the word.
func (a Audience) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads it.
func (a *Audience) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAudience(string(text))
	return err
}

// Wider is the audience that an owner has in mind who says "this is fine".
func (a Audience) Wider() Audience {
	switch {
	case a.kind == toOne:
		return Household
	case a.kind == toHousehold:
		return Audience{toTeam, 5}
	case a.kind == toTeam && a.people*2 <= maxTeam:
		return Audience{toTeam, a.people * 2}
	}
	return Public
}

// Within reports whether the audience is no wider than the other one.
func (a Audience) Within(other Audience) bool {
	switch {
	case other.kind == toEverybody:
		return true
	case a.kind != other.kind:
		return a.kind != toEverybody && a.kind < other.kind
	}
	return a.people <= other.people
}

// expected is how many devices are no news at all, and how many places may watch
// at the same moment.
func (a Audience) expected() (devices, places int) {
	switch a.kind {
	case toHousehold:
		return 5, a.people
	case toTeam:
		return a.people + (a.people+1)/2, a.people
	}
	return 1, 1
}

// Level says how sure the judgement is.
type Level byte

// The levels, each stronger than the one before.
const (
	Quiet    Level = iota // nothing that one would not expect
	Watch                 // worth a look
	Likely                // probably passed on
	Restream              // watched in many places at the same time
)

var levels = [...]string{"quiet", "watch", "likely", "restream"}

// Levels are all of them, the weakest first.
func Levels() []Level { return []Level{Quiet, Watch, Likely, Restream} }

// String is the level's word.
func (l Level) String() string { return levels[l] }

// MarshalText writes the word.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads it.
func (l *Level) UnmarshalText(text []byte) error {
	for i, word := range levels {
		if word == string(text) {
			*l = Level(i)
			return nil
		}
	}
	return fmt.Errorf("level %q: want one of %s", text, strings.Join(levels[:], ", "))
}
