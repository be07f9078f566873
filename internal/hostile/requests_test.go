package hostile

import (
	"fmt"
	"strings"
)

// The families of methods, conditions, upgrades and purposes.
var requestFamilies = []family{
	{name: "H7", states: everyone, shots: methods},
	{name: "H8", states: everyone, shots: conditions},
	{name: "H9", states: everyone, shots: upgrades},
	{name: "H10", states: everyone, shots: expectations},
	{name: "H12", states: everyone, shots: agents},
	{name: "H13", states: everyone, shots: prefetches},
}

func methods(bool) []shot {
	var shots []shot
	for _, method := range []string{
		"POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
		"PURGE", "SEARCH", "DEBUG", "TRACK", "QUERY", "PRI", "get", "Get", "GET\t", strings.Repeat("G", 33), "G\x00T", "GÉT", "FOO", "ACL",
	} {
		shots = append(shots, shot{name: fmt.Sprintf("%q", method), method: method, path: oneScope, refuse: true})
	}
	return append(shots,
		shot{name: "no method", method: " ", path: oneScope, refuse: true},
		shot{name: "the preface of HTTP/2", method: "PRI", target: "*", version: "HTTP/2.0", refuse: true},
		shot{name: "HEAD", method: "HEAD", path: oneScope},
		shot{name: "OPTIONS of a secret", method: "OPTIONS", path: "/acme/secret.mp4"},
	)
}

func conditions(bool) []shot {
	return headers(
		"If-None-Match: *", `If-None-Match: W/"1"`, `If-None-Match: "1"`, "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT",
		`If-Match: "2"`, "If-Unmodified-Since: Thu, 01 Jan 2015 00:00:00 GMT", "If-Range: \"2\"\r\nRange: bytes=0-99",
		"Cache-Control: only-if-cached", "Pragma: no-cache", "Accept-Encoding: gzip, br\r\nAccept: text/html", "Cache-Control: max-age=0\r\nVary: *",
	)
}

func upgrades(bool) []shot {
	return headers(
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
		"connection: upgrade\r\nupgrade: WebSocket", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
		"Connection: upgrade\r\nUpgrade: TLS/1.0", "HTTP2-Settings: AAMAAABk", "Connection: UPGRADE\r\nUPGRADE: websocket, h2c", "Upgrade: h2c",
	)
}

func expectations(bool) []shot {
	return []shot{
		{name: "without a body", path: oneScope, header: []string{"Expect: 100-continue"}},
		{name: "with a body", path: oneScope, header: []string{"Expect: 100-continue", "Content-Length: 4"}, body: "body", refuse: true},
		{name: "chunked", path: oneScope, header: []string{"Expect: 100-continue", "Transfer-Encoding: chunked"}, body: "4\r\nbody\r\n0\r\n\r\n", refuse: true},
		{name: "unknown", path: oneScope, header: []string{"Expect: 200-ok"}},
		{name: "a body that nobody announced waiting for", path: oneScope, header: []string{"Content-Length: 4"}, body: "body", refuse: true},
	}
}

// agents: who a client says it is may only give it less.
func agents(bool) []shot {
	return append(looking(headers(
		"User-Agent: Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1)",
	)), headers(
		"User-Agent: Mozilla/5.0 (Windows NT 10.0) SafeLinks", "User-Agent:", "User-Agent: "+strings.Repeat("a", 8<<10),
		"User-Agent: kube-probe/1.30", "User-Agent: {{.}}${jndi:ldap://x}", "User-Agent: {env.HOME}{http.request.uri}",
	)...)
}

// prefetches: looking uses nothing.
func prefetches(bool) []shot {
	return append(looking(headers(
		"Sec-Purpose: prefetch", "Sec-Purpose: prefetch;prerender", "Purpose: prefetch", "Purpose: preview", "X-Moz: prefetch", "X-Purpose: preview",
		"Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: cross-site\r\nSec-Purpose: PREFETCH",
	)), headers("Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: cross-site")...)
}
