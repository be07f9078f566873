package pages

import "io"

// Console is the page for owners and operators. It knows nothing by itself:
// its script signs in with an API key and talks to the management API.
type Console struct {
	// API is the base address of the management API, "/_usher/api/v1".
	API string
}

// Render draws the page.
func (c Console) Render(w io.Writer) error {
	if err := checkAddress("API's", c.API); err != nil {
		return err
	}
	return render(w, consolePage, c)
}
