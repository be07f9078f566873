package checkup

import (
	"slices"
	"strings"
)

// place is a point on the way of a request.
type place struct {
	server *Server
	// under are the routes that it is in, from the outside in, as far as they have
	// conditions.
	under []*Route
	// gates are those that a request may have passed before, roots where its files
	// may be, served what may have answered it already, and rewritten whether its
	// path may be another one by now.
	gates     []*gate
	roots     []string
	served    []*source
	rewritten bool
	failed    bool // it is on the way of requests that failed
}

// gate is a gate of the config.
type gate struct {
	place
	Handler
}

// source is something that answers with what is in a storage.
type source struct {
	place
	// files is a folder, dial the address of an upstream; one of them is given.
	files, dial string
	// behind is the gate that every request to it has passed; nil: there is none.
	behind *gate
	// partly is one that some of them have passed.
	partly *gate
	// before is a gate that comes only after it.
	before *gate
}

// surveyed is what was found.
type surveyed struct {
	servers  []Server
	gates    []*gate
	sources  []*source
	warnings []Warning
	// roots are the folders by the hosts of a site: a request that failed keeps the
	// one that it was given.
	roots map[string][]string
}

func survey(servers []Server) *surveyed {
	s := &surveyed{servers: servers, roots: map[string][]string{}}
	slices.SortFunc(s.servers, func(a, b Server) int { return strings.Compare(a.Name, b.Name) })
	for i := range s.servers {
		server := &s.servers[i]
		s.routes(server.Routes, place{server: server})
		s.routes(server.Errors, place{server: server, failed: true})
	}
	return s
}

// routes walks along routes, and returns where whoever passed them all is.
func (s *surveyed) routes(routes []Route, at place) place {
	grouped := map[string]place{} // where the others of a group begin
	for i := range routes {
		r := &routes[i]
		from := at
		if first, seen := grouped[r.Group]; r.Group != "" && seen {
			from = first
		} else if r.Group != "" {
			grouped[r.Group] = at
		}
		inside := from
		if r.Match != "" {
			inside.under = append(slices.Clip(slices.Clone(from.under)), r)
		}
		after := s.handlers(r.Handle, inside)
		switch {
		case r.Match == "" && r.Group == "":
			at = after
		case !r.Terminal:
			at = joined(at, after)
		}
	}
	return at
}

// joined is where somebody is who may have come either way.
func joined(a, b place) place {
	a.gates = union(a.gates, b.gates)
	a.roots = union(a.roots, b.roots)
	a.served = union(a.served, b.served)
	a.rewritten = a.rewritten || b.rewritten
	return a
}

func union[T comparable](a, b []T) []T {
	both := slices.Clone(a)
	for _, one := range b {
		if !slices.Contains(both, one) {
			both = append(both, one)
		}
	}
	return both
}

func (s *surveyed) handlers(handlers []Handler, at place) place {
	for i := range handlers {
		h := &handlers[i]
		switch h.Kind {
		case Gate:
			at = s.gate(h, at)
		case Rewrite:
			at.rewritten = true
		case Encode:
			if g := at.passed(); g != nil {
				s.warn(encodeBehind, at, "manifests are asked for without compression, so encode behind the gate does nothing for them: route { encode …; usher; … } puts it in front")
			}
		case Vars:
			at = s.root(h.Root, at)
		case FileServer:
			for _, root := range filesOf(h, at) {
				at = s.source(&source{place: at, files: root}, at)
			}
		case ReverseProxy:
			for _, dial := range h.Dials {
				at = s.source(&source{place: at, dial: dial}, at)
			}
		}
		at = s.routes(h.Routes, at)
	}
	return at
}

// gate comes to a gate. What served before it did so without it.
func (s *surveyed) gate(h *Handler, at place) place {
	g := &gate{at, *h}
	s.gates = append(s.gates, g)
	if at.rewritten {
		s.warn(rewriteBefore, at, "a rewrite, uri or handle_path comes before the gate: it refuses every request whose path was changed, since it decides about the URL that viewers see; let it come first, or use handle")
	}
	for _, one := range at.served {
		if one.behind == nil && one.before == nil {
			one.before = g
		}
	}
	at.gates = append(slices.Clip(at.gates), g)
	return at
}

func (s *surveyed) root(root string, at place) place {
	if root == "" {
		return at
	}
	at.roots = []string{root}
	site := at.site()
	s.roots[site] = union(s.roots[site], at.roots)
	return at
}

// rootVariable is where a file server has its files that names no folder itself.
const rootVariable = "{http.vars.root}"

func filesOf(h *Handler, at place) []string {
	switch {
	case h.Root != "" && h.Root != rootVariable:
		return []string{h.Root}
	case len(at.roots) > 0:
		return at.roots
	}
	return []string{"."}
}

func (s *surveyed) source(one *source, at place) place {
	if one.failed && one.files == "." {
		for _, root := range s.roots[at.site()] {
			with := *one
			with.files = root
			s.sources = append(s.sources, &with)
		}
		return at
	}
	one.behind, one.partly = at.passed(), nil
	if one.behind == nil && len(at.gates) > 0 {
		one.partly = at.gates[len(at.gates)-1]
	}
	s.sources = append(s.sources, one)
	at.served = append(slices.Clip(at.served), one)
	return at
}

// passed is a gate that every request has passed that is here; nil: there is none.
func (at *place) passed() *gate {
	for _, g := range at.gates {
		if g.covers(at) {
			return g
		}
	}
	return nil
}

// covers reports whether whoever is at the place has met every condition of the gate.
func (g *gate) covers(at *place) bool {
	for _, asked := range g.under {
		met := slices.ContainsFunc(at.under, func(r *Route) bool {
			return r.Match == asked.Match || asked.pathsOnly() && within(r.Paths, asked.Paths) && r.pathsOnly()
		})
		if !met {
			return false
		}
	}
	return true
}

// site names the outermost condition, which is that of a site's hosts.
func (at *place) site() string {
	if len(at.under) == 0 {
		return at.server.Name
	}
	return at.server.Name + " " + at.under[0].Match
}

// hosts are those that a request here may be for; none: any.
func (at *place) hosts() []string {
	for _, r := range at.under {
		if len(r.Hosts) > 0 {
			return r.Hosts
		}
	}
	return nil
}

// String says where that is.
func (at *place) String() string {
	text := "server " + at.server.Name + " (" + strings.Join(at.server.Listen, ", ") + ")"
	if hosts := at.hosts(); len(hosts) > 0 {
		text += ", host " + strings.Join(hosts, ", ")
	}
	for _, r := range at.under {
		if len(r.Paths) > 0 {
			text += ", path " + strings.Join(r.Paths, ", ")
		}
	}
	if at.failed {
		text += ", after errors"
	}
	return text
}

func (s *surveyed) warn(kind string, at place, what string) {
	s.warnings = append(s.warnings, Warning{kind, at.String(), what})
}
