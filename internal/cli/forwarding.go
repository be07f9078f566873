package cli

import (
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/forwarding/simulate"
)

const (
	audienceFlag  = "Whom the link is meant for: one, household, team:N or public; others are noticed (default public)"
	onForwardFlag = "What happens where it was probably passed on: watch (nothing), notify whoever made it, or suspend it (default notify)"
)

// given is a flag's text, if there is one.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func linkForwarding(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "forwarding LINK", Short: "Says whether a link was probably passed on, and why",
		Long: `Says how a link is used that was made for a certain audience: how many devices there
are, and what speaks for its having been passed on. It is never proof.`,
		Example: "  usher link forwarding lnk_1e5q0k2h4m6p8r0t2v4g",
		Args:    takes(whichLink),
	}, func(r *run, args []string) error {
		id, err := r.linkID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodGet, "/links/"+id+"/forwarding", nil, printForwarding)
	})
}

func linkFine(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "fine LINK", Short: "Says that how a link is used is fine",
		Long: `Says that how a link is used is fine: what was held against it is forgotten, and it is
meant for more people from then on. A link that was suspended is resumed with
usher link resume.`,
		Example: "  usher link fine lnk_1e5q0k2h4m6p8r0t2v4g",
		Args:    takes(whichLink),
	}, func(r *run, args []string) error {
		id, err := r.linkID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodPost, "/links/"+id+"/fine", nil, printForwarding)
	})
}

func printForwarding(out io.Writer, f api.Forwarding) {
	facts(out,
		[2]string{"Link", f.Link},
		[2]string{"Meant for", f.Audience},
		[2]string{"Level", levelSince(f)},
		[2]string{"Score", fmt.Sprintf("%.2f", f.Score)},
		[2]string{"Devices", fmt.Sprintf("%d; set apart: %s, %s", f.Devices, count(int64(f.Previews), "preview"), count(int64(f.Scans), "scan"))},
	)
	if len(f.Evidence) == 0 {
		return
	}
	fmt.Fprintln(out)
	rows := make([][]string, len(f.Evidence))
	for i, e := range f.Evidence {
		rows[i] = []string{stamp(e.At), fmt.Sprintf("%.2f", e.Weight), e.Says}
	}
	table(out, []string{"AT", "WEIGHT", "WHAT SPEAKS FOR IT"}, rows)
}

func levelSince(f api.Forwarding) string {
	if f.Since.IsZero() {
		return f.Level
	}
	return f.Level + " since " + stamp(f.Since)
}

func tellAudience(l api.Link) string {
	if l.Audience == "" {
		return ""
	}
	does := l.OnForward
	if does == "" {
		does = "notify"
	}
	return l.Audience + "; where it is passed on: " + does
}

// Simulate returns `usher simulate`.
func Simulate() *cobra.Command {
	o := simulate.Options{}
	var asJSON bool
	cmd := &cobra.Command{
		Use: "simulate", Short: "Tries the judgement of forwarded links on made-up ones",
		Long: `Makes up links and who uses them, honestly or not, each for a week, and lets the
judgement loose on them that tells which links were passed on. The people are made
up, and so is how often each thing happens: the figures say how the judgement
behaves, and nothing about anybody's viewers.`,
		Example: "  usher simulate\n  usher simulate --links 2000 --seed 7 --networks",
		Args:    takesNothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SilenceUsage = true
			results, err := simulate.Run(o)
			if err != nil {
				return err
			}
			if asJSON {
				return json.MarshalWrite(cmd.OutOrStdout(), map[string]any{"results": results}, json.Deterministic(true))
			}
			printSimulation(cmd.OutOrStdout(), o, results)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Links, "links", 500, "How many links of each kind")
	flags.Uint64Var(&o.Seed, "seed", 1, "Makes a run repeatable")
	flags.BoolVar(&o.Table, "networks", false, "As if networks were looked up: their operator and country")
	flags.BoolVar(&asJSON, "json", false, "Print one JSON object, and nothing else")
	return cmd
}

func printSimulation(out io.Writer, o simulate.Options, results []simulate.Result) {
	rows := make([][]string, len(results))
	var honest, alarms int
	for i, r := range results {
		kind, note := "honest", r.What
		if r.Leak {
			kind = "leak"
		} else if r.Alike == "" {
			honest, alarms = honest+r.Links, alarms+r.Alarms
		}
		if r.Alike != "" {
			note += " (" + r.Alike + ")"
		}
		rows[i] = []string{r.Scenario, kind, r.Audience, percent(r.Alarms, r.Links), percent(r.Within3, r.Links), percent(r.Watched, r.Links), fmt.Sprintf("%.1f", r.Hours), note}
	}
	table(out, []string{"SCENARIO", "KIND", "MEANT FOR", "SUSPECTED", "BY 3 NEW DEVICES", "WORTH A LOOK", "HOURS", "WHAT HAPPENS"}, rows)
	fmt.Fprintf(out, "\n%d made-up links of each kind for a week, seed %d. Of the honest ones %s were suspected, without those that look like\na leak to anybody. Hours are from the first new device, the median.\n", o.Links, o.Seed, percent(alarms, honest))
}

func percent(part, whole int) string { return fmt.Sprintf("%.2f %%", 100*float64(part)/float64(whole)) }
