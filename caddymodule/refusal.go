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
	writeRefusal(w, r, v)
}

// refuseOpening is refuse for somebody who came to open something. That they came
// to a link that is closed is noted: whoever closed it may want to know that it
// is still tried. Those who only look, and sessions that run, are not counted.
func (h *Handler) refuseOpening(w http.ResponseWriter, r *http.Request, in *request, v *gate.Verdict) {
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

func writeRefusal(w http.ResponseWriter, r *http.Request, v *gate.Verdict) {
	no := v.Refusal.Reason
	header := w.Header()
	pages.SetHeaders(header)
	header.Add("Vary", "Accept, Cookie, Authorization")
	page := pages.Refusal{Status: no.Status(), Heading: no.Heading(), Advice: no.Advice(), RetryAfter: tellRefusal(header, v)}
	if v.Signed {
		page.Reason, page.Detail = no.String(), detail(v)
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
			_ = page.Render(w) // the client went away
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

// detail says which allowance was spent.
func detail(v *gate.Verdict) string {
	switch v.Refusal.Allowance {
	case gate.AllowanceViewsEach:
		return "Each viewer of this link has " + plural(v.Account.ViewsEach, "view", "views") + "."
	case gate.AllowanceViews:
		return "This link has " + plural(v.Account.Views, "view", "views") + " in all."
	case gate.AllowanceSeatsEach:
		return "Each viewer of this link may watch on " + plural(v.Account.SeatsEach, "device", "devices") + " at once, and you are watching elsewhere."
	case gate.AllowanceSeats:
		return "This link lets " + plural(v.Account.Seats, "device", "devices") + " watch at once, and others are watching."
	}
	return ""
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(n, 10) + " " + many
}

// wantsPage tells a person's navigation from a player's request.
func wantsPage(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" && mode != "navigate" {
		return false
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
