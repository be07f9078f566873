package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Explanation says what the gate would answer to a URL, step by step.
type Explanation struct {
	Steps   []Step
	Outcome Outcome
	Refusal Refusal
	// Status is that of the gate's own answer; 200 stands for whatever the
	// upstream says.
	Status int
	// Link and Session are zero where the URL names none.
	Link    LinkID
	Session SessionID
	// Account and Play are the store's, where the walk came that far.
	Account Account
	Play    Play
	// Seated is how many sessions are live, where the URL names a link that
	// limits them.
	Seated int64
}

// Step is one step of a decision and what it found. A finding never holds any
// text of the URL before a link was seen to cover it: a mistyped URL has its
// token in any place.
type Step struct {
	Name    string
	Finding string
	// Reason is OK where the step refuses nothing.
	Reason Reason
}

// StepNames are the steps in order.
var StepNames = []string{"gather", "place", "present", "verify", "cover", "identify", "admit", "rule", "judge", "answer"}

// Explain walks the steps of [Gate.Decide] and [Gate.Land] for a URL that an
// operator holds, as if it came without cookies and headers. It opens,
// reserves and creates nothing, so what only a changing verb can know (whose
// reservation one is, whether a rate is left) it says in words.
func (g *Gate) Explain(ctx context.Context, now time.Time, rawURL, method string) (Explanation, error) {
	e := &explaining{gate: g, now: now, method: cmp.Or(method, http.MethodGet)}
	err := e.walk(ctx, rawURL)
	return e.Explanation, err
}

type explaining struct {
	Explanation
	gate   *Gate
	now    time.Time
	method string
}

func (e *explaining) found(step, format string, args ...any) {
	e.Steps = append(e.Steps, Step{Name: step, Finding: fmt.Sprintf(format, args...)})
}

// refuse and answer end the walk.
func (e *explaining) refuse(step string, no Reason, finding string) {
	e.Steps = append(e.Steps, Step{Name: step, Finding: finding, Reason: no})
	e.Refusal.Reason = no
	e.answer(Refuse, no.Status(), fmt.Sprintf("Refused with %d %s.", no.Status(), no))
}

func (e *explaining) answer(outcome Outcome, status int, finding string) {
	e.Outcome, e.Status = outcome, status
	e.found("answer", "%s", finding)
}

func (e *explaining) walk(ctx context.Context, rawURL string) error {
	rawPath, rawQuery, ok := splitURL(rawURL)
	code, share := strings.CutPrefix(rawPath, sharePrefix)
	switch {
	case !ok:
		e.refuse("gather", BadRequest, "This is no URL of a site: it begins with neither http://, https:// nor a slash, or is too long.")
	case share:
		return e.share(ctx, code)
	case reserved(rawPath) && !strings.HasPrefix(rawPath, "/~"):
		e.found("gather", "This is one of Usher's own pages. They are no media, and no link opens or closes them.")
		e.answer(Pass, http.StatusOK, "The page answers by itself.")
	case !oneOf(e.method, http.MethodGet, http.MethodHead):
		e.refuse("gather", BadMethod, "Media is asked for by GET or HEAD.")
	default:
		req, ok := e.request(rawPath, rawQuery)
		if !ok {
			e.refuse("gather", BadRequest, BadRequest.Meaning())
			return nil
		}
		e.found("gather", "The path and the query are in canonical form.")
		return e.media(ctx, req)
	}
	return nil
}

const sharePrefix = "/s/"

func oneOf[T comparable](given T, known ...T) bool { return slices.Contains(known, given) }

// splitURL takes scheme, host and fragment off, which the gate does not decide
// by. What is left stays as it was, still encoded.
func splitURL(raw string) (path, query string, ok bool) {
	raw, _, _ = strings.Cut(strings.TrimSpace(raw), "#")
	scheme, rest, found := strings.Cut(raw, "://")
	if found && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http")) {
		raw = "/" // what a client asks for where the URL ends with the host
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			raw = "/" + strings.TrimPrefix(rest[i:], "/")
		}
	}
	path, query, _ = strings.Cut(raw, "?")
	return path, query, strings.HasPrefix(path, "/") && len(raw) <= 8<<10
}

