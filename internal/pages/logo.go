package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// MaxLogo is the largest logo.
const MaxLogo = 64 << 10

// Logo is a picture that an owner gave.
type Logo struct {
	name, kind string
	body       []byte
}

// logoPolicy is that of a logo which somebody opens by itself: a drawing is a
// document then, and could do what documents do.
const logoPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

// NewLogo takes a picture: PNG, WebP, or SVG without anything in it that runs or
// loads something.
func NewLogo(body []byte) (Logo, error) {
	if len(body) > MaxLogo {
		return Logo{}, fmt.Errorf("the logo has %d bytes: want at most %d", len(body), MaxLogo)
	}
	var kind, extension string
	switch {
	case bytes.HasPrefix(body, []byte("\x89PNG\r\n\x1a\n")):
		kind, extension = "image/png", ".png"
	case len(body) > 12 && string(body[:4]) == "RIFF" && string(body[8:12]) == "WEBP":
		kind, extension = "image/webp", ".webp"
	default:
		if err := checkDrawing(body); err != nil {
			return Logo{}, fmt.Errorf("the logo is neither PNG nor WebP, nor an SVG that can be shown: %w", err)
		}
		kind, extension = "image/svg+xml", ".svg"
	}
	sum := sha256.Sum256(body)
	return Logo{"logo-" + hex.EncodeToString(sum[:8]) + extension, kind, body}, nil
}

// URL is where the logo is found.
func (l Logo) URL() string {
	if l.name == "" {
		return ""
	}
	return AssetPrefix + l.name
}

// drawn are the elements of a drawing. What is not here is refused: scripts and
// foreign documents, and whatever changes attributes later.
var drawn = []string{
	"svg", "g", "defs", "symbol", "use", "title", "desc", "metadata", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
	"text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "style",
}

// checkDrawing reads a whole SVG.
func checkDrawing(body []byte) error {
	reader := xml.NewDecoder(bytes.NewReader(body))
	first := true
	for {
		token, err := reader.Token()
		if errors.Is(err, io.EOF) {
			if first {
				return errors.New("there is nothing in it")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.Directive:
			return errors.New("it declares a document type")
		case xml.ProcInst:
			if token.Target != "xml" {
				return fmt.Errorf("it asks for processing by %q", token.Target)
			}
		case xml.StartElement:
			if first && token.Name.Local != "svg" {
				return fmt.Errorf("it begins with <%s>", token.Name.Local)
			}
			first = false
			if err := checkElement(token); err != nil {
				return err
			}
		case xml.CharData:
			if loads(string(token)) {
				return errors.New("it loads something")
			}
		}
	}
}

func checkElement(e xml.StartElement) error {
	if !slices.Contains(drawn, e.Name.Local) {
		return fmt.Errorf("it has a <%s>", e.Name.Local)
	}
	for _, a := range e.Attr {
		name := strings.ToLower(a.Name.Local)
		switch {
		case strings.HasPrefix(name, "on"):
			return fmt.Errorf("it has the handler %s", a.Name.Local)
		case name == "href" && !strings.HasPrefix(a.Value, "#"), a.Name.Space != "xmlns" && name != "xmlns" && loads(a.Value):
			return fmt.Errorf("its %s loads something", a.Name.Local)
		}
	}
	return nil
}

// loads reports a text of a drawing, or of a style in it, that names something
// which is not in it. A backslash is how a style would spell that otherwise.
func loads(text string) bool {
	text = strings.ToLower(text)
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "url(")
		if !found {
			break
		}
		if !strings.HasPrefix(strings.TrimLeft(after, " \t\r\n'\""), "#") {
			return true
		}
		rest = after
	}
	return strings.Contains(text, "@import") || strings.Contains(text, "javascript:") || strings.Contains(text, "\\") || strings.Contains(text, "image(") || strings.Contains(text, "image-set(")
}
