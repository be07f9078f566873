package api

import (
	"fmt"
	"strconv"
)

// Bounds of a listing.
const (
	usualLimit = 50
	maxLimit   = 200
)

// limit reads how many things a page of a listing has at the most.
func (c *call) limit() (int, error) {
	text := c.r.URL.Query().Get("limit")
	if text == "" {
		return usualLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		return 0, badValue.of("limit", nil, fmt.Sprintf("want a whole number from 1 to %d", maxLimit))
	}
	return n, nil
}

// cut takes a page off what was read, one more than the page has, so that a
// last page that is full says so. next is the id to ask below, or empty.
func cut[T any](read []T, limit int, id func(T) string) (page []T, next string) {
	if len(read) <= limit {
		return read, ""
	}
	page = read[:limit]
	return page, id(page[limit-1])
}
