// Package gate is the domain and the decision: links, sessions, plays, and
// whether a request may pass. It is pure: no Caddy, no Redis, no clock read.
package gate
