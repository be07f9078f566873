// Package dice is chance for simulated viewers. It takes it from crypto/rand:
// nothing in this module draws from a generator that can be foretold, and so
// nothing can come to rely on one by mistake.
package dice

import (
	"crypto/rand"
	"math/big"
	"time"
)

// Roll returns a number from 0 to n-1.
func Roll(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand.Reader never fails since Go 1.24
	}
	return int(v.Int64())
}

// Between returns a duration from low up to high.
func Between(low, high time.Duration) time.Duration {
	return low + time.Duration(Roll(int(high-low)))
}
