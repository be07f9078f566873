package hostile

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/token"
)

// credential is a way to ask: what goes along with a request, and what it may
// open.
type credential struct {
	state string
	// prefix goes before the path, query after it, header beside it.
	prefix, query, header string
	// link and session are the ids that the upstream must be told.
	link, session string
	opens         opens
}

// opens says which files an answer to a credential may hold.
type opens uint8

const (
	nothing opens = iota
	// redirects: a link's code is answered with a session, never with a file.
	redirects
	// besides: all of the folder that is not media, for a session whose link
	// has no view left.
	besides
	oneFile
	folder
)

const (
	scopeRoot = "/acme/demo/"
	oneScope  = "/acme/demo/film.mp4"
)

func (c credential) covers(f *file) bool {
	switch c.opens {
	case folder:
		return strings.HasPrefix(f.path, scopeRoot)
	case besides:
		return strings.HasPrefix(f.path, scopeRoot) && !f.media
	case oneFile:
		return f.path == oneScope
	default:
		return false
	}
}

// Names of the credentials. The first five are the states in which nothing
// may come back (of a spent link: no media); base is the one that every
// request is sent with, since a refusal of it can only be the request's fault.
const (
	base   = "session"
	noCred = "none"
)

var states = []string{noCred, "other", "expired", "revoked", "spent", base, "cookie", "query", "bearer", "code", "file"}

// link is what the management API says of a new one.
type link struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}

func (l link) code() string { return l.URL[strings.LastIndexByte(l.URL, '/')+1:] }

func (l *lane) create(t *testing.T, path string, views int) link {
	t.Helper()
	var made link
	l.ask(t, http.MethodPost, "/links", map[string]any{"path": path, "views": views, "title": "Title of " + l.name}, &made)
	l.secrets.add(made.code())
	return made
}

// issue makes the lane's links and sessions.
func (l *lane) issue(t *testing.T) {
	t.Helper()
	demo, file, other := l.create(t, scopeRoot+"*", 0), l.create(t, oneScope, 0), l.create(t, "/acme/demo2/*", 0)
	root := l.create(t, "/*", 0)
	expired, revoked, spent := l.create(t, scopeRoot+"*", 0), l.create(t, scopeRoot+"*", 0), l.create(t, scopeRoot+"*", 1)

	demoSession, device := l.open(t, scopeRoot+"film.mp4", demo.code())
	fileSession, _ := l.open(t, oneScope, file.code())
	rootSession, _ := l.open(t, oneScope, root.code())
	otherSession, _ := l.open(t, "/acme/demo2/x.mp4", other.code())
	expiredSession, _ := l.open(t, scopeRoot+"film.mp4", expired.code())
	revokedSession, _ := l.open(t, scopeRoot+"film.mp4", revoked.code())
	spender, _ := l.open(t, scopeRoot+"film.mp4", spent.code())
	spentSession, _ := l.open(t, scopeRoot+"film.mp4", spent.code())
	l.mustGet(t, "/~"+spender+oneScope)
	l.ask(t, http.MethodPatch, "/links/"+expired.ID, map[string]any{"expires_at": "2026-01-01T00:00:00Z"}, nil)
	l.ask(t, http.MethodPost, "/links/"+revoked.ID+"/revoke", nil, nil)

	inPath := func(state string, made link, session string, opens opens) credential {
		return credential{state: state, prefix: "/~" + session, link: made.ID, session: sessionID(t, session), opens: opens}
	}
	carried := func(c credential, state, query, header string) credential {
		c.state, c.prefix, c.query, c.header = state, "", query, header
		return c
	}
	valid := inPath(base, demo, demoSession, folder)
	l.credentials = map[string]credential{}
	for _, c := range []credential{
		{state: noCred}, valid,
		inPath("other", other, otherSession, nothing), inPath("expired", expired, expiredSession, nothing),
		inPath("revoked", revoked, revokedSession, nothing), inPath("spent", spent, spentSession, besides),
		inPath("file", file, fileSession, oneFile),
		carried(valid, "cookie", "", "Cookie: usher="+demoSession),
		carried(valid, "query", "usher="+demoSession, ""),
		carried(valid, "bearer", "", "Authorization: Bearer "+demoSession),
		{state: "code", query: "usher=" + demo.code(), link: demo.ID, opens: redirects},
	} {
		l.credentials[c.state] = c
	}
	l.words = strings.NewReplacer(
		"{session}", demoSession, "{root}", rootSession, "{other}", otherSession, "{device}", device, "{spent}", spentSession,
		"{expired}", expiredSession, "{revoked}", revokedSession,
		"{code}", demo.code(), "{othercode}", other.code(), "{spentcode}", spent.code(),
		"{expiredcode}", expired.code(), "{revokedcode}", revoked.code(),
		"{jwt}", l.issuer.valid(t, l.secrets), "{apikey}", l.apiKey(t),
	)
}

func (l *lane) apiKey(t *testing.T) string {
	t.Helper()
	var made struct {
		Key string `json:"key"`
	}
	l.ask(t, http.MethodPost, "/apikeys", map[string]any{"name": l.name, "scope": "manage", "expires_in": "1h"}, &made)
	l.secrets.add(made.Key)
	return made.Key
}

var (
	sessionInPath  = regexp.MustCompile(`^/~([A-Za-z0-9_-]{76})/`)
	deviceInCookie = regexp.MustCompile(`usher-device=([A-Za-z0-9_-]{44})`)
)

// open makes a session of a link, each for a player of its own.
func (l *lane) open(t *testing.T, path, code string) (session, device string) {
	t.Helper()
	a := l.must(t, "GET "+path+"?usher="+code+" HTTP/1.1\r\nHost: media.test\r\nUser-Agent: "+unique("player")+"/1\r\n\r\n")
	found := sessionInPath.FindStringSubmatch(a.header.Get("Location"))
	if a.status != http.StatusFound || found == nil {
		t.Fatalf("%s: opening %s: status %d", l.name, path, a.status)
	}
	if cookie := deviceInCookie.FindStringSubmatch(strings.Join(a.header["Set-Cookie"], " ")); cookie != nil {
		device = cookie[1]
	}
	l.secrets.add(found[1])
	l.secrets.add(device)
	return found[1], device
}

func (l *lane) mustGet(t *testing.T, target string) answer {
	t.Helper()
	a := l.must(t, "GET "+target+" HTTP/1.1\r\nHost: media.test\r\n\r\n")
	if a.status != http.StatusOK {
		t.Fatalf("%s: GET %s: status %d", l.name, target, a.status)
	}
	return a
}

// sessionID is the id inside a session's token: it is the second of the three
// ids behind the type and the key's name.
func sessionID(t *testing.T, text string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < 3+2*token.IDSize {
		t.Fatalf("not a session token: %v, %d bytes", err, len(raw))
	}
	return "ses_" + token.ID(raw[3+token.IDSize:3+2*token.IDSize]).String()
}
