// Package sample carries the clip that the demo plays: 24 seconds of a running
// clock, made for this project, as HLS in two renditions and as one MP4. Run
// make.sh to make it again.
package sample

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
)

//go:embed media
var media embed.FS

// The clip's addresses below [FS].
const (
	HLS = "clock/master.m3u8"
	MP4 = "clock/clock.mp4"
)

// FS holds the clip as a web root would: [HLS] and [MP4] are paths in it.
func FS() fs.FS {
	root, err := fs.Sub(media, "media")
	if err != nil {
		// fs.Sub refuses malformed names only, and this one is a constant.
		panic(err)
	}
	return root
}

// Write copies the clip below dir, which is made where it is missing. It
// refuses to overwrite files that are there already: dir may be somebody's
// own media folder.
func Write(dir string) error {
	if err := os.CopyFS(dir, FS()); err != nil {
		return fmt.Errorf("writing the sample clip into %s (give an empty folder): %w", dir, err)
	}
	return nil
}
