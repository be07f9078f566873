package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync"
	"time"
)

// OpenAPIName is the document's name: the mount of the API without its version,
// and this after it.
const OpenAPIName = "openapi.json"

var openAPITag = sync.OnceValue(func() string {
	sum := sha256.Sum256(OpenAPI())
	return `"` + hex.EncodeToString(sum[:8]) + `"`
})

// ServeOpenAPI answers with the OpenAPI document. It asks for no key: the
// document is the same everywhere, and tells nothing of this site.
func ServeOpenAPI(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Cache-Control", "no-store")
		problem := badMethod.because("this path takes GET, HEAD")
		problem.Allowed = []string{http.MethodGet, http.MethodHead}
		problem.write(w)
		return
	}
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "public, max-age=300")
	header.Set("ETag", openAPITag())
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(OpenAPI()))
}
