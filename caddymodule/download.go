package caddymodule

import (
	"mime"
	"net/http"

	"github.com/usher-media/usher/internal/gate"
)

// asked is the query of the request, with the word by which a file was asked for
// to keep.
func (in *request) asked() string {
	switch {
	case !in.Download:
		return in.Query
	case in.Query == "":
		return gate.QueryDownload
	}
	return in.Query + "&" + gate.QueryDownload
}

// dispose says what is to become of a file: saved, where that was asked for and
// allowed; and otherwise never because upstream says so.
func (a *answer) dispose(header http.Header) {
	switch {
	case a.in.Download && a.verdict.Class == gate.Media && a.status < http.StatusMultipleChoices:
		if kind := mime.FormatMediaType("attachment", map[string]string{"filename": a.in.Path.Base()}); kind != "" {
			header.Set("Content-Disposition", kind)
		}
	case a.verdict.Class == gate.Media && !a.verdict.Public && a.verdict.Can&gate.Download == 0 && len(header["Content-Disposition"]) > 0:
		header.Set("Content-Disposition", "inline")
	}
}

// countDownload counts a file that was asked for to keep.
func (a *answer) countDownload() {
	if a.in.Download && a.verdict.Class == gate.Media && a.bytes > 0 {
		downloadsTotal.Inc()
	}
}
