package api

import (
	"fmt"
	"net/http"
	"strings"
)

// kinds are all there are, in the order of their statuses.
var kinds = []kind{
	badJSON, unknownField, badValue, tooWide,
	unauthorized,
	forbidden, fromElsewhere, badScope,
	noEndpoint, notFound,
	badMethod,
	exists, lastOwner, cycle, inUse, over, revoked, signedExpiry, noPublicURL, noSignIn, noLimit, keyReused, keyRunning, keyLost, conflict, keyRules,
	stale,
	tooLarge,
	badType,
	needsPage,
	tooEarly,
	tooMany,
	unwritable, keysFailed,
	storeDown, busy, notRunning,
}

// remedies say what to do about a problem, by its slug.
var remedies = map[string]string{
	"bad-json":               "Send one JSON object, each field once, and nothing after it.",
	"bad-value":              "`field` says which value, `detail` what is wanted, `allowed` what could stand there.",
	"busy":                   "Nothing was changed. Try again after `Retry-After`.",
	"conflict":               "Read it again, and repeat the change if it still fits.",
	"cross-origin":           "Nothing was done. Only pages of the site itself ask with its sign-in cookie; programs send an API key.",
	"cycle":                  "Take one of the inclusions out first.",
	"ended":                  "It ended, or was withdrawn: extend it, or make a new one.",
	"exists":                 "`field` has to be something else, or is that of what is meant: look it up.",
	"expiry-is-signed":       "The end stands in a token that was signed elsewhere: have its issuer sign a new one, or revoke the link.",
	"forbidden":              "`permission` is what it takes, of [the table of roles](roles.md), and `missing` the capabilities in the collection that would do.",
	"idempotency-key-reused": "Take a new `Idempotency-Key` for each request.",
	"idempotency-lost":       "It was done. Look at what it made.",
	"idempotency-running":    "Look whether it was done, and send it again after a minute.",
	"in-use":                 "`detail` says what has to be undone first.",
	"insufficient-scope":     "Take an API key with the scope `manage`.",
	"key-rules":              "`detail` says which rule: for example, the key that signs now cannot be retired.",
	"keys-not-written":       "The file of the keyring could not be written: see the server's log.",
	"last-owner":             "Make somebody else an owner first.",
	"link-revoked":           "Revocation is final. Make a new link.",
	"method-not-allowed":     "`allowed`, and the header `Allow`, list the methods of this path.",
	"needs-landing":          "`detail` says which limit needs the page: take that away, or let `landing` be `confirm`.",
	"no-limit":               "There is nothing to add to: set the limit instead.",
	"no-public-url":          "Set `public_url` in the configuration: mails need a whole address.",
	"no-sign-in":             "Set up sign-in in the configuration.",
	"no-such-endpoint":       "Compare the path with [the list](api.md): there are no second spellings, and no slash at the end.",
	"not-found":              "There is none, or you may not know of it: both look alike.",
	"not-running":            "Start it, or try again after `Retry-After`.",
	"stale":                  "Read it again, and repeat the change if it still fits, with the new `ETag` in `If-Match`.",
	"store-down":             "Try again after `Retry-After`. It is not known whether a change was made: look first, or send an `Idempotency-Key`.",
	"too-early":              "Send it again after the TLS handshake.",
	"too-large":              "Send less at once: a body has at most 64 KiB.",
	"too-many":               "End one of the streams that you have open, or try again after `Retry-After`.",
	"unauthorized":           "Send `Authorization: Bearer usk_…` with a key that has not expired, of a person who still has rights, or sign in on the site again.",
	"unknown-field":          "`field` is not known here; `allowed` lists what is. Nothing unknown is passed over, so that a misspelt limit does not become no limit.",
	"unsupported-media-type": "Send `Content-Type: application/json`.",
	"unwritable":             "A stored record is damaged: see the server's log.",
	"wider-than-parent":      "Nothing that is made from a link is more than the link. `allowed` says how much there is.",
}

// uri is the type of the kind's problems.
func (k kind) uri() string { return problemBase + k.slug }

// ProblemsMarkdown returns the kinds of problem for the docs, one heading each.
func ProblemsMarkdown() string {
	var b strings.Builder
	for _, k := range kinds {
		fmt.Fprintf(&b, "\n## %s\n\n`%s`, status %d. %s.\n\n%s\n", k.slug, k.uri(), k.status, k.title, remedies[k.slug])
	}
	return b.String()
}

// problems are the kinds that an endpoint answers with: the usual ones of its
// sort, and its own.
func (e endpoint) problems() []kind {
	have := map[string]bool{}
	add := func(more ...kind) {
		for _, k := range more {
			have[k.slug] = true
		}
	}
	add(badValue, unknownField, unauthorized, forbidden, fromElsewhere, unwritable, storeDown, notRunning)
	add(e.refuses...)
	if strings.Contains(e.path, "{id}") {
		add(notFound)
	}
	if e.changes {
		add(badScope, tooEarly, conflict)
	}
	if e.changes || e.body != nil { // which is read also where none is taken
		add(badJSON, tooLarge, badType)
	}
	if e.once() {
		add(keyReused, keyRunning, keyLost)
	}
	if e.matched {
		add(stale)
	}
	var all []kind
	for _, k := range kinds {
		if have[k.slug] {
			all = append(all, k)
		}
	}
	return all
}

// once reports whether the endpoint heeds an Idempotency-Key.
func (e endpoint) once() bool { return e.method == http.MethodPost && e.changes }
