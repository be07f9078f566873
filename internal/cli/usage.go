package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/directory"
)

// Usage returns `usher usage`.
func Usage(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	var collection, link string
	cmd := &cobra.Command{
		Use:   "usage [--collection COLLECTION | --link LINK]",
		Short: "Sums up plays and bytes, for each collection or each link",
		Long: `Sums up plays, bytes, sessions and devices since they are counted: of the whole
site for each collection, of one collection for each of its links, or of a link.
Plays are exact. Bytes are written every few seconds, so that the last of them may
be missing. A play counts for the collection of the link that it was charged to; a
device that opened two links counts on both.`,
		Example: "  usher usage\n  usher usage --collection spring-launch --json\n  usher usage --link lnk_1e5q0k2h4m6p8r0t2v4g",
		Args:    takesNothing,
	}
	cmd.Flags().StringVar(&collection, "collection", "", "Only this collection, by name or id: each of its links")
	cmd.Flags().StringVar(&link, "link", "", "Only this link: its id, or its share or media URL")
	c.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) (err error) {
		query := url.Values{"limit": {strconv.Itoa(directory.MaxPage)}}
		switch {
		case collection != "" && link != "":
			return errors.New("give --collection or --link, not both")
		case collection != "":
			query.Set("collection", collection)
		case link != "":
			if link, err = r.linkID(link); err != nil {
				return err
			}
			query.Set("link", link)
		}
		sum, err := r.usage(query)
		if err != nil {
			return err
		}
		return put(r, sum, func(out io.Writer, u api.Usage) { printUsage(out, u, collection+link != "") })
	})
}

// usage adds up all pages.
func (r *run) usage(query url.Values) (api.Usage, error) {
	var tally api.Tally
	for {
		page, err := asked[api.Usage](r, http.MethodGet, "/usage?"+query.Encode(), nil)
		if err != nil {
			return api.Usage{}, err
		}
		for _, item := range page.Items {
			tally.Add(item)
		}
		if page.Next == "" {
			return tally.Usage(), nil
		}
		query.Set("cursor", page.Next)
	}
}

func printUsage(out io.Writer, u api.Usage, each bool) {
	var rows [][]string
	row := func(name string, c api.Counts) {
		rows = append(rows, []string{name, strconv.FormatInt(c.Plays, 10), strconv.FormatInt(c.Bytes, 10), strconv.FormatInt(c.Sessions, 10), strconv.FormatInt(c.Devices, 10)})
	}
	head := "COLLECTION"
	if each {
		head = "LINK"
		for _, item := range u.Items {
			row(usedThrough(item), item.Counts)
		}
	} else {
		for _, one := range u.Collections {
			row(collectionName(one), one.Counts)
		}
	}
	if len(rows) != 1 {
		row("all", u.Sum)
	}
	table(out, []string{head, "PLAYS", "BYTES", "SESSIONS", "DEVICES"}, rows)
}

func collectionName(of api.CollectionUsage) string {
	switch {
	case of.CollectionName != "":
		return of.CollectionName
	case of.Collection != "":
		return of.Collection
	}
	return "(none)"
}

func usedThrough(item api.UsageItem) string {
	switch item.Through {
	case api.ThroughAccess:
		return "(persons with access)"
	case api.ThroughVisit:
		return "(visitors)"
	}
	if item.Title == "" {
		return item.Link
	}
	return fmt.Sprintf("%s %s", item.Link, item.Title)
}
