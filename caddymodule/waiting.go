package caddymodule

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
)

// waitParam marks the address under which a page that waits looks for a change:
// how often it looked, and behind a point how many views each viewer had when
// this one had none left. It says nothing that anybody would profit from making
// up: whoever says it is not counted as coming, as with HEAD, and may be told
// that a link is spent.
const waitParam = "wait"

// looks is what the address of a page that waits says.
type looks struct {
	before int
	each   int64
}

// maxLooks is where counting ends; the pace has long been the slowest then.
const maxLooks = 99

// looksOf reads the address; false: it is none of a page that waits.
func looksOf(r *http.Request) (looks, bool) {
	text, found := strings.CutPrefix(r.URL.RawQuery, waitParam+"=")
	if !found {
		return looks{}, false
	}
	count, each, _ := strings.Cut(text, ".")
	before, err := strconv.Atoi(count)
	if err != nil || before < 1 || before > maxLooks {
		return looks{}, false
	}
	views, err := strconv.ParseInt(each, 10, 64)
	if each != "" && (err != nil || views < 0) {
		return looks{}, false
	}
	return looks{before, views}, true
}

// spent says what somebody is told before they press a button in vain. A page
// that waits goes by what can be taken now; who comes anew, by what is used for
// good, since a view that is only held may come back.
func (l looks) spent(account *gate.Account) (gate.Refusal, bool) {
	left, limited := account.Left()
	switch {
	case account.Spent(), l.before > 0 && limited && left == 0:
		return gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViews}, true
	case l.each > 0 && account.ViewsEach > 0 && account.ViewsEach <= l.each:
		return gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViewsEach}, true
	}
	return gate.Refusal{}, false
}

// ownPage is the path of a share link's page, or of a watch page; empty: the
// request is for something else, which must not be asked for again and again.
func ownPage(r *http.Request) string {
	path := r.URL.Path
	if !strings.HasPrefix(path, sharePrefix) && !strings.HasPrefix(path, watchPrefix) {
		return ""
	}
	for _, c := range []byte(path) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '/', c == '-', c == '.', c == '_':
		default:
			return ""
		}
	}
	return path
}

// nextLook is where the page of a refusal looks for a change, and how often it
// did so before.
func nextLook(r *http.Request, v *gate.Verdict) (address string, before int) {
	path := ownPage(r)
	if path == "" || !pages.Waits(v.Refusal.Reason) {
		return "", 0
	}
	now, _ := looksOf(r)
	address = path + "?" + waitParam + "=" + strconv.Itoa(min(now.before+1, maxLooks))
	if v.Signed && v.Refusal.Allowance == gate.AllowanceViewsEach {
		address += "." + strconv.FormatInt(v.Account.ViewsEach, 10)
	}
	return address, now.before
}

// press is where a viewer who has no seat presses Watch again; empty: nowhere.
// A session's own page knows the link, and does not name it where the session
// may have come from somebody else, or where the link's end stands in its token.
func (h *Handler) press(r *http.Request, v *gate.Verdict) string {
	path := ownPage(r)
	switch {
	case !v.Signed || path == "":
		return ""
	case v.Refusal.Reason == gate.TooManySeats && strings.HasPrefix(path, sharePrefix):
		return path
	case v.Refusal.Reason == gate.Replaced && v.Carrier == gate.InCookie && v.Link.Issuer == "" && !v.Link.Pass && !v.Link.ID.IsZero():
		return sharePrefix + h.gate.LinkCode(v.Link.ID)
	}
	return ""
}

// opens says when a link opens that does not yet.
func opens(v *gate.Verdict) (at time.Time, in time.Duration) {
	if !v.Signed || v.Refusal.Reason != gate.NotYet || v.Account.StartsAt.IsZero() {
		return time.Time{}, 0
	}
	return v.Account.StartsAt, max(time.Until(v.Account.StartsAt), time.Second)
}
