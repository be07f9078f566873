package caddymodule

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/secret"
)

// passwordBudget is the most that pressing Watch may take where a password is
// looked at: that is slow by intent, and only a few are looked at at once.
const passwordBudget = 5 * time.Second

// maxForm bounds what is read of the landing page's form.
const maxForm = 4 << 10

// password reads what was typed into the landing page's form; empty: nothing.
// A form that is none of ours, or has the field twice, is taken for an empty one.
func password(w http.ResponseWriter, r *http.Request) string {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	kind, _, bad := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || bad != nil || kind != "application/x-www-form-urlencoded" {
		return ""
	}
	fields, err := url.ParseQuery(string(body))
	if err != nil || len(fields["password"]) != 1 || len(fields["password"][0]) > secret.MaxText {
		return ""
	}
	return fields["password"][0]
}

// asking is the landing page of a link that asks for something before it tells
// what is behind it.
func asking(v *gate.Verdict, code string, problem gate.Reason) pages.Landing {
	page := pages.Landing{Action: sharePrefix + code}
	page.Asks = pages.Asking{Password: v.Asks == gate.PasswordNeeded, Problem: problem}
	if v.Asks == gate.SignIn || (len(v.Link.For) > 0 && v.Person.IsZero()) {
		page.Asks.SignIn = signInPath + "?next=" + url.QueryEscape(sharePrefix+code)
	}
	return page
}

// askAgain shows the page on which the password was missing, or wrong, once more.
func (h *Handler) askAgain(w http.ResponseWriter, r *http.Request, v *gate.Verdict, code string) {
	countRequest(v)
	logVerdict(r, v)
	no := v.Refusal.Reason
	tellRefusal(w.Header(), v)
	h.writeLanding(w, r, no.Status(), v, asking(v, code, no))
}
