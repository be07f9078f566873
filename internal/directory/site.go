package directory

import (
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// siteID is the id of the one document of its kind.
const siteID = "site"

// Site is what holds for the whole account.
type Site struct {
	// CutAt ends everything that was opened at or before it.
	CutAt time.Time `json:"cut_at,omitzero"`
	// Owners are the managers who own the account, the first one first. That
	// they stand in one document is why they can never be none: two who demote
	// each other at the same moment meet here.
	Owners []gate.PersonID `json:"owners,omitempty"`
}

// Validate reports what is wrong with the record.
func (s Site) Validate() error {
	for i, owner := range s.Owners {
		if owner.IsZero() || slices.Contains(s.Owners[:i], owner) {
			return invalid("owners", "want each person once")
		}
	}
	return nil
}

func (s *Site) document() (gate.Kind, string, []string) { return gate.KindSite, siteID, nil }
