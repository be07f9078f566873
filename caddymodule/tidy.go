package caddymodule

import (
	"net/http"
	"strings"

	"go.uber.org/zap"
)

// tidy sets the headers of a gated answer. What upstream says about caching
// and cookies is for a site without a gate; a shared cache must not keep what
// one viewer was allowed.
func (a *answer) tidy() {
	header := a.Header()
	delete(header, "Set-Cookie")
	delete(header, "X-Accel-Redirect")
	delete(header, "X-Sendfile")
	for name := range header {
		if strings.HasPrefix(name, "Usher-") {
			delete(header, name)
		}
	}
	a.set(header, "Cache-Control", "private, max-age=0, must-revalidate")
	if len(header["Vary"]) == 0 {
		a.set(header, "Vary", "Cookie, Authorization")
	} else {
		header.Add("Vary", "Cookie, Authorization")
	}
	shareWith(header, a.verdict.Embed, originOf(a.request))
	a.set(header, "Referrer-Policy", "no-referrer")
	a.set(header, "X-Content-Type-Options", "nosniff")
	a.set(header, "X-Robots-Tag", "noindex, noarchive")
	if kind := mediaType(a.request.URL.Path, first(header["Content-Type"])); kind != "" {
		a.set(header, "Content-Type", kind)
	}
	if location := first(header["Location"]); location != "" {
		a.carryLocation(header, location)
	}
	a.dispose(header)
	tellTerms(a.set, header, a.verdict.Terms)
}

// carryLocation keeps a redirect of upstream's inside the session. One that
// cannot be kept leads nowhere.
func (a *answer) carryLocation(header http.Header, location string) {
	if !a.inPath() {
		return
	}
	kept, err := a.session().Reference(location)
	if err != nil {
		a.handler.logger.Error("a redirect cannot be kept in its session", zap.String("path", a.in.Path.String()), zap.Error(err))
		delete(header, "Location")
		return
	}
	header.Set("Location", kept)
}

// mediaType corrects the type of streaming files where upstream does not know
// them: browsers play a playlist by its type, and ".ts" is another thing in
// many tables.
func mediaType(path, given string) string {
	kind, known := streamingTypes[strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])]
	if !known {
		return ""
	}
	given, _, _ = strings.Cut(given, ";")
	switch given {
	case "", "text/plain", "application/octet-stream", "text/vnd.trolltech.linguist", "text/xml", "application/xml", "audio/x-mpegurl", "audio/mpegurl":
		return kind
	}
	return ""
}

var streamingTypes = map[string]string{
	"m3u8": "application/vnd.apple.mpegurl",
	"m3u":  "application/vnd.apple.mpegurl",
	"mpd":  "application/dash+xml",
	"ts":   "video/mp2t",
	"m4s":  "video/iso.segment",
	"vtt":  "text/vtt",
}
