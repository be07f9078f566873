package gate_test

import (
	"encoding/json"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// What is stored, and told to upstreams, keeps its meaning: a capability keeps its
// bit and its name for good, and a new one comes after all others.
func TestCapabilitiesKeepTheirBitsAndNames(t *testing.T) {
	for i, name := range []string{"view", "download", "upload", "share", "stats", "manage", "comment"} {
		set, err := gate.ParseCapabilities([]string{name})
		if err != nil || set != 1<<i || set.String() != name {
			t.Errorf("%s: %d, %q, %v", name, set, set, err)
		}
	}
	for set := range gate.Capability(1 << 7) {
		text, err := json.Marshal(set)
		if err != nil {
			t.Fatal(err)
		}
		var back gate.Capability
		if err := json.Unmarshal(text, &back); err != nil || back != set {
			t.Errorf("%s: %d, %v", text, back, err)
		}
	}
	if gate.LinkCapabilities&gate.Manage != 0 || gate.LinkCapabilities&gate.Comment == 0 {
		t.Error(gate.LinkCapabilities)
	}
}
