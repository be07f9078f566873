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

// Key returns `usher key`.
func Key(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := tree(&cobra.Command{
		Use:   "key",
		Short: "Rotates and retires the keys that links and sessions are signed with",
		Long: `The keyring has keys of two uses. seal: link codes, sessions and devices of this
server. link: links that are signed elsewhere, or with usher token sign. Of each
use one key signs; others verify what they signed before, until they are retired.`,
		Example: `  usher key list
  usher key rotate --use seal
  usher key retire 3f9a`,
	}, listKeys(c), rotateKey(c), retireKey(c))
	c.flags(cmd)
	return cmd
}

func listKeys(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "list", Short: "Lists the keys; secrets are never shown",
		Example: "  usher key list",
		Args:    takesNothing,
	}, func(r *run, _ []string) error {
		return show(r, http.MethodGet, "/keys", nil, func(out io.Writer, list api.KeyList) {
			rows := make([][]string, len(list.Keys))
			for i, k := range list.Keys {
				rows[i] = []string{k.ID, k.Use, k.State, k.Alg, stamp(k.CreatedAt), stamp(k.RetiredAt)}
			}
			table(out, []string{"KEY", "USE", "STATE", "ALG", "MADE", "RETIRED"}, rows)
		})
	})
}

func rotateKey(c *common) *cobra.Command {
	var body api.Rotation
	cmd := &cobra.Command{
		Use:   "rotate --use seal|link",
		Short: "Makes a new key that signs from now on",
		Long: `Makes a new key that signs from now on. The former one still verifies: links and
sessions that are out keep working until it is retired. At most 8 keys of a use
may be live.`,
		Example: "  usher key rotate --use seal\n  usher key rotate --use link",
		Args:    takesNothing,
	}
	cmd.Flags().StringVar(&body.Use, "use", "", "Which key: seal (this server's own tokens) or link (links signed elsewhere)")
	return c.leaf(cmd, func(r *run, _ []string) error {
		if body.Use == "" {
			return errors.New("say which key to rotate, with --use seal or --use link")
		}
		return show(r, http.MethodPost, "/keys/rotate", body, func(out io.Writer, k api.Key) {
			fmt.Fprintf(out, "The new %s key %s signs from now on. The former one still verifies; see usher key list.\n", k.Use, k.ID)
		})
	})
}

func retireKey(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use:   "retire KEY",
		Short: "Makes everything that a key signed invalid, for good",
		Long: `Makes everything that a key signed invalid, for good: links and sessions with its
signature stop working at once. The key that seals cannot be retired; rotate
first.`,
		Example: "  usher key retire 3f9a",
		Args:    takes("the key's id, as usher key list shows it"),
	}, func(r *run, args []string) error {
		return r.retireKey("/keys/" + url.PathEscape(args[0]) + "/retire")
	})
}

// added is the sum of two counts; nil: neither was told.
func added(one, other *int) *int {
	if one == nil || other == nil {
		return other
	}
	sum := *one + *other
	return &sum
}

// retireKey retires a key and ends what was opened with it, which may take
// several requests.
func (r *run) retireKey(path string) error {
	sum, err := asked[api.KeyRetired](r, http.MethodPost, path, nil)
	if err != nil {
		return err
	}
	for sum.Next != "" {
		next, err := asked[api.KeyRetired](r, http.MethodPost, path+"?"+url.Values{"cursor": {sum.Next}}.Encode(), nil)
		if err != nil {
			return fmt.Errorf("the key is retired, but not all sessions that it signed were ended or counted: %w", err)
		}
		sum = api.KeyRetired{
			Key: next.Key, SessionsEnded: added(sum.SessionsEnded, next.SessionsEnded),
			SessionsSealed: added(sum.SessionsSealed, next.SessionsSealed), Next: next.Next,
		}
	}
	return put(r, sum, func(out io.Writer, k api.KeyRetired) {
		fmt.Fprintf(out, "Key %s is retired. Nothing that it signed opens any more.", k.ID)
		if k.SessionsEnded != nil {
			fmt.Fprintf(out, " %s ended on links that it signed.", count(int64(*k.SessionsEnded), "live session"))
		}
		if k.SessionsSealed != nil {
			fmt.Fprintf(out, " All sessions that it sealed are over: at most %s, by when they were opened.", count(int64(*k.SessionsSealed), "live session"))
		}
		fmt.Fprintln(out)
	})
}
