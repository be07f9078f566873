package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
)

func printLink(out io.Writer, l api.Link) {
	facts(out,
		[2]string{"Share URL", l.URL},
		[2]string{"Media URL", l.MediaURL + " (for players)"},
		[2]string{"Link", l.ID},
		[2]string{"Opens", tellScope(l) + " for " + strings.Join(l.Can, ", ")},
		[2]string{"For", strings.Join(l.For, ", ")},
		[2]string{"Password", tellPassword(l)},
		[2]string{"Strength", fmt.Sprintf("%d %s: does not stop %s", l.Strength.Level, l.Strength.Name, strings.Join(l.Strength.DoesNotStop, "; "))},
		[2]string{"Made from", l.Parent},
		[2]string{"Preset", l.Preset},
		[2]string{"Entry", l.Entry},
		[2]string{"Landing", tellLanding(l)},
		[2]string{"Title", l.Title},
		[2]string{"Views", tellViews(l)},
		[2]string{"Seats", tellSeats(l)},
		[2]string{"Starts", stamp(l.StartsAt)},
		[2]string{"Start by", stamp(l.StartBy)},
		[2]string{"Ends", tellEnd(l)},
		[2]string{"Standing", tellStanding(l)},
		[2]string{"Seen", strings.Join([]string{count(l.Opens, "look"), count(l.RefusedOpens, "refused opening"), count(l.Redeems, "redeem"), count(l.Plays, "play"), count(l.Devices, "device")}, ", ")},
		[2]string{"Meant for", tellAudience(l)},
		[2]string{"Made", strings.TrimSuffix(stamp(l.CreatedAt)+" by "+maker(l), " by ")},
		[2]string{"Signed with", l.Issuer},
	)
	if l.SessionsEnded != nil {
		fmt.Fprintf(out, "\n%s ended.\n", count(*l.SessionsEnded, "live session"))
	}
}

func maker(l api.Link) string {
	if l.By != "" {
		return l.By
	}
	return l.CreatedBy
}

// tellScope says what a link opens: a path, or all of a collection.
func tellScope(l api.Link) string {
	name := l.CollectionName
	if name == "" {
		name = l.Collection
	}
	switch {
	case name == "":
		return l.Scope
	case l.Scope == "/*":
		return "collection " + name
	}
	return l.Scope + " in collection " + name
}

func tellPassword(l api.Link) string {
	if l.HasPassword {
		return "yes; whoever signs in as somebody that the link names need not know it"
	}
	return ""
}

func tellLanding(l api.Link) string {
	if l.Landing == gate.Straight.String() {
		return "none: browsers go straight in, as long as the link limits and asks nothing"
	}
	return ""
}

func tellEnd(l api.Link) string {
	text := ends(l.ExpiresAt)
	if l.PlayFor != "" {
		text += ", and " + l.PlayFor + " after its first view"
	}
	return text
}

func tellViews(l api.Link) string {
	text := "no views limit"
	if l.Views.Limit != nil && l.Views.Left != nil {
		text = fmt.Sprintf("%d, %d left", *l.Views.Limit, *l.Views.Left)
	}
	if l.ViewsEach != nil {
		text += fmt.Sprintf(", %d for each viewer", *l.ViewsEach)
	}
	if l.Views.Used > 0 || l.Views.Reserved > 0 {
		text += fmt.Sprintf(" (%d used, %d reserved)", l.Views.Used, l.Views.Reserved)
	}
	return text
}

func tellSeats(l api.Link) string {
	if l.Seats == nil && l.SeatsEach == nil {
		return ""
	}
	text := "no limit in all"
	if l.Seats != nil {
		text = fmt.Sprint(*l.Seats)
	}
	if l.SeatsEach != nil {
		text += fmt.Sprintf(", %d for each viewer", *l.SeatsEach)
	}
	if l.Seated != nil {
		text += fmt.Sprintf(" (%d taken)", *l.Seated)
	}
	return text + ", " + l.WhenFull + " when full"
}

func tellStanding(l api.Link) string {
	text := l.Standing
	if !l.StandingSince.IsZero() {
		text += " since " + stamp(l.StandingSince)
	}
	if l.StandingReason != "" {
		text += ": " + l.StandingReason
	}
	return text
}

func printLinks(out io.Writer, list api.LinkList, again string) {
	if len(list.Links) == 0 {
		fmt.Fprintln(out, "There are no links. Make one: usher link create --path '/acme/demo/*' --views 3")
		return
	}
	rows := make([][]string, len(list.Links))
	for i, l := range list.Links {
		used := fmt.Sprintf("%d used", l.Views.Used)
		if l.Views.Limit != nil {
			used = fmt.Sprintf("%d of %d used", l.Views.Used, *l.Views.Limit)
		}
		rows[i] = []string{l.ID, l.Standing, used, ends(l.ExpiresAt), fmt.Sprint(l.Strength.Level), tellScope(l), strings.Join(l.For, ", "), l.Title}
	}
	table(out, []string{"LINK", "STANDING", "VIEWS", "ENDS", "STRENGTH", "OPENS", "FOR", "TITLE"}, rows)
	more(out, again, list.Next)
}
