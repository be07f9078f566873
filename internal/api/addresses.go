package api

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usher-media/usher/internal/directory"
)

// Addresses are e-mail addresses as somebody gave them: in JSON a list of them,
// or one text with commas, semicolons or line breaks in between, as it is pasted
// from elsewhere.
type Addresses []string

// MaxAddresses is how many one request may name.
const MaxAddresses = 200

var errAddresses = errors.New("want e-mail addresses")

// UnmarshalJSONFrom reads a list or a text.
func (a *Addresses) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '"':
		var text string
		if err := json.UnmarshalDecode(d, &text); err != nil {
			return err
		}
		*a = splitAddresses(text)
		return nil
	case '[':
		return json.UnmarshalDecode(d, (*[]string)(a))
	}
	return errAddresses
}

// splitAddresses takes a pasted text apart. What is between two separators is
// an address or none: nothing is guessed.
func splitAddresses(text string) Addresses {
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\r\n", r) })
	list := make(Addresses, 0, len(parts))
	for _, part := range parts {
		if part = strings.Trim(part, " \t"); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// Words of what became of one address of many.
const (
	OutcomeDuplicate = "duplicate"   // it stands in the list before
	OutcomeBad       = "bad_address" // it is no e-mail address
	OutcomeRefused   = "refused"     // Why says why
)

// addressee is one address of many, and what is wrong with it.
type addressee struct {
	// email is the address as Usher writes it, or, where it is none, what was
	// given, cut short.
	email, outcome, why string
}

// sort looks at each address by itself: what is wrong with one keeps nobody else
// out.
func (a Addresses) sort(field string) ([]addressee, error) {
	if err := a.some(field); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	list := make([]addressee, len(a))
	for i, text := range a {
		address, err := directory.ParseAddress(text)
		switch {
		case err != nil:
			_, why, _ := strings.Cut(err.Error(), ": ")
			list[i] = addressee{clip(text), OutcomeBad, why}
		case seen[address]:
			list[i] = addressee{address, OutcomeDuplicate, "the address stands in the list before"}
		default:
			list[i].email = address
		}
		seen[address] = true
	}
	return list, nil
}

// some wants at least one address, and no more than there may be.
func (a Addresses) some(field string) error {
	if len(a) == 0 || len(a) > MaxAddresses {
		return badValue.of(field, nil, fmt.Sprintf("want 1 to %d e-mail addresses: a list, or a text with commas or line breaks in between", MaxAddresses))
	}
	return nil
}

// all wants every address to be one, and takes each once.
func (a Addresses) all(field string) ([]string, error) {
	list, err := a.sort(field)
	if err != nil {
		return nil, err
	}
	emails := make([]string, 0, len(list))
	for _, one := range list {
		switch one.outcome {
		case OutcomeBad:
			return nil, badValue.of(field, nil, fmt.Sprintf("%q: %s", one.email, one.why))
		case "":
			emails = append(emails, one.email)
		}
	}
	return emails, nil
}
