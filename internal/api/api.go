// Package api is the management API, version 1: links, sessions, persons,
// groups, collections, grants, keys, and what the gate would say to a URL. It is one http.Handler that knows nothing
// of where it is mounted.
package api

import (
	"context"
	"net/http"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/token"
)

// Keys is the keyring and how it changes. A change is on disk when the verb
// returns.
type Keys interface {
	Ring() *token.Keyring
	Rotate(use token.Use) (token.Key, error)
	Retire(id string) (token.Key, error)
}

// Backend is what the API works on.
type Backend struct {
	Store     gate.Store
	Gate      *gate.Gate
	Keys      Keys
	Directory *directory.Directory
	// Desk signs persons in and invites them, and has the mail; nil: nobody signs
	// in here, and messages are given back to be passed on by hand.
	Desk *signin.Desk
	// Events is the trail; nil: nothing is told, and there is nothing to read.
	Events *events.Trail
	// Streams bounds what is streamed at once, and Ending ends it.
	Streams *Streams
	Ending  context.Context
	// PublicURL is scheme and host that viewers use; empty: links are given as
	// paths. It is never guessed from a request: whoever can choose the Host
	// header of a request could otherwise choose where a link leads.
	PublicURL string
	Now       func() time.Time
	// Rates says who is held to a request rate on this node; nil: nobody is.
	Rates func() Rates
	// Node is what the health of this server is told from.
	Node Node
}

// Access says who may use a mount.
type Access uint8

const (
	// Bearer wants an API key in the Authorization header. It is the zero
	// value: a mount that says nothing is not open.
	Bearer Access = iota
	// Open asks for nothing: whoever reaches the mount is the operator, and may
	// ask on behalf of a person, with the header Usher-As.
	Open
)

// New returns the API, serving /links, /sessions and so on: the mount strips
// its own prefix. backend is asked once for each request, since a config
// reload may change it; where it reports false the answer is 503.
func New(backend func() (Backend, bool), access Access) http.Handler {
	return &handler{backend: backend, access: access}
}

type handler struct {
	backend func() (Backend, bool)
	access  Access
	// secure is there where people sign in on the site: see [NewOnSite].
	secure func(*http.Request) bool
}

// call is one request on its way through the API.
type call struct {
	Backend
	w  http.ResponseWriter
	r  *http.Request
	id string // the {id} of the path
	by string // who asks, for people who read records: "admin", or "apikey:" or "signin:" and its id
	// who is on whose behalf it is asked. It decides what may be done.
	who directory.Actor
	// key is the API key that was presented; zero: none.
	key keyRecord
	// emails are those of persons who were looked up for the answer.
	emails     map[gate.PersonID]string
	groupNames map[gate.GroupID]string
	// changed is what a handler notes for the trail.
	changed changed
	// access is that of the mount, and secure tells how the browser came to it.
	access Access
	secure func(*http.Request) bool
}

// answer is what an endpoint says when all went well.
type answer struct {
	status   int
	location string
	// rev is the revision of the record that is shown, if it has one.
	rev  int64
	body any
	// stream writes the answer by itself, in the place of all others; nil: it is
	// none that goes on.
	stream func()
}

func ok(body any) (answer, error) { return answer{status: http.StatusOK, body: body}, nil }

// done is ok for what was just done, unless it failed.
func done(body any, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(body)
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	given, err := h.serve(w, r)
	if err != nil {
		problemOf(err).write(w)
		return
	}
	if given.stream != nil {
		given.stream()
		return
	}
	if given.location != "" {
		header.Set("Location", given.location)
	}
	if given.rev != 0 {
		header.Set("ETag", etag(given.rev))
	}
	write(w, "application/json", given.status, given.body)
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) (answer, error) {
	backend, running := h.backend()
	if !running {
		return answer{}, notRunning.because("no configuration with Usher is running, or its store cannot be opened: see the server's log")
	}
	c := &call{Backend: backend, w: w, r: r, access: h.access, secure: h.secure}
	reads, err := c.identify(h.access, h.secure)
	if err != nil {
		return answer{}, err
	}
	to, id, err := find(r.Method, r.URL.EscapedPath())
	if err != nil {
		return answer{}, err
	}
	if err := to.permits(c, reads); err != nil {
		return answer{}, err
	}
	c.id = id
	serve := func(c *call) (answer, error) {
		given, err := to.serve(c)
		c.trail(to, given, err)
		return given, err
	}
	if to.once() {
		return c.once(serve)
	}
	return serve(c)
}