// request is what a request for the URL would be, without cookies and headers.
func (e *explaining) request(rawPath, rawQuery string) (*Request, bool) {
	session, rest, ok := SplitTarget(rawPath)
	path, canonical := ParsePath(rest)
	tokens, query, clean := SplitQuery(rawQuery)
	req := &Request{Method: e.method, Path: path, Query: query}
	if session != "" {
		req.Presented = append(req.Presented, Credential{Carrier: InPath, Text: session})
	}
	for _, text := range tokens {
		req.Presented = append(req.Presented, Credential{Carrier: InQuery, Text: text})
	}
	return req, ok && canonical && clean
}

// share walks on for a share link's page.
func (e *explaining) share(ctx context.Context, code string) error {
	if !oneOf(e.method, http.MethodGet, http.MethodHead, http.MethodPost) {
		e.refuse("gather", BadMethod, "A share link is looked at by GET or HEAD, and used by POST.")
		return nil
	}
	e.found("gather", "This is a share link's page.")
	e.found("present", "The token stands in the path.")
	who, no := e.gate.verifyLink(code, e.now)
	v, err := e.link(ctx, who, no, e.gate.home)
	if v.Link.ID.IsZero() {
		return err
	}
	e.found("cover", "%s. The page itself shows no media.", tellOpens(&v.Link))
	e.found("identify", "Whoever opens the page is asked to press Watch. That opens a session for their device.%s", tellWhom(&v.Link))
	switch {
	case e.method == http.MethodPost && e.asks(v):
	case !e.admits(v):
	case e.method == http.MethodPost:
		e.answer(Redirect, http.StatusSeeOther, "A session is opened or found, one view is held for it, and the browser is sent there.")
	default:
		e.answer(Pass, http.StatusOK, "The page is shown. Looking at it uses nothing."+tellLanding(&v))
	}
	return nil
}

// media walks on for a media URL, which holds a link or a session, or needs none.
func (e *explaining) media(ctx context.Context, req *Request) error {
	if err := e.gate.confirm(ctx, e.now); err != nil {
		return err
	}
	place := e.gate.rules.Place(req.Path)
	e.found("place", "%s", tellPlace(place))
	switch {
	case place.Level != Public || askable(req) != OK:
	case !e.gate.free(place, ClassOf(req.Path)):
		e.answer(Redirect, http.StatusFound, "Everybody may pass. Who brings no session that passes is given one, so that visitors are counted.")
		return nil
	default:
		e.answer(Pass, http.StatusOK, "The request is handed on. No credential is looked at, and nothing is counted.")
		return nil
	}
	credential, no := present(req)
	if no != OK {
		e.refuse("present", no, no.Meaning())
		return nil
	}
	if credential.Carrier == InPath {
		e.found("present", "The token stands in the path.")
	} else {
		e.found("present", "The token stands in the query.")
	}
	who, no := e.gate.verify(credential, e.now)
	if !who.session.IsZero() {
		return e.session(ctx, req, who)
	}
	v, err := e.link(ctx, who, no, func(link *Link) Place {
		start, _ := e.entered(link, req.Path)
		return e.gate.rules.Place(start)
	})
	if v.Link.ID.IsZero() {
		return err
	}
	var folder bool
	req.Path, folder = e.entered(&v.Link, req.Path)
	if !e.covers(&v.Link, req, folder) {
		return nil
	}
	e.found("identify", "The token is a link. A player that brings no session gets one.%s", tellWhom(&v.Link))
	switch {
	case e.method == http.MethodHead:
		e.answer(Blank, http.StatusNoContent, "HEAD is answered with nothing: looking at a link does not use it.")
	case e.asks(v):
	case e.admits(v):
		e.answer(Redirect, http.StatusFound, "A session is opened or found, and the player is sent there. No view is used yet.")
	}
	return nil
}

