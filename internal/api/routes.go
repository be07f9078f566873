package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/usher-media/usher/internal/directory"
)

// endpoint is one row of the API.
type endpoint struct {
	method, path string
	// changes: it takes the scope "manage", and is not done on early data.
	changes bool
	// query lists the parameters that it knows.
	query []string
	serve func(*call) (answer, error)
	// body is what it takes, as an empty value; nil: nothing.
	body any
	// needs are the permissions that it asks for, the usual one first; which of
	// them depends on what is asked. nil: whoever asks gets what is theirs.
	needs []directory.Permission
}

func needs(permissions ...directory.Permission) []directory.Permission { return permissions }

// endpoints are all there are. The tables stand with what serves them. Of two that
// fit a path the first counts: /sessions/stream is no session's id.
var endpoints = slices.Concat(
	eventEndpoints, linkEndpoints, forwardingEndpoints, inviteEndpoints, sessionEndpoints, personEndpoints, factorEndpoints, groupEndpoints, collectionEndpoints, grantEndpoints, meEndpoints,
	usageEndpoints, keyEndpoints, limitEndpoints, otherEndpoints,
)

var sessionEndpoints = []endpoint{
	{"GET", "/sessions", false, with(pageQuery, "link", "person", "visitors"), (*call).listSessions, nil, needs(directory.SeePrivate, directory.SeeStats)},
	{"GET", "/sessions/{id}", false, []string{"link"}, (*call).showSession, nil, needs(directory.SeeStats)},
	{"POST", "/sessions/{id}/end", true, []string{"link"}, (*call).endSession, nil, needs(directory.ChangeCollections)},
	{"POST", "/devices/{id}/cut", true, []string{"cursor"}, (*call).cutDevice, nil, needs(directory.CutAll)},
}

var keyEndpoints = []endpoint{
	{"GET", "/keys", false, nil, (*call).listKeys, nil, needs(directory.Keys)},
	{"POST", "/keys/rotate", true, nil, (*call).rotateKey, Rotation{}, needs(directory.Keys)},
	{"POST", "/keys/{id}/retire", true, []string{"cursor"}, (*call).retireKey, nil, needs(directory.Keys)},
	{"GET", "/apikeys", false, pageQuery, (*call).listAPIKeys, nil, needs(directory.Keys)},
	{"POST", "/apikeys", true, nil, (*call).createAPIKey, NewAPIKey{}, needs(directory.Keys)},
	{"DELETE", "/apikeys/{id}", true, nil, (*call).deleteAPIKey, nil, needs(directory.Keys)},
}

var otherEndpoints = []endpoint{
	{"POST", "/explain", false, nil, (*call).explain, Question{}, needs(directory.SeeStats, directory.SeePrivate)},
	{"GET", "/health", false, nil, (*call).health, nil, nil},
}

// with adds parameters to those of every listing.
func with(query []string, more ...string) []string { return slices.Concat(more, query) }

// find returns the endpoint for a path as it came over the wire. Paths are
// compared as they are: no cleaning, no redirects, no second spelling.
func find(method, path string) (endpoint, string, error) {
	if method == http.MethodHead {
		method = http.MethodGet // net/http leaves the body out
	}
	var methods []string
	for _, e := range endpoints {
		id, matches := match(e.path, path)
		if !matches {
			continue
		}
		if e.method == method {
			return e, id, nil
		}
		methods = append(methods, e.method)
	}
	if methods == nil {
		return endpoint{}, "", noEndpoint.because("there is nothing at this path of the API")
	}
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	problem := badMethod.because("this path takes " + strings.Join(methods, ", "))
	problem.Allowed = methods
	return endpoint{}, "", problem
}

// match compares a path with a pattern of plain segments and one "{id}".
func match(pattern, path string) (id string, ok bool) {
	before, after, has := strings.Cut(pattern, "{id}")
	if !has {
		return "", pattern == path
	}
	rest, ok := strings.CutPrefix(path, before)
	if !ok {
		return "", false
	}
	id, ok = strings.CutSuffix(rest, after)
	return id, ok && id != "" && !strings.Contains(id, "/")
}

// permits refuses what the caller may not do here.
func (e endpoint) permits(c *call, reads bool) error {
	if e.changes && reads {
		return badScope.because("this takes an API key with the scope manage; yours has the scope read")
	}
	// HTTP/3 early data can be sent again by whoever saw it (RFC 8470).
	if e.changes && c.r.TLS != nil && !c.r.TLS.HandshakeComplete {
		return tooEarly.because("a change is not taken before the TLS handshake is complete: send it again")
	}
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return badValue.because("the query is not well formed")
	}
	for name, values := range query {
		if !slices.Contains(e.query, name) {
			return unknownField.of(name, e.query, "the query parameter is not known here")
		}
		if len(values) > 1 {
			return badValue.of(name, nil, "the query parameter is given twice")
		}
	}
	return nil
}
