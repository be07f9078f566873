package caddymodule

import (
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
)

func init() { caddy.RegisterModule(Admin{}) }

// adminPrefix is where the management API stands on Caddy's admin endpoint.
const adminPrefix = "/usher/v1"

// Admin mounts the management API on Caddy's admin endpoint. Whoever reaches
// that endpoint is the operator.
type Admin struct{}

// CaddyModule describes the routes to Caddy.
func (Admin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.usher", New: func() caddy.Module { return new(Admin) }}
}

// Routes looks the running app up at each request: Caddy replaces the admin
// server before it provisions a new config, so an app that was kept from then
// may be a dead one.
func (Admin) Routes() []caddy.AdminRoute {
	handler := http.StripPrefix(adminPrefix, api.New(activeBackend, api.Open))
	serve := func(w http.ResponseWriter, r *http.Request) error {
		if !strings.HasPrefix(r.URL.Path, adminPrefix+"/") {
			http.NotFound(w, r)
			return nil
		}
		if app := activeApp(); app != nil && app.backing.enter() == nil {
			defer app.backing.exit() // a reload to another store must not close this one meanwhile
		}
		handler.ServeHTTP(w, r)
		return nil
	}
	document := func(w http.ResponseWriter, r *http.Request) error {
		api.ServeOpenAPI(w, r)
		return nil
	}
	return []caddy.AdminRoute{
		{Pattern: adminPrefix + "/", Handler: caddy.AdminHandlerFunc(serve)},
		{Pattern: beside(adminPrefix), Handler: caddy.AdminHandlerFunc(document)},
	}
}

// beside is where the OpenAPI document of a mount of the API stands.
func beside(mount string) string {
	return mount[:strings.LastIndex(mount, "/")+1] + api.OpenAPIName
}

// activeApp is the running app, or nil.
func activeApp() *App {
	running, err := caddy.ActiveContext().AppIfConfigured("usher")
	if err != nil {
		return nil
	}
	return running.(*App)
}

func activeBackend() (api.Backend, bool) {
	app := activeApp()
	if app == nil {
		return api.Backend{}, false
	}
	return app.apiBackend(app.gateFor(gate.Unpaced, gate.DefaultPolicy()))()
}

// apiBackend returns what the management API works on, or false while the
// store cannot be opened.
func (a *App) apiBackend(g *gate.Gate) func() (api.Backend, bool) {
	return func() (api.Backend, bool) {
		if err := a.backing.open(); err != nil {
			return api.Backend{}, false
		}
		return api.Backend{
			Store: a.backing, Gate: g, Keys: toldKeys{a.keys, a.backing}, Directory: a.directory, Desk: a.desk,
			PublicURL: strings.TrimSuffix(a.PublicURL, "/"), Now: time.Now, Rates: a.rates.now,
			Events: a.backing.trail, Streams: a.backing.reading, Ending: a.ending,
			Node: api.Node{Store: a.Store.Kind, Version: version(), Dropped: a.backing.dropped.Load},
		}, true
	}
}

var _ caddy.AdminRouter = (*Admin)(nil)

// version is that of the program, as the Go tool noted it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Version
}
