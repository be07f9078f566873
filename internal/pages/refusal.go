package pages

import (
	"io"
	"time"
)

// Refusal is the page that says no, and what to do about it.
type Refusal struct {
	// Status is the answer's HTTP status.
	Status int
	// Reason is the word that support asks for; empty on the uniform page,
	// which must not tell a wrong guess from a right one.
	Reason string
	// Heading states the fact, Advice says what to do.
	Heading, Advice string
	// Detail may be empty: "Each viewer may watch twice."
	Detail string
	// RetryAfter is zero where waiting does not help.
	RetryAfter time.Duration
	// SignIn is where to sign in; empty where that does not help.
	SignIn string
}

// Render draws the page.
func (r Refusal) Render(w io.Writer) error {
	if r.SignIn != "" {
		if err := checkAddress("sign-in's", r.SignIn); err != nil {
			return err
		}
	}
	return render(w, refusalPage, map[string]any{
		"Status":  r.Status,
		"Reason":  r.Reason,
		"Heading": r.Heading,
		"Advice":  r.Advice,
		"Detail":  r.Detail,
		"Wait":    wait(r.RetryAfter),
		"SignIn":  r.SignIn,
	})
}
