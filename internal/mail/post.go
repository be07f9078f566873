package mail

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync"
	"time"
)

// Errors of [Post.Send].
var (
	// ErrFull reports that too many messages wait already.
	ErrFull = errors.New("too many mails are waiting to be sent")
	// ErrClosed reports a Post that was closed.
	ErrClosed = errors.New("mail is shut down")
)

// Bounds of a Post.
const (
	maxWaiting = 256
	carriers   = 2
	// drain is how long Close waits for what is still on its way.
	drain = 2 * time.Second
)

// pauses are the times before the second and each later try, each with up to as
// much again at random, so that nodes do not come back together.
var pauses = []time.Duration{2 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute}

// Report says what became of a message: sent where Err is nil. It carries nothing
// of what is in the message, and not to whom it goes.
type Report struct {
	Kind Kind
	// Try counts from 1. Last says that there will be no other.
	Try  int
	Last bool
	Err  error
}

// Post delivers messages through a server in the background. What waits is in
// memory: a message that was not delivered when the process ends is lost, and
// whoever it was for asks again.
type Post struct {
	server Server
	report func(Report)
	pauses []time.Duration

	queue chan job
	room  chan struct{} // one for each message that is not done

	mu      sync.Mutex // guards closed, and pending against growing meanwhile
	closed  bool
	closing chan struct{}
	pending sync.WaitGroup

	ctx    context.Context
	cancel context.CancelFunc
	gone   sync.WaitGroup
}

type job struct {
	message Message
	try     int
}

// NewPost returns a Post that tells report of every try. It makes no connection
// before there is a message.
func NewPost(server Server, report func(Report)) (*Post, error) {
	if err := server.Validate(); err != nil {
		return nil, err
	}
	return newPost(server, report, pauses), nil
}

func newPost(server Server, report func(Report), pauses []time.Duration) *Post {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Post{
		server: server, report: report, pauses: pauses,
		queue: make(chan job, maxWaiting), room: make(chan struct{}, maxWaiting), closing: make(chan struct{}),
		ctx: ctx, cancel: cancel,
	}
	for range carriers {
		p.gone.Go(p.carry)
	}
	return p
}

// Delivers implements [Sender].
func (p *Post) Delivers() bool { return true }

// Send implements [Sender].
func (p *Post) Send(ctx context.Context, message Message) (Handed, error) {
	if err := ctx.Err(); err != nil {
		return Handed{}, err
	}
	if _, err := p.server.compose(message); err != nil {
		return Handed{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return Handed{}, ErrClosed
	}
	select {
	case p.room <- struct{}{}:
	default:
		return Handed{}, ErrFull
	}
	p.pending.Add(1)
	p.queue <- job{message, 1} // has room for all that have room
	return Handed{}, nil
}

// carry delivers until the post is closed.
func (p *Post) carry() {
	for j := range p.queue {
		p.deliver(j)
	}
}

func (p *Post) deliver(j job) {
	err := p.server.send(p.ctx, j.message)
	last := err == nil || final(err) || j.try > len(p.pauses) || p.isClosing()
	if err != nil {
		err = plain(err)
	}
	p.report(Report{Kind: j.message.Kind, Try: j.try, Last: last, Err: err})
	if last {
		p.done()
		return
	}
	go p.later(j)
}

func (p *Post) done() {
	<-p.room
	p.pending.Done()
}

// later puts a message back into the queue after its pause, or at once where the
// post closes: then it has one more chance.
func (p *Post) later(j job) {
	timer := time.NewTimer(jittered(p.pauses[j.try-1]))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.closing:
	}
	j.try++
	p.queue <- j
}

func (p *Post) isClosing() bool {
	select {
	case <-p.closing:
		return true
	default:
		return false
	}
}

// jittered is between d and twice d.
func jittered(d time.Duration) time.Duration {
	var raw [8]byte
	rand.Read(raw[:])
	return d + time.Duration(binary.BigEndian.Uint64(raw[:])%uint64(max(d, 1)))
}

// Close takes no more messages, waits 2 seconds at the most for those that are on
// their way, and cuts what is left.
func (p *Post) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	close(p.closing)
	p.mu.Unlock()

	drained := make(chan struct{})
	go func() {
		p.pending.Wait()
		close(drained)
	}()
	timer := time.NewTimer(drain)
	defer timer.Stop()
	var err error
	select {
	case <-drained:
	case <-timer.C:
		err = errors.New("mails were left unsent")
	}
	p.cancel() // from here on every try fails at once
	<-drained
	close(p.queue)
	p.gone.Wait()
	return err
}
