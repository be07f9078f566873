// Package browser reads what a browser says, strictly: whether a form was posted
// by our own page, which of its cookies are ours, and to which page of the site
// it may be sent on.
package browser

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// SameOrigin reports whether a form post comes from our own page. Browsers say
// so by Fetch Metadata or Origin; a client that sends neither is no browser,
// and cannot be made to post by somebody else's page.
func SameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// hostOnly is the prefix by which browsers refuse a cookie that another host, or
// plain http, could have planted (RFC 6265bis section 4.1.3.2).
const hostOnly = "__Host-"

// Names are the names of our cookies on a site.
type Names struct{ Session, Device, Person, Flow string }

// NamesFor returns the names on a site that is, or is not, reached by TLS.
func NamesFor(secure bool) Names {
	prefix := ""
	if secure {
		prefix = hostOnly
	}
	return Names{Session: prefix + "usher", Device: prefix + "usher-device", Person: prefix + "usher-person", Flow: prefix + "usher-flow"}
}

// Ours knows our cookies by any spelling of their names.
func Ours(name string) bool {
	folded := strings.ToLower(strings.TrimSpace(name))
	folded = strings.TrimPrefix(folded, strings.ToLower(hostOnly))
	plain := NamesFor(false)
	return slices.Contains([]string{plain.Session, plain.Device, plain.Person, plain.Flow}, folded)
}

// Cookie returns the value of a cookie. One that is there twice with two values
// was planted by somebody (a sibling host, a path): neither counts.
func Cookie(r *http.Request, name string) string {
	found := ""
	for i, c := range r.CookiesNamed(name) {
		if i > 0 && found != c.Value {
			return ""
		}
		found = c.Value
	}
	return found
}

// DeviceLife is how long a browser is known again.
const DeviceLife = 400 * 24 * time.Hour

// NewCookie returns a cookie of ours; a life of 0 takes it away.
func NewCookie(name, value string, life time.Duration, secure bool) *http.Cookie {
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life.Seconds()),
		Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if life <= 0 {
		c.MaxAge = -1
	}
	return c
}
