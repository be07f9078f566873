package cli

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

// Role returns `usher role`.
func Role(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := tree(&cobra.Command{
		Use:     "role",
		Short:   "Says what the account roles may do",
		Example: "  usher role table",
	}, roleTable(c))
	c.flags(cmd)
	return cmd
}

func roleTable(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "table", Short: "Prints which role may do what, and the named sets of capabilities",
		Long: `Prints which role may do what: everywhere, or in the collections in which somebody
holds a capability. Then the named sets of capabilities that grants may use.`,
		Example: "  usher role table",
		Args:    takesNothing,
	}, func(r *run, _ []string) error { return show(r, http.MethodGet, "/roles", nil, printRoles) })
}

func printRoles(out io.Writer, t api.RoleTable) {
	head := []string{"PERMISSION"}
	for _, role := range t.Roles {
		head = append(head, strings.ToUpper(role))
	}
	rows := make([][]string, len(t.Permissions))
	for i, p := range t.Permissions {
		rows[i] = []string{p.Permission}
		for _, role := range t.Roles {
			rows[i] = append(rows[i], p.Reach[role])
		}
		rows[i] = append(rows[i], p.What)
	}
	table(out, append(head, "WHAT IT IS"), rows)
	fmt.Fprintln(out)
	rows = nil
	for _, name := range slices.Sorted(maps.Keys(t.Presets)) {
		rows = append(rows, []string{name, strings.Join(t.Presets[name], ", ")})
	}
	table(out, []string{"PRESET", "CAPABILITIES"}, rows)
}

// Me returns `usher me`.
func Me(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := &cobra.Command{
		Use: "me", Short: "Says who asks, and what they may do",
		Long: `Says who asks, and what they may do. These commands are the operator's, who may do
everything; with --as they are a person's.`,
		Example: "  usher me\n  usher me --as ada@example.com",
		Args:    takesNothing,
	}
	c.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error { return show(r, http.MethodGet, "/me", nil, printMe) })
}

func printMe(out io.Writer, me api.Me) {
	if me.Operator {
		fmt.Fprintln(out, "You are the operator, and may do everything.")
	} else {
		printProfile(out, *me.Person)
	}
	rows := [][]string{}
	for _, permission := range slices.Sorted(maps.Keys(me.Permissions)) {
		rows = append(rows, []string{permission, me.Permissions[permission]})
	}
	fmt.Fprintln(out)
	table(out, []string{"PERMISSION", "MAY"}, rows)
}
