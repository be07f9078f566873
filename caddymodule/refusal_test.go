package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// TestRefusalsSayWhatToDo looks at what only some refusals carry: how long to
// wait, and which allowance was used up.
func TestRefusalsSayWhatToDo(t *testing.T) {
	account := gate.Account{Terms: gate.Terms{Views: 3, ViewsEach: 1, Seats: 2, SeatsEach: 1}}
	for _, c := range []struct {
		refusal gate.Refusal
		after   string
		says    string
	}{
		{gate.Refusal{Reason: gate.TooFast}, "1", "Wait a moment"},
		{gate.Refusal{Reason: gate.TooFast, Wait: time.Millisecond}, "1", "Wait a moment"},
		{gate.Refusal{Reason: gate.TooFast, Wait: 2100 * time.Millisecond}, "3", "3 seconds"},
		{gate.Refusal{Reason: gate.StoreDown}, "1", "Try again"},
		{gate.Refusal{Reason: gate.TooManySeats, Allowance: gate.AllowanceSeats, Wait: 2 * time.Minute}, "120", "This link lets 2 devices watch at once"},
		{gate.Refusal{Reason: gate.TooManySeats, Allowance: gate.AllowanceSeatsEach, Wait: time.Minute}, "60", "may watch on 1 device at once"},
		{gate.Refusal{Reason: gate.Replaced}, "", "watched on another device"},
		{gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViews}, "", "This link has 3 views in all"},
		{gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViewsEach}, "", "Each viewer of this link has 1 view"},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/film.mp4", nil)
		r.Header.Set("Accept", "text/html")
		new(Handler).writeRefusal(w, r, &gate.Verdict{Signed: true, Refusal: c.refusal, Account: account})
		if w.Code != c.refusal.Reason.Status() || w.Header().Get("Usher-Reason") != c.refusal.Reason.String() {
			t.Errorf("%+v: status %d, reason %q", c.refusal, w.Code, w.Header().Get("Usher-Reason"))
		}
		if got := w.Header().Get("Retry-After"); got != c.after {
			t.Errorf("%+v: Retry-After %q, want %q", c.refusal, got, c.after)
		}
		if !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%+v: the page does not say %q:\n%s", c.refusal, c.says, w.Body)
		}
	}
}