// link says whose token it is and reads the link. Its verdict has no link
// where the walk is over. at is where its session would begin.
func (e *explaining) link(ctx context.Context, who *pass, no Reason, at func(*Link) Place) (Verdict, error) {
	e.Link = who.link
	if no != OK {
		e.refuse("verify", no, no.Meaning())
		return Verdict{}, nil
	}
	v, _, err := e.gate.glance(ctx, e.now, nil, who, at)
	switch {
	case err != nil:
		return Verdict{}, err
	case v.Link.ID.IsZero():
		e.refuse("verify", v.Refusal.Reason, "The signature holds, but the link it names is not in the store, or says what no link may say.")
	case who.claims != nil:
		e.found("verify", "The token is a link signed with key %s. Its signature and its time hold.", who.claims.KeyID)
	default:
		e.found("verify", "The token is a link's code. Its seal holds.")
	}
	if v.Account.Limited() {
		e.Seated, err = e.gate.store.Seated(ctx, who.link)
	}
	if errors.Is(err, ErrNotFound) {
		err = nil // a link minted elsewhere that nobody has opened yet
	}
	return v, err
}

// asks reports whether the link asks for something that a URL does not bring.
func (e *explaining) asks(v Verdict) bool {
	if v.Refusal.Reason != OK || v.Asks == OK {
		return false
	}
	e.Account = v.Account
	e.found("admit", "%s", tellAccount(v.Account))
	e.refuse("rule", v.Asks, v.Asks.Meaning())
	return true
}

// entered is the file that a player starts with, where the path is the link's
// folder; false: it is not. Which file that is the gate finds out when it is asked.
func (e *explaining) entered(link *Link, p Path) (Path, bool) {
	if !link.Scope.Tree() || p.String() != link.Scope.Root()+"/" {
		return p, false
	}
	for _, start := range e.gate.Starts(link) {
		entry := ""
		if start.Tree() {
			entry = cmp.Or(link.Entry, "master.m3u8")
		}
		if file, err := start.Entry(entry); err == nil {
			return file, true
		}
	}
	return p, false
}

// covers looks at what the link opens; entered says that the URL names a folder,
// and the request is for the file in it that a player starts with.
func (e *explaining) covers(link *Link, req *Request, entered bool) bool {
	opens := tellOpens(link)
	if no := cover(link, req); no != OK {
		e.refuse("cover", no, opens+". "+no.Meaning())
		return false
	}
	if entered && link.Entry == "" {
		e.found("cover", "%s. The URL names that folder, and the gate looks there for the file that a player starts with.", opens)
	} else {
		e.found("cover", "%s, which covers %s.", opens, req.Path)
	}
	return true
}

// admits says what the store holds against a new session on the link.
func (e *explaining) admits(v Verdict) bool {
	e.Account = v.Account
	e.found("admit", "%s%s", tellAccount(v.Account), tellSeats(v.Account, e.Seated, e.gate.policy.Pace))
	left, limited := v.Account.Left()
	switch no := v.Refusal.Reason; {
	case no != OK && byRule(no):
		e.refuse("rule", no, no.Meaning())
		return false
	case no != OK:
		e.refuse("judge", no, no.Meaning())
		return false
	case limited && left == 0:
		e.Refusal.Allowance = AllowanceViews
		e.refuse("judge", ViewsSpent, ViewsSpent.Meaning()+" A device that has a session on this link already gets that one back.")
		return false
	}
	if v.Asks == SignIn { // what they may then depends on who they are
		e.found("rule", "%s The link says %s.", SignIn.Meaning(), v.Link.Can)
	} else {
		e.found("rule", "Whoever may have the session may %s.", v.Can)
	}
	e.found("judge", "Nothing stands against a new session.%s", tellEach(v.Account))
	return true
}
