package gate

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Origin is that of a page of another site, as browsers write it.
type Origin string

// Bounds of who may embed a collection.
const (
	MaxOrigins = 16
	maxOrigin  = 255
)

// ParseOrigin reads scheme, host and port in the one spelling that browsers
// send: an origin that never matches would look as if it were allowed. There is
// no pattern, and no http but that of the machine itself.
func ParseOrigin(text string) (Origin, error) {
	refused := fmt.Errorf("origin %q: want https://HOST or https://HOST:PORT in lower case and nothing after it, or http://localhost:PORT", text)
	u, err := url.Parse(text)
	if err != nil || len(text) > maxOrigin || text != u.Scheme+"://"+u.Host || !plainHost(u.Hostname()) {
		return "", refused
	}
	port := u.Port()
	switch {
	case strings.HasSuffix(u.Host, ":") || port != "" && !plainPort(port):
		return "", refused
	case u.Scheme == "https" && port != "443", u.Scheme == "http" && u.Hostname() == "localhost" && port != "80":
		return Origin(text), nil
	}
	return "", refused
}

// plainHost reports a name of letters, digits and hyphens, in labels; what is
// written otherwise stands in an origin as its ASCII form.
func plainHost(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

func plainPort(port string) bool {
	return len(port) <= 5 && port[0] != '0' && (len(port) < 5 || port <= "65535")
}

// Embedding is who may show a collection's media on pages of their own. It is
// never changed, and shared by all places of the collection. The nil one is
// nobody's.
type Embedding struct {
	origins   []Origin
	ancestors string
}

// NewEmbedding returns the embedding by these origins; nil where there are none.
func NewEmbedding(origins []Origin) *Embedding {
	if len(origins) == 0 {
		return nil
	}
	e := &Embedding{origins: slices.Clone(origins)}
	for i, origin := range origins {
		if i > 0 {
			e.ancestors += " "
		}
		e.ancestors += string(origin)
	}
	return e
}

// Allows reports whether the origin, as a request named it, may.
func (e *Embedding) Allows(origin string) bool {
	return e != nil && slices.Contains(e.origins, Origin(origin))
}

// Ancestors are the origins as the directive frame-ancestors lists them; empty:
// none.
func (e *Embedding) Ancestors() string {
	if e == nil {
		return ""
	}
	return e.ancestors
}

// EmbeddingAt says who may embed what is at a path. It answers from memory, and
// lets nobody pass by it.
func (g *Gate) EmbeddingAt(p Path) *Embedding { return g.rules.Place(p).Embed }

// EmbeddingOf says who may embed the pages of a link: whoever may embed where it
// leads.
func (g *Gate) EmbeddingOf(link *Link) *Embedding { return g.home(link).Embed }
