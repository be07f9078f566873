package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Brand is the JSON of the brand setting.
type Brand struct {
	// Name is whose pages they are.
	Name string `json:"name,omitempty"`
	// Color is that of buttons and links, as #rrggbb.
	Color string `json:"color,omitempty"`
	// Logo is the path of a picture: PNG, WebP or SVG, of at most 64 KiB.
	Logo string `json:"logo,omitempty"`
	// Logos are the pictures that collections may name, by their names.
	Logos map[string]string `json:"logos,omitempty"`
}

var brandRows = []Directive[Site]{
	{
		Name: "name", Field: "name", Args: "NAME",
		Doc:     "Whose pages they are: one line of at most 60 characters.",
		Default: "none",
		Set: func(s *Site, args []string) error {
			return one(args, `NAME, in quotes where it has spaces`, func(v string) error { s.Brand.Name = v; return validBrandName(v) })
		},
	},
	{
		Name: "color", Field: "color", Args: `"#RRGGBB"`,
		Doc:     "The colour of buttons and links. In quotes, since # begins a comment. Where text in it, or on it, could not be read, it is made darker or lighter by as much as it takes.",
		Default: "Usher's own",
		Set: func(s *Site, args []string) error {
			return one(args, `"#RRGGBB" in quotes, since # begins a comment`, func(v string) error { s.Brand.Color = v; return validColor(v) })
		},
	},
	{
		Name: "logo", Field: "logo", Args: "FILE",
		Doc:     "A picture: PNG, WebP, or SVG without scripts and without anything that it loads; of at most 64 KiB.",
		Default: "none",
		Set: func(s *Site, args []string) error {
			return one(args, "FILE", func(v string) error { s.Brand.Logo = v; return nil })
		},
	},
	{
		Name: "collection_logo", Field: "logos", Args: "NAME FILE", Repeats: true,
		Doc:     "A picture that collections may have instead, by its name. May be given several times.",
		Default: "none",
		Set:     setLogo,
	},
}

func setLogo(s *Site, args []string) error {
	if len(args) != 2 || args[1] == "" {
		return errors.New("want a name and a file, such as collection_logo acme /etc/usher/acme.svg")
	}
	if _, given := s.Brand.Logos[args[0]]; given {
		return fmt.Errorf("%q is given twice", args[0])
	}
	logos := maps.Clone(s.Brand.Logos)
	if logos == nil {
		logos = map[string]string{}
	}
	logos[args[0]] = args[1]
	s.Brand.Logos = logos
	return validLogoName(args[0])
}

// maxLogos bounds how many pictures a site keeps in memory.
const maxLogos = 100

func (b Brand) validate() error {
	var wrong []error
	if len(b.Logos) > maxLogos {
		wrong = append(wrong, fmt.Errorf("want at most %d logos", maxLogos))
	}
	for name := range b.Logos {
		wrong = append(wrong, validLogoName(name))
	}
	if b.Color != "" {
		wrong = append(wrong, named("color", validColor(b.Color)))
	}
	return errors.Join(append(wrong, named("name", validBrandName(b.Name)))...)
}

func validBrandName(name string) error {
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > 60 || strings.ContainsFunc(name, unicode.IsControl) || strings.TrimSpace(name) != name {
		return errors.New("want one line of at most 60 characters")
	}
	return nil
}

func validColor(color string) error {
	if _, err := hex.DecodeString(strings.TrimPrefix(color, "#")); err != nil || len(color) != 7 || color[0] != '#' {
		return fmt.Errorf("%q: want #RRGGBB, such as #0b6f63", color)
	}
	return nil
}

func validLogoName(name string) error {
	if name == "" || len(name) > 32 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("%q: want a name of a-z, 0-9 and -", name)
	}
	return nil
}
