package api

import (
	"strconv"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// etag writes a revision as a header's value.
func etag(rev int64) string { return `"` + strconv.FormatInt(rev, 10) + `"` }

// revision reads the revision of a record that is about to be shown: before the
// record, so that it is never newer than what is shown.
func (c *call) revision(kind gate.Kind) (int64, error) {
	return c.Directory.Revision(c.r.Context(), gate.DocumentName{Kind: kind, ID: c.id})
}

// unmoved returns the directory in which the record of the path is changed only
// at the revision that the request names in If-Match, or at any where it names
// none.
func (c *call) unmoved(kind gate.Kind) (*directory.Directory, error) {
	values := c.r.Header.Values("If-Match")
	if len(values) == 0 {
		return c.Directory, nil
	}
	rev, err := c.revision(kind)
	if err != nil {
		return nil, err
	}
	if len(values) > 1 || values[0] != etag(rev) {
		return nil, stale.because("the header If-Match wants another revision than " + etag(rev) + ": read it again")
	}
	return c.Directory.At(gate.DocumentName{Kind: kind, ID: c.id}, rev), nil
}
