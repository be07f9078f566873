package caddymodule

import (
	"regexp"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/logging"
	"go.uber.org/zap/zapcore"
)

func init() { caddy.RegisterModule(TokenFilter{}) }

// TokenFilter is a log field filter that takes Usher's tokens out of URLs:
// share codes, activation codes, sessions in paths, signed media URLs, what an
// OpenID provider sends back. Caddy's access log writes
// the URI and the Referer in clear; a token there is a token for every reader
// of the log.
type TokenFilter struct{}

// CaddyModule describes the filter to Caddy.
func (TokenFilter) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.logging.encoders.filter.usher_token", New: func() caddy.Module { return new(TokenFilter) }}
}

// UnmarshalCaddyfile accepts the bare name.
func (TokenFilter) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.ArgErr()
	}
	return nil
}

// Filter redacts text and lists of text.
func (TokenFilter) Filter(in zapcore.Field) zapcore.Field {
	switch values, ok := in.Interface.(caddyhttp.LoggableStringArray); {
	case ok:
		out := make(caddyhttp.LoggableStringArray, len(values))
		for i, v := range values {
			out[i] = redact(v)
		}
		in.Interface = out
	default:
		in.String = redact(in.String)
	}
	return in
}

// The places where tokens stand in URLs, loosely, and what tokens look like
// anywhere else: a log line too much redacted is better than a token in it.
// Sealed texts begin with their purpose, 0x11 to 0x13 and 0x15 to 0x16, which
// base64url writes as an E, or an F, and a letter from the second quarter on.
var (
	tokenInPath  = regexp.MustCompile(`(?i)(/(?:s/|%73/|~|%7e)|_usher(?:/|%2f)activate(?:/|%2f))[^/?#\s"]+`)
	tokenInQuery = regexp.MustCompile(`(?i)\b(usher|URISigningPackage|u(?:s|%73)(?:h|%68)(?:e|%65)(?:r|%72))(=|%3d)[^&#\s"]+`)
	codeInAnswer = regexp.MustCompile(`(?i)(_usher/oidc/callback\?)[^#\s"]+`)
	tokenItself  = regexp.MustCompile(`[EF][Q-Za-z0-9_-][A-Za-z0-9_-]{42,}|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*|usk_[A-Za-z0-9_-]{20,}`)
)

const redacted = "REDACTED"

func redact(text string) string {
	text = tokenInPath.ReplaceAllString(text, "${1}"+redacted)
	text = tokenInQuery.ReplaceAllString(text, "${1}${2}"+redacted)
	text = codeInAnswer.ReplaceAllString(text, "${1}"+redacted)
	return tokenItself.ReplaceAllString(text, redacted)
}

var (
	_ logging.LogFieldFilter = (*TokenFilter)(nil)
	_ caddyfile.Unmarshaler  = (*TokenFilter)(nil)
)
