package pages

import (
	"net/http"
	"strings"
)

// policy is the Content-Security-Policy of every page: nothing but our own
// files. Media and fetches are same-origin too, since a session's address is on
// the host that drew the page. No page may be framed, but by whom the owner
// said: a framed Watch button is a stolen view.
var policy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self'",
	"media-src 'self'",
	"connect-src 'self'",
	"form-action 'self'",
	"frame-ancestors 'none'",
	"base-uri 'none'",
}, "; ")

// AllowFraming lets pages of these origins frame a page that has its headers.
func AllowFraming(h http.Header, origins string) {
	h.Set("Content-Security-Policy", strings.Replace(policy, "frame-ancestors 'none'", "frame-ancestors "+origins, 1))
}

// SetHeaders puts the headers that every page carries.
func SetHeaders(h http.Header) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	// A page tells what is left of a link right now, and its address may be
	// the credential: neither belongs in a cache.
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	// The address of the page must not travel to wherever it leads.
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, noarchive")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
}
