package gate

import "strings"

// A player asks for a film piece by piece, and a person who wants to keep it
// asks for all of it, as a document of its own or by the word download. Only that
// can be told apart here: whoever may watch can also save what they are sent.

// QueryDownload is the query parameter, without a value, by which a film is asked
// for as a file to keep.
const QueryDownload = "download"

// SplitDownload takes the parameter out of a query.
func SplitDownload(query string) (rest string, asked bool) {
	if query == "" || !strings.Contains(query, QueryDownload) {
		return query, false
	}
	kept := make([]string, 0, 4)
	for pair := range strings.SplitSeq(query, "&") {
		if pair == QueryDownload {
			asked = true
		} else {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&"), asked
}

// keeps reports a request that wants media as a file, and not to play it.
func (r *Request) keeps() bool {
	return (r.Download || r.Document) && ClassOf(r.Path) == Media
}

// mayKeep asks whether that is allowed.
func (r *Request) mayKeep(can Capability) Reason {
	if can&Download == 0 && r.keeps() {
		return NoCapability
	}
	return OK
}
