package gate

import "strings"

// maxSessionText bounds what is taken for a session in a path before anything
// is verified; a session token is far shorter.
const maxSessionText = 512

// SplitTarget takes the session off a request's path, still encoded as it came
// over the wire: "/~TEXT/rest" is TEXT and "/rest". A path that carries none
// comes back whole, with an empty session.
//
// It reports false for what begins like a carried session and is none, and for
// a session in front of Usher's own paths: "/~A/~B/…" would be two sessions,
// and "/~A/s/…" a share link that the router, which looks at the front, takes
// for media. Comparing the encoded text is enough, since [ParsePath] refuses
// every second spelling of these paths.
func SplitTarget(rawPath string) (session, rest string, ok bool) {
	text, found := strings.CutPrefix(rawPath, "/~")
	if !found {
		return "", rawPath, true
	}
	slash := strings.IndexByte(text, '/')
	if slash < 1 || slash > maxSessionText {
		return "", "", false
	}
	session, rest = text[:slash], text[slash:]
	if reserved(rest) || strings.IndexFunc(session, notSealRune) >= 0 {
		return "", "", false
	}
	return session, rest, true
}

// notSealRune tells what cannot stand in a sealed text, which is base64url.
func notSealRune(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}
