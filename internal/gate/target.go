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
	if reserved(rest) || !isSealText(session) {
		return "", "", false
	}
	return session, rest, true
}

// isSealText reports whether nothing stands in the text that cannot stand in a
// sealed one, which is base64url.
func isSealText(text string) bool {
	for i := range len(text) {
		if !sealOctets[text[i]] {
			return false
		}
	}
	return true
}

var sealOctets = octets("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

// octets is the set of a text's bytes, as a table: these questions are asked
// for every byte of every request.
func octets(text string) (set [256]bool) {
	for i := range len(text) {
		set[text[i]] = true
	}
	return set
}
