package caddymodule

import (
	"context"
	"net"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// connKey finds a request's connection in its context.
type connKey struct{}

// rememberConns makes the server put each connection into the context of its
// requests.
func rememberConns(ctx caddy.Context) {
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		server.RegisterConnContext(func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		})
	}
}

// endWithServer ends what goes on by itself as soon as the server begins to shut
// down. It waits for its running answers, maybe before the app is told to stop.
func endWithServer(ctx caddy.Context, end func()) {
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		server.RegisterOnShutdown(end)
	}
}

// dropUnsent makes the end of a connection drop what the kernel has not sent
// yet. Megabytes wait in a socket's buffer; a slow viewer of a revoked link
// would be fed from there for a long time.
func dropUnsent(conn net.Conn) {
	for {
		switch c := conn.(type) {
		case *net.TCPConn:
			_ = c.SetLinger(0) // on failure the answer ends all the same, only later
			return
		case interface{ NetConn() net.Conn }:
			conn = c.NetConn()
		default:
			return
		}
	}
}
