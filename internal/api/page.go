package api

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/usher-media/usher/internal/directory"
)

// pageQuery are the parameters of every listing.
var pageQuery = []string{"limit", "cursor"}

// limit reads how many things a page of a listing has at the most.
func (c *call) limit() (int, error) {
	text := c.r.URL.Query().Get("limit")
	if text == "" {
		return directory.UsualPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > directory.MaxPage {
		return 0, badValue.of("limit", nil, fmt.Sprintf("want a whole number from 1 to %d", directory.MaxPage))
	}
	return n, nil
}

// page reads which part of a listing of the directory is wanted.
func (c *call) page() (directory.Page, error) {
	limit, err := c.limit()
	return directory.Page{Limit: limit, Cursor: c.r.URL.Query().Get("cursor")}, err
}

// errCursor is what a cursor is that no listing here gave.
var errCursor = badValue.of("cursor", nil, "want the next that this listing gave with the page before")

// below reads where a listing of the store's goes on: below this id. Cursors are
// opaque, so that what is in them may change.
func (c *call) below(list string) (limit int, below string, err error) {
	if limit, err = c.limit(); err != nil {
		return 0, "", err
	}
	cursor := c.r.URL.Query().Get("cursor")
	if cursor == "" {
		return limit, "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	below, ours := strings.CutPrefix(string(text), list+"\n")
	if err != nil || !ours || below == "" {
		return 0, "", errCursor
	}
	return limit, below, nil
}

// cut takes a page off what was read, one more than the page has, so that a
// last page that is full says so. next is the cursor of the page after it, or
// empty.
func cut[T any](list string, read []T, limit int, id func(T) string) (page []T, next string) {
	if len(read) <= limit {
		return read, ""
	}
	page = read[:limit]
	return page, cursorAt(list, id(page[limit-1]))
}

// cursorAt is the cursor with which a listing goes on below an id.
func cursorAt(list, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + "\n" + id))
}
