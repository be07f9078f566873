package sample_test

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/sample"
)

// maxSize keeps the binary and the repository small.
const maxSize = 2 << 20

func TestSizeStaysBounded(t *testing.T) {
	var total int64
	err := fs.WalkDir(sample.FS(), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if total == 0 || total >= maxSize {
		t.Errorf("the clip has %d bytes, want some and less than %d: lower the quality in make.sh", total, maxSize)
	}
	t.Logf("%d bytes", total)
}

// variant is one entry of the master playlist.
type variant struct {
	uri       string
	bandwidth int64
}

var bandwidth = regexp.MustCompile(`[:,]BANDWIDTH=(\d+)`)

func variants(t *testing.T) []variant {
	t.Helper()
	var all []variant
	var declared int64
	for _, line := range lines(t, sample.HLS) {
		if m := bandwidth.FindStringSubmatch(line); m != nil {
			declared, _ = strconv.ParseInt(m[1], 10, 64)
		}
		if !strings.HasPrefix(line, "#") {
			all = append(all, variant{path.Join(path.Dir(sample.HLS), line), declared})
		}
	}
	return all
}

func lines(t *testing.T, name string) []string {
	t.Helper()
	text, err := fs.ReadFile(sample.FS(), name)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		all = append(all, s.Text())
	}
	if all[0] != "#EXTM3U" {
		t.Fatalf("%s begins with %q, want #EXTM3U", name, all[0])
	}
	return all
}

// Every address in the playlists leads to a file, both renditions are cut at
// the same instants, and no segment is heavier than the master playlist says:
// players choose by that number.
func TestPlaylistsHold(t *testing.T) {
	renditions := variants(t)
	if len(renditions) != 2 {
		t.Fatalf("the master playlist names %d renditions, want 2", len(renditions))
	}
	var cuts [][]string
	for _, v := range renditions {
		var times []string
		var seconds float64
		for _, line := range lines(t, v.uri) {
			if rest, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
				times = append(times, rest)
				seconds, _ = strconv.ParseFloat(strings.TrimSuffix(rest, ","), 64)
			}
			if strings.HasPrefix(line, "#") {
				continue
			}
			segment := path.Join(path.Dir(v.uri), line)
			info, err := fs.Stat(sample.FS(), segment)
			if err != nil {
				t.Errorf("%s names %s: %v", v.uri, line, err)
				continue
			}
			if rate := int64(float64(info.Size()*8) / seconds); rate > v.bandwidth {
				t.Errorf("%s runs at %d bit/s, more than the declared %d", segment, rate, v.bandwidth)
			}
		}
		cuts = append(cuts, times)
	}
	if a, b := strings.Join(cuts[0], " "), strings.Join(cuts[1], " "); a != b || len(cuts[0]) < 2 {
		t.Errorf("the renditions are cut differently:\n%s\n%s", a, b)
	}
}

// ffprobe reads what the demo serves as 24 s of H.264 and AAC.
func TestPlayersCanReadIt(t *testing.T) {
	ffprobe, err := exec.LookPath("ffprobe")
	if err != nil {
		t.Fatal("ffprobe is missing: `make tools` installs it (package ffmpeg)")
	}
	dir := t.TempDir()
	if err := sample.Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{sample.HLS, sample.MP4, "clock/360p/index.m3u8", "clock/180p/index.m3u8"} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), ffprobe, "-v", "error", "-of", "default=nw=1:nk=1",
				"-show_entries", "format=duration:stream=codec_name", filepath.Join(dir, name)).CombinedOutput()
			if err != nil {
				t.Fatalf("ffprobe: %v\n%s", err, out)
			}
			words := strings.Fields(string(out))
			seconds, err := strconv.ParseFloat(words[len(words)-1], 64)
			if err != nil || math.Abs(seconds-24) > 0.2 {
				t.Errorf("ffprobe says %q, want a duration of 24 s", words)
			}
			if text := string(out); !strings.Contains(text, "h264") || !strings.Contains(text, "aac") {
				t.Errorf("ffprobe says %q, want h264 and aac", words)
			}
		})
	}
}

// The index of the MP4 comes before its media, so that it plays from the first
// range on.
func TestMP4StartsFast(t *testing.T) {
	file, err := fs.ReadFile(sample.FS(), sample.MP4)
	if err != nil {
		t.Fatal(err)
	}
	index, data := bytes.Index(file, []byte("moov")), bytes.Index(file, []byte("mdat"))
	if index < 0 || data < 0 || index > data {
		t.Errorf("moov is at %d and mdat at %d, want moov first", index, data)
	}
}

func TestWriteOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, filepath.FromSlash(sample.MP4))
	if err := os.MkdirAll(filepath.Dir(own), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(own, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := sample.Write(dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Write into a folder with a clip gave %v, want fs.ErrExist", err)
	}
	if kept, _ := os.ReadFile(own); string(kept) != "mine" {
		t.Errorf("the file is now %q, want it untouched", kept)
	}
}
