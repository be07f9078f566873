package caddymodule

import (
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/speech"
)

// brands is how the pages of a site look, and what collections may choose from.
type brands struct {
	site pages.Brand
	// logos are where the pictures are found that collections may name.
	logos map[string]string
	all   []pages.Logo
}

// readBrands reads the pictures once: a page is drawn for whoever asks.
func readBrands(b config.Brand) (brands, error) {
	read := brands{site: pages.Brand{Name: b.Name, Style: pages.BrandStyle(b.Color)}, logos: map[string]string{}}
	if b.Logo != "" {
		logo, err := readLogo(b.Logo)
		if err != nil {
			return brands{}, fmt.Errorf("brand: logo: %w", err)
		}
		read.site.Logo, read.all = logo.URL(), append(read.all, logo)
	}
	for name, path := range b.Logos {
		logo, err := readLogo(path)
		if err != nil {
			return brands{}, fmt.Errorf("brand: collection_logo %s: %w", name, err)
		}
		read.logos[name], read.all = logo.URL(), append(read.all, logo)
	}
	return read, nil
}

func readLogo(path string) (pages.Logo, error) {
	file, err := os.Open(path)
	if err != nil {
		return pages.Logo{}, err
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, pages.MaxLogo+1))
	if err != nil {
		return pages.Logo{}, err
	}
	return pages.NewLogo(body)
}

// of is the brand of a collection's pages. A logo that this site does not have
// is the site's own: collections are the same on all sites.
func (b *brands) of(collection gate.Brand) pages.Brand {
	brand := b.site
	if collection.Name != "" {
		brand.Name = collection.Name
	}
	if style := pages.BrandStyle(collection.Color); style != "" {
		brand.Style = style
	}
	if logo, known := b.logos[collection.Logo]; known {
		brand.Logo = logo
	}
	return brand
}

// reader is whom a page is drawn for, by what the browser says, and whose page
// it is: a collection's only where a valid signature was shown.
func (h *Handler) reader(r *http.Request, v *gate.Verdict) pages.Reader {
	to := pages.Reader{Language: speech.Of(r.Header.Get("Accept-Language")), Brand: h.brands.site}
	if v.Signed {
		to.Brand = h.brands.of(h.gate.BrandOf(&v.Link))
	}
	return to
}
