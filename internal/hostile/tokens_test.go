package hostile

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// tokenFamilies present what is no token, or one of another kind.
var tokenFamilies = []family{
	{name: "T", states: themselves, shots: wrongKinds, made: (*lane).bent},
	{name: "T over", states: themselves, shots: spentTokens},
}

// wrongKinds presents each kind of token in the places of the others.
func wrongKinds(bool) []shot {
	var shots []shot
	kinds := []string{"{code}", "{session}", "{device}", "{jwt}", "{apikey}"}
	for _, token := range kinds {
		for _, place := range places {
			if !slices.Contains(place.takes, token) {
				s := place.shot(token)
				s.name = token + " as " + place.name
				shots = append(shots, s)
			}
		}
	}
	return shots
}

// place is where a kind of token belongs.
type place struct {
	name  string
	takes []string
	shot  func(token string) shot
}

var places = []place{
	{"a session in the path", []string{"{session}"}, func(token string) shot {
		return shot{prefix: "/~" + token, path: oneScope, refuse: true}
	}},
	{"a session in a cookie", []string{"{session}"}, func(token string) shot {
		return shot{path: oneScope, header: []string{"Cookie: usher=" + token}, refuse: true}
	}},
	{"a signed media URL", []string{"{code}", "{jwt}", "{session}"}, func(token string) shot {
		return shot{path: oneScope, query: "usher=" + token, refuse: true}
	}},
	{"a URI signing package", []string{"{code}", "{jwt}", "{session}"}, func(token string) shot {
		return shot{path: oneScope, query: "URISigningPackage=" + token, refuse: true}
	}},
	{"a bearer", []string{"{code}", "{jwt}", "{session}"}, func(token string) shot {
		return shot{path: oneScope, header: []string{"Authorization: Bearer " + token}, refuse: true}
	}},
	{"a share link", []string{"{code}", "{jwt}"}, func(token string) shot {
		return shot{target: "/s/" + token, refuse: true}
	}},
	{"a share link that is redeemed", []string{"{code}", "{jwt}"}, func(token string) shot {
		return shot{method: "POST", target: "/s/" + token, header: []string{"Content-Length: 0"}, refuse: true}
	}},
	{"an API key", []string{"{apikey}"}, func(token string) shot {
		return shot{target: "/_usher/api/v1/links", header: []string{"Authorization: Bearer " + token}, refuse: true}
	}},
	{"the three parts of a signed link", nil, func(token string) shot {
		part := strings.ReplaceAll(token, ".", "")
		return shot{path: oneScope, query: "usher=" + part + "." + part + "." + part, refuse: true}
	}},
}

// spentTokens: what opened something once, or may not any more.
func spentTokens(bool) []shot {
	var shots []shot
	for _, token := range []string{"{spentcode}", "{expiredcode}", "{revokedcode}", "{othercode}", "{spent}", "{expired}", "{revoked}", "{other}"} {
		shots = append(shots,
			shot{name: token + " in the query", path: oneScope, query: "usher=" + token, refuse: true},
			shot{name: token + " in a header", path: oneScope, header: []string{"Authorization: Bearer " + token}, refuse: true},
			shot{name: token + " in a cookie", path: oneScope, header: []string{"Cookie: usher=" + token}, refuse: true},
		)
		if token != "{spentcode}" { // a player that comes back to a spent link may have its session again, so the gate looks
			shots = append(shots, shot{name: token + " for the folder", path: scopeRoot, query: "usher=" + token, refuse: true})
		}
		if token != "{othercode}" {
			shots = append(shots, shot{name: token + " is redeemed", method: "POST", target: "/s/" + token, header: []string{"Content-Length: 0"}, refuse: true})
		}
	}
	return shots
}

// spellings are other texts for the same bytes.
func spellings(token string) []string {
	standard := strings.NewReplacer("-", "%2B", "_", "/").Replace(token)
	return []string{
		token + "=", token + "==", token + "%3D", token[:10] + "%0A" + token[10:], token[:10] + "%0D%0A" + token[10:], token + "%20", "%20" + token,
		token + "A", token[:len(token)-1], strings.ToLower(token), strings.ToUpper(token), token + "%00", token + token, standard + "%2F", token + ".", "." + token,
		"%2E" + token, token + ",", token + "%2C" + token,
	}
}

// flips are the token with single bits of its bytes turned round.
func flips(t testing.TB, token string, n int) []string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]string, 0, n)
	for i := range n {
		bit := i * len(raw) * 8 / n
		flipped := slices.Clone(raw)
		flipped[bit/8] ^= 1 << (bit % 8)
		list = append(list, b64(flipped))
	}
	return list
}

// bent are tokens of the lane that were bent. They are made for each lane,
// since they start from its own.
func (l *lane) bent(t testing.TB) []shot {
	t.Helper()
	inQuery := func(name, token string) shot {
		return shot{name: name, path: oneScope, query: "usher=" + token, refuse: true}
	}
	var shots []shot
	forged := l.issuer.forgeries()
	for _, name := range slices.Sorted(maps.Keys(forged)) {
		shots = append(shots, inQuery(name, forged[name]))
		shots = append(shots, shot{name: name + " in a header", path: oneScope, header: []string{"Authorization: Bearer " + forged[name]}, refuse: true})
		shots = append(shots, shot{name: name + " as a share link", target: "/s/" + forged[name], refuse: true})
	}
	bits := 8
	if full() {
		bits = 64
	}
	code, session := l.words.Replace("{code}"), l.words.Replace("{session}")
	for i, text := range spellings(code) {
		shots = append(shots, inQuery(fmt.Sprint("spelling of a code ", i), text))
	}
	for i, text := range spellings(session) {
		shots = append(shots, inQuery(fmt.Sprint("spelling of a session ", i), text))
	}
	for i, text := range flips(t, code, bits) {
		shots = append(shots, inQuery(fmt.Sprint("flipped code ", i), text))
	}
	for i, text := range flips(t, session, bits) {
		shots = append(shots, shot{name: fmt.Sprint("flipped session ", i), prefix: "/~" + text, path: oneScope, refuse: true})
	}
	return shots
}
