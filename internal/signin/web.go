package signin

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/speech"
	"github.com/usher-media/usher/internal/token"
)

// Paths of the pages.
const (
	Path         = "/_usher/signin"
	codePath     = "/_usher/signin/code"
	OutPath      = "/_usher/signout"
	passwordPath = "/_usher/password"
	startPath    = "/_usher/oidc/start"
)

// Serves reports whether the handler has a page at the path.
func Serves(path string) bool {
	return slices.Contains([]string{Path, codePath, OutPath, passwordPath, startPath, CallbackPath, passkeyPath, passkeysPath}, path) ||
		strings.HasPrefix(path, ActivationPrefix)
}

// Web is what the pages need to know of the server they are on.
type Web struct {
	Desk *Desk
	// Secure reports whether the browser came by TLS.
	Secure func(*http.Request) bool
	// Client is the address the browser came from.
	Client func(*http.Request) netip.Addr
	// Brand is how the site's pages look.
	Brand pages.Brand
	// Refuse answers a request that none of the pages answers.
	Refuse func(http.ResponseWriter, *http.Request, gate.Reason)
}

// ServeHTTP answers with a page. A GET changes nothing but the browser's device
// id, except where a provider sends the browser back, which has no other way.
func (web Web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := visit{web: web, w: w, r: r, names: browser.NamesFor(web.Secure(r)), language: speech.Of(r.Header.Get("Accept-Language"))}
	if r.URL.RawPath != "" {
		web.Refuse(w, r, gate.NoToken)
		return
	}
	look, act := v.page()
	switch {
	case look == nil:
		web.Refuse(w, r, gate.NoToken)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		v.meet()
		v.done(look())
	case r.Method != http.MethodPost || act == nil:
		web.Refuse(w, r, gate.BadMethod)
	case !browser.SameOrigin(r):
		web.Refuse(w, r, gate.CrossOrigin)
	default:
		v.meet()
		if !v.read() {
			web.Refuse(w, r, gate.BadRequest)
			return
		}
		v.done(act())
	}
}

// visit is one request.
type visit struct {
	web   Web
	w     http.ResponseWriter
	r     *http.Request
	names browser.Names
	Visitor
	form     map[string]string
	language *speech.Language
}

// say is a sentence in the visitor's language.
func (v *visit) say(name string, arguments ...any) string { return v.language.Say(name, arguments...) }

// page returns what shows the page at the request's path, and what its form does.
func (v *visit) page() (look, act func() error) {
	switch path := v.r.URL.Path; path {
	case Path:
		return v.showSignIn, v.signIn
	case codePath:
		if !v.web.Desk.Mail.Delivers() {
			return nil, nil
		}
		return v.showCode, v.code
	case OutPath:
		return v.showSignOut, v.signOut
	case passwordPath:
		return v.showPassword, v.changePassword
	case startPath, CallbackPath:
		switch {
		case v.web.Desk.Elsewhere == nil || v.r.Method != http.MethodGet:
			return nil, nil
		case path == startPath:
			return v.start, nil
		}
		return v.callback, nil
	default:
		if strings.HasPrefix(path, ActivationPrefix) {
			return v.showActivation, v.activate
		}
		return v.factorPage(path)
	}
}

// meet reads who is there. A browser without a device id gets one, so that two
// tabs and a double click are one device. The id is stored nowhere.
func (v *visit) meet() {
	keys := v.web.Desk.Keys()
	v.Visitor = Visitor{
		Group: gate.ClientGroup(v.web.Client(v.r)), Agent: gate.AgentFamily(v.r.UserAgent()),
		Token: browser.Cookie(v.r, v.names.Person),
	}
	body, err := keys.Unseal(nil, token.DeviceToken, browser.Cookie(v.r, v.names.Device))
	if err == nil {
		v.Device = gate.DeviceID(body)
		return
	}
	v.Device = gate.DeviceID(token.NewID(v.web.Desk.Now()))
	if v.r.Method != http.MethodHead {
		v.setCookie(v.names.Device, keys.Seal(token.DeviceToken, v.Device[:]), browser.DeviceLife)
	}
}

