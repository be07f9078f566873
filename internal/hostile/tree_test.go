package hostile

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// file is one protected file. Its canary stands in it again and again, and
// nowhere else in the world.
type file struct {
	path string
	// spelling is the one encoding of the path that the gate accepts, written
	// by hand so that the oracle does not lean on the code under test.
	spelling string
	kind     string
	media    bool
	canary   []byte
	content  []byte
}

// tree is all files by path.
type tree map[string]*file

// Sizes of the files: short ones go out in one piece, with their length
// known; the film does not; the long film is longer than any tail that passes
// as a probe.
const (
	short    = 1 << 10
	filmSize = 24 << 10
	longSize = 9 << 20
)

func newTree() tree {
	const playlist, transport, film = "application/vnd.apple.mpegurl", "video/mp2t", "video/mp4"
	all := tree{}
	add := func(path, spelling, kind string, size int) {
		canary := make([]byte, 12)
		rand.Read(canary)
		f := &file{path: path, spelling: spelling, kind: kind, media: strings.HasPrefix(kind, "video/")}
		f.canary = []byte("CANARY" + hex.EncodeToString(canary))
		f.content = bytes.Repeat(append(bytes.Clone(f.canary), '\n'), size/(len(f.canary)+1)+1)[:size]
		all[path] = f
	}
	same := func(path, kind string, size int) { add(path, path, kind, size) }

	same("/acme/demo/master.m3u8", playlist, short)
	same("/acme/demo/seg1.ts", transport, short)
	same("/acme/demo/film.mp4", film, filmSize)
	same("/acme/demo/long.mp4", film, longSize)
	same("/acme/demo/sub/part.mp4", film, short)
	same("/acme/demo/sub/index.html", "text/html", short)
	same("/acme/demo/en.vtt", "text/vtt", short)
	add("/acme/demo/film [1] ü.mp4", "/acme/demo/film%20%5B1%5D%20%C3%BC.mp4", film, short)

	same("/acme/secret.mp4", film, short)
	same("/acme/secret.vtt", "text/vtt", short)
	same("/acme/film.mp4", film, short)
	same("/acme/master.m3u8", playlist, short)
	same("/acme/demo2/x.mp4", film, short)
	same("/acme/demo1/film.mp4", film, short)
	same("/acme/demo-x/film.mp4", film, short)
	same("/acme/demo_x/film.mp4", film, short)
	same("/acme/demo.x/film.mp4", film, short)
	same("/top.mp4", film, short)
	same("/film.mp4", film, short)
	same("/index.html", "text/html", short)
	return all
}

// write puts the files on disk for Caddy's file server.
func (all tree) write(t *testing.T, root string) {
	t.Helper()
	for _, f := range all {
		name := filepath.Join(root, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// at finds a file. A server that knows path info takes what follows a file's
// name for an argument.
func (all tree) at(path string, pathInfo bool) (*file, bool) {
	for {
		if f, ok := all[path]; ok {
			return f, true
		}
		i := strings.LastIndexByte(path, '/')
		if !pathInfo || i < 1 {
			return nil, false
		}
		path = path[:i]
	}
}

// spelt finds the file that a path names in its one accepted spelling.
func (all tree) spelt(raw string) (*file, bool) {
	for _, f := range all {
		if f.spelling == raw {
			return f, true
		}
	}
	return nil, false
}
