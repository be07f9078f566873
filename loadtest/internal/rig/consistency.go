package rig

import (
	"fmt"
	"slices"
)

// Consistency is how gateways on a Redis decide.
type Consistency struct {
	// Word names it on the command line, Setting in a Caddyfile.
	Word, Setting string
}

// The consistencies.
var (
	Strict = Consistency{"strict", "strict"}
	Lease  = Consistency{"lease", "lease 2s"}
)

// Consistencies are those that the words ask for; no words: all.
func Consistencies(words []string) ([]Consistency, error) {
	all := []Consistency{Strict, Lease}
	for _, word := range words {
		if !slices.ContainsFunc(all, func(c Consistency) bool { return c.Word == word }) {
			return nil, fmt.Errorf("--systems %q: want strict, lease or both, with a comma in between", word)
		}
	}
	return slices.DeleteFunc(all, func(c Consistency) bool {
		return len(words) > 0 && !slices.Contains(words, c.Word)
	}), nil
}
