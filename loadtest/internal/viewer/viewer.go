// Package viewer is one device as the gate sees it: it presses Watch on a
// share link and asks for media with the session it was given.
package viewer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Viewer asks. It keeps no cookies: a device is what it says it is.
type Viewer struct {
	client *http.Client
	busy   atomic.Int64
}

// Busy is how often the gate said 503, and the viewer asked again.
func (v *Viewer) Busy() int64 { return v.busy.Load() }

// New returns a viewer. With keep it uses connections again, as players do;
// without, each request has its own, as the first of a newcomer does.
func New(keep bool) *Viewer {
	return &Viewer{client: &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: !keep, MaxIdleConnsPerHost: 64, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close lets go of idle connections.
func (v *Viewer) Close() { v.client.CloseIdleConnections() }

// Session is the token of a session.
type Session string

// Path is a path of the site as the session asks for it.
func (s Session) Path(path string) string { return "/~" + string(s) + path }

// Refused reports an answer that is not the one hoped for.
type Refused struct {
	Status int
	Reason string
}

func (r *Refused) Error() string {
	return fmt.Sprintf("refused with status %d, reason %q", r.Status, r.Reason)
}

func refused(resp *http.Response) error {
	return &Refused{resp.StatusCode, resp.Header.Get("Usher-Reason")}
}

// Device is the cookie that a browser is known by; empty: a new browser.
type Device string

// Land looks at the share link with this code, at a gateway's base URL, and
// returns the device that the gate takes the browser for from now on. The error
// is a [Refused] where the gate said no.
func (v *Viewer) Land(ctx context.Context, base, code string) (Device, error) {
	resp, err := v.insist(ctx, http.MethodGet, base+"/s/"+code)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", refused(resp)
	}
	device, err := cookie(resp, deviceCookie)
	return Device(device), err
}

// Watch presses Watch on the share link. The error is a [Refused] where the
// gate said no.
func (v *Viewer) Watch(ctx context.Context, base, code string, device Device) (Session, error) {
	var headers []string
	if device != "" {
		headers = []string{"Cookie", deviceCookie + "=" + string(device)}
	}
	resp, err := v.insist(ctx, http.MethodPost, base+"/s/"+code, headers...)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		return "", refused(resp)
	}
	session, err := cookie(resp, sessionCookie)
	return Session(session), err
}

// Enter asks for media as a person who is signed in, and brings no link. The
// error is a [Refused] where the gate said no.
func (v *Viewer) Enter(ctx context.Context, target string, p Person) (Session, error) {
	resp, err := v.insist(ctx, http.MethodGet, target, "Cookie", personCookie+"="+string(p))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	token, _, found := strings.Cut(strings.TrimPrefix(resp.Header.Get("Location"), "/~"), "/")
	if resp.StatusCode != http.StatusFound || !found {
		return "", refused(resp)
	}
	return Session(token), nil
}

// Person is the cookie of somebody who is signed in.
type Person string

// Activate follows the activation link of an invitation, at a gateway's base URL,
// and chooses a password.
func (v *Viewer) Activate(ctx context.Context, base, letter string) (Person, error) {
	_, rest, found := strings.Cut(letter, activatePath)
	if !found {
		return "", errors.New("the invitation has no activation link in it")
	}
	code, form := strings.Fields(rest)[0], url.Values{"new": {"a password of a load test"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+activatePath+code, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", base)
	resp, err := v.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		return "", refused(resp)
	}
	person, err := cookie(resp, personCookie)
	return Person(person), err
}

const activatePath = "/_usher/activate/"

// The cookies' names on a site without TLS; with it they have a prefix.
const (
	sessionCookie = "usher"
	deviceCookie  = "usher-device"
	personCookie  = "usher-person"
)

func cookie(resp *http.Response, name string) (string, error) {
	for _, c := range resp.Cookies() {
		if c.Name == name || c.Name == "__Host-"+name {
			return c.Value, nil
		}
	}
	return "", fmt.Errorf("the gate set no cookie %s: the site must carry sessions in cookies too", name)
}

// Get asks for a URL and returns how many bytes came. The error is a [Refused]
// where the status is neither 200 nor 206.
func (v *Viewer) Get(ctx context.Context, target string, headers ...string) (int64, error) {
	resp, err := v.insist(ctx, http.MethodGet, target, headers...)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		return 0, refused(resp)
	}
	return io.Copy(io.Discard, resp.Body)
}

// Code is the code in a share URL.
func Code(share string) (string, bool) {
	_, code, ok := strings.Cut(share, "/s/")
	return code, ok
}

// retry is sooner than Retry-After asks: the store is merely busy here.
const retry = 100 * time.Millisecond

// insist asks again while the answer is 503 with Retry-After, as a player or a
// person would: a gate whose store is busy denies.
func (v *Viewer) insist(ctx context.Context, method, target string, headers ...string) (*http.Response, error) {
	for {
		req, err := http.NewRequestWithContext(ctx, method, target, nil)
		if err != nil {
			return nil, err
		}
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		resp, err := v.client.Do(req)
		if err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			return resp, err
		}
		resp.Body.Close()
		v.busy.Add(1)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(retry):
		}
	}
}
