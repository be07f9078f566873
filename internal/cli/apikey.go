package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

// APIKey returns `usher apikey`.
func APIKey(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := tree(&cobra.Command{
		Use:   "apikey",
		Short: "Makes and deletes keys for the management API on a site",
		Long: `Programs use the management API on a site (the word api in its configuration) with
an API key in the header Authorization: Bearer. On Caddy's admin endpoint, which
these commands use, no key is needed.`,
		Example: `  usher apikey create --name shop --scope manage --expires 90d
  usher apikey list
  usher apikey delete apk_1e5q0k2h4m6p8r0t2v4g`,
	}, createAPIKey(c), listAPIKeys(c), deleteAPIKey(c))
	c.flags(cmd)
	return cmd
}

func createAPIKey(c *common) *cobra.Command {
	var body api.NewAPIKey
	var expires string
	cmd := &cobra.Command{
		Use:   "create --name NAME --scope read|manage",
		Short: "Makes an API key and prints it, once",
		Long: `Makes an API key and prints it, once: the server keeps only a hash of it. The scope
read may look at everything and explain URLs; manage may change everything. A key
that is a person's may do what they may, and nothing once they have no rights.`,
		Example: "  usher apikey create --name shop --scope manage --expires 90d\n  usher apikey create --name dashboard --scope read\n  usher apikey create --name laptop --scope manage --person ada@example.com",
		Args:    takesNothing,
	}
	flags := cmd.Flags()
	flags.StringVar(&body.Name, "name", "", "Whose key it is, or what it is for")
	flags.StringVar(&body.Scope, "scope", "", "What it may do: read or manage")
	flags.StringVar(&body.Person, "person", "", "On whose behalf it asks, with what they may do (default the operator's, who may do everything)")
	flags.StringVar(&expires, "expires", "", "When it ends: a duration such as 90d, or a time such as 2026-01-31T18:00:00Z (default never)")
	return c.leaf(cmd, func(r *run, _ []string) error {
		if body.Name == "" || body.Scope == "" {
			return errors.New("say with --name what the key is for, and with --scope what it may do: read or manage")
		}
		end, err := parseWhen("expires", expires)
		if err != nil {
			return err
		}
		body.ExpiresAt, body.ExpiresIn = end.at, end.in
		return show(r, http.MethodPost, "/apikeys", body, func(out io.Writer, k api.APIKey) {
			facts(out, [2]string{"API key", k.Key}, [2]string{"Id", k.ID}, [2]string{"Name", k.Name},
				[2]string{"Scope", k.Scope}, [2]string{"Person", k.Person}, [2]string{"Ends", ends(k.ExpiresAt)})
			fmt.Fprintln(out, "\nThe key is shown only now. Keep it like a password.")
		})
	})
}

func listAPIKeys(c *common) *cobra.Command {
	var p page
	cmd := &cobra.Command{
		Use: "list", Short: "Lists API keys; the keys themselves are never shown",
		Example: "  usher apikey list",
		Args:    takesNothing,
	}
	p.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		return show(r, http.MethodGet, "/apikeys?"+p.query().Encode(), nil, printAPIKeys)
	})
}

func printAPIKeys(out io.Writer, list api.APIKeyList) {
	if len(list.APIKeys) == 0 {
		fmt.Fprintln(out, "There are no API keys. Make one: usher apikey create --name shop --scope manage")
		return
	}
	rows := make([][]string, len(list.APIKeys))
	for i, k := range list.APIKeys {
		whose := k.Person
		if whose == "" {
			whose = "operator"
		}
		rows[i] = []string{k.ID, k.Scope, whose, ends(k.ExpiresAt), stamp(k.CreatedAt), k.Name}
	}
	table(out, []string{"API KEY", "SCOPE", "WHOSE", "ENDS", "MADE", "NAME"}, rows)
	more(out, "usher apikey list", list.Next)
}

func deleteAPIKey(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "delete ID", Aliases: []string{"revoke"}, Short: "Deletes an API key: no request with it passes any more",
		Example: "  usher apikey delete apk_1e5q0k2h4m6p8r0t2v4g",
		Args:    takes("the API key's id (apk_…), not the key itself"),
	}, func(r *run, args []string) error {
		return show(r, http.MethodDelete, "/apikeys/"+url.PathEscape(args[0]), nil, func(out io.Writer, k api.APIKey) {
			fmt.Fprintf(out, "API key %s (%s) is gone. No request with it passes any more.\n", k.ID, k.Name)
		})
	})
}
