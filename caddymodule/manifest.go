package caddymodule

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/manifest"
)

// held is a manifest that is kept back until it is whole: only then is it known
// whether all its URIs can be kept inside the session, and how long it becomes.
type held struct {
	body []byte
	size int // as upstream announced it; less than 0: it did not
}

var (
	errTooLarge = fmt.Errorf("the manifest is larger than %d MiB", manifest.Max>>20)
	errCutShort = errors.New("upstream cut the manifest short")
	errPart     = errors.New("upstream sent a part of the manifest, for which nobody had asked")
)

// rewrites reports a request for a manifest whose session travels in the path.
// With a cookie nothing can leave it.
func (a *answer) rewrites() bool { return a.verdict.Class == gate.Manifest && a.inPath() }

// inPath reports that the answer is to a session that travels in the path. What
// is public is answered to none.
func (a *answer) inPath() bool { return !a.verdict.Public && a.verdict.Carrier == gate.InPath }

// hold keeps the answer back if it is such a manifest. What says that it is a
// film passes for one.
func (a *answer) hold() bool {
	if !a.rewrites() || a.status == http.StatusNoContent || a.playable() {
		return false
	}
	a.held = &held{size: -1}
	if size, err := strconv.Atoi(a.Header().Get("Content-Length")); err == nil {
		a.held.size = size
	}
	switch {
	case a.status == http.StatusPartialContent:
		a.spoil(errPart)
	case a.held.size > manifest.Max:
		a.spoil(errTooLarge)
	case a.held.size > 0:
		a.held.body = make([]byte, 0, a.held.size)
	}
	return true
}

// expectManifest takes out what the head of a manifest cannot know: how long
// it is with the session in it.
func (a *answer) expectManifest() {
	if a.request.Method == http.MethodHead && a.status == http.StatusOK {
		delete(a.Header(), "Content-Length")
		forgetDigests(a.Header())
	}
}

// collect takes more of the manifest.
func (a *answer) collect(p []byte) (int, error) {
	if len(a.held.body)+len(p) > manifest.Max {
		a.spoil(errTooLarge)
		return 0, errRefused
	}
	a.held.body = append(a.held.body, p...)
	return len(p), nil
}

// deliver sends the whole manifest.
func (a *answer) deliver() {
	if a.held.size >= 0 && a.held.size != len(a.held.body) {
		a.spoil(errCutShort)
		return
	}
	body, err := a.inSession(a.held.body)
	if err != nil {
		a.spoil(err)
		return
	}
	a.held = nil
	a.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = a.Write(body) // the client went away
}

// inSession returns the manifest with its URIs inside the session. Where they
// all are already, it is what upstream sent, byte for byte.
func (a *answer) inSession(sent []byte) ([]byte, error) {
	header := a.Header()
	plain, err := decoded(sent, header["Content-Encoding"])
	if err != nil {
		return nil, err
	}
	session := a.session()
	rewrite := session.HLS
	if strings.HasSuffix(strings.ToLower(a.in.Path.Base()), ".mpd") {
		rewrite = session.DASH
	}
	kept, err := rewrite(plain)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(kept, plain) {
		return sent, nil
	}
	delete(header, "Content-Encoding")
	forgetDigests(header)
	return kept, nil
}

// decoded undoes the compression of objects that are stored compressed: their
// servers send them so to everybody.
func decoded(sent []byte, encodings []string) ([]byte, error) {
	encoding := strings.ToLower(strings.Join(encodings, ", "))
	switch encoding {
	case "", "identity":
		return sent, nil
	case "gzip", "x-gzip":
	default:
		return nil, fmt.Errorf("upstream sent the manifest with Content-Encoding %q, and nobody had asked for that", encoding)
	}
	from, err := gzip.NewReader(bytes.NewReader(sent))
	if err != nil {
		return nil, fmt.Errorf("unpacking the manifest: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(from, manifest.Max+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking the manifest: %w", err)
	}
	if len(plain) > manifest.Max {
		return nil, errTooLarge
	}
	return plain, nil
}

// forgetDigests takes out what upstream said about bytes that are others now.
func forgetDigests(header http.Header) {
	for _, name := range [...]string{"Etag", "Content-Md5", "Digest", "Content-Digest", "Repr-Digest"} {
		delete(header, name)
	}
}

// spoil refuses a manifest that cannot be kept inside its session. Nothing of
// it has left.
func (a *answer) spoil(err error) {
	a.held = nil
	a.handler.logger.Error("a manifest cannot be kept in its session", zap.String("path", a.in.Path.String()),
		zap.Stringer("link", a.verdict.Link.ID), zap.Error(err))
	v := a.verdict
	v.Refusal = gate.Refusal{Reason: gate.BadManifest}
	a.replace(v, nil)
}

// session is the path that the request's session lives in.
func (a *answer) session() *manifest.Session {
	return &manifest.Session{
		Token: a.verdict.Token, Path: gate.EncodePath(a.in.Path.String()), Own: a.handler.ownHosts(a.request),
	}
}

// ownHosts are the hosts under which viewers find the site: the one that the
// request names, if the config has a site of that name, and that of public_url,
// unless the config has another site of that name. A host that only the request
// names is nobody's.
func (h *Handler) ownHosts(r *http.Request) []string {
	own := make([]string, 0, 2)
	asked := manifest.Authority("", r.Host)
	if configured(r, r.Host) {
		own = append(own, asked)
	}
	public, err := url.Parse(h.app.PublicURL)
	if err != nil || public.Host == "" {
		return own
	}
	if at := manifest.Authority(public.Scheme, public.Host); at == asked || !configured(r, public.Host) {
		own = append(own, at)
	}
	return own
}

// configured reports whether a route of the server is for this host.
func configured(r *http.Request, host string) bool {
	server, _ := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if server == nil {
		return false
	}
	asking := r.WithContext(r.Context())
	asking.Host = host
	for _, route := range server.Routes {
		for _, set := range route.MatcherSets {
			for _, m := range set {
				var hosts caddyhttp.MatchHost
				switch m := m.(type) {
				case caddyhttp.MatchHost:
					hosts = m
				case *caddyhttp.MatchHost:
					hosts = *m
				}
				if found, err := hosts.MatchWithError(asking); found && err == nil {
					return true
				}
			}
		}
	}
	return false
}
