package gate

import (
	"net/url"
	"strings"
)

// Names of the query parameters that carry a link.
const (
	QueryToken = "usher"
	// QueryPackage is the parameter of RFC 9246, URI signing.
	QueryPackage = "URISigningPackage"
)

const (
	maxQuery = 2048
	// maxQueryWithJWT leaves room for a signed link beside the player's own.
	maxQueryWithJWT = maxQuery + 4096
	maxPairs        = 64
)

// SplitQuery takes the credentials out of a raw query and returns the rest,
// rebuilt from what was parsed, so that upstream sees exactly what was looked
// at and no parameter that only another parser would see (Go CVE-2026-39825).
// Player parameters (CMCD, _HLS_msn, …) stay in order and as they were.
func SplitQuery(raw string) (tokens []string, rest string, ok bool) {
	if raw == "" {
		return nil, "", true
	}
	if len(raw) > maxQueryWithJWT || strings.Count(raw, "&") >= maxPairs {
		return nil, "", false
	}
	kept := make([]string, 0, 4)
	for pair := range strings.SplitSeq(raw, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, value, ok := decodePair(rawName, rawValue)
		if !ok {
			return nil, "", false
		}
		switch {
		case name == QueryToken || name == QueryPackage:
			if rawName != name { // an encoded spelling that another parser may not know
				return nil, "", false
			}
			tokens = append(tokens, value)
		case lookalike(name):
			return nil, "", false
		default:
			kept = append(kept, pair)
		}
	}
	rest = strings.Join(kept, "&")
	return tokens, rest, len(rest) <= maxQuery
}

// decodePair refuses what parsers disagree about: empty pairs, semicolons,
// bad escapes, control characters.
func decodePair(rawName, rawValue string) (name, value string, ok bool) {
	if rawName == "" || !rawQueryAllowed(rawName) || !rawQueryAllowed(rawValue) {
		return "", "", false
	}
	name, err := url.QueryUnescape(rawName)
	if err != nil {
		return "", "", false
	}
	value, err = url.QueryUnescape(rawValue)
	return name, value, err == nil && !hasControl(name) && !hasControl(value)
}

// rawQueryAllowed keeps to printable ASCII without the semicolon, which some
// parsers take for a separator, and the number sign.
func rawQueryAllowed(raw string) bool {
	for _, c := range []byte(raw) {
		if c <= ' ' || c >= 0x7f || c == ';' || c == '#' || c == '"' || c == '<' || c == '>' || c == '\\' {
			return false
		}
	}
	return true
}

func hasControl(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0
}

// lookalike tells names that a careless parser takes for a credential of
// ours: another case, array brackets, spaces, a suffix after NUL was refused
// already.
func lookalike(name string) bool {
	folded := strings.ToLower(strings.TrimSpace(name))
	folded = strings.TrimPrefix(folded, "amp;")
	if i := strings.IndexByte(folded, '['); i >= 0 {
		folded = folded[:i]
	}
	return folded == QueryToken || folded == strings.ToLower(QueryPackage)
}
