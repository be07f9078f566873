package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

func listFactors(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "factors PERSON", Short: "Lists the passkeys of a person",
		Example: "  usher person factors ada@example.com",
		Args:    takes(whichPerson),
	}, func(r *run, args []string) error {
		id, err := r.personID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodGet, "/persons/"+id+"/factors", nil, printFactors)
	})
}

func printFactors(out io.Writer, list api.FactorList) {
	if len(list.Factors) == 0 {
		fmt.Fprintln(out, "There are none: the person signs in by one factor.")
		return
	}
	rows := make([][]string, len(list.Factors))
	for i, f := range list.Factors {
		rows[i] = []string{f.ID, f.Kind, stamp(f.MadeAt), either(stamp(f.UsedAt), "never"), f.Name}
	}
	table(out, []string{"FACTOR", "KIND", "MADE", "LAST USED", "NAME"}, rows)
}

func removeFactor(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "remove-factor FACTOR", Short: "Takes one passkey away: what it signed in is signed out",
		Example: "  usher person remove-factor pky_1e5q0k2h4m6p8r0t2v4g",
		Args:    takes("the passkey's id (pky_…)"),
	}, func(r *run, args []string) error {
		return show(r, http.MethodDelete, "/factors/"+url.PathEscape(args[0]), nil, func(out io.Writer, f api.Factor) {
			fmt.Fprintf(out, "Passkey %s (%s) is gone. Nobody signs in with it any more.\n", f.ID, f.Name)
		})
	})
}

func resetFactors(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use:   "reset-factors PERSON",
		Short: "Takes all passkeys of a person away, when they have lost them",
		Long: `Takes all passkeys of a person away, when they have lost them. What was signed in with
those is signed out. The person then signs in by password or code alone, and where
second_factor says that they must have a passkey, makes a new one on the way: be sure
that it is them who asks. For an owner only the operator can do it.`,
		Example: "  usher person reset-factors ada@example.com",
		Args:    takes(whichPerson),
	}, func(r *run, args []string) error {
		id, err := r.personID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodDelete, "/persons/"+id+"/factors", nil, func(out io.Writer, reset api.FactorsReset) {
			fmt.Fprintf(out, "%s taken away from %s.\n", count(int64(reset.Removed), "passkey"), args[0])
		})
	})
}
