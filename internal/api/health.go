package api

import (
	"time"

	"github.com/usher-media/usher/internal/directory"
)

// Node is what a server says of itself.
type Node struct {
	// Store is the kind of store, and Version that of the program.
	Store, Version string
	// Dropped counts the usage facts that were lost since the start; nil: none is
	// counted.
	Dropped func() int64
}

// Health says whether this server can decide, and to whoever may see the usage of
// the account what it is.
type Health struct {
	Status string `json:"status"`
	// Time is the server's clock, to be held against one's own.
	Time    time.Time `json:"time"`
	Store   string    `json:"store,omitempty"`
	Version string    `json:"version,omitempty"`
	// Dropped counts the usage facts (bytes, last seen) that were lost since the
	// start because too many were waiting for the store.
	Dropped *int64 `json:"usage_dropped,omitempty"`
}

func (c *call) health() (answer, error) {
	if err := c.Store.Ready(c.r.Context()); err != nil {
		return answer{}, err
	}
	health := Health{Status: "ready", Time: c.Now().UTC()}
	all, err := unlessForbidden(c.may(directory.SeeUsage))
	if err != nil || !all {
		return done(health, err)
	}
	health.Store, health.Version = c.Node.Store, c.Node.Version
	if c.Node.Dropped != nil {
		dropped := c.Node.Dropped()
		health.Dropped = &dropped
	}
	return ok(health)
}
