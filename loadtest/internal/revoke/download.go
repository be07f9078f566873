package revoke

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/loadtest/internal/rig"
	"github.com/usher-media/usher/loadtest/internal/viewer"
	"github.com/usher-media/usher/loadtest/internal/wire"
)

// download is the word for a running answer that is cut by a revocation.
const download = "download"

// sip and pause are how a slow viewer reads: a few Mbit/s.
const (
	sip   = 32 << 10
	pause = 50 * time.Millisecond
)

// measureDownload lets a slow viewer download through the last node, revokes
// on the first, and notes when the download breaks off.
func measureDownload(ctx context.Context, c *rig.Cluster, t *tally) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	link, err := c.Nodes[0].NewLink(ctx, api.NewLink{Path: "/clock/*"})
	if err != nil {
		return err
	}
	code, _ := viewer.Code(link.URL)
	v, node := viewer.New(false), c.Nodes[len(c.Nodes)-1]
	session, err := v.Watch(ctx, node.URL, code, "")
	if err != nil {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", node.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if _, err := conn.Write(wire.Get(node.Addr, session.Path(bigFile))); err != nil {
		return err
	}
	running, over := make(chan struct{}), make(chan time.Time, 1)
	go sipAway(conn, running, over)
	select {
	case <-running:
	case <-over:
		return errors.New("the download broke off before anything was revoked")
	}
	began := time.Now()
	if err := c.Nodes[0].Call(ctx, http.MethodPost, "/links/"+link.ID+"/revoke", nil, nil); err != nil {
		return err
	}
	answered := time.Now()
	ended := <-over
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("the download of a revoked link runs on: %w", err)
	}
	t.note(ended.Sub(began), ended.Sub(answered))
	return nil
}

// sipAway reads slowly until that fails, and says when it did. The pause is
// what the viewer is: slow.
func sipAway(conn net.Conn, running chan<- struct{}, over chan<- time.Time) {
	buf := make([]byte, sip)
	for n := 0; ; n++ {
		if _, err := io.ReadFull(conn, buf); err != nil {
			over <- time.Now()
			return
		}
		if n == enough {
			close(running)
		}
		time.Sleep(pause)
	}
}
