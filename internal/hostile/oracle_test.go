package hostile

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// trial is one shot that was fired, and everything that came of it.
type trial struct {
	*lane
	shot   shot
	asked  credential // what the request was sent with
	who    credential // whose rights it may use
	answer answer
	hits   []hit
	before count
	after  count
}

// faults holds the trial against the oracle.
func (tr trial) faults() []string {
	var found []string
	for _, judge := range []func(trial) string{
		trial.leaks, trial.breaks, trial.grants, trial.counts, trial.forwards, trial.tells, trial.leads,
	} {
		if fault := judge(tr); fault != "" {
			found = append(found, fault)
		}
	}
	return found
}

// sees is the path that the upstream may be asked for: the one on the wire. A
// question mark at its end is a query that says nothing.
func (tr trial) sees() string {
	if tr.shot.target != "" || tr.shot.refuse || tr.shot.looks {
		return ""
	}
	return strings.TrimSuffix(tr.shot.path, "?")
}

// mayHold says whether the answer may hold a file: its path was on the wire in
// its one spelling, and the credential covers it. An upstream that finds a
// file by other names is held to the folder.
func (tr trial) mayHold(f *file) bool {
	if !tr.who.covers(f) {
		return false
	}
	return tr.sees() != "" && (f.spelling == tr.sees() || (tr.origin != nil && tr.origin.gullible))
}

// leaks: no canary of any file but the authorised one, anywhere in the answer.
func (tr trial) leaks() string {
	for _, f := range tr.tree {
		if bytes.Contains(tr.answer.wire, f.canary) && !tr.mayHold(f) {
			return "the answer holds " + f.path
		}
	}
	if f, ok := tr.tree.spelt(tr.sees()); ok && len(tr.answer.body) > len(f.content)+4096 {
		return fmt.Sprintf("%d bytes of a file of %d", len(tr.answer.body), len(f.content))
	}
	return ""
}

// breaks: no fault of the server's.
func (tr trial) breaks() string {
	switch s := tr.answer.status; {
	case s == 0 && tr.lane != tr.h2:
		return "the connection was closed without an answer"
	case s < 500:
	case (s == http.StatusNotImplemented || s == http.StatusHTTPVersionNotSupported) && len(tr.hits) == 0:
	default:
		return fmt.Sprintf("status %d", s)
	}
	return ""
}

// grants: where nothing may be granted, nothing is, not even a cookie.
func (tr trial) grants() string {
	cookies := strings.Join(tr.answer.header["Set-Cookie"], " ")
	switch {
	case tr.who.opens != redirects && strings.Contains(cookies, "usher"):
		return "a cookie was set: " + cookies
	case strings.Contains(cookies, "origin=1"):
		return "the upstream's cookie came through"
	case tr.answer.header.Get("X-Accel-Redirect") != "" || tr.answer.header.Get("Usher-Reason") == "forged":
		return "a header of the upstream's came through that is not its to set"
	case (tr.shot.looks || tr.shot.method == http.MethodHead && tr.who.opens == redirects) && tr.answer.status < 400 && tr.answer.status != http.StatusNoContent:
		return fmt.Sprintf("status %d for somebody who only looks", tr.answer.status)
	case (tr.shot.refuse || tr.who.opens == nothing) && tr.answer.status != 0 && tr.answer.status < 400 && tr.answer.status != http.StatusNoContent:
		return fmt.Sprintf("status %d for what had to be refused", tr.answer.status)
	}
	return ""
}

// counts: a view is used by media of the authorised file and by nothing else,
// and no slot stays taken.
func (tr trial) counts() string {
	used := tr.after.Used - tr.before.Used
	plays := tr.who.opens == folder || tr.who.opens == oneFile
	media := (tr.answer.status == http.StatusOK || tr.answer.status == http.StatusPartialContent) && len(tr.answer.body) > 0
	switch {
	case tr.after.Reserved != tr.before.Reserved:
		return fmt.Sprintf("%d views stay reserved, and were %d before", tr.after.Reserved, tr.before.Reserved)
	case used == 0, used == 1 && plays && media && tr.sees() != "":
		return ""
	}
	return fmt.Sprintf("%d views were used by an answer of status %d with %d bytes", used, tr.answer.status, len(tr.answer.body))
}

// forwards: the upstream sees nothing, or exactly the authorised target with
// nothing of ours and nothing forged.
func (tr trial) forwards() string {
	for i, h := range tr.hits {
		if tr.probes(h) {
			continue
		}
		if fault := tr.forwarded(h); fault != "" {
			return fmt.Sprintf("%s: the upstream saw %s %.200s", fault, h.method, h.target)
		}
		if i > 0 {
			return "the upstream was asked twice"
		}
	}
	return ""
}

