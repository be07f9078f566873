package api

import (
	"errors"
	"net/http"
	"slices"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// Question asks what the gate would say to a URL.
type Question struct {
	URL    string `json:"url"`
	Method string `json:"method,omitzero"`
}

// Explanation is what the gate would say to a URL. It never holds a token.
type Explanation struct {
	Outcome   string            `json:"outcome"`
	Reason    string            `json:"reason"`
	Allowance string            `json:"allowance,omitempty"`
	Status    int               `json:"status"`
	Link      string            `json:"link,omitempty"`
	Session   string            `json:"session,omitempty"`
	Standing  string            `json:"standing,omitempty"`
	Views     *Views            `json:"views,omitempty"`
	ViewsEach *int64            `json:"views_each,omitempty"`
	Seats     *int64            `json:"seats,omitempty"`
	SeatsEach *int64            `json:"seats_each,omitempty"`
	Seated    *int64            `json:"seated,omitempty"`
	Play      *gate.Play        `json:"play,omitempty"`
	Steps     []ExplanationStep `json:"steps"`
}

// ExplanationStep is one step of the decision and what it found.
type ExplanationStep struct {
	Step    string `json:"step"`
	Finding string `json:"finding"`
	Reason  string `json:"reason,omitempty"`
}

// methods are those that a viewer's request may have.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost}

func (c *call) explain() (answer, error) {
	var body Question
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if body.URL == "" {
		return answer{}, badValue.of("url", nil, "say which URL to explain")
	}
	if body.Method == "" {
		body.Method = http.MethodGet
	}
	if !slices.Contains(methods, body.Method) {
		return answer{}, badValue.of("method", methods, "want the method of the request to explain")
	}
	e, err := c.Gate.Explain(c.r.Context(), c.Now(), body.URL, body.Method)
	if err != nil {
		return answer{}, err
	}
	said, err := c.mayExplain(e)
	return done(said, err)
}

// mayExplain lets those read an explanation who may see what its link is used
// for: it names sessions and plays. Whoever may make links from the link reads
// which one it is, and nothing else.
func (c *call) mayExplain(e gate.Explanation) (Explanation, error) {
	refused := c.may(directory.SeePrivate)
	if allowed, broken := unlessForbidden(refused); allowed || broken != nil {
		return explanationOf(e), broken
	}
	link, err := c.links().of(e.Link)
	if err != nil {
		return Explanation{}, err
	}
	if link.ID.IsZero() {
		return Explanation{}, refused
	}
	refused = c.mayLink(link.Link, directory.SeeStats)
	if allowed, broken := unlessForbidden(refused); allowed || broken != nil {
		return explanationOf(e), broken
	}
	if hands, broken := unlessForbidden(c.mayHandOn(link.Link)); !hands || broken != nil || !e.Session.IsZero() {
		return Explanation{}, errors.Join(broken, refused)
	}
	return Explanation{Outcome: e.Outcome.String(), Reason: e.Refusal.Reason.String(), Status: e.Status, Link: e.Link.String(), Steps: []ExplanationStep{}}, nil
}

func explanationOf(e gate.Explanation) Explanation {
	said := Explanation{
		Outcome: e.Outcome.String(), Reason: e.Refusal.Reason.String(), Allowance: e.Refusal.Allowance, Status: e.Status,
	}
	if !e.Link.IsZero() {
		said.Link = e.Link.String()
	}
	if !e.Session.IsZero() {
		said.Session = e.Session.String()
	}
	if e.Account.Exists {
		counts := viewsOf(e.Account)
		said.Seats, said.SeatsEach = limited(e.Account.Seats), limited(e.Account.SeatsEach)
		said.Standing, said.Views, said.ViewsEach = e.Account.Standing.State, &counts, limited(e.Account.ViewsEach)
	}
	if e.Account.Limited() && e.Session.IsZero() {
		said.Seated = &e.Seated
	}
	if e.Play.Exists {
		said.Play = &e.Play
	}
	for _, step := range e.Steps {
		row := ExplanationStep{Step: step.Name, Finding: step.Finding}
		if step.Reason != gate.OK {
			row.Reason = step.Reason.String()
		}
		said.Steps = append(said.Steps, row)
	}
	return said
}
