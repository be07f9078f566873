// Package config is what an operator may say: the JSON structs, their
// defaults and checks, and the one table from which the Caddyfile parser, the
// reference docs and the tests come. It does not import Caddy.
package config
