package caddymodule

import (
	"net/http"
	"strconv"
	"strings"

	"go.uber.org/zap"
	"rsc.io/qr"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
)

// qrSuffix behind the address of a watch page is the picture of the session's
// address. Like the page, only the session's cookie opens it: the address alone
// is known to anybody who knows the link's id.
const qrSuffix = "/qr.png"

// qrFor is where the picture of an app address is found; empty: a picture of
// less than a whole address would help nobody.
func qrFor(page *pages.Watch, link gate.LinkID, part int) string {
	if !strings.HasPrefix(page.AppURL, "http") {
		return ""
	}
	return watchURL(link, part) + qrSuffix
}

// writeQR draws the session's address for the camera of another device.
func (h *Handler) writeQR(w http.ResponseWriter, r *http.Request, v *gate.Verdict, page *pages.Watch) {
	if page.QR == "" {
		h.refuse(w, r, unsigned(gate.NoToken))
		return
	}
	code, err := qr.Encode(page.AppURL, qr.L)
	if err != nil { // longer than the largest one
		h.logger.Warn("no QR code can be made of a session's address", zap.Error(err))
		h.refuse(w, r, unsigned(gate.NoToken))
		return
	}
	countRequest(v)
	logVerdict(r, v)
	picture := code.PNG()
	header := w.Header()
	pages.SetHeaders(header)
	header.Set("Content-Type", "image/png")
	header.Set("Content-Length", strconv.Itoa(len(picture)))
	header.Set("Vary", "Cookie")
	if r.Method != http.MethodHead {
		_, _ = w.Write(picture) // the client went away
	}
}
