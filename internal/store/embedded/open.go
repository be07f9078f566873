package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

const (
	fileName    = "usher.db"
	lockTimeout = 2 * time.Second
)

// Open opens the store in dir, and makes both where they do not exist yet. A
// directory or a file that other users may read is refused, not mended: who
// had a look already is a question for a person.
func Open(dir string, opts Options) (*Store, error) {
	return open(dir, opts, &bolt.Options{})
}

// open takes bbolt's options for the sake of tests that fill the disk.
func open(dir string, opts Options, file *bolt.Options) (*Store, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	path := filepath.Join(dir, fileName)
	if err := prepare(dir, path); err != nil {
		return nil, err
	}
	file.Timeout = lockTimeout
	file.FreelistType = bolt.FreelistMapType // the array's cost grows with the file
	s := &Store{
		path:    path,
		clock:   clock{wall: opts.Now},
		front:   newFront(maxCached),
		edits:   newEdits(),
		jobs:    make(chan *job),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
		lost:    make(chan struct{}),
	}
	if err := s.openFile(dir, file); err != nil {
		return nil, err
	}
	go s.commitLoop()
	return s, nil
}

// prepare makes the directory and refuses what is open to others.
func prepare(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the store's directory: %w", err)
	}
	for _, entry := range []struct {
		path string
		mode fs.FileMode
	}{{dir, 0o700}, {path, 0o600}} {
		info, err := os.Stat(entry.path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the file, which bbolt makes
		}
		if err != nil {
			return fmt.Errorf("looking at the store: %w", err)
		}
		// Windows has no such bits and answers with all of them set.
		if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
			return fmt.Errorf("store %s may be used by other users of this machine (mode %#o): run: chmod %#o %s",
				entry.path, mode, entry.mode, entry.path)
		}
	}
	return nil
}

// openFile opens, locks and verifies the file and takes up its clock.
func (s *Store) openFile(dir string, options *bolt.Options) error {
	err := guard(func() (err error) {
		s.db, err = bolt.Open(s.path, 0o600, options)
		return err
	})
	if errors.Is(err, berrors.ErrTimeout) {
		return fmt.Errorf("store file %s is held by another process: "+
			"stop that one, or give this one a directory of its own", s.path)
	}
	if err != nil {
		return s.explain(damageUnlessSystem(err))
	}
	err = guard(s.takeUp)
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return errors.Join(s.explain(err), s.db.Close())
	}
	return nil
}

// damageUnlessSystem tells a file that bbolt cannot make sense of from one that
// the system does not let it use.
func damageUnlessSystem(err error) error {
	var path *fs.PathError
	var system syscall.Errno
	if errors.As(err, &path) || errors.As(err, &system) || errors.Is(err, errDamaged) {
		return err
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

// takeUp makes a new file's buckets, or verifies an old file and goes on from
// its time.
func (s *Store) takeUp() error {
	fresh := false
	err := s.db.View(func(tx *bolt.Tx) (err error) {
		if err = verifySize(tx, s.path); err != nil {
			return err
		}
		if fresh = isFresh(tx); fresh {
			return nil
		}
		if err = checkFormat(tx); err != nil {
			return err
		}
		st, err := loadState(tx)
		if err != nil {
			return err
		}
		s.clock.latest.Store(st.clock.UnixMilli())
		return verify(tx, st)
	})
	if err != nil || !fresh {
		return err
	}
	return s.db.Update(create)
}

// syncDir makes the file's name as durable as its content.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
