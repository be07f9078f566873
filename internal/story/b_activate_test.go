package story

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// stored is everything that a store keeps, as bytes.
func stored(t testing.TB, c *cinema, r *redistest.Server) []byte {
	t.Helper()
	var all bytes.Buffer
	if r == nil {
		err := filepath.WalkDir(filepath.Join(c.Dir, "store"), func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all.Bytes()
	}
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: r.Socket()})
	defer client.Close()
	keys := client.Scan(t.Context(), 0, "*", 1000).Iterator()
	for keys.Next(t.Context()) {
		all.WriteString(keys.Val() + "\n")
		all.WriteString(value(t.Context(), client, keys.Val()) + "\n")
	}
	if err := keys.Err(); err != nil {
		t.Fatal(err)
	}
	return all.Bytes()
}

// value is what a key of any type holds, as a text.
func value(ctx context.Context, client *redis.Client, key string) string {
	var parts []string
	if text, err := client.Get(ctx, key).Result(); err == nil {
		parts = append(parts, text)
	}
	if fields, err := client.HGetAll(ctx, key).Result(); err == nil {
		for name, text := range fields {
			parts = append(parts, name, text)
		}
	}
	if members, err := client.ZRange(ctx, key, 0, -1).Result(); err == nil {
		parts = append(parts, members...)
	}
	return strings.Join(parts, " ")
}

// An activation link is for one address and for one device. Who comes with it
// later, having got it passed on, gets nothing; the address gets a fresh one, and
// who invited is told.
func TestB5B6B7ActivationOnceOnOneDevice(t *testing.T) {
	onBothStores(t, func(t *testing.T, o storytest.Options, r *redistest.Server) {
		c := open(t, o, newPostbox(t))
		c.clock()
		c.person("ada@example.com", "the password of ada", "--role", "manager", "--name", "Ada Lovelace")
		link := c.invite("ann@example.com", "--collection", "clock", "--as", "ada@example.com").url
		code := []byte(link[strings.LastIndex(link, "/")+1:])
		if all := stored(t, c, r); bytes.Contains(all, code) || !bytes.Contains(all, []byte("ann@example.com")) {
			t.Errorf("the store holds the code itself, or nothing (%d bytes)", len(all))
		}
		// Scanners and previews look at it; looking burns nothing.
		for range 3 {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				if a := do(t, c.surfer().Client, method, link); a.StatusCode != http.StatusOK || len(a.Cookies()) > 1 {
					t.Fatalf("%s: %d, %v", method, a.StatusCode, a.Cookies())
				}
			}
		}
		first := c.surfer()
		page := first.get(link)
		says(t, page, http.StatusOK, "Choose a password of your own", `value="ann@example.com"`, `autocomplete="new-password"`)
		says(t, first.press(page, "Go on", "new", "short"), http.StatusUnprocessableEntity, "at least 10 characters")
		crossed := do(t, first.Client, http.MethodPost, link, "Origin", "https://evil.example", "Content-Type", "application/x-www-form-urlencoded")
		wantStatus(t, crossed, http.StatusForbidden, "")
		leads(t, first.press(page, "Go on", "new", "first password of ann"))
		if who := first.who(); who != "ann@example.com" {
			t.Fatalf("%q is signed in", who)
		}
		session := first.watches("/clock/clock.mp4")
		if bytes.Contains(stored(t, c, r), []byte("first password")) {
			t.Error("the store holds a password")
		}

		second := c.surfer() // somebody whom Ann passed the mail on to
		says(t, second.get(link), http.StatusGone, "used already", "and to no other", "Whoever invited you is told")
		says(t, second.press(page, "Go on", "new", "password of another"), http.StatusGone, "used already")
		if second.who() != "" || len(c.to("ann@example.com")) != 1 {
			t.Error("the second device got something, or looking sent a mail")
		}
		says(t, second.press(second.get(link), "Mail me a fresh link"), http.StatusOK, "A fresh link is on its way")
		fresh := c.nth("ann@example.com", 2)
		told := c.nth("ada@example.com", 2) // the first one was her own invitation
		if !strings.Contains(told.Text, "ann@example.com: the activation link, which was used already, was opened on another device") || strings.Contains(told.Text, "activate/") {
			t.Errorf("who invited reads %s", told.Text)
		}
		for _, again := range []*surfer{second, c.surfer()} {
			says(t, again.press(again.get(link), "Mail me a fresh link"), http.StatusOK, "A fresh link is on its way")
		}
		wantStatus(t, first.get(session+"/clock/clock.mp4"), http.StatusOK, "")

		// Ann meant it: she goes on there, and the first device is out.
		leads(t, second.activate(urlIn(t, fresh.Text), "second password of ann"))
		if second.who() != "ann@example.com" || first.who() != "" {
			t.Errorf("second: %q, first: %q", second.who(), first.who())
		}
		wantStatus(t, first.get(session+"/clock/clock.mp4"), http.StatusForbidden, "no_session")
		second.watches("/clock/clock.mp4")
		says(t, c.surfer().signIn("ann@example.com", "first password of ann"), http.StatusUnauthorized, "do not belong together")
		says(t, c.surfer().get(urlIn(t, fresh.Text)), http.StatusGone, "used already")
		c.invite("last@example.com") // had there been more mails, they were here now
		c.nth("ann@example.com", 2)
		c.nth("ada@example.com", 2)
	})
}

