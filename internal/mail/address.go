package mail

import (
	"errors"
	"strings"
)

// ErrAddress reports text that is not an e-mail address as Usher takes them.
var ErrAddress = errors.New("not an e-mail address: want name@host.example in ASCII, without a display name, comments or quotes, at most 254 bytes")

// maxAddress is what fits a path of RFC 5321 section 4.5.3.1.3, without its brackets.
const maxAddress = 254

// ParseAddress reads an e-mail address strictly and returns it in lower case. It
// reads by hand: net/mail takes display names, comments and quotes, by which one
// text means two addresses to two readers (oauth2-proxy CVE-2026-40574).
func ParseAddress(text string) (string, error) {
	local, host, found := strings.Cut(text, "@")
	if !found || len(text) > maxAddress || len(local) > 64 || !dotted(local, atext) {
		return "", ErrAddress
	}
	labels := strings.Split(host, ".")
	if len(labels) < 2 || !dotted(host, ldh) {
		return "", ErrAddress
	}
	for _, label := range labels {
		if len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", ErrAddress
		}
	}
	if top := labels[len(labels)-1]; strings.Trim(top, "0123456789") == "" {
		return "", ErrAddress // an address of the network is no host name
	}
	return strings.ToLower(text), nil
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
