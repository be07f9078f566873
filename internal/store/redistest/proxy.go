package redistest

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy stands between clients and a server. It counts trips, it can lose the
// reply to a request that the server has carried out, and it can cut or stall
// connections.
type Proxy struct {
	// Addr is where it listens.
	Addr string

	server   string
	listener net.Listener
	trips    atomic.Int64
	lose     atomic.Pointer[string]
	lost     atomic.Int64

	// made counts connections; those up to stalled carry nothing any more.
	made, stalled atomic.Int64

	mu    sync.Mutex
	conns []net.Conn
	ended chan struct{}
	all   sync.WaitGroup
}

// StartProxy starts a proxy in front of the server at addr. It ends with the
// test.
func StartProxy(t testing.TB, addr string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: l.Addr().String(), server: addr, listener: l, ended: make(chan struct{})}
	p.all.Go(p.serve)
	t.Cleanup(p.close)
	return p
}

// URL is the store URL of the server behind the proxy.
func (p *Proxy) URL() string { return "redis://" + p.Addr }

// Trips counts the times that a client sent something and then got an answer,
// however many commands went in one.
func (p *Proxy) Trips() int64 { return p.trips.Load() }

// Lose cuts the connection in place of the reply to each request in which word
// occurs, from now on; an empty word ends that.
func (p *Proxy) Lose(word string) { p.lose.Store(&word) }

// Lost counts the replies that were lost.
func (p *Proxy) Lost() int64 { return p.lost.Load() }

// Cut ends the connections that there are.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut()
}

func (p *Proxy) cut() {
	for _, conn := range p.conns {
		conn.Close()
	}
	p.conns = nil
}

// Stall makes the connections that there are carry nothing any more, without
// ending them, as a firewall does that has forgotten them.
func (p *Proxy) Stall() { p.stalled.Store(p.made.Load()) }

func (p *Proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close() // as a server that is away
			continue
		}
		p.join(client, server)
	}
}

func (p *Proxy) join(client, server net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.ended:
		client.Close()
		server.Close()
		return
	default:
	}
	p.conns = append(p.conns, client, server)
	number := p.made.Add(1)
	stalls := func() bool {
		if number > p.stalled.Load() {
			return false
		}
		<-p.ended
		return true
	}
	var asked, doomed atomic.Bool
	p.all.Go(func() {
		defer server.Close()
		relay(server, client, func(request []byte) bool {
			if stalls() {
				return false
			}
			asked.Store(true)
			if word := p.lose.Load(); word != nil && *word != "" && bytes.Contains(request, []byte(*word)) {
				doomed.Store(true)
			}
			return true
		})
	})
	p.all.Go(func() {
		defer client.Close()
		relay(client, server, func([]byte) bool {
			if stalls() {
				return false
			}
			if asked.Swap(false) {
				p.trips.Add(1)
			}
			if doomed.Load() {
				p.lost.Add(1)
				return false
			}
			return true
		})
	})
}

// relay copies until either side is closed, or pass says no.
func relay(to, from net.Conn, pass func([]byte) bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !pass(buf[:n]) {
			return
		}
		if _, writeErr := to.Write(buf[:n]); err != nil || writeErr != nil {
			return
		}
	}
}

func (p *Proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	close(p.ended)
	p.cut()
	p.mu.Unlock()
	p.all.Wait()
}
