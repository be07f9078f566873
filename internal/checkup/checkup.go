// Package checkup looks a Caddy config over for ways around the gate: storage that
// is also served without it, handlers that stand on the wrong side of it, and what
// would carry tokens or passwords where they do not belong. It reads and judges; it
// opens nothing.
package checkup

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Warning is one thing that somebody should look at. A config with warnings runs:
// what is wrong for sure is an error where the config is read.
type Warning struct {
	// Kind is the word of a row of [Kinds].
	Kind string `json:"kind"`
	// Where says which server, hosts and paths.
	Where string `json:"where"`
	What  string `json:"what"`
}

// Kind is a sort of warning.
type Kind struct{ Word, Means string }

// The kinds of warnings.
const (
	ungatedStorage = "ungated-storage"
	beforeGate     = "before-gate"
	rewriteBefore  = "rewrite-before-gate"
	encodeBehind   = "encode-behind-gate"
	clearAPI       = "clear-api"
	unfilteredLog  = "unfiltered-log"
	clearPassword  = "clear-password"
)

// Kinds returns what is looked for.
func Kinds() []Kind {
	return []Kind{
		{ungatedStorage, "files or an upstream behind a gate are also reached without one"},
		{beforeGate, "files are served, or requests proxied, before the gate is asked"},
		{rewriteBefore, "the path is changed before the gate, which refuses all such requests"},
		{encodeBehind, "encode stands behind the gate, where it gets no manifest to compress"},
		{clearAPI, "the API or the console is reached from elsewhere without TLS"},
		{unfilteredLog, "an access log of a gated site is written without the filter usher_token"},
		{clearPassword, "a password stands in the config, and not in a file or the environment"},
	}
}

// maxConfig bounds what is read.
const maxConfig = 16 << 20

// Config looks a whole config over, as Caddy's JSON.
func Config(text []byte) ([]Warning, error) {
	if len(text) > maxConfig {
		return nil, fmt.Errorf("the config has %d bytes, and no more than %d are looked over", len(text), maxConfig)
	}
	var c document
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("reading the config: %w", err)
	}
	servers := make([]Server, 0, len(c.Apps.HTTP.Servers))
	for name, s := range c.Apps.HTTP.Servers {
		one := Server{Name: name, Listen: s.Listen}
		var err error
		if one.Routes, err = routesFrom(s.Routes, 0); err == nil {
			one.Errors, err = routesFrom(s.Errors.Routes, 0)
		}
		if err != nil {
			return nil, fmt.Errorf("server %s: %w", name, err)
		}
		servers = append(servers, one)
	}
	seen := survey(servers)
	warnings := seen.storage()
	for _, g := range seen.gates {
		warnings = append(warnings, c.surface(g)...)
	}
	return sorted(append(warnings, c.passwords()...)), nil
}

// Storage looks at servers for storage that is reached without a gate, and for
// nothing else.
func Storage(servers []Server) []Warning {
	return slices.DeleteFunc(sorted(survey(servers).storage()), func(w Warning) bool {
		return w.Kind != ungatedStorage && w.Kind != beforeGate
	})
}

// sorted puts the same warnings together, each once, in one order.
func sorted(warnings []Warning) []Warning {
	words := Kinds()
	rank := func(w Warning) int {
		return slices.IndexFunc(words, func(k Kind) bool { return k.Word == w.Kind })
	}
	slices.SortFunc(warnings, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Where, b.Where), strings.Compare(a.What, b.What))
	})
	return slices.Compact(warnings)
}
