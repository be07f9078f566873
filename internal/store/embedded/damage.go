package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"

	"github.com/usher-media/usher/internal/gate"
)

// errDamaged marks whatever shows that the file is not as it was written.
var errDamaged = errors.New("the file is damaged")

// errPanicked marks damage that was found by bbolt's giving up half way.
var errPanicked = fmt.Errorf("%w: bbolt gave up", errDamaged)

// guard turns what bbolt does to a damaged file into an error: it panics where
// it notices, and where it does not, it follows a pointer out of the mapped
// file, which ends the process unless the goroutine asked for a panic instead.
func guard(use func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanicked, p)
		}
	}()
	return use()
}

// use lets bbolt work on the file. Where it gives up half way it never lets go
// of its locks, and the next to ask would wait for ever. So nobody asks again:
// the store is lost, closed to everybody, until it is opened anew.
func (s *Store) use(work func() error) error {
	select {
	case <-s.lost:
		return s.lossOf
	default:
	}
	err := guard(work)
	if errors.Is(err, errPanicked) {
		s.losing.Do(func() {
			s.lossOf = err
			close(s.lost)
		})
	}
	return err
}

// isAnswer reports whether err is one of the contract's.
func isAnswer(err error) bool {
	return errors.Is(err, gate.ErrNotFound) || errors.Is(err, gate.ErrConflict) || errors.Is(err, gate.ErrFinal) ||
		errors.Is(err, gate.ErrTooFew) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// explain says of an error that is ours what file it is about, and of damage,
// what to do about it. Others' errors pass.
func (s *Store) explain(err error) error {
	switch {
	case err == nil || isAnswer(err):
		return err
	case errors.Is(err, errDamaged):
		return fmt.Errorf("store file %s: %w; stop usher and put a backup of the file in its place, "+
			"or move it away to start empty, which ends every link", s.path, err)
	default:
		return fmt.Errorf("store file %s: %w", s.path, err)
	}
}

// verifySize sees that the file is as long as its header says: to read a page
// beyond the end is not an error but a fault.
func verifySize(tx *bolt.Tx, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("%w: it should have %d bytes and has %d", errDamaged, tx.Size(), info.Size())
	}
	return nil
}

// verify reads the whole file, so that damage is found now, with an operator
// looking on, and not by one viewer in the middle of the night. Every record has
// to be there, whole, and where a verb would look for it. bbolt's own Check was
// not taken: it works in a goroutine of its own, where a pointer out of the file
// ends the process.
func verify(tx *bolt.Tx, st state) error {
	var sum uint32
	for _, name := range buckets {
		bucket := tx.Bucket(name)
		if bucket == nil {
			return fmt.Errorf("%w: there is no bucket %q", errDamaged, name)
		}
		cursor := bucket.Cursor()
		for key, sealed := cursor.First(); key != nil; key, sealed = cursor.Next() {
			if _, err := unseal(name, key, sealed); err != nil {
				return err
			}
			if !bytes.Equal(bucket.Get(key), sealed) {
				return fmt.Errorf("%w: a record in bucket %q is not in its place", errDamaged, name)
			}
			if !bytes.Equal(name, metaBucket) {
				sum += sealOf(sealed)
			}
		}
	}
	if sum != st.sum {
		return fmt.Errorf("%w: records are missing", errDamaged)
	}
	return nil
}
