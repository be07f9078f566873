package directory

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// MaxAddress is the most bytes of an e-mail address (RFC 5321 4.5.3.1.3, less
// the two angle brackets).
const MaxAddress = 254

// ParseAddress reads an e-mail address and returns it in lower case. It takes
// what people have and no more: no display name, no comment, no quoting, no
// address literal, no space. Whatever else mail programs understand is there
// to be understood differently by two of them. That the part before the @ is
// the same person in either case is no rule of RFC 5321 but how everybody has it.
func ParseAddress(text string) (string, error) {
	local, domain, found := strings.Cut(text, "@")
	if !found || len(text) > MaxAddress || !validLocal(local) || !validDomain(domain) {
		return "", invalid("email", "want an e-mail address such as ann@example.com: no name before it, no quotes, letters of ASCII only, at most %d bytes", MaxAddress)
	}
	return strings.ToLower(text), nil
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// validLocal wants a dot-atom of RFC 5322.
func validLocal(local string) bool {
	if len(local) > 64 {
		return false
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.Trim(atom, letters+"!#$%&'*+-/=?^_`{|}~") != "" {
			return false
		}
	}
	return true
}

// validDomain wants at least two labels, the last of which is no number.
func validDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, letters+"-") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return len(labels) > 1 && strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// AddressID is the id of an address's document: addresses themselves stay out
// of keys.
func AddressID(address string) string { return hashed(address) }

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
