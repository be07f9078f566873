package config

import (
	"errors"
	"time"
)

// eventRows are the settings of the trail.
var eventRows = []Directive[App]{
	{
		Name: "keep_events", Field: "keep_events", Args: "DURATION",
		Doc:     "How long events are kept: who changed what, and what viewers met. From 1h to 1000d. It holds for events from then on.",
		Default: "90d",
		Set: func(a *App, args []string) error {
			if err := duration(&a.KeepEvents, args); err != nil {
				return err
			}
			return validKeepEvents(a.KeepEvents)
		},
	},
}

// DefaultKeepEvents is how long events are kept where nothing is said.
const DefaultKeepEvents = Duration(90 * 24 * time.Hour)

func validKeepEvents(d Duration) error {
	if d != 0 && (time.Duration(d) < time.Hour || time.Duration(d) > 1000*24*time.Hour) {
		return errors.New("want a duration from 1h to 1000d")
	}
	return nil
}
