package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/usher-media/usher/internal/directory"
)

// endpoint is one row of the API. The docs and the OpenAPI document are made
// from it, and a test says what is missing in it.
type endpoint struct {
	method, path string
	// changes: it takes the scope "manage", and is not done on early data.
	changes bool
	// query lists the parameters that it knows; parameters says what they are.
	query []string
	serve func(*call) (answer, error)
	// needs are the permissions that it asks for, the usual one first; which of
	// them depends on what is asked. nil: whoever asks gets what is theirs.
	needs []directory.Permission

	// name is its operationId, which client libraries are generated with: it
	// stays. says is its summary.
	name, says string
	// body is what it takes, as an empty value; nil: nothing. Where bodyOptional,
	// it may be left out.
	body         any
	bodyOptional bool
	// gives is what it answers, as an empty value. media is how, where that is no
	// JSON: a stream has one in the data of each of its events.
	gives any
	media string
	// status are those that it answers with when all went well; nil: 200.
	status []int
	// shown: the answer has an ETag. matched: it takes If-Match.
	shown, matched bool
	// resumed: it is a stream that goes on after Last-Event-ID.
	resumed bool
	// refuses are the problems that it has beside the usual ones of its kind.
	refuses []kind
}

// made is the status of endpoints that make one thing, and say where it is.
var made = []int{http.StatusCreated}

func needs(permissions ...directory.Permission) []directory.Permission { return permissions }

// endpoints are all there are. Of two that fit a path the first counts:
// /sessions/stream is no session's id.
var endpoints = slices.Concat(
	eventEndpoints, linkEndpoints, forwardingEndpoints, inviteEndpoints, sessionEndpoints, personEndpoints, factorEndpoints, groupEndpoints, collectionEndpoints, grantEndpoints, meEndpoints,
	usageEndpoints, keyEndpoints, limitEndpoints, otherEndpoints,
)

var sessionEndpoints = []endpoint{
	{
		method: "GET", path: "/sessions", query: with(pageQuery, "link", "person", "visitors"), serve: (*call).listSessions, needs: needs(directory.SeePrivate, directory.SeeStats),
		name: "listSessions", says: "List sessions, the newest first", gives: SessionList{}, refuses: []kind{notFound},
	},
	{
		method: "GET", path: "/sessions/{id}", query: []string{"link"}, serve: (*call).showSession, needs: needs(directory.SeeStats),
		name: "showSession", says: "Show a session", gives: Session{},
	},
	{
		method: "POST", path: "/sessions/{id}/end", changes: true, query: []string{"link"}, serve: (*call).endSession, needs: needs(directory.ChangeCollections),
		name: "endSession", says: "End a session", gives: Session{},
	},
	{
		method: "POST", path: "/devices/{id}/cut", changes: true, query: []string{"cursor"}, serve: (*call).cutDevice, needs: needs(directory.CutAll),
		name: "cutDevice", says: "End every session and sign-in of a device", gives: Cut{},
	},
}

var keyEndpoints = []endpoint{
	{
		method: "GET", path: "/keys", serve: (*call).listKeys, needs: needs(directory.Keys),
		name: "listKeys", says: "List the keys of the keyring", gives: KeyList{},
	},
	{
		method: "POST", path: "/keys/rotate", changes: true, serve: (*call).rotateKey, needs: needs(directory.Keys),
		name: "rotateKey", says: "Make a new key, and sign with it from now on", body: Rotation{}, gives: Key{}, refuses: []kind{keyRules, keysFailed},
	},
	{
		method: "POST", path: "/keys/{id}/retire", changes: true, query: []string{"cursor"}, serve: (*call).retireKey, needs: needs(directory.Keys),
		name: "retireKey", says: "Take nothing any more that a key signed", gives: KeyRetired{}, refuses: []kind{keyRules, keysFailed},
	},
	{
		method: "GET", path: "/apikeys", query: pageQuery, serve: (*call).listAPIKeys, needs: needs(directory.Keys),
		name: "listApiKeys", says: "List API keys, the newest first", gives: APIKeyList{},
	},
	{
		method: "POST", path: "/apikeys", changes: true, serve: (*call).createAPIKey, needs: needs(directory.Keys),
		name: "createApiKey", says: "Make an API key, which is shown this once", body: NewAPIKey{}, gives: APIKey{}, status: made, refuses: []kind{notFound},
	},
	{
		method: "DELETE", path: "/apikeys/{id}", changes: true, serve: (*call).deleteAPIKey, needs: needs(directory.Keys),
		name: "deleteApiKey", says: "Delete an API key", gives: APIKey{},
	},
}

var otherEndpoints = []endpoint{
	{
		method: "POST", path: "/explain", serve: (*call).explain, needs: needs(directory.SeeStats, directory.SeePrivate),
		name: "explain", says: "Explain what the gate would say to a URL", body: Question{}, gives: Explanation{}, refuses: []kind{notFound},
	},
	{
		method: "GET", path: "/health", serve: (*call).health,
		name: "showHealth", says: "Ask whether the server can answer, and what it is", gives: Health{},
	},
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
