package caddymodule

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// BenchmarkServe is a whole media request of a running play through the gate,
// with a handler behind it that answers a few bytes, beside that handler alone.
// What Caddy makes of a request before any handler is part of both.
func BenchmarkServe(b *testing.B) {
	behind := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, "ok")
		return err
	})
	b.Run("bare", func(b *testing.B) {
		serveMany(b, "/film/360p/0.ts", func(w http.ResponseWriter, r *http.Request) error { return behind.ServeHTTP(w, r) })
	})
	for _, consistency := range []string{"strict", "lease 2s"} {
		b.Run(consistency, func(b *testing.B) {
			h, path := benchHandler(b, consistency)
			serveMany(b, path, func(w http.ResponseWriter, r *http.Request) error { return h.ServeHTTP(w, r, behind) })
		})
	}
}

// benchHandler returns a gate on an embedded store, and the path of a segment
// in a session whose play has begun.
func benchHandler(b testing.TB, consistency string) (h *Handler, path string) {
	site := config.DefaultSite()
	site.Consistency = consistency
	site.Rate = config.Rate{PerSecond: 1e6, Burst: 1e6}
	h = handlerOf(b, site)
	return h, beginPlay(b, h)
}

// handlerOf returns a gate on an embedded store of its own.
func handlerOf(b testing.TB, site config.Site) *Handler {
	b.Helper()
	dir := b.TempDir()
	site = site.WithDefaults()
	opener, err := storeOpener(config.Store{Kind: config.StoreEmbedded, Dir: filepath.Join(dir, "store")})
	if err != nil {
		b.Fatal(err)
	}
	app := &App{App: config.App{}.WithDefaults(), logger: zap.NewNop()}
	if app.backing, err = takeBacking(opener, zap.NewNop()); err != nil {
		b.Fatal(err)
	}
	if app.keys, err = takeKeyFile(filepath.Join(dir, "keys.json"), zap.NewNop()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := app.Cleanup(); err != nil {
			b.Error(err)
		}
	})
	if err := app.openDirectory(); err != nil {
		b.Fatal(err)
	}
	if err := app.openDesk(); err != nil {
		b.Fatal(err)
	}
	if err := app.backing.open(); err != nil {
		b.Fatal(err)
	}
	h := &Handler{Site: site, app: app, logger: zap.NewNop(), limits: newLimits(site.Rate), entries: newEntries()}
	h.policy = h.policyOf()
	h.gate = app.gateFor(h.limits.session, h.policy)
	return h
}

func beginPlay(b testing.TB, h *Handler) string {
	scope, err := gate.ParseScope("/film/*")
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	link := gate.Link{ID: gate.LinkID(token.NewID(now)), Scope: scope, Can: gate.View, CreatedAt: now}
	if _, err := gate.Create(b.Context(), h.app.backing, link, gate.Terms{Views: 3, ExpiresAt: now.Add(24 * time.Hour)}); err != nil {
		b.Fatal(err)
	}
	serve := func(target string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
			_, err := io.WriteString(w, "ok")
			return err
		})
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, target, nil)
		if err := h.ServeHTTP(rec, caddyhttp.PrepareRequest(r, caddy.NewReplacer(), rec, new(caddyhttp.Server)), next); err != nil {
			b.Fatal(err)
		}
		return rec
	}
	to := serve("/film/360p/0.ts?usher=" + h.gate.LinkCode(link.ID)).Header().Get("Location")
	if rec := serve(to); rec.Code != http.StatusOK || rec.Body.String() != "ok" {
		b.Fatalf("%s: %d %s", to, rec.Code, rec.Body)
	}
	return to
}

// serveMany times requests for the path.
func serveMany(b *testing.B, path string, serve caddyhttp.HandlerFunc) {
	server := new(caddyhttp.Server)
	w := &discard{header: http.Header{}}
	target, err := url.Parse(path)
	if err != nil {
		b.Fatal(err)
	}
	before := cpuTime()
	for b.Loop() {
		u := *target
		r := (&http.Request{
			Method: http.MethodGet, URL: &u, RequestURI: path, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Host: "127.0.0.1", RemoteAddr: "127.0.0.1:4711",
			Header: http.Header{"User-Agent": {"Lavf/59.27.100"}, "Accept": {"*/*"}, "Accept-Encoding": {"identity"}},
		}).WithContext(context.Background())
		clear(w.header)
		w.status = 0
		if err := serve(w, caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, server)); err != nil || w.status != http.StatusOK {
			b.Fatal(w.status, err)
		}
	}
	b.ReportMetric(float64((cpuTime()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// cpuTime is what this process has used so far, the garbage collector's part
// included. It is steadier than the time on the clock where others run too.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// discard is a connection's writer as far as a handler sees it.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) WriteHeader(status int) { d.status = status }

func (d *discard) Write(p []byte) (int, error) {
	if d.status == 0 {
		d.status = http.StatusOK
	}
	return len(p), nil
}
