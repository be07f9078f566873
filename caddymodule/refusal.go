package caddymodule

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
)

// refuse writes a refusal: a page where a person navigates, a short text for
// players. Whoever presented no valid signature gets one uniform answer.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, v *gate.Verdict) {
	v.Outcome = gate.Refuse
	countRequest(v)
	logVerdict(r, v)
	h.shareAnswer(w.Header(), r)
	h.writeRefusal(w, r, v)
}

// refuseOpening is refuse for somebody who came to open something. That they came
// to a link that is closed is noted: whoever closed it may want to know that it
// is still tried. Those who only look, and sessions that run, are not counted.
func (h *Handler) refuseOpening(w http.ResponseWriter, r *http.Request, in *request, v *gate.Verdict) {
	if _, waits := looksOf(r); waits {
		h.refuse(w, r, v) // whoever waits has come once
		return
	}
	if !v.Link.ID.IsZero() && v.Session.IsZero() && !in.Speculative && r.Method != http.MethodHead && closed(v.Refusal.Reason) {
		h.app.backing.usage.Note(gate.Usage{Link: v.Link.ID, RefusedOpens: 1})
		h.tell(events.LinkRefused, in, v)
	}
	if v.Refusal.Reason == gate.TooManyTries {
		h.tell(events.PasswordGuessed, in, v)
	}
	h.refuse(w, r, v)
}

// closed are the reasons of a link that opens to nobody any more.
func closed(no gate.Reason) bool {
	return no == gate.SuspendedLink || no == gate.RevokedLink || no == gate.Expired
}

func (h *Handler) writeRefusal(w http.ResponseWriter, r *http.Request, v *gate.Verdict) {
	no := v.Refusal.Reason
	header := w.Header()
	pages.SetHeaders(header)
	header.Add("Vary", "Accept, Accept-Language, Cookie, Authorization")
	page := pages.Refusal{Reason: no, Signed: v.Signed, RetryAfter: tellRefusal(header, v), Press: h.press(r, v)}
	page.Look, page.Looked = nextLook(r, v)
	page.OpensAt, page.OpensIn = opens(v)
	if v.Signed {
		page.Allowance, page.Limit = v.Refusal.Allowance, limit(v)
		page.Takes = v.Account.WhenFull == gate.ReplaceOldest
		tellTerms(http.Header.Set, header, v.Account.Text())
	}
	if no == gate.SignIn || no == gate.WrongPerson || (no == gate.LockedPlace && v.Person.IsZero()) {
		page.SignIn = signInFor(r)
	}
	if r.ContentLength != 0 {
		header.Set("Connection", "close") // an unread body must not become the next request
	}
	if wantsPage(r) {
		header.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(no.Status())
		if r.Method != http.MethodHead {
			_ = page.Render(w, h.reader(r, v)) // the client went away
		}
		return
	}
	body := no.Heading() + ". " + no.Advice() + "\n"
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(no.Status())
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, body)
	}
}

// tellRefusal sets the headers that go by the reason, and returns after how long
// to try again; zero: waiting does not help.
func tellRefusal(header http.Header, v *gate.Verdict) (wait time.Duration) {
	no := v.Refusal.Reason
	if v.Signed {
		header.Set("Usher-Reason", no.String())
	}
	switch no {
	case gate.StoreDown, gate.TooFast, gate.TooManySeats, gate.TooManyTries:
		// Rounded up: whoever comes too early is refused again.
		wait = max(time.Second, (v.Refusal.Wait + time.Second - 1).Truncate(time.Second))
		header.Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	case gate.BadMethod:
		header.Set("Allow", "GET, HEAD, OPTIONS")
	case gate.SignIn, gate.PasswordNeeded, gate.PasswordWrong:
		header.Set("WWW-Authenticate", challenge(no))
	default:
	}
	return wait
}

// challenge is what a 401 has to name (RFC 9110 section 15.5.2). The scheme is
// our own: a browser that knew it would ask for a name and a password by itself.
func challenge(no gate.Reason) string { return `Usher reason="` + no.String() + `"` }

// signInFor is where to sign in, and to come back from to what was asked for.
func signInFor(r *http.Request) string {
	_, asked, _ := gate.SplitTarget(r.URL.EscapedPath()) // nobody's session is no use to who signs in
	if r.URL.RawQuery != "" {
		asked += "?" + r.URL.RawQuery
	}
	next, ok := browser.ParseLocal(asked)
	if !ok {
		return signInPath
	}
	return signInPath + "?next=" + url.QueryEscape(next.String())
}

// signInPath is the page to sign in on.
const signInPath = ownPrefix + "signin"

// limit is what the allowance was that was spent.
func limit(v *gate.Verdict) int64 {
	switch v.Refusal.Allowance {
	case gate.AllowanceViewsEach:
		return v.Account.ViewsEach
	case gate.AllowanceViews:
		return v.Account.Views
	case gate.AllowanceSeatsEach:
		return v.Account.SeatsEach
	case gate.AllowanceSeats:
		return v.Account.Seats
	}
	return 0
}

// wantsPage tells a person's navigation from a player's request.
func wantsPage(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" && mode != "navigate" {
		return false
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
