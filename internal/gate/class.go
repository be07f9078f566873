package gate

import (
	"strings"
)

// Class says what kind of thing a path names, as far as counting views goes.
type Class uint8

const (
	// Media bears picture or sound: it needs an open play. Whatever is not
	// known to be something else is media, so that a new suffix costs a view
	// rather than being free.
	Media Class = iota
	// Manifest lists media. It is answered whole and never starts a play.
	Manifest
	// Initial is an initialisation segment: media by suffix, yet small and
	// without picture. It starts no play while it stays below MaxInitial.
	Initial
	// Support is what comes beside media: keys, captions, images, pages.
	Support
)

// MaxInitial is the most bytes that pass as an initialisation segment. A film
// that merely has "init" in its name must not be free.
const MaxInitial = 256 << 10

// ClassOf sorts a path by its name.
func ClassOf(p Path) Class {
	base := strings.ToLower(p.Base())
	stem, suffix := splitSuffix(base)
	switch suffix {
	case "m3u8", "m3u", "mpd":
		return Manifest
	case "key", "vtt", "webvtt", "srt", "ttml", "dfxp", "ass", "ssa",
		"jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "ico",
		"html", "htm", "css", "js", "mjs", "map", "json", "xml", "txt", "woff2":
		return Support
	case "mp4", "m4s", "m4v", "m4a", "cmfv", "cmfa", "cmfi":
		if suffix == "cmfi" || isInit(stem) {
			return Initial
		}
	}
	return Media
}

func isInit(stem string) bool {
	return stem == "init" || strings.HasPrefix(stem, "init-") || strings.HasPrefix(stem, "init_") ||
		strings.HasSuffix(stem, "-init") || strings.HasSuffix(stem, "_init")
}

// isSegment tells names that are pieces of a stream and never a film by
// themselves.
func isSegment(base string) bool {
	stem, suffix := splitSuffix(strings.ToLower(base))
	switch suffix {
	case "ts", "m4s", "aac", "cmfv", "cmfa", "cmfi", "m2ts":
		return true
	}
	return isInit(stem)
}

func splitSuffix(base string) (stem, suffix string) {
	i := strings.LastIndexByte(base, '.')
	if i < 0 {
		return base, ""
	}
	return base[:i], base[i+1:]
}

// Bears reports whether an answer for the path bears media. The path decides
// where its name has a suffix: an upstream that lets the client choose the
// content type (S3 does, by a query parameter) must not make a film free. Where
// it has none, manifests, captions and images are known by their type.
func Bears(p Path, contentType string) bool {
	if _, suffix := splitSuffix(p.Base()); suffix != "" {
		return true
	}
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	kind = strings.TrimSpace(kind)
	switch kind {
	case "application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl", "application/dash+xml", "text/vtt":
		return false
	}
	return !strings.HasPrefix(kind, "image/")
}
