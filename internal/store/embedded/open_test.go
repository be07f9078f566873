package embedded

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

func TestOpenMakesItPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	closeStore(t, openStore(t, dir, Options{}))
	for path, want := range map[string]fs.FileMode{
		filepath.Dir(dir):            0o700,
		dir:                          0o700,
		filepath.Join(dir, fileName): 0o600,
	} {
		if got := must(os.Stat(path))(t).Mode().Perm(); got != want {
			t.Errorf("%s has mode %#o, want %#o", path, got, want)
		}
	}
}

func TestOpenRefusesWhatIsOpenToOthers(t *testing.T) {
	for _, c := range []struct {
		entry string
		mode  fs.FileMode
		mend  string
	}{
		{"", 0o750, "chmod 0700 "},
		{"", 0o705, "chmod 0700 "},
		{"", 0o701, "chmod 0700 "},
		{fileName, 0o640, "chmod 0600 "},
		{fileName, 0o604, "chmod 0600 "},
		{fileName, 0o620, "chmod 0600 "},
	} {
		dir := privateDir(t)
		closeStore(t, openStore(t, dir, Options{}))
		path := filepath.Join(dir, c.entry)
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := Open(dir, Options{})
		if err == nil || !strings.Contains(err.Error(), c.mend+path) {
			t.Errorf("mode %#o of %q: got error %v, want it to say %q", c.mode, c.entry, err, c.mend+path)
		}
		if err := os.Chmod(path, map[string]fs.FileMode{"": 0o700, fileName: 0o600}[c.entry]); err != nil {
			t.Fatal(err)
		}
		closeStore(t, openStore(t, dir, Options{}))
	}
}

func TestOpenRefusesWhatIsNotItsOwn(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func(tx *bolt.Tx) error
		want  string
	}{
		{"a later format", func(tx *bolt.Tx) error {
			return put(tx, metaBucket, formatKey, []byte("5"))
		}, `format "5" and this usher knows "4" only: run the usher that wrote it`},
		{"an earlier format", func(tx *bolt.Tx) error {
			return put(tx, metaBucket, formatKey, []byte("3"))
		}, `format "3" and this usher knows "4" only: run the usher that wrote it`},
		{"another program's file", func(tx *bolt.Tx) error {
			_, err := tx.CreateBucket([]byte("certificates"))
			return errors.Join(err, tx.DeleteBucket(metaBucket))
		}, "another program's"},
		{"a file that lost everything", func(tx *bolt.Tx) error {
			for _, name := range buckets {
				if err := tx.DeleteBucket(name); err != nil {
					return err
				}
			}
			return nil
		}, "damaged"},
		{"a file that lacks a part", func(tx *bolt.Tx) error {
			return tx.DeleteBucket(devicesBucket)
		}, "damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := privateDir(t)
			closeStore(t, openStore(t, dir, Options{}))
			path := filepath.Join(dir, fileName)
			db := must(bolt.Open(path, 0o600, nil))(t)
			if err := db.Update(c.write); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir, Options{})
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got error %v, want it to name %s and say %q", err, path, c.want)
			}
			// What was refused was also let go of.
			_, err = Open(dir, Options{})
			if err == nil || strings.Contains(err.Error(), "another process") {
				t.Fatalf("got error %v at the second try", err)
			}
		})
	}
}

func TestOpenSaysWhatTheSystemSays(t *testing.T) {
	dir := privateDir(t)
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a file in the directory's place: got error %v", err)
	}
	dir = privateDir(t)
	if err := os.MkdirAll(filepath.Join(dir, fileName), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, fileName), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, Options{})
	if err == nil || !strings.Contains(err.Error(), fileName) || strings.Contains(err.Error(), "damaged") {
		t.Errorf("a directory in the file's place: got error %v", err)
	}
}