func (v *visit) setCookie(name, value string, life time.Duration) {
	http.SetCookie(v.w, browser.NewCookie(name, value, life, v.web.Secure(v.r)))
}

// maxForm bounds what is read of a form.
const maxForm = 4 << 10

// read takes the form strictly: one kind of body, every field once.
func (v *visit) read() bool {
	kind, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return false
	}
	var body bytes.Buffer
	most := int64(maxForm)
	if v.r.URL.Path == passkeyPath {
		most = maxAnswer
	}
	if _, err := body.ReadFrom(http.MaxBytesReader(v.w, v.r.Body, most)); err != nil {
		return false
	}
	fields, err := url.ParseQuery(body.String())
	if err != nil {
		return false
	}
	v.form = make(map[string]string, len(fields))
	for name, values := range fields {
		if len(values) != 1 {
			return false
		}
		v.form[name] = values[0]
	}
	return true
}

// next is where to go afterwards: a page of this site, or none.
func (v *visit) next() browser.Local {
	text := v.form["next"]
	if given := v.r.URL.Query()["next"]; text == "" && len(given) == 1 {
		text = given[0]
	}
	next, _ := browser.ParseLocal(text)
	return next
}

// withNext puts the target behind a path of ours.
func withNext(path string, next browser.Local) string {
	if next.IsZero() {
		return path
	}
	return path + "?next=" + url.QueryEscape(next.String())
}

func hiddenNext(next browser.Local) []pages.Hidden {
	if next.IsZero() {
		return nil
	}
	return []pages.Hidden{{Name: "next", Value: next.String()}}
}

// done answers where the store, or whoever else was asked, could not be.
func (v *visit) done(err error) {
	switch {
	case err == nil:
	case errors.Is(err, errNothing):
		v.web.Refuse(v.w, v.r, gate.NoToken)
	default:
		v.web.Desk.Failed("signing in", err)
		v.web.Refuse(v.w, v.r, gate.StoreDown)
	}
}

// errNothing says that there is nothing at the path, for this visitor.
var errNothing = errors.New("nothing here")

// show writes a page.
func (v *visit) show(status int, page interface {
	Render(io.Writer, pages.Reader) error
}) error {
	var body bytes.Buffer
	if err := page.Render(&body, pages.Reader{Language: v.language, Brand: v.web.Brand}); err != nil {
		return err
	}
	pages.SetHeaders(v.w.Header())
	v.w.Header().Set("Vary", "Accept-Language, Cookie")
	// With no-referrer, browsers say "Origin: null" in the form's post, and the
	// post could not be told from somebody else's.
	v.w.Header().Set("Referrer-Policy", "same-origin")
	v.w.WriteHeader(status)
	if v.r.Method != http.MethodHead {
		_, _ = body.WriteTo(v.w) // the client went away
	}
	return nil
}

// leave sends the browser on.
func (v *visit) leave(to string) error {
	pages.SetHeaders(v.w.Header())
	v.w.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// enter gives the browser its sign-in and sends it on.
func (v *visit) enter(outcome Outcome, next browser.Local) error {
	v.setCookie(v.names.Person, outcome.Token, outcome.SignIn.Ends.Sub(v.web.Desk.Now()))
	if next.IsZero() {
		return v.leave(Path)
	}
	return v.leave(next.String())
}

// again shows a form once more with what is wrong.
func (v *visit) again(page pages.Form, outcome Outcome, wrong string) error {
	switch outcome.Result {
	case TooMany:
		page.Problem = v.waits(outcome)
		return v.show(gate.TooManyTries.Status(), page)
	case Weak:
		page.Problem = v.weak()
		return v.show(http.StatusUnprocessableEntity, page)
	case Second, NoPasskeys:
		return v.second(outcome, v.next())
	default:
	}
	page.Problem = wrong
	return v.show(gate.PasswordWrong.Status(), page)
}

// waits says how long to wait, to people and to programs, rounded up: whoever comes
// too early waits again.
func (v *visit) waits(outcome Outcome) string {
	v.w.Header().Set("Retry-After", strconv.Itoa(int((outcome.Wait+time.Second-1)/time.Second)))
	return v.say("form.tries", "span", v.language.Wait(max(outcome.Wait, time.Second)))
}
