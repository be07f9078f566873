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
	// policy is a Content-Security-Policy of its own; empty: none.
	policy string
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

var assets = loadAssets()

func loadAssets() map[string]asset {
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
		all[entry.Name()] = asset{body: body, kind: kinds[path.Ext(entry.Name())], tag: tagOf(body)}
	}
	return all
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// assetPath is what a template writes to name an asset.
func assetPath(name string) (string, error) {
	if _, ok := assets[name]; !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return AssetPrefix + name, nil
}

// Assets serves the files below [AssetPrefix] by their exact names, and with them
// these logos and the stylesheets of brands; anything else, a longer path
// included, is not found.
func Assets(logos ...Logo) http.Handler {
	pictures := make(map[string]Logo, len(logos))
	for _, logo := range logos {
		pictures[logo.name] = logo
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		file, known := assetAt(r.URL.Path, pictures)
		switch {
		case !known:
			h.Set("Cache-Control", "no-store")
			http.Error(w, "not found", http.StatusNotFound)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		default:
			if file.policy != "" {
				h.Set("Content-Security-Policy", file.policy)
			}
			h.Set("Content-Type", file.kind)
			h.Set("ETag", file.tag)
			h.Set("Cache-Control", "no-cache")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.body))
		}
	})
}

func assetAt(path string, logos map[string]Logo) (asset, bool) {
	name, below := strings.CutPrefix(path, AssetPrefix)
	if !below {
		return asset{}, false
	}
	if file, known := assets[name]; known {
		return file, true
	}
	if logo, known := logos[name]; known {
		return asset{body: logo.body, kind: logo.kind, tag: tagOf(logo.body), policy: logoPolicy}, true
	}
	if css, known := styleAt(path); known {
		return asset{body: []byte(css), kind: kinds[".css"], tag: tagOf([]byte(css))}, true
	}
	return asset{}, false
}
