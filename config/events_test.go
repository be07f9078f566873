package config

import (
	"strings"
	"testing"
	"time"
)

func TestKeepEvents(t *testing.T) {
	got, err := set(AppGrammar, "keep_events 7d")
	if want := Duration(7 * 24 * time.Hour); err != nil || got.KeepEvents != want {
		t.Errorf("%v, %v", got.KeepEvents, err)
	}
	for _, line := range []string{"keep_events", "keep_events 59m", "keep_events 1001d", "keep_events -1h", "keep_events 0s", "keep_events long"} {
		if _, err := set(AppGrammar, line); err == nil {
			t.Errorf("%s is taken", line)
		}
	}
	if got := (App{}).WithDefaults().KeepEvents; got != DefaultKeepEvents {
		t.Errorf("by default %v", got)
	}
	if err := (App{KeepEvents: 1}).Validate(); err == nil || !strings.Contains(err.Error(), "keep_events") {
		t.Error(err)
	}
}
