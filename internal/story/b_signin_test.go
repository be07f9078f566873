package story

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/signin/oidctest"
	"github.com/usher-media/usher/internal/storytest"
)

// annAt is a cinema in which Ann has an account and may watch the clock.
func annAt(t testing.TB, o storytest.Options, more ...string) (*cinema, *surfer) {
	t.Helper()
	c := open(t, o, newPostbox(t), more...)
	c.clock()
	ann := c.person("ann@example.com", "the password of ann")
	c.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "view")
	return c, ann
}

// code asks for a code in a browser, and returns the page that wants it and the
// six digits of the nth mail.
func (b *surfer) code(address string, n int) (answer, string) {
	b.t.Helper()
	page := b.press(b.get("/_usher/signin"), "Mail me a code instead", "email", address)
	says(b.t, page, http.StatusOK, "six digits are on their way", `autocomplete="one-time-code"`)
	found := codeInText.FindStringSubmatch(b.c.nth(address, n).Text)
	if found == nil {
		b.t.Fatalf("no code in %s", b.c.nth(address, n).Text)
	}
	return page, found[1]
}

// Whom one knows is told that there is more, and signs in: by the password they
// chose, or by a code that is mailed to them and is good in this browser only.
func TestB7B14KnownPeopleAreToldAndSignIn(t *testing.T) {
	c, _ := annAt(t, storytest.Options{})
	c.CLI("collection", "create", "other", "--path", "/other/*", "--title", "The <other>")
	items := c.invites("ann@example.com", "--collection", "other", "--message", "More & more <b>of it</b>", "--until", "2040-01-31T18:00:00Z")
	if items[0].Outcome != "notified" {
		t.Errorf("%+v", items)
	}
	l := c.nth("ann@example.com", 2)
	if l.Subject != "Somebody gave you more to watch" || !strings.Contains(l.Text, "> More & more <b>of it</b>") ||
		!strings.Contains(l.HTML, "More &amp; more &lt;b&gt;of it&lt;/b&gt;") || !strings.Contains(l.HTML, "“The &lt;other&gt;”") || !strings.Contains(l.Text, "Open until 31 January 2040") {
		t.Errorf("%q\n%s\n%s", l.Subject, l.Text, l.HTML)
	}
	if status := showInvite(t, c, items[0].Invite).Status; status != "accepted" {
		t.Errorf("there is nothing to accept, yet it is %s", status)
	}
	tv := c.surfer()
	says(t, tv.press(tv.get(urlIn(t, l.Text)), "Sign in", "email", "Ann@Example.com", "password", "not the password"), http.StatusUnauthorized, "do not belong together")
	leads(t, tv.signIn("Ann@Example.com", "the password of ann"))
	tv.watches("/other/clock/clock.mp4")

	phone, thief := c.surfer(), c.surfer()
	page, code := phone.code("ann@example.com", 3)
	if subject := c.nth("ann@example.com", 3).Subject; strings.Contains(subject, code) {
		t.Errorf("locked screens show the code: %q", subject)
	}
	says(t, thief.press(page, "Sign in", "code", code), http.StatusUnauthorized, "This code is not right")
	says(t, phone.press(page, "Sign in", "code", "00000"), http.StatusUnauthorized, "This code is not right")
	leads(t, phone.press(page, "Sign in", "code", code[:3]+" "+code[3:]))
	if phone.who() != "ann@example.com" || thief.who() != "" {
		t.Errorf("phone %q, thief %q", phone.who(), thief.who())
	}
	phone.watches("/clock/clock.mp4")
	another := phone.twin()
	says(t, another.press(page, "Sign in", "code", code), http.StatusUnauthorized, "This code is not right")
	phone.press(phone.get("/_usher/signout"), "Sign out")
	says(t, phone.press(page, "Sign in", "code", code), http.StatusUnauthorized, "This code is not right") // once
}

