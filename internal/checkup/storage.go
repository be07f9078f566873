package checkup

import (
	"net"
	"path"
	"slices"
	"strings"
)

// storage returns what was found on the way, and each storage behind a gate that is
// reached around it.
func (s *surveyed) storage() []Warning {
	warnings := slices.Clone(s.warnings)
	for _, one := range s.sources {
		switch {
		case one.behind != nil:
			if w, found := s.listens(one); found {
				warnings = append(warnings, w)
			}
		case one.before != nil:
			warnings = append(warnings, Warning{beforeGate, one.place.String(), one.name() + " answers before the gate is asked: put usher first"})
		case one.partly != nil:
			warnings = append(warnings, Warning{ungatedStorage, one.place.String(), one.name() + " also answers what the gate's matcher leaves out (" + one.partly.place.String() + "): gate the whole, or serve the rest from elsewhere"})
		default:
			if gated := s.gated(one); gated != nil {
				warnings = append(warnings, Warning{ungatedStorage, one.place.String(), one.name() + " is reached here without the gate that stands before " + gated.name() + " (" + gated.place.String() + ")"})
			}
		}
	}
	return warnings
}

// gated returns a source behind a gate that has anything of the same storage.
func (s *surveyed) gated(one *source) *source {
	for _, other := range s.sources {
		if other.behind != nil && (one.dial != "" && sameDial(one.dial, other.dial) || one.files != "" && other.files != "" && overlap(one.files, other.files)) {
			return other
		}
	}
	return nil
}

func (one *source) name() string {
	if one.dial != "" {
		return "the upstream " + one.dial
	}
	return "the folder " + one.files
}

// overlap reports whether one of the folders is in the other, or is the other.
func overlap(a, b string) bool {
	a, b = path.Clean(a), path.Clean(b)
	return a == b || inside(a, b) || inside(b, a)
}

func inside(folder, outer string) bool {
	return outer == "/" && strings.HasPrefix(folder, "/") || outer == "." && !strings.HasPrefix(folder, "/") && !strings.HasPrefix(folder, "..") ||
		strings.HasPrefix(folder, outer+"/")
}

func sameDial(a, b string) bool {
	return b != "" && plainDial(a) == plainDial(b)
}

// plainDial writes an address one way.
func plainDial(dial string) string {
	dial = strings.TrimPrefix(dial, "tcp/")
	host, port, err := net.SplitHostPort(dial)
	if err != nil {
		return dial
	}
	if loopback(host) {
		host = "localhost"
	}
	return net.JoinHostPort(strings.ToLower(host), port)
}

// loopback reports whether a host is this machine, for itself alone.
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// listens looks for a server of the same config that is the upstream of a gate, and
// open to more than this machine without one.
func (s *surveyed) listens(one *source) (Warning, bool) {
	host, port, err := net.SplitHostPort(strings.TrimPrefix(one.dial, "tcp/"))
	if err != nil || !loopback(host) {
		return Warning{}, false
	}
	for i := range s.servers {
		server := &s.servers[i]
		if slices.ContainsFunc(s.gates, func(g *gate) bool { return g.server == server }) {
			continue
		}
		for _, listen := range server.Listen {
			at, its, err := net.SplitHostPort(strings.TrimPrefix(listen, "tcp/"))
			if err == nil && its == port && !loopback(at) {
				return Warning{ungatedStorage, "server " + server.Name + " (" + listen + ")", "it is the upstream of the gate (" + one.place.String() + ") and listens to more than this machine: bind it to " + host}, true
			}
		}
	}
	return Warning{}, false
}
