package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"sync"
)

// Purpose is what a sealed text is for. Each purpose has a key of its own,
// derived from the keyring's, so that a text made for one purpose can never
// be taken for another (RFC 8725 section 3.11, explicit typing).
type Purpose uint8

// The purposes. Their values are the first byte of a sealed text: never reuse one.
const (
	LinkCode Purpose = 0x11 + iota
	SessionToken
	DeviceToken
	digests // keyed hashes, never a token
	// SignInToken names a person's sign-in on a device.
	SignInToken
	// FlowToken binds a sign-in elsewhere to the browser that began it.
	FlowToken
	purposeEnd
)

// bodySize is the one length a purpose's body has. Fixed lengths leave the
// sealed bytes no second way to be split.
func (p Purpose) bodySize() int {
	switch p {
	case LinkCode, DeviceToken, SignInToken:
		return IDSize
	case SessionToken, FlowToken:
		return 3 * IDSize
	default:
		return -1
	}
}

const (
	kidSize = 2
	// macSize is 144 bits of HMAC-SHA-256: past guessing, and it makes every
	// sealed text a multiple of three bytes, so base64 leaves no loose bits.
	macSize    = 18
	headSize   = 1 + kidSize
	maxSealed  = headSize + 3*IDSize + macSize
	maxSealing = maxSealed * 4 / 3
)

// Errors of unsealing and of reading links minted elsewhere. They never carry
// any part of the text: a token must not reach a log by way of an error.
var (
	// ErrMalformed reports text that is not a token of the wanted kind in its
	// one canonical spelling, or whose seal does not fit.
	ErrMalformed = errors.New("malformed token or bad signature")
	// ErrUnknownKey reports a token that names a key which is not, or no
	// longer, in the keyring.
	ErrUnknownKey = errors.New("token names an unknown or retired key")
	// ErrExpired and ErrNotYet report a signed link outside its own time.
	ErrExpired = errors.New("token has expired")
	ErrNotYet  = errors.New("token is not valid yet")
)

// sealText is base64url without padding. Strict alone would still skip CR and
// LF (a Go quirk), so unseal also re-encodes and compares: one token, one text.
var sealText = base64.RawURLEncoding.Strict()

// sealer computes the MACs of one key, one pool of ready HMACs per purpose.
type sealer struct {
	pools [purposeEnd]sync.Pool
}

func newSealer(secret []byte) (*sealer, error) {
	s := new(sealer)
	for p := LinkCode; p < purposeEnd; p++ {
		key, err := deriveKey(secret, p)
		if err != nil {
			return nil, err
		}
		s.pools[p].New = func() any { return hmac.New(sha256.New, key) }
	}
	return s, nil
}

// mac appends the truncated MAC of text to dst.
func (s *sealer) mac(dst []byte, p Purpose, text []byte) []byte {
	h := s.pools[p].Get().(hash.Hash)
	h.Reset()
	h.Write(text)
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	s.pools[p].Put(h)
	return append(dst, sum[:macSize]...)
}

// Seal returns body as text that only this keyring's holders can make.
// It panics when body has not the purpose's length: that is a programming
// error and no input can cause it.
func (r *Keyring) Seal(p Purpose, body []byte) string {
	if len(body) != p.bodySize() {
		panic("token: body has the wrong length for its purpose")
	}
	key := r.sealing
	raw := make([]byte, 0, maxSealed)
	raw = append(raw, byte(p))
	raw = append(raw, key.kid[:]...)
	raw = append(raw, body...)
	raw = key.sealer.mac(raw, p, raw)
	return sealText.EncodeToString(raw)
}

// Unseal checks text and returns its body appended to dst. It refuses with
// [ErrMalformed] or [ErrUnknownKey].
func (r *Keyring) Unseal(dst []byte, p Purpose, text string) ([]byte, error) {
	size := p.bodySize()
	if size < 0 || len(text) != SealedLen(p) {
		return nil, ErrMalformed
	}
	var buf [maxSealed]byte
	n, err := sealText.Decode(buf[:], []byte(text))
	if err != nil || n != headSize+size+macSize || buf[0] != byte(p) {
		return nil, ErrMalformed
	}
	raw := buf[:n]
	var again [maxSealing]byte
	sealText.Encode(again[:], raw)
	if string(again[:len(text)]) != text {
		return nil, ErrMalformed
	}
	key, known := r.seals[[kidSize]byte(raw[1:headSize])]
	if !known {
		return nil, ErrUnknownKey
	}
	var want [macSize]byte
	key.sealer.mac(want[:0], p, raw[:n-macSize])
	if !hmac.Equal(want[:], raw[n-macSize:]) {
		return nil, ErrMalformed
	}
	return append(dst, raw[headSize:n-macSize]...), nil
}

// SealedLen is the length of every sealed text of the purpose.
func SealedLen(p Purpose) int {
	return sealText.EncodedLen(headSize + p.bodySize() + macSize)
}

// Digest returns a short keyed hash of text for the given use: the same text
// gives the same digest, and without the keyring it cannot be turned back by
// trying all addresses. Another key seals, another digest: what is kept for long
// is held against [Keyring.Digests].
func (r *Keyring) Digest(use, text string) string { return r.sealing.digest(use, text) }

// Digests returns that digest, and behind it those under the keys that sealed
// before, or will, and are not retired.
func (r *Keyring) Digests(use, text string) []string {
	all := []string{r.Digest(use, text)}
	for _, k := range r.keys { // in their order, the same for each text
		kid, err := sealKid(k.ID)
		key, live := r.seals[kid]
		if k.Use == UseSeal && err == nil && live && kid != r.sealing.kid {
			all = append(all, key.digest(use, text))
		}
	}
	return all
}

func (k sealKey) digest(use, text string) string {
	raw := make([]byte, 0, 128)
	raw = append(raw, byte(digests), byte(len(use)))
	raw = append(raw, use...)
	raw = append(raw, text...)
	var sum [macSize]byte
	k.sealer.mac(sum[:0], digests, raw)
	return sealText.EncodeToString(sum[:9])
}