// Signing out ends the sign-in at the server, and what is watched there: a cookie
// that somebody kept opens nothing.
func TestB7SigningOutEndsAtTheServer(t *testing.T) {
	c, ann := annAt(t, storytest.Options{})
	tv := c.surfer()
	leads(t, tv.signIn("ann@example.com", "the password of ann"))
	session, elsewhere := ann.watches("/clock/clock.mp4"), tv.watches("/clock/clock.mp4")
	site, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	kept := ann.Jar.Cookies(site)
	leads(t, ann.press(ann.get("/_usher/signout"), "Sign out"))
	thief := c.surfer()
	thief.Jar.SetCookies(site, kept)
	for name, b := range map[string]*surfer{"ann": ann, "thief": thief} {
		if who := b.who(); who != "" {
			t.Errorf("%s: %q is signed in", name, who)
		}
		wantStatus(t, b.get(session+"/clock/clock.mp4"), http.StatusForbidden, "no_session")
	}
	wantStatus(t, tv.get(elsewhere+"/clock/clock.mp4"), http.StatusOK, "") // another device goes on
	// A new password puts all others out.
	leads(t, tv.press(tv.get("/_usher/password"), "Change password", "old", "the password of ann", "new", "another password"))
	leads(t, ann.signIn("ann@example.com", "another password"))
	says(t, c.surfer().signIn("ann@example.com", "the password of ann"), http.StatusUnauthorized, "do not belong together")
	if tv.who() != "ann@example.com" {
		t.Error("who changed the password is out")
	}
}

// Guessing gets slower and slower; who was let in on a device before does not
// wait because of others.
func TestB7GuessersWaitAndKnownDevicesDoNot(t *testing.T) {
	c, ann := annAt(t, storytest.Options{})
	leads(t, ann.press(ann.get("/_usher/signout"), "Sign out"))
	guess := func(b *surfer) answer { return b.signIn("ann@example.com", "guess") }
	slowed := func(what string, b *surfer, most int) answer {
		t.Helper()
		for range most {
			a := guess(b)
			if a.StatusCode == http.StatusTooManyRequests {
				return a
			}
			says(t, a, http.StatusUnauthorized, "do not belong together")
		}
		t.Fatalf("%s: %d guesses did not wait", what, most)
		return answer{}
	}
	a := slowed("one network", c.surfer(), 12)
	says(t, a, http.StatusTooManyRequests, "Too many wrong tries. Wait ")
	if a.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to come again")
	}
	for n := range 3 { // so many networks, one after the other
		if n == 2 {
			slowed("many networks", c.surfer(), 1)
			break
		}
		for range 3 {
			guess(c.surfer())
		}
	}
	stranger := c.surfer()
	says(t, stranger.signIn("ann@example.com", "the password of ann"), http.StatusTooManyRequests, "Too many wrong tries")
	leads(t, ann.signIn("ann@example.com", "the password of ann"))
	if stranger.who() != "" || ann.who() != "ann@example.com" {
		t.Errorf("stranger %q, ann %q", stranger.who(), ann.who())
	}
}

// Whoever types an address at the desk does not learn whether somebody has it.
func TestB7AddressesOfNobodyAreAnsweredAlike(t *testing.T) {
	c, _ := annAt(t, storytest.Options{})
	c.CLI("person", "create", "ben@example.com") // who has no password
	c.person("cleo@example.com", "the password of cleo")
	c.CLI("person", "suspend", "cleo@example.com")
	answers := map[string]map[string]string{"password": {}, "code": {}, "typed": {}}
	for _, address := range []string{"ann@example.com", "ben@example.com", "cleo@example.com", "nobody@example.com"} {
		b := c.surfer()
		note := func(what string, a answer) {
			var headers []string
			for name := range a.Header {
				if name != "Date" && name != "Set-Cookie" && name != "Content-Length" { // the address is in the page
					headers = append(headers, name+": "+a.Header.Get(name))
				}
			}
			body := strings.ReplaceAll(a.body, address, "ADDRESS")
			slices.Sort(headers)
			answers[what][a.Status+strings.Join(headers, "\n")+body] += address + " "
		}
		note("password", b.signIn(address, "not the password"))
		page := b.press(b.get("/_usher/signin/code"), "Mail me a code", "email", address)
		note("code", page)
		note("typed", b.press(page, "Sign in", "code", "000000x"))
	}
	for what, kinds := range answers {
		if len(kinds) != 1 {
			t.Errorf("%s: %d kinds of answers: %q", what, len(kinds), kinds)
		}
	}
	// The one who may sign in got a code, and nobody else.
	c.nth("ann@example.com", 2)
	c.nth("ben@example.com", 1)
	c.nth("cleo@example.com", 1)
	if all := c.to("nobody@example.com"); len(all) > 0 {
		t.Errorf("nobody got %v", all)
	}
}

