package pages

import (
	"io"
	"strings"
)

// Form is a page with one form, or with none: signing in and out, choosing a
// password, typing a code, and what is said afterwards.
type Form struct {
	Title, Lead string
	// Problem is what is wrong with what was sent; a screen reader says it first.
	Problem string
	// Action is where the POST goes; empty: there is no form.
	Action string
	Hidden []Hidden
	Fields []Field
	// Buttons send the form, the first one by the Enter key.
	Buttons []Button
	Links   []Link
	Note    string
}

// Hidden travels with the form.
type Hidden struct{ Name, Value string }

// Field is something to fill in.
type Field struct {
	Name, Label string
	// Type and Autocomplete are those of HTML: password managers go by them.
	Type, Autocomplete string
	// Keys is the keyboard to show, "numeric" for digits; empty: the type's.
	Keys string
	// Value is filled in already, and Fixed keeps it so.
	Value string
	Fixed bool
	// Least and Most are how many characters it has; a Least of 0: any.
	Least, Most int
	// Hint stands below; Problem says what is wrong with it.
	Hint, Problem string
}

// DescribedBy lists what a screen reader says of the field: the hint, what is
// wrong with the field, and what is wrong with the form.
func (f Field) DescribedBy(form string) string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, "f-"+f.Name+"-hint")
	}
	if f.Problem != "" {
		ids = append(ids, "f-"+f.Name+"-problem")
	}
	if form != "" {
		ids = append(ids, "problem")
	}
	return strings.Join(ids, " ")
}

// Button sends the form, to another place than the form's where Action says so;
// then fields may be left empty.
type Button struct{ Text, Action string }

// Link leads somewhere else on the site. Main: it is what one comes for.
type Link struct {
	Text, URL string
	Main      bool
}

// Render draws the page.
func (f Form) Render(w io.Writer, to Reader) error {
	if f.Action != "" {
		if err := checkAddress("form's", f.Action); err != nil {
			return err
		}
	}
	for _, button := range f.Buttons {
		if button.Action != "" {
			if err := checkAddress("button's", button.Action); err != nil {
				return err
			}
		}
	}
	for _, link := range f.Links {
		if err := checkAddress("link's", link.URL); err != nil {
			return err
		}
	}
	return formPage.render(w, to, map[string]any{
		"Title": f.Title, "Lead": f.Lead, "Problem": f.Problem, "Action": f.Action, "Hidden": f.Hidden,
		"Fields": f.Fields, "Buttons": f.Buttons, "Links": f.Links, "Note": f.Note,
	})
}
