package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"
)

// AssetPrefix is where the pages look for their stylesheets, scripts and icon.
const AssetPrefix = "/_usher/assets/"

//go:embed assets
var assetFiles embed.FS

// asset is one file as it is served.
type asset struct {
	body []byte
	kind string
	// tag is a strong ETag. Names carry no hash: scripts import each other by
	// name, and nodes of different versions stand behind one address while a
	// new version is rolled out.
	tag string
}

var assets = loadAssets()

func loadAssets() map[string]asset {
	kinds := map[string]string{
		".css": "text/css; charset=utf-8",
		".js":  "text/javascript; charset=utf-8",
		".svg": "image/svg+xml",
	}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // the folder is embedded: it cannot be missing
	}
	all := make(map[string]asset, len(entries))
	for _, entry := range entries {
		body, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		all[entry.Name()] = asset{
			body: body,
			kind: kinds[path.Ext(entry.Name())],
			tag:  `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
		}
	}
	return all
}

// assetPath is what a template writes to name an asset.
func assetPath(name string) (string, error) {
	if _, ok := assets[name]; !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return AssetPrefix + name, nil
}

// Assets serves the files below [AssetPrefix] by their exact names; anything
// else, a longer path included, is not found.
func Assets() http.Handler { return http.HandlerFunc(serveAsset) }

func serveAsset(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	name, below := strings.CutPrefix(r.URL.Path, AssetPrefix)
	file, known := assets[name]
	switch {
	case !below || !known:
		h.Set("Cache-Control", "no-store")
		http.Error(w, "not found", http.StatusNotFound)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	default:
		h.Set("Content-Type", file.kind)
		h.Set("ETag", file.tag)
		h.Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.body))
	}
}
