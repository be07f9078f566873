package hostile

import (
	"strings"
	"testing"
)

// shot is one request of a family. Words in braces ({code}, {session} …) are
// replaced by the lane's tokens when it is sent.
type shot struct {
	name   string
	method string // empty: GET
	// path and query stand on the wire as they are, beside what carries the
	// credential. prefix is a session that the shot itself carries.
	prefix, path, query string
	// target replaces the whole request target, {prefix} and {query} being the
	// credential's. Nothing of it may then reach the upstream.
	target  string
	version string // empty: HTTP/1.1
	// header holds whole lines. Ours is the Host line, unless hostless.
	header   []string
	hostless bool
	body     string
	// as names the credential that the shot itself brings; empty: the one
	// that it is tried with.
	as string
	// refuse: nothing may be granted to anybody for this. looks: whoever asks
	// so only looks, and gets nothing and opens nothing.
	refuse, looks bool
}

// spell fills in the words.
func (s shot) spell(words *strings.Replacer) shot {
	for _, text := range []*string{&s.prefix, &s.path, &s.query, &s.target, &s.body} {
		*text = words.Replace(*text)
	}
	lines := make([]string, len(s.header))
	for i, line := range s.header {
		lines[i] = words.Replace(line)
	}
	s.header = lines
	return s
}

// request is the shot as it goes over the wire.
func (s shot) request(c credential) string {
	query := joined("&", c.query, s.query)
	if query != "" {
		query = "?" + query
	}
	target := c.prefix + s.prefix + s.path + query
	if s.target != "" {
		target = strings.NewReplacer("{prefix}", c.prefix, "{query}", query).Replace(s.target)
	}
	var b strings.Builder
	b.WriteString(or(s.method, "GET") + " " + target + " " + or(s.version, "HTTP/1.1") + "\r\n")
	lines := []string{"Host: media.test"}
	if s.hostless {
		lines = nil
	}
	if c.header != "" {
		lines = append(lines, c.header)
	}
	for _, line := range append(lines, s.header...) {
		b.WriteString(line + "\r\n")
	}
	b.WriteString("\r\n" + s.body)
	return b.String()
}

func or(given, fallback string) string {
	if given == "" {
		return fallback
	}
	return given
}

func joined(separator string, parts ...string) string {
	var given []string
	for _, part := range parts {
		if part != "" {
			given = append(given, part)
		}
	}
	return strings.Join(given, separator)
}

// family is a rule that makes requests.
type family struct {
	name string
	// states are the credentials that each request is tried with, the one that
	// is tried everywhere first.
	states []string
	shots  func(full bool) []shot
	// made are more shots, which need the lane's own tokens to be bent.
	made func(*lane, testing.TB) []shot
}

// everyone is every credential, the valid session first.
var everyone = func() []string {
	list := []string{base}
	for _, s := range states {
		if s != base {
			list = append(list, s)
		}
	}
	return list
}()

// themselves is for shots that bring their own credentials.
var themselves = []string{noCred}

// paths makes shots of paths alone.
func paths(list ...string) []shot {
	shots := make([]shot, len(list))
	for i, p := range list {
		shots[i] = shot{name: p, path: p}
	}
	return shots
}

// headers makes shots of header lines on a path that the valid session opens.
func headers(lines ...string) []shot {
	shots := make([]shot, len(lines))
	for i, line := range lines {
		shots[i] = shot{name: line, path: oneScope, header: []string{line}}
	}
	return shots
}

// looking marks shots by which nobody has asked to see anything yet.
func looking(shots []shot) []shot {
	for i := range shots {
		shots[i].looks = true
	}
	return shots
}

// every keeps each nth of the shots, for the quick tier.
func every(n int, shots []shot) []shot {
	var kept []shot
	for i := 0; i < len(shots); i += n {
		kept = append(kept, shots[i])
	}
	return kept
}
