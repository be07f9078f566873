package directory

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/usher-media/usher/internal/typed"
)

// ParseAddress reads an e-mail address and returns it in lower case.
func ParseAddress(text string) (string, error) {
	address, ok := typed.Address(text)
	if !ok {
		return "", invalid("email", "want an e-mail address such as ann@example.com: no name before it, no quotes, letters of ASCII only, at most %d bytes", typed.MaxAddress)
	}
	return address, nil
}

// AddressID is the id of an address's document: addresses themselves stay out
// of keys.
func AddressID(address string) string { return hashed(address) }

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
