// Package relay is a TCP relay that looks at what passes, and can stop it.
package relay

import (
	"net"
	"sync"
)

// Fate is what becomes of a piece.
type Fate int

// The fates.
const (
	// Pass passes the piece on.
	Pass Fate = iota
	// Drop loses the piece; the connection seems to be fine.
	Drop
	// Cut closes the connection.
	Cut
)

// Hook decides about each piece that comes over a connection.
type Hook func(fromClient bool, piece []byte) Fate

// Relay stands between clients and one server.
type Relay struct {
	// Addr is where it listens.
	Addr string

	server   string
	listener net.Listener
	hook     func() Hook

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
	all    sync.WaitGroup
}

// Start starts a relay to the server at addr. Each connection gets a hook of
// its own from newHook, which its two directions call at the same time.
func Start(addr string, newHook func() Hook) (*Relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Relay{Addr: l.Addr().String(), server: addr, listener: l, hook: newHook, conns: map[net.Conn]struct{}{}}
	r.all.Go(r.serve)
	return r, nil
}

// Close closes the relay and every connection, and waits for their end.
func (r *Relay) Close() {
	r.listener.Close()
	r.mu.Lock()
	r.closed = true
	for conn := range r.conns {
		conn.Close()
	}
	r.mu.Unlock()
	r.all.Wait()
}

func (r *Relay) serve() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp", r.server)
		if err != nil {
			client.Close() // as a server that is away
			continue
		}
		r.join(client, server, r.hook())
	}
}

func (r *Relay) join(client, server net.Conn, hook Hook) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		client.Close()
		server.Close()
		return
	}
	r.conns[client], r.conns[server] = struct{}{}, struct{}{}
	pass := func(to, from net.Conn, fromClient bool) {
		defer r.drop(client, server)
		buf := make([]byte, 64<<10)
		for {
			n, err := from.Read(buf)
			fate := Drop
			if n > 0 {
				fate = hook(fromClient, buf[:n])
			}
			if fate == Pass {
				if _, err := to.Write(buf[:n]); err != nil {
					return
				}
			}
			if err != nil || fate == Cut {
				return
			}
		}
	}
	r.all.Go(func() { pass(server, client, true) })
	r.all.Go(func() { pass(client, server, false) })
}

func (r *Relay) drop(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
		delete(r.conns, conn)
	}
}
