package story

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/storytest"
)

// Whatever stands before the gate, and whatever chunks the site writes, an
// answer has the bytes it was asked for, and the next answer on the connection
// begins where it ends.
func TestRangesEndWhereTheyEnd(t *testing.T) {
	for name, site := range map[string]struct{ before, after string }{
		"plain":               {"", ""},
		"access log":          {"log {\n\t\toutput discard\n\t}\n", ""},
		"encode in front":     {"route {\n\tencode gzip\n", "}\n"},
		"chunks of 1 MiB":     {"timeouts {\n\t\twrite_timeout 1m\n\t\tmax_write_chunk 1MiB\n\t}\n", ""},
		"chunks of 48 KiB":    {"timeouts {\n\t\twrite_timeout 1m\n\t\tmax_write_chunk 48KiB\n\t}\n", ""},
		"compressed in front": {"route {\n\tencode {\n\t\tgzip\n\t\tmatch {\n\t\t\theader Content-Type application/json*\n\t\t}\n\t}\n", "}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			caddyfile := strings.Replace(storytest.DefaultCaddyfile, "\tusher {\n\t\tapi", site.before+"\tusher {\n\t\tapi", 1)
			caddyfile = strings.TrimSuffix(strings.TrimSpace(caddyfile), "}") + site.after + "}\n"
			s := gated(t, storytest.Options{Caddyfile: caddyfile})
			film := make([]byte, 3<<20+777)
			for i := range film {
				film[i] = byte(i * i >> 8)
			}
			if err := os.WriteFile(filepath.Join(s.Dir, "site", "clock", "film.mp4"), film, 0o600); err != nil {
				t.Fatal(err)
			}
			l := createLink(t, s, "--path", "/clock/*")
			base := enter(t, s, browser(), l, "/clock/film.mp4")
			askRanges(t, strings.TrimPrefix(s.URL, "http://"), strings.TrimPrefix(base, s.URL)+"/clock/film.mp4", film)
		})
	}
}

// askRanges asks for parts of the film over one connection.
func askRanges(t *testing.T, addr, path string, film []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	from := bufio.NewReader(conn)
	const chunk = 64 << 10
	for _, size := range []int{1, 511, 512, 513, chunk - 513, chunk - 512, chunk - 1, chunk, chunk + 1, chunk + 511, 69_152, 2*chunk - 1, 2 * chunk, 200_000, 1 << 20, 1<<20 + 511, 2 << 20} {
		for _, start := range []int{0, 5, 700} {
			fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: gzip\r\nRange: bytes=%d-%d\r\n\r\n", path, addr, start, start+size-1)
			answer, err := http.ReadResponse(from, nil)
			if err != nil {
				t.Fatalf("%d bytes from %d: %v", size, start, err)
			}
			body, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != http.StatusPartialContent || !bytes.Equal(body, film[start:start+size]) {
				t.Fatalf("%d bytes from %d: status %d, %d bytes, %v", size, start, answer.StatusCode, len(body), err)
			}
		}
	}
}
