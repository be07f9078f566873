// Package typed reads what people type, strictly and in one way wherever it is
// typed: an e-mail address, a line, a few lines.
package typed

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxAddress is the most bytes of an e-mail address: what fits a path of RFC 5321
// section 4.5.3.1.3, without its brackets.
const MaxAddress = 254

// Address reads an e-mail address and returns it in lower case. It takes what
// people have and no more: no display name, no comments, no quotes, ASCII only.
// It reads by hand, since net/mail takes all of these, by which one text means two
// addresses to two readers (oauth2-proxy CVE-2026-40574). That the part before the
// @ is the same person in either case is no rule of RFC 5321 but how everybody has it.
func Address(text string) (address string, ok bool) {
	local, host, found := strings.Cut(text, "@")
	if !found || len(text) > MaxAddress || len(local) > 64 || !dotted(local, atext) || !dotted(host, ldh) {
		return "", false
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", false
		}
	}
	top := labels[len(labels)-1]
	if len(labels) < 2 || strings.Trim(top, "0123456789") == "" { // an address of the network is no host name
		return "", false
	}
	return strings.ToLower(text), true
}

// dotted reports whether text is parts with dots between them, of allowed bytes.
func dotted(text, allowed string) bool {
	for part := range strings.SplitSeq(text, ".") {
		if part == "" || strings.Trim(part, allowed) != "" {
			return false
		}
	}
	return true
}

const (
	ldh   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	atext = ldh + "!#$%&'*+/=?^_`{|}~" // RFC 5322 section 3.2.3
)

// Line reports whether text is at most so many bytes that stay on one line and
// show what they are. It may be empty.
func Line(text string, most int) bool {
	return len(text) <= most && utf8.ValidString(text) && !strings.ContainsFunc(text, hidden)
}

// Lines is Line for a text of several lines.
func Lines(text string, most int) bool {
	odd := func(r rune) bool { return r != '\n' && r != '\r' && r != '\t' && hidden(r) }
	return len(text) <= most && utf8.ValidString(text) && !strings.ContainsFunc(text, odd)
}

// hidden tells characters that end a line, are not seen, or turn the order of
// what is around them (Trojan Source, CVE-2021-42574). Joiners stay: names in
// several scripts are written with them.
func hidden(r rune) bool {
	switch {
	case r == '\u200c' || r == '\u200d':
		return false
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs):
		return true
	}
	return r == utf8.RuneError || unicode.Is(unicode.Noncharacter_Code_Point, r)
}
