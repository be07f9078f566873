package checkup

import (
	"encoding/json"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// document is a config, as far as it is read.
type document struct {
	Logging struct {
		Logs map[string]jsonLog `json:"logs"`
	} `json:"logging"`
	Apps struct {
		HTTP struct {
			HTTPPort int                   `json:"http_port"`
			Servers  map[string]jsonServer `json:"servers"`
		} `json:"http"`
		Usher struct {
			Store struct {
				URL string `json:"url"`
			} `json:"store"`
			PublicURL string `json:"public_url"`
			Mail      struct {
				Password string `json:"password"`
			} `json:"mail"`
			OIDC struct {
				ClientSecret string `json:"client_secret"`
			} `json:"oidc"`
		} `json:"usher"`
	} `json:"apps"`
}

type jsonServer struct {
	Listen []string    `json:"listen"`
	Routes []jsonRoute `json:"routes"`
	Errors struct {
		Routes []jsonRoute `json:"routes"`
	} `json:"errors"`
	TLS       []json.RawMessage `json:"tls_connection_policies"`
	AutoHTTPS struct {
		Disable bool     `json:"disable"`
		Skip    []string `json:"skip"`
	} `json:"automatic_https"`
	Logs *struct {
		Default  string           `json:"default_logger_name"`
		Names    map[string]names `json:"logger_names"`
		Skip     []string         `json:"skip_hosts"`
		Unmapped bool             `json:"skip_unmapped_hosts"`
	} `json:"logs"`
}

// names are one name or several.
type names []string

// UnmarshalJSON reads both.
func (n *names) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*n = names{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(n))
}

type jsonLog struct {
	Include []string `json:"include"`
	Exclude []string `json:"exclude"`
	Writer  struct {
		Output string `json:"output"`
	} `json:"writer"`
	Encoder struct {
		Format string `json:"format"`
		Fields map[string]struct {
			Filter string `json:"filter"`
		} `json:"fields"`
	} `json:"encoder"`
}

// surface looks at what a gate's site shows to others.
func (c *document) surface(g *gate) []Warning {
	server := c.Apps.HTTP.Servers[g.server.Name]
	where, hosts := g.place.String(), g.hosts()
	warnings := c.logs(&server, where, hosts)
	if (g.API || g.Console) && c.clear(&server, hosts) {
		warnings = append(warnings, Warning{clearAPI, where, "API keys travel in clear: serve the API and the console by TLS, or on this machine only; behind a proxy that ends TLS, say public_url https://…"})
	}
	return warnings
}

// clear reports whether the hosts are reached from elsewhere, and without TLS.
func (c *document) clear(server *jsonServer, hosts []string) bool {
	switch {
	case len(server.TLS) > 0 || strings.HasPrefix(c.Apps.Usher.PublicURL, "https://"):
		return false
	case len(hosts) > 0 && !slices.ContainsFunc(hosts, func(host string) bool { return !loopback(host) }):
		return false
	case !slices.ContainsFunc(server.Listen, func(at string) bool { return !private(at) }):
		return false
	case server.AutoHTTPS.Disable || len(hosts) == 0 || !slices.ContainsFunc(server.Listen, func(at string) bool { return !c.httpPort(at) }):
		return true
	}
	return slices.ContainsFunc(hosts, func(host string) bool { return slices.Contains(server.AutoHTTPS.Skip, host) })
}

// private reports whether only this machine gets to an address.
func private(listen string) bool {
	if strings.HasPrefix(listen, "unix") {
		return true
	}
	host, _, err := net.SplitHostPort(strings.TrimPrefix(listen, "tcp/"))
	return err == nil && loopback(host)
}

func (c *document) httpPort(listen string) bool {
	port := "80"
	if c.Apps.HTTP.HTTPPort != 0 {
		port = strconv.Itoa(c.Apps.HTTP.HTTPPort)
	}
	_, its, err := net.SplitHostPort(strings.TrimPrefix(listen, "tcp/"))
	return err == nil && its == port
}

// accessLog is the logger of Caddy's access logs; those with a name are below it.
const accessLog = "http.log.access"

// tokenFields are where tokens stand in a line of an access log.
var tokenFields = []string{"request>uri", "request>headers>Referer", "resp_headers>Location"}

// logs looks at the access logs of a site.
func (c *document) logs(server *jsonServer, where string, hosts []string) (warnings []Warning) {
	for _, logger := range server.loggers(hosts) {
		logs := c.Logging.Logs
		if _, defined := logs["default"]; !defined {
			logs = map[string]jsonLog{"default": {}}
			for name, one := range c.Logging.Logs {
				logs[name] = one
			}
		}
		for name, log := range logs {
			if missing := log.missing(); log.takes(logger) && len(missing) > 0 {
				warnings = append(warnings, Warning{unfilteredLog, where, "the log " + name + " writes tokens: put the filter usher_token on " + strings.Join(missing, ", ")})
			}
		}
	}
	return warnings
}

// loggers are the names of the loggers of hosts; none: they are not logged.
func (s *jsonServer) loggers(hosts []string) (loggers []string) {
	if s.Logs == nil {
		return nil
	}
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	for _, host := range hosts {
		called, mapped := s.Logs.Names[host]
		switch {
		case slices.Contains(s.Logs.Skip, host) || !mapped && s.Logs.Unmapped:
			continue
		case !mapped:
			called = names{s.Logs.Default}
		}
		for _, name := range called {
			loggers = append(loggers, strings.TrimSuffix(accessLog+"."+name, "."))
		}
	}
	slices.Sort(loggers)
	return slices.Compact(loggers)
}

// takes reports whether the log writes what a logger says.
func (l *jsonLog) takes(logger string) bool {
	above := func(name string) bool { return name == logger || strings.HasPrefix(logger, name+".") }
	return l.Writer.Output != "discard" && (len(l.Include) == 0 || slices.ContainsFunc(l.Include, above)) && !slices.ContainsFunc(l.Exclude, above)
}

// missing are the fields with tokens that the log does not filter.
func (l *jsonLog) missing() (missing []string) {
	for _, field := range tokenFields {
		filter := l.Encoder.Fields[field].Filter
		if l.Encoder.Format != "filter" || !slices.Contains([]string{"usher_token", "delete", "replace", "hash"}, filter) {
			missing = append(missing, field)
		}
	}
	return missing
}

// passwordInURL is a password that stands in a URL itself.
var passwordInURL = regexp.MustCompile(`^[a-z+]+://[^/@{]*:([^@{]+)@`)

// passwords looks for passwords that are in the config itself. They are not repeated.
func (c *document) passwords() (warnings []Warning) {
	u := &c.Apps.Usher
	clear := func(secret string) bool { return secret != "" && !strings.HasPrefix(secret, "{") }
	for _, one := range []struct {
		setting string
		clear   bool
	}{
		{"store", passwordInURL.MatchString(u.Store.URL)},
		{"mail", clear(u.Mail.Password)},
		{"oidc client_secret", clear(u.OIDC.ClientSecret)},
	} {
		if one.clear {
			warnings = append(warnings, Warning{clearPassword, "usher, " + one.setting, "whoever reads the config, or its copy on the admin endpoint, has the password: write {file./run/secrets/NAME} or {env.NAME} in its place"})
		}
	}
	return warnings
}
