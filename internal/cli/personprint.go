package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/usher-media/usher/internal/api"
)

func personFacts(p api.Person) [][2]string {
	standing := p.Standing
	if !p.StandingSince.IsZero() {
		standing += " since " + stamp(p.StandingSince)
	}
	if p.StandingReason != "" {
		standing += ": " + p.StandingReason
	}
	until := "never"
	if !p.Until.IsZero() {
		until = stamp(p.Until)
	}
	return [][2]string{
		{"Person", p.ID}, {"E-mail", p.Email}, {"Name", p.Name}, {"Role", p.Role}, {"Standing", standing},
		{"Rights end", until}, {"Guest of", p.Sponsor}, {"Cut", stamp(p.CutAt)},
		{"Added", strings.TrimSuffix(stamp(p.CreatedAt)+" by "+p.CreatedBy, " by ")},
	}
}

func printPerson(out io.Writer, p api.Person) { facts(out, personFacts(p)...) }

func printPersons(out io.Writer, list api.PersonList) {
	if len(list.Persons) == 0 {
		fmt.Fprintln(out, "There are no such persons. Make one known: usher person create ada@example.com")
		return
	}
	rows := make([][]string, len(list.Persons))
	for i, p := range list.Persons {
		rows[i] = []string{p.ID, p.Role, p.Standing, ends(p.Until), p.Email, p.Name}
	}
	table(out, []string{"PERSON", "ROLE", "STANDING", "RIGHTS END", "E-MAIL", "NAME"}, rows)
}

func printProfile(out io.Writer, p api.Profile) {
	pairs := personFacts(p.Person)
	if p.Badge != p.Role {
		pairs = append(pairs, [2]string{"Badge", p.Badge})
	}
	if p.Counts != nil {
		pairs = append(pairs, [2]string{"Sessions", fmt.Sprintf("%d known, %d live, %s", p.Counts.Sessions, p.Counts.Live, count(int64(p.Counts.Plays), "play"))})
	}
	facts(out, pairs...)
	if len(p.Groups) > 0 {
		fmt.Fprintln(out)
		printGroupRows(out, p.Groups)
	}
	fmt.Fprintln(out)
	switch {
	case p.Everything:
		fmt.Fprintln(out, "The role of this person reaches every collection.")
	case len(p.Collections) == 0:
		fmt.Fprintln(out, "This person has access to no collection.")
	default:
		rows := make([][]string, len(p.Collections))
		for i, a := range p.Collections {
			can := strings.Join(a.Can, ", ")
			if a.Owner {
				can += " (owner)"
			}
			rows[i] = []string{a.Name, a.Level, can, a.Title}
		}
		table(out, []string{"COLLECTION", "LEVEL", "MAY", "TITLE"}, rows)
	}
	if p.More {
		fmt.Fprintln(out, "\nThere are more collections than are shown.")
	}
}

func printFarewell(out io.Writer, f api.Farewell) {
	fmt.Fprintf(out, "Person %s is gone. What ended, and what goes on:\n\n", f.Person)
	heir := f.Heir
	if heir == "" {
		heir = "operators"
	}
	facts(out,
		[2]string{"Sessions ended", fmt.Sprint(f.SessionsEnded)},
		[2]string{"Grants ended", fmt.Sprint(f.Grants)},
		[2]string{"Memberships ended", fmt.Sprint(f.Memberships)},
		[2]string{"Guests suspended", fmt.Sprint(f.Guests)},
		[2]string{"Heir", heir},
		[2]string{"Collections passed on", fmt.Sprint(f.Collections)},
		[2]string{"Links passed on", fmt.Sprint(f.Links)},
		[2]string{"Grants passed on", fmt.Sprint(f.Given)},
		[2]string{"Uploads passed on", fmt.Sprint(f.Objects)},
	)
}

// printOutcomes lists what became of many, and says in the end how often what
// happened. Of those who went well, it lists none where there are many.
func printOutcomes(out io.Writer, o api.Outcomes) {
	var rows [][]string
	for _, one := range o.Results {
		if one.Problem == nil && len(o.Results) > 20 {
			continue
		}
		who, why := one.Email, ""
		if who == "" {
			who = one.Person
		}
		if one.Problem != nil {
			why = one.Problem.Detail
		}
		rows = append(rows, []string{who, one.Result, why})
	}
	if len(rows) > 0 {
		table(out, []string{"PERSON", "RESULT", "WHY"}, rows)
		fmt.Fprintln(out)
	}
	var sums []string
	for _, word := range []string{"added", "removed", "already", "refused"} {
		if n := o.Counts[word]; n > 0 {
			sums = append(sums, fmt.Sprintf("%d %s", n, word))
		}
	}
	fmt.Fprintln(out, strings.Join(sums, ", ")+".")
}
