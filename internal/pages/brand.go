package pages

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"github.com/usher-media/usher/internal/gate"
)

// Brand is how an owner's pages look. The zero Brand is Usher's own look.
type Brand struct {
	// Name is the owner's; empty: it is not shown.
	Name string
	// Style is the address of a stylesheet that sets the colours; empty: ours.
	Style string
	// Logo is the address of a picture; empty: none.
	Logo string
}

// Stylesheets of brands have the colour in their name, and nothing else is in
// them that did not come from it: there is nothing to keep, and all nodes agree.
const (
	stylePrefix = AssetPrefix + "brand-"
	styleSuffix = ".css"
)

// BrandStyle is where the stylesheet of a colour is found; empty: it is none.
func BrandStyle(color string) string {
	c, err := gate.ParseColor(color)
	if err != nil {
		return ""
	}
	return stylePrefix + hex.EncodeToString(c[:]) + styleSuffix
}

// styleAt makes the stylesheet at a path.
func styleAt(path string) (css string, ok bool) {
	text, found := strings.CutPrefix(path, stylePrefix)
	text, ended := strings.CutSuffix(text, styleSuffix)
	c, err := gate.ParseColor("#" + text)
	if !found || !ended || err != nil || text != strings.ToLower(text) {
		return "", false
	}
	return style(c), true
}

// Backgrounds that accents stand on as text: of the light ones the darkest, of
// the dark ones the lightest. They are those of usher.css.
var (
	lightFloor = gate.Color{0xf3, 0xf5, 0xf8}
	darkCard   = gate.Color{0x17, 0x20, 0x30}
	black      = gate.Color{}
	white      = gate.Color{0xff, 0xff, 0xff}
)

// enough is the contrast of text that WCAG 2.2 asks for at level AA (1.4.3), and
// a little more: a colour is rounded.
const enough = 4.55

// style sets the colours. A button has the owner's colour as it is, with black
// or white on it, of which one always is enough; links and rings have it as much
// darker, or lighter, as can be read.
func style(brand gate.Color) string {
	dark, light := toward(brand, black, lightFloor), toward(brand, white, darkCard)
	return fmt.Sprintf(`:root { --accent: %s; --on-accent: %s; }
@media (prefers-color-scheme: dark) { :root { --accent: %s; --on-accent: %s; } }
.primary, .primary:hover { background: %s; color: %s; filter: none; }
`, written(dark), written(on(dark)), written(light), written(on(light)), written(brand), written(on(brand)))
}

func written(c gate.Color) string { return "#" + hex.EncodeToString(c[:]) }

// on is black or white, whichever is read better on the colour.
func on(c gate.Color) gate.Color {
	if contrast(c, white) >= contrast(c, black) {
		return white
	}
	return black
}

// toward mixes the colour with the end of the scale until it can be read on the
// background.
func toward(c, end, background gate.Color) gate.Color {
	const steps = 64
	mixed := c
	for step := 1; step <= steps && contrast(mixed, background) < enough; step++ {
		for i := range mixed {
			from, to := int(c[i]), int(end[i])
			mixed[i] = uint8(from + (to-from)*step/steps)
		}
	}
	return mixed
}

// contrast is WCAG's ratio, from 1 to 21.
func contrast(a, b gate.Color) float64 {
	high, low := luminance(a), luminance(b)
	if high < low {
		high, low = low, high
	}
	return (high + 0.05) / (low + 0.05)
}

// luminance is the relative luminance of a colour in sRGB.
func luminance(c gate.Color) float64 {
	part := func(octet uint8) float64 {
		v := float64(octet) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*part(c[0]) + 0.7152*part(c[1]) + 0.0722*part(c[2])
}
