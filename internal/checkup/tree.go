package checkup

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Server is an HTTP server of a config, as far as it matters here.
type Server struct {
	Name   string
	Listen []string
	Routes []Route
	// Errors are the routes for requests that failed.
	Errors []Route
}

// Route is a step on the way of requests.
type Route struct {
	// Group: of several routes of a group the first that fits is taken.
	Group string
	// Terminal: whoever was here goes no further.
	Terminal bool
	// Match are the conditions as JSON, and of the hosts and paths among them the
	// texts; all empty: every request.
	Match  string
	Hosts  []string
	Paths  []string
	Handle []Handler
}

// Handler is a handler of a kind that matters here, or any other.
type Handler struct {
	// Kind is the handler's name in the config, such as "file_server".
	Kind string
	// Root is that of files, or of all file servers behind it (vars).
	Root string
	// Dials are the addresses that it proxies to.
	Dials []string
	// Routes are those inside it.
	Routes []Route
	// API and Console say what a gate serves.
	API, Console bool
}

// Names of handlers in a config.
const (
	FileServer   = "file_server"
	ReverseProxy = "reverse_proxy"
	Rewrite      = "rewrite"
	Encode       = "encode"
	Vars         = "vars"
	Gate         = "usher"
)

// maxDepth bounds how deep routes may be nested.
const maxDepth = 64

type jsonRoute struct {
	Group    string                       `json:"group"`
	Terminal bool                         `json:"terminal"`
	Match    []map[string]json.RawMessage `json:"match"`
	Handle   []json.RawMessage            `json:"handle"`
}

type jsonHandler struct {
	Handler   string      `json:"handler"`
	Root      any         `json:"root"`
	Routes    []jsonRoute `json:"routes"`
	Upstreams []struct {
		Dial string `json:"dial"`
	} `json:"upstreams"`
	Responses []struct {
		Routes []jsonRoute `json:"routes"`
	} `json:"handle_response"`
	API     bool `json:"api"`
	Console bool `json:"console"`
}

func routesFrom(from []jsonRoute, depth int) ([]Route, error) {
	if depth > maxDepth {
		return nil, errors.New("its routes are nested too deep")
	}
	routes := make([]Route, 0, len(from))
	for _, f := range from {
		r := Route{Group: f.Group, Terminal: f.Terminal}
		if err := r.Matches(f.Match); err != nil {
			return nil, err
		}
		for _, text := range f.Handle {
			h, err := handlerFrom(text, depth)
			if err != nil {
				return nil, err
			}
			r.Handle = append(r.Handle, h)
		}
		routes = append(routes, r)
	}
	return routes, nil
}

// handlerFrom reads a handler. One whose fields are of other types than ours is
// none of those that matter.
func handlerFrom(text []byte, depth int) (Handler, error) {
	var named struct {
		Handler string `json:"handler"`
	}
	if err := json.Unmarshal(text, &named); err != nil {
		return Handler{}, fmt.Errorf("reading a handler: %w", err)
	}
	var f jsonHandler
	if json.Unmarshal(text, &f) != nil {
		return Handler{Kind: named.Handler}, nil
	}
	h := Handler{Kind: f.Handler, API: f.API, Console: f.Console}
	h.Root, _ = f.Root.(string)
	for _, u := range f.Upstreams {
		h.Dials = append(h.Dials, u.Dial)
	}
	for _, response := range f.Responses {
		f.Routes = append(f.Routes, response.Routes...)
	}
	var err error
	h.Routes, err = routesFrom(f.Routes, depth+1)
	return h, err
}

// Matches notes the conditions of a route: any of the sets, and all of each.
func (r *Route) Matches(sets []map[string]json.RawMessage) error {
	if len(sets) == 0 {
		return nil
	}
	text, err := json.Marshal(sets)
	if err != nil {
		return err
	}
	r.Match = string(text)
	for _, set := range sets {
		for name, into := range map[string]*[]string{"host": &r.Hosts, "path": &r.Paths} {
			var texts []string
			if json.Unmarshal(set[name], &texts) == nil {
				*into = append(*into, texts...)
			}
		}
	}
	return nil
}

// pathsOnly reports whether the route asks for paths and nothing else.
func (r *Route) pathsOnly() bool {
	var sets []map[string]json.RawMessage
	if json.Unmarshal([]byte(r.Match), &sets) != nil {
		return false
	}
	for _, set := range sets {
		if len(set) != 1 || set["path"] == nil {
			return false
		}
	}
	return len(sets) > 0
}

// within reports whether every path that one of the patterns fits is one that some
// of the others fit. Only the usual forms are understood: a path, and one that ends
// with a star.
func within(paths, others []string) bool {
	for _, path := range paths {
		inside := false
		for _, other := range others {
			prefix, open := strings.CutSuffix(other, "*")
			inside = inside || path == other || open && !strings.Contains(prefix, "*") && strings.HasPrefix(strings.TrimSuffix(path, "*"), prefix)
		}
		if !inside {
			return false
		}
	}
	return len(paths) > 0
}
