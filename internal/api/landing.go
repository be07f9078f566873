package api

import "github.com/usher-media/usher/internal/gate"

// mayGoStraight refuses to do without the page of a link that has something to
// keep; named says that it will name persons.
func mayGoStraight(link gate.Link, terms gate.Terms, named bool) error {
	guard := link.Guards(&terms)
	if guard == "" && named {
		guard = "for"
	}
	if link.Landing != gate.Straight || guard == "" {
		return nil
	}
	return needsPage.of("landing", []string{gate.Confirm.String()}, "a look at a link must not use it: with "+guard+" it has a page on which a person says that they want to watch")
}
