package api

import (
	"errors"
	"mime"
	"net/http"

	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// NewOnSite returns the API for a site that people sign in on. Beside an API key
// it takes the sign-in of a person, a cookie: that is what the console asks with.
// secure reports whether the browser came by TLS, which the cookie's name goes by.
func NewOnSite(backend func() (Backend, bool), secure func(*http.Request) bool) http.Handler {
	return &handler{backend: backend, access: Bearer, secure: secure}
}

// signInCookie is the text of the sign-in cookie where it is looked at: on a site,
// and where no Authorization header says who asks. A header that is wrong is not
// made good by a cookie.
func (c *call) signInCookie(secure func(*http.Request) bool) string {
	if secure == nil || c.Desk == nil || c.r.Header.Values("Authorization") != nil {
		return ""
	}
	return browser.Cookie(c.r, browser.NamesFor(secure(c.r)).Person)
}

// identifySignedIn finds out which person a sign-in cookie is of. They may do what
// they may with an API key that manages.
func (c *call) identifySignedIn(cookie string) error {
	if c.r.Header.Values(asHeader) != nil {
		return forbidden.because("the header " + asHeader + " is for operators on the admin endpoint")
	}
	if err := c.fromOurPage(); err != nil {
		return err
	}
	person, signIn, err := c.Desk.Who(c.r.Context(), cookie)
	if errors.Is(err, gate.ErrNotFound) {
		return unauthorized.because("you are not signed in any more: sign in again, or send an API key")
	}
	if err != nil {
		return err
	}
	c.by, c.who = "signin:"+signIn.ID.String(), directory.As(person.ID)
	return lapsed(c.stands(), unauthorized, "you have no rights any more: you were suspended or deleted, or your time is over")
}

// crossOrigin is Go's own check, with nothing let through.
var crossOrigin = http.NewCrossOriginProtection()

// fromOurPage refuses what a browser sends with the cookie because a page of
// somebody else made it. A cookie, other than a key, travels by itself, so what
// changes something has to come from a page of this very origin, by the word of
// the browser: where it says nothing, nothing is done. A body that is not JSON
// could be a form's.
//
// Looking is refused as well when another site asks: no answer is for it, and
// none is given a chance to leak by its size or its time.
func (c *call) fromOurPage() error {
	site := c.r.Header.Get("Sec-Fetch-Site")
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead {
		foreign := c.r.Header.Get("Origin") != "" && !browser.SameOrigin(c.r)
		if foreign || site != "" && site != "same-origin" && site != "none" {
			return fromElsewhere.because("another site asked for this with your cookie: only pages of this site may")
		}
		return nil
	}
	if site == "" && c.r.Header.Get("Origin") == "" || !browser.SameOrigin(c.r) || crossOrigin.Check(c.r) != nil {
		return fromElsewhere.because("a change with a sign-in cookie has to come from a page of this site; programs send an API key")
	}
	media, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return badType.because("send the header Content-Type: application/json")
	}
	return nil
}
