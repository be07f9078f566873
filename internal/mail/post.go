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
	drain = 10 * time.Second
)

// pauses are the times before the second and each later try, each with up to as
// much again at random, so that nodes do not come back together.
var pauses = []time.Duration{2 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute}

// Report says what became of a message: sent where Err is nil. It carries nothing
// of what is in the message, and not to whom it goes.
type Report struct {
	Kind Kind
	// Ref is that of the message.
	Ref string
	// Try counts from 1. Last says that there will be no other.
	Try  int
	Last bool
	Err  error
}

// Post delivers messages through a server in the background. What waits is in
// memory: a message that was not delivered when the process ends is lost. Close
// gives those a last chance and counts what is lost all the same.
type Post struct {
	server Server
	report func(Report)
	pauses []time.Duration
	grace  time.Duration

	queue chan job
	room  chan struct{} // one for each message that is not done

	mu      sync.Mutex // guards closed, and pending against growing meanwhile
	closed  bool
	closing chan struct{}
	unsent  Unsent
	lost    map[string]bool // the addresses of what is unsent
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
		server: server, report: report, pauses: pauses, grace: drain, lost: map[string]bool{},
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
	p.report(Report{Kind: j.message.Kind, Ref: j.message.Ref, Try: j.try, Last: last, Err: err})
	if last {
		if err != nil && p.isClosing() {
			p.lose(j.message)
		}
		p.done()
		return
	}
	go p.later(j)
}

// lose counts a message that the post took with it.
func (p *Post) lose(message Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost[message.To] = true
	p.unsent.Mails++
	p.unsent.Addresses = len(p.lost)
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

// Unsent is how many messages were lost with a [Post], and to how many addresses
// they were to go.
type Unsent struct{ Mails, Addresses int }

// Close takes no more messages, waits 10 seconds at the most for those that are on
// their way, each of which is tried once more, and cuts what is left. It says what
// was lost; closed again, it says nothing.
func (p *Post) Close() Unsent {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return Unsent{}
	}
	p.closed = true
	close(p.closing)
	p.mu.Unlock()

	drained := make(chan struct{})
	go func() {
		p.pending.Wait()
		close(drained)
	}()
	timer := time.NewTimer(p.grace)
	defer timer.Stop()
	select {
	case <-drained:
	case <-timer.C:
	}
	p.cancel() // from here on every try fails at once
	<-drained
	close(p.queue)
	p.gone.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unsent
}
