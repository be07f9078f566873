package story

import (
	"context"
	"net"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// living is a browser that is in one network after the other.
type living struct {
	*surfer
	from *net.TCPAddr
}

// in is a new browser in a network of its own: 127.N.0.0/24.
func (c *cinema) in(network byte) *living {
	l := &living{from: &net.TCPAddr{}}
	l.move(network)
	jar, _ := cookiejar.New(nil) // never fails without options
	l.surfer = &surfer{c: c, t: c.t, Client: &http.Client{
		Jar: jar, Timeout: 20 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return (&net.Dialer{LocalAddr: l.from}).DialContext(ctx, network, addr)
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	return l
}

func (l *living) move(network byte) { l.from.IP = net.IPv4(127, network, 0, 1) }

// watch opens a link, and asks for a segment by the cookie.
func (l *living) watch(link link) answer {
	l.t.Helper()
	page := l.get(link.URL)
	if page.StatusCode != http.StatusOK {
		return page
	}
	if a := l.press(page, "Watch"); a.StatusCode != http.StatusSeeOther {
		return a
	}
	return l.get(firstSegment)
}

type usage struct {
	Audience, Level string
	Devices         int
	Previews        int
	Evidence        []struct{ Reason, Says string }
}

func usageOf(t testing.TB, s *storytest.Server, l link) usage {
	t.Helper()
	return decode[usage](t, s.CLI("link", "forwarding", l.ID, "--json"))
}

// A link for one person is passed on to two others, elsewhere. Its owner is told,
// with reasons, and says that it is fine.
func TestG9G10AnOwnerIsToldThatALinkWasProbablyPassedOn(t *testing.T) {
	c := open(t, storytest.Options{}, newPostbox(t))
	c.clock("--level", "link")
	ada := c.person("ada@example.com", "a password of ada", "--role", "manager")
	l := createLink(t, c.Server, "--collection", "clock", "--audience", "one", "--title", "The clock", "--as", "ada@example.com")
	before := len(c.to("ada@example.com"))

	// She looks at it herself before she sends it; that is no device of whom it is for.
	wantStatus(t, (&living{surfer: ada}).watch(l), http.StatusOK, "")

	rightful := c.in(101)
	wantStatus(t, rightful.watch(l), http.StatusOK, "")
	friend, other := c.in(102), c.in(103)
	wantStatus(t, friend.watch(l), http.StatusOK, "")
	wantStatus(t, other.watch(l), http.StatusOK, "")

	mail := c.nth("ada@example.com", before+1)
	if mail.Subject != "A link of yours was probably passed on" {
		t.Errorf("%q", mail.Subject)
	}
	contains(t, mail.Text, l.ID)
	contains(t, mail.Text, "a place where no other device of this link was")
	seen := usageOf(t, c.Server, l)
	if seen.Level != "likely" || seen.Devices != 3 || len(seen.Evidence) < 2 {
		t.Errorf("%+v", seen)
	}
	contains(t, c.CLI("link", "forwarding", l.ID), "likely since")
	// Nothing else was done: all of them watch on.
	wantStatus(t, rightful.get(firstSegment), http.StatusOK, "")
	wantStatus(t, friend.get(firstSegment), http.StatusOK, "")

	fine := decode[usage](t, c.CLI("link", "fine", l.ID, "--json"))
	if fine.Level != "quiet" || fine.Audience != "household" || len(fine.Evidence) != 0 {
		t.Errorf("%+v", fine)
	}
	contains(t, c.CLI("link", "show", l.ID), "household")
}

// Where the owner wants it, such a link is suspended at once, and reinstated by them.
func TestG11ALinkThatWasProbablyPassedOnIsSuspended(t *testing.T) {
	onBothStores(t, func(t *testing.T, o storytest.Options, _ *redistest.Server) {
		c := open(t, o, nil)
		l := createLink(t, c.Server, "--path", "/clock/*", "--audience", "one", "--on-forward", "suspend")
		rightful := c.in(101)
		wantStatus(t, rightful.watch(l), http.StatusOK, "")
		for network := range byte(3) {
			c.in(102 + network).watch(l)
		}
		eventually(t, "the link is suspended", func() bool {
			return rightful.get(firstSegment).StatusCode == http.StatusForbidden
		})
		wantStatus(t, rightful.get(firstSegment), http.StatusForbidden, "suspended")
		wantStatus(t, c.in(109).watch(l), http.StatusForbidden, "suspended")
		shown := c.CLI("link", "show", l.ID)
		contains(t, shown, "probably passed on")

		c.CLI("link", "fine", l.ID)
		c.CLI("link", "resume", l.ID)
		wantStatus(t, rightful.get(firstSegment), http.StatusOK, "")
		// Those who were there already are no news any more.
		wantStatus(t, rightful.watch(l), http.StatusOK, "")
		if seen := usageOf(t, c.Server, l); seen.Level != "quiet" {
			t.Errorf("%+v", seen)
		}
	})
}

// One person with one browser may be anywhere, and scanners may look at the link.
func TestG9WhoeverIsUnderWayIsNotSuspected(t *testing.T) {
	c := open(t, storytest.Options{}, nil)
	l := createLink(t, c.Server, "--path", "/clock/*", "--audience", "one", "--on-forward", "suspend")
	traveller := c.in(101)
	for network := range byte(6) {
		traveller.move(101 + network)
		wantStatus(t, traveller.watch(l), http.StatusOK, "")
		do(t, c.in(120+network).Client, http.MethodGet, l.URL, "User-Agent", "Slackbot-LinkExpanding 1.0")
	}
	eventually(t, "the browser is seen", func() bool { return usageOf(t, c.Server, l).Devices == 1 })
	eventually(t, "previews are set apart", func() bool { return usageOf(t, c.Server, l).Previews == 6 })
	if seen := usageOf(t, c.Server, l); seen.Level != "quiet" || len(seen.Evidence) != 0 {
		t.Errorf("%+v", seen)
	}
	wantStatus(t, traveller.get(firstSegment), http.StatusOK, "")
	// Nor is the browser a new one under a new key.
	c.CLI("key", "rotate", "--use", "seal")
	traveller.move(140)
	wantStatus(t, traveller.watch(l), http.StatusOK, "")
	wantStatus(t, c.in(141).watch(l), http.StatusOK, "") // who comes next is, and is seen after it
	eventually(t, "what came after the rotation is seen", func() bool { return usageOf(t, c.Server, l).Devices > 1 })
	if seen := usageOf(t, c.Server, l); seen.Devices != 2 {
		t.Errorf("%+v", seen)
	}

	// What nobody could mean is refused.
	for _, args := range [][]string{
		{"--audience", "everyone"}, {"--audience", "team:1"}, {"--on-forward", "suspend"}, {"--audience", "one", "--on-forward", "arrest"},
	} {
		if _, err := c.TryCLI(append([]string{"link", "create", "--path", "/clock/*"}, args...)...); err == nil {
			t.Errorf("%q was done", args)
		}
	}
}
