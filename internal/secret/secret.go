// Package secret keeps what people have to know: passwords, as PHC strings of
// argon2id (RFC 9106). Guessing at a stolen string costs memory and time; so does
// checking, which is why only a few are computed at once in the whole process.
package secret

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// current are the costs of new strings: the least that OWASP recommends.
var current = costs{memory: 19 * 1024, time: 2, lanes: 1}

// Sizes of what is made; what is read may be others.
const (
	saltSize = 16
	keySize  = 32
)

// MaxText is how many bytes a password may have, in its normal form.
const MaxText = 256

// maxRaw bounds what is normalised at all: no form of a text is more than
// three times as long as its shortest.
const maxRaw = 3 * MaxText

// Errors of this package. None of them carries any part of a password.
var (
	// ErrText reports a text that cannot be a password.
	ErrText = fmt.Errorf("want 1 to %d bytes of text without control characters", MaxText)
	// ErrBusy reports that others were being checked for too long: ask again.
	ErrBusy = errors.New("too many passwords are being checked at once")
)

// Answer is what became of a check.
type Answer struct {
	// Right says that the text is the password.
	Right bool
	// Stale says that it was made with other costs than new ones are: the caller
	// knows the text now, and should put a fresh Hash in its place.
	Stale bool
}

// Hash returns text as a PHC string with a salt of its own.
func Hash(ctx context.Context, text string) (string, error) {
	normal, err := normalise(text)
	if err != nil {
		return "", err
	}
	var salt [saltSize]byte
	rand.Read(salt[:])
	p := parsed{costs: current, salt: salt[:]}
	p.key, err = p.compute(ctx, normal, keySize)
	if err != nil {
		return "", err
	}
	return p.String(), nil
}

// Verify reports whether text is the password that phc was made of. A text that
// cannot be a password is wrong, and is no error. A string that is not one of
// ours, or that would cost more than is allowed, is an error, and nothing is
// computed for it.
func Verify(ctx context.Context, phc, text string) (Answer, error) {
	p, err := parse(phc)
	if err != nil {
		return Answer{}, err
	}
	normal, err := normalise(text)
	if err != nil {
		return Answer{}, nil
	}
	key, err := p.compute(ctx, normal, len(p.key))
	if err != nil {
		return Answer{}, err
	}
	stale := p.costs != current || len(p.salt) != saltSize || len(p.key) != keySize
	return Answer{Right: subtle.ConstantTimeCompare(key, p.key) == 1, Stale: stale}, nil
}

// VerifyNobody does the work of Verify for somebody who has no password or does
// not exist, so that the time of the answer does not tell who does. No text is
// right.
func VerifyNobody(ctx context.Context, text string) error {
	_, err := Verify(ctx, nobody, text)
	return err
}

// nobody has a key that no text has: it was not computed.
var nobody = parsed{costs: current, salt: make([]byte, saltSize), key: make([]byte, keySize)}.String()

// normalise brings a password to the form in which it is compared: keyboards
// differ in how they write the same letter (RFC 8265 section 4.2.2).
func normalise(text string) ([]byte, error) {
	if len(text) == 0 || len(text) > maxRaw || !utf8.ValidString(text) {
		return nil, ErrText
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return nil, ErrText
		}
	}
	normal := norm.NFC.Bytes([]byte(text))
	if len(normal) > MaxText {
		return nil, ErrText
	}
	return normal, nil
}

// Bounds on computing, in the whole process.
const (
	atOnce   = 2
	maxQueue = 16
)

// maxWait is how long somebody waits for their turn. Tests change it.
var maxWait = time.Second

var (
	slots = make(chan struct{}, atOnce)
	queue = make(chan struct{}, atOnce+maxQueue)
)

// compute waits for its turn. Whoever computes keeps the slot to the end, also
// when the asker has gone: a client that hangs up must not make room for the
// next one while its own work still runs.
func (p parsed) compute(ctx context.Context, text []byte, size int) ([]byte, error) {
	select {
	case queue <- struct{}{}:
		defer func() { <-queue }()
	default:
		return nil, ErrBusy
	}
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to check a password: %w", ctx.Err())
	case <-timer.C:
		return nil, ErrBusy
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("waiting to check a password: %w", err)
	}
	return argon2.IDKey(text, p.salt, p.time, p.memory, p.lanes, uint32(size)), nil
}