// probes tells the gate's own question where a player starts in a folder: it
// asks for heads, and brings nothing of the viewer's.
func (tr trial) probes(h hit) bool {
	return tr.who.opens == redirects && tr.sees() == scopeRoot && h.method == http.MethodHead &&
		path.Dir(h.target)+"/" == scopeRoot && h.header.Get("Usher-Session") == ""
}

func (tr trial) forwarded(h hit) string {
	sent, err := url.PathUnescape(tr.sees())
	raw, query, _ := strings.Cut(h.target, "?")
	switch {
	case tr.who.opens == nothing || tr.who.opens == redirects:
		return "nothing may be forwarded"
	case h.method != http.MethodGet && h.method != http.MethodHead:
		return "another method"
	case err != nil || sent == "" || raw != (&url.URL{Path: sent}).EscapedPath():
		return "another path than was asked for"
	case careful(raw) != sent:
		return "a path that is cleaned into another"
	case !tr.inScope(sent) || !tr.inScope(sloppy(raw)):
		return "a path that reads as one outside the scope, " + sloppy(raw)
	case !strings.Contains(tr.shot.query, "usher") && query != tr.shot.query:
		return "another query than was asked for"
	case !bytes.HasPrefix([]byte(query), []byte("usher")) && lookalike.MatchString(query):
		return "a credential's name in the query"
	}
	return tr.forwardedHeader(h)
}

func (tr trial) inScope(p string) bool {
	if tr.who.opens == oneFile {
		return p == oneScope
	}
	return strings.HasPrefix(p, scopeRoot)
}

var lookalike = regexp.MustCompile(`(?i)\b(usher|urisigningpackage)\b[^&]*=`)

// overrideHeaders let a client speak for the URL, if a server lets them.
var overrideHeaders = []string{
	"X-Original-URL", "X-Rewrite-URL", "X-Override-URL", "X-HTTP-DestinationURL", "Request-Uri", "X-Forwarded-Uri",
	"X-Forwarded-Path", "X-Forwarded-Prefix", "X-Envoy-Original-Path", "X-Accel-Redirect", "X-Sendfile", "Base-Url",
}

// methodHeaders do the same for the method.
var methodHeaders = []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"}

// folded is a header's name as servers fold it that put headers into variables.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if inToken(r) && r != '_' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
}

func (tr trial) forwardedHeader(h hit) string {
	identity := map[string]string{"usher-link": tr.who.link, "usher-session": tr.who.session, "usher-capabilities": "view"}
	told := 0
	for name, values := range h.header {
		f := folded(name)
		if strings.HasPrefix(f, "usher-") {
			if told++; len(values) != 1 || values[0] != identity[f] || name != http.CanonicalHeaderKey(f) {
				return fmt.Sprintf("a forged identity, %s: %q", name, values)
			}
		}
		if slices.ContainsFunc(append(overrideHeaders, methodHeaders...), func(o string) bool { return folded(o) == f }) {
			return "an override header, " + name
		}
	}
	if told != len(identity) {
		return fmt.Sprintf("%d of %d identity headers", told, len(identity))
	}
	if from := h.header["X-Forwarded-For"]; len(from) != 1 || from[0] != "127.0.0.1" || h.header.Get("X-Forwarded-Proto") != "http" {
		return fmt.Sprintf("a forged address or scheme, %q", from)
	}
	all := h.target + fmt.Sprint(h.header)
	for _, text := range []string{all, unescape(all)} {
		if secret, found := tr.secrets.find([]byte(text)); found {
			return "a token reached the upstream: " + secret
		}
	}
	return ""
}

// tells: no answer but the redirect into a session holds a token.
func (tr trial) tells() string {
	if tr.who.opens == redirects && tr.answer.status == http.StatusFound {
		return ""
	}
	if secret, found := tr.secrets.find(tr.answer.wire); found && !tr.ownRedirect() {
		return "the answer holds a token: " + secret
	}
	return ""
}

// ownRedirect tells an upstream's redirect, which stays inside the session
// that the client brought.
func (tr trial) ownRedirect() bool {
	location := tr.answer.header.Get("Location")
	return tr.answer.status/100 == 3 && strings.HasPrefix(location, tr.asked.prefix+scopeRoot)
}

// leads: a redirect leads into the session, on this site, to the same path.
func (tr trial) leads() string {
	location := tr.answer.header.Get("Location")
	if location == "" {
		return ""
	}
	if tr.who.opens != redirects {
		if !tr.ownRedirect() {
			return "a redirect to " + location
		}
		return ""
	}
	found := sessionInPath.FindStringSubmatch(location)
	if found == nil {
		return "a redirect out of the session, to " + location
	}
	tr.secrets.add(found[1])
	rest := strings.TrimPrefix(location, "/~"+found[1])
	want := joined("?", tr.sees(), tr.shot.query)
	if rest != want && tr.sees() != scopeRoot && !strings.Contains(tr.shot.query, "usher") {
		return "a redirect to " + rest + " and not to " + want
	}
	return ""
}
