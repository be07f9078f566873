package compare

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/usher-media/usher/loadtest/internal/rig"
	"github.com/usher-media/usher/loadtest/internal/wire"
)

// kind is what stands behind the gate.
type kind struct {
	name string
	// conns are the numbers of connections that are measured unless others are
	// asked for: one shows the latency, 32 the cost, 256 what batching saves.
	conns []int
	// download: one large file, over and over, instead of segments.
	download bool
	behind   func(site media, origin *rig.Server) string
}

var kinds = []kind{
	{name: "respond", conns: []int{1, 32, 256}, behind: func(media, *rig.Server) string { return `respond "ok"` }},
	{name: "file_server", conns: []int{32, 256}, behind: func(m media, _ *rig.Server) string { return rig.Files(m.dir) }},
	{name: "reverse_proxy", conns: []int{1, 32, 256}, behind: func(_ media, origin *rig.Server) string { return reverseProxy(origin) }},
	{name: "download", conns: []int{1}, download: true, behind: func(m media, _ *rig.Server) string { return rig.Files(m.dir) }},
}

func kindWords() []string {
	var words []string
	for _, k := range kinds {
		words = append(words, k.name)
	}
	return words
}

// reverseProxy keeps as many connections to the origin as viewers have: by
// default Caddy keeps 32, and the run would measure how fast sockets can be
// opened and closed.
func reverseProxy(origin *rig.Server) string {
	return "reverse_proxy " + origin.Addr + " {\n\ttransport http {\n\t\tkeepalive_idle_conns_per_host 4096\n\t}\n}"
}

// media is what the file servers serve.
type media struct {
	dir string
	big int64
}

const (
	assets   = 8
	segments = 8
	// segmentSize is that of some seconds at a low bitrate: small enough that
	// the gate is seen, large enough to be a segment.
	segmentSize = 64 << 10
	bigName     = "big.mp4"
	bigDefault  = 1 << 30
)

// mark is the byte that stands first in a segment; the last is its complement.
// An answer that got mixed up with another is seen by them.
func mark(asset, segment int) byte { return byte(asset*segments + segment + 1) }

func makeMedia(dir string, big int64) (media, error) {
	m := media{dir: filepath.Join(dir, "site"), big: big}
	if big == 0 {
		m.big = bigDefault
	}
	for asset := range assets {
		if err := os.MkdirAll(filepath.Join(m.dir, "load", fmt.Sprint(asset)), 0o700); err != nil {
			return m, err
		}
		for segment := range segments {
			body := bytes.Repeat([]byte{'.'}, segmentSize)
			body[0], body[segmentSize-1] = mark(asset, segment), ^mark(asset, segment)
			if err := os.WriteFile(m.dir+segmentPath(asset, segment), body, 0o600); err != nil {
				return m, err
			}
		}
	}
	return m, m.makeBig()
}

// makeBig makes a file that is a hole but for its ends: it takes no disk, and
// is read at the speed of memory.
func (m media) makeBig() error {
	file, err := os.Create(m.dir + bigPath)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, at := range []int64{0, m.big - 1} {
		if _, err := file.WriteAt([]byte{'#'}, at); err != nil {
			return err
		}
	}
	return file.Close()
}

func segmentPath(asset, segment int) string { return fmt.Sprintf("/load/%d/%d.ts", asset, segment) }

const bigPath = "/load/" + bigName

// shot is a prepared request and the answer that is right.
type shot struct {
	request []byte
	want    wire.Answer
}

// shots are what one viewer asks for, in turn; path adds the session.
func (k kind) shots(addr string, viewer int, m media, path func(string) string) []shot {
	if k.download {
		return []shot{{wire.Get(addr, path(bigPath)), wire.Answer{Status: 200, Length: m.big, First: '#', Last: '#'}}}
	}
	list := make([]shot, segments)
	asset := viewer % assets
	for segment := range list {
		want := wire.Answer{Status: 200, Length: segmentSize, First: mark(asset, segment), Last: ^mark(asset, segment)}
		if k.name == "respond" {
			want = wire.Answer{Status: 200, Length: 2, First: 'o', Last: 'k'}
		}
		list[segment] = shot{wire.Get(addr, path(segmentPath(asset, segment))), want}
	}
	return list
}
