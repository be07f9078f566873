package gate

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Brand is how the pages of a collection look, or those of a site. The zero
// Brand is nobody's.
type Brand struct {
	// Name is whose pages they are.
	Name string `json:"name,omitempty"`
	// Color is that of buttons and links, as #rrggbb.
	Color string `json:"color,omitempty"`
	// Logo names one of the logos that the site has.
	Logo string `json:"logo,omitempty"`
}

// Bounds of a brand's texts.
const (
	MaxBrandName = 60
	maxLogoName  = 32
)

// Validate reports what is wrong with a brand, naming the field.
func (b Brand) Validate() error {
	if !utf8.ValidString(b.Name) || utf8.RuneCountInString(b.Name) > MaxBrandName || hasControl(b.Name) || strings.TrimSpace(b.Name) != b.Name {
		return fmt.Errorf("name: want one line of at most %d characters", MaxBrandName)
	}
	if b.Color != "" {
		if _, err := ParseColor(b.Color); err != nil {
			return fmt.Errorf("color: %w", err)
		}
	}
	if b.Logo != "" && (len(b.Logo) > maxLogoName || strings.Trim(b.Logo, "abcdefghijklmnopqrstuvwxyz0123456789-") != "") {
		return fmt.Errorf("logo: want the name of a logo of the site, of a-z, 0-9 and -")
	}
	return nil
}

// Color is a colour of a screen: red, green and blue.
type Color [3]uint8

// ParseColor reads #rrggbb and nothing else: names, shorter forms and functions
// are what stylesheets understand, and this goes into one.
func ParseColor(text string) (c Color, err error) {
	octets, bad := hex.DecodeString(strings.TrimPrefix(text, "#"))
	if len(text) != 7 || text[0] != '#' || bad != nil {
		return c, fmt.Errorf("%q: want #rrggbb, such as #0b6f63", text)
	}
	return Color(octets), nil
}

// BrandOf is that of the collection in which a link's player starts; zero: it
// says nothing. It answers from memory, and lets nobody pass by it.
func (g *Gate) BrandOf(link *Link) Brand {
	if link.ID.IsZero() {
		return Brand{}
	}
	if brand := g.home(link).Brand; brand != nil {
		return *brand
	}
	return Brand{}
}