// No page and no API mails a password, or takes one for somebody else (B8).
func TestB8NobodyMailsAPassword(t *testing.T) {
	c, _ := annAt(t, storytest.Options{})
	key := decode[struct{ Key string }](t, c.CLI("apikey", "create", "--name", "shop", "--scope", "manage", "--json")).Key
	for path, body := range map[string]string{
		"/persons": `{"email": "x@example.com", "password": "a password of mine"}`,
		"/invites": `{"emails": ["x@example.com"], "password": "a password of mine"}`,
	} {
		if a := c.call(t, key, http.MethodPost, path, body); a.StatusCode != http.StatusBadRequest || !strings.Contains(a.body, `"password"`) {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
	// A link's password travels by another way than the link.
	c.secrets = append(c.secrets, "correct horse")
	a := c.call(t, key, http.MethodPost, "/links", `{"path": "/clock/*", "password": "correct horse", "title": "The clock"}`)
	wantStatus(t, a, http.StatusCreated, "")
	if strings.Contains(a.body, "correct horse") || strings.Contains(a.body, "argon2") {
		t.Errorf("the answer holds the password: %s", a.body)
	}
	made := decode[link](t, a.body)
	c.CLI("link", "mail", made.ID, "--to", "ben@example.com")
	c.nth("ben@example.com", 1)
	for _, command := range [][]string{{"person", "show", "ann@example.com"}, {"link", "show", made.ID}, {"person", "list"}} {
		if out := c.CLI(append(command, "--json")...); strings.Contains(out, "argon2") || strings.Contains(out, "password of ann") {
			t.Errorf("%v shows a password: %s", command, out)
		}
	}
	if log := c.Log(); strings.Contains(log, "password of ann") || strings.Contains(log, "correct horse") || regexp.MustCompile(`activate/[0-9a-v]{32}`).MatchString(log) {
		t.Error("the log holds a password, or an activation link")
	}
}

// Persons of an organisation sign in where they have an account already. What
// becomes of those whom nobody invited is the site's policy.
func TestB7B9SignInElsewhereAndWhoIsNotKnown(t *testing.T) {
	for policy, first := range map[string]string{"jit": "", "deny": "You cannot sign in with this account", "approve": "Somebody has to approve of you first"} {
		t.Run(policy, func(t *testing.T) {
			provider := oidctest.Serve(t)
			c, _ := annAt(t, storytest.Options{}, "oidc "+provider.URL+" {\n\t\t\tclient_id "+oidctest.ClientID+"\n\t\t\tclient_secret "+oidctest.ClientSecret+"\n\t\t\tdomains example.com\n\t\t}", "external "+policy)
			provider.Callback = c.URL + "/_usher/oidc/callback"
			goThere := func(b *surfer, who string) answer {
				t.Helper()
				provider.Is(who)
				says(t, b.get("/_usher/signin?next=/clock/clock.mp4"), http.StatusOK, `href="/_usher/oidc/start?next=%2Fclock%2Fclock.mp4"`)
				to := leads(t, b.get("/_usher/oidc/start?next=/clock/clock.mp4"))
				return b.get(leads(t, b.get(to)))
			}
			ann := c.surfer()
			if to := leads(t, goThere(ann, "ann@example.com")); to != "/clock/clock.mp4" {
				t.Errorf("Ann is sent to %s", to)
			}
			ann.watches("/clock/clock.mp4")
			says(t, goThere(c.surfer(), "ann@example.org"), http.StatusForbidden, "You cannot sign in with this account")

			ben := c.surfer()
			a := goThere(ben, "ben@example.com")
			persons := c.CLI("person", "list", "--json")
			if came := strings.Contains(persons, "ben@example.com"); came != (policy != "deny") {
				t.Errorf("Ben is a person: %v", came)
			}
			if first != "" {
				says(t, a, http.StatusForbidden, first)
				if ben.who() != "" {
					t.Error("Ben is signed in")
				}
			}
			switch policy {
			case "approve":
				c.CLI("person", "resume", "ben@example.com")
				a = goThere(ben, "ben@example.com")
			case "deny":
				return
			}
			leads(t, a)
			if ben.who() != "ben@example.com" {
				t.Fatal("Ben is not signed in")
			}
			wantStatus(t, ben.get("/clock/clock.mp4"), http.StatusForbidden, "locked")
			c.CLI("grant", "create", "clock", "--person", "ben@example.com", "--can", "view")
			ben.watches("/clock/clock.mp4")
		})
	}
}
