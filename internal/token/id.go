package token

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ID names one stored thing: 4 bytes of seconds since idEpoch, then 8 random
// bytes. Ids sort by the time they were made, which lists rely on. An id is
// not a secret: what opens a door is always an id together with a seal.
type ID [IDSize]byte

// IDSize is the length of an [ID] in bytes.
const IDSize = 12

// idTextSize is the length of its text.
const idTextSize = 20

// idEpoch is 2020-01-01 in Unix seconds: four bytes from there last until 2156.
const idEpoch = 1577836800

// idText is base32 with the extended hex alphabet of RFC 4648 section 7 in
// lower case, which keeps the order of the bytes in the order of the text.
var idText = base32.NewEncoding(idAlphabet).WithPadding(base32.NoPadding)

const idAlphabet = "0123456789abcdefghijklmnopqrstuv"

// ErrID reports text that is not an id in its one canonical spelling.
var ErrID = errors.New("not an id: want 20 characters of 0-9 and a-v")

// NewID returns a fresh id for a thing made at now.
func NewID(now time.Time) ID {
	var id ID
	seconds := min(max(now.Unix()-idEpoch, 0), 1<<32-1)
	binary.BigEndian.PutUint32(id[:4], uint32(seconds))
	rand.Read(id[4:]) // never fails: crypto/rand ends the program instead
	return id
}

// String returns the id as 20 lower-case characters.
func (id ID) String() string {
	var text [idTextSize]byte // not EncodeToString, which allocates twice
	idText.Encode(text[:], id[:])
	return string(text[:])
}

// IsZero reports whether id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// ParsePrefixed reads an id as people are shown it: its prefix, such as "lnk_", and
// what [ID.String] wrote.
func ParsePrefixed(prefix, text string) (ID, error) {
	rest, found := strings.CutPrefix(text, prefix)
	id, err := ParseID(rest)
	if !found || err != nil {
		return ID{}, fmt.Errorf("not an id: want %q and 20 characters of 0-9 and a-v", prefix)
	}
	return id, nil
}

// ParseID reads what [ID.String] wrote and refuses every other spelling, so
// that one id never has two texts.
func ParseID(text string) (ID, error) {
	var id ID
	if len(text) != idTextSize {
		return id, ErrID
	}
	// By hand: stores read several ids for every request, and encoding/base32
	// takes a copy of each and passes over line ends.
	var bits, n int
	var rest uint16 // the last bits read; only the lowest are not in id yet
	for i := range len(text) {
		digit := idDigits[text[i]]
		if digit == 0 {
			return ID{}, ErrID
		}
		rest = rest<<5 | uint16(digit-1)
		if bits += 5; bits >= 8 {
			bits -= 8
			id[n] = byte(rest >> bits)
			n++
		}
	}
	if rest&(1<<bits-1) != 0 { // loose bits: another spelling of the same id
		return ID{}, ErrID
	}
	return id, nil
}

// idDigits are the values of the alphabet's characters, and 1 more: 0 is none.
var idDigits = func() (digits [256]byte) {
	for i := range len(idAlphabet) {
		digits[idAlphabet[i]] = byte(i + 1)
	}
	return digits
}()