// An invitation can be mailed anew, which ends the link before; withdrawn, it
// takes back what it gave, also from who watches.
func TestB5InvitationsAreResentAndWithdrawn(t *testing.T) {
	c := open(t, storytest.Options{}, newPostbox(t))
	c.clock()
	invite := c.invite("ann@example.com", "--collection", "clock")
	c.CLI("invite", "resend", invite.Invite)
	again := urlIn(t, c.nth("ann@example.com", 2).Text)
	b := c.surfer()
	wantStatus(t, b.get(invite.url), http.StatusNotFound, "")
	leads(t, b.activate(again, "the password of ann"))
	session := b.watches("/clock/clock.mp4")
	if said := c.refused("invite", "resend", invite.Invite); !strings.Contains(said, "was accepted") {
		t.Error(said)
	}
	c.CLI("invite", "revoke", invite.Invite)
	wantStatus(t, b.get(session+"/clock/clock.mp4"), http.StatusForbidden, "locked")
	wantStatus(t, b.get("/clock/clock.mp4"), http.StatusForbidden, "locked")

	other := c.invite("ben@example.com", "--collection", "clock")
	page := c.surfer().get(other.url)
	c.CLI("invite", "revoke", other.Invite)
	wantStatus(t, c.surfer().press(page, "Go on", "new", "the password of ben"), http.StatusNotFound, "")
	// A person who is suspended meanwhile gets nowhere with the link, either.
	third := c.invite("cleo@example.com", "--collection", "clock")
	page = c.surfer().get(third.url)
	c.CLI("person", "suspend", "cleo@example.com")
	wantStatus(t, c.surfer().press(page, "Go on", "new", "the password of cleo"), http.StatusNotFound, "")
	for _, odd := range []string{"", "x", "0123456789abcdefghijklmnopqrstuv", strings.Repeat("0", 33), "..%2fsignin"} {
		if a := c.surfer().get("/_usher/activate/" + odd); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %d", odd, a.StatusCode)
		}
	}
}

// A mail that waits when the process ends has one more try. What is lost is
// counted, without addresses, and the invitation says so, also after a crash: it
// is sent again by whoever invited.
func TestB2B5AMailThatIsLostIsShownAndSentAgain(t *testing.T) {
	box := newPostbox(t)
	c := open(t, storytest.Options{}, box)
	c.clock()
	status := func() string { return c.CLI("invite", "list") }
	box.Away(true)
	lost := decode[struct{ Items []invited }](t, c.CLI("invite", "create", "ann@example.com", "ben@example.com", "--collection", "clock", "--json")).Items[0].Invite
	if n := strings.Count(status(), "pending, not sent"); n != 2 {
		t.Fatalf("%d are not sent:\n%s", n, status())
	}
	c.Stop()
	if log := c.Log(); !strings.Contains(log, `"mails":2,"addresses":2`) || strings.Contains(log, "ann@example.com") {
		t.Errorf("the log says\n%s", log)
	}
	c.Run()
	c.CLI("invite", "create", "cleo@example.com", "--collection", "clock")
	c.Kill()
	c.Run()
	if n := strings.Count(status(), "pending, not sent"); n != 3 {
		t.Errorf("%d are not sent:\n%s", n, status())
	}
	box.Away(false)
	c.CLI("invite", "resend", lost)
	leads(t, c.surfer().activate(urlIn(t, c.nth("ann@example.com", 1).Text), "the password of ann"))
	eventually(t, "the invitation says that it was sent", func() bool {
		return !strings.Contains(c.CLI("invite", "show", lost, "--json"), "not_sent")
	})

	// What only waits goes out on the way.
	box.Away(true)
	c.CLI("invite", "create", "dan@example.com")
	box.Away(false)
	c.Stop()
	c.nth("dan@example.com", 1)
}

// Without a mail setting the command prints what is to be sent, and no page
// offers a mail.
func TestB1B5WithoutMailTheMessageIsPrinted(t *testing.T) {
	c := open(t, storytest.Options{}, nil)
	c.clock()
	printed := c.CLI("invite", "create", "ann@example.com", "--collection", "clock", "--message", "Have a look", "--until", "2040-01-31T18:00:00Z")
	for _, part := range []string{"by_hand", "To: ann@example.com\nSubject: Somebody invites you to watch\n", "“The clock”", "> Have a look", "Open until 31 January 2040, 18:00 UTC."} {
		if !strings.Contains(printed, part) {
			t.Errorf("no %q in:\n%s", part, printed)
		}
	}
	link := urlIn(t, printed)
	b := c.surfer()
	leads(t, b.activate(link, "the password of ann"))
	b.watches("/clock/clock.mp4")
	page := c.surfer().get(link)
	says(t, page, http.StatusGone, "used already", "ask whoever invited you")
	if strings.Contains(page.body, "<form") {
		t.Errorf("it offers a mail that nobody sends:\n%s", page.body)
	}
	if page := c.surfer().get("/_usher/signin"); strings.Contains(page.body, "Mail me") {
		t.Errorf("it offers a code that nobody mails:\n%s", page.body)
	}
	wantStatus(t, c.surfer().get("/_usher/signin/code"), http.StatusNotFound, "")
	// Of two that were printed for one person, the other is over with the first.
	kept := urlIn(t, c.CLI("invite", "create", "bob@example.com"))
	leads(t, c.surfer().activate(urlIn(t, c.CLI("invite", "create", "bob@example.com", "--collection", "clock")), "the password of bob"))
	says(t, c.surfer().get(kept), http.StatusGone, "used already")
	// Told of more, who has an account gets the message by hand, too.
	c.CLI("collection", "create", "other", "--path", "/other/*", "--title", "The other")
	printed = c.CLI("invite", "create", "ann@example.com", "--collection", "other")
	if !strings.Contains(printed, "gave you access to “The other”") || !strings.Contains(printed, c.URL+"/_usher/signin") {
		t.Error(printed)
	}
}
