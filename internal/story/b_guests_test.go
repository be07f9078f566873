package story

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// Guests have a sponsor and an end: suspending the sponsor stops what a guest is
// watching with the next request, and so does the end.
func TestB10SponsoredGuestsStopWithTheirSponsorAndAtTheirEnd(t *testing.T) {
	onBothStores(t, func(t *testing.T, o storytest.Options, _ *redistest.Server) {
		c := open(t, o, nil)
		c.clock()
		c.person("ada@example.com", "the password of ada", "--role", "standard")
		c.CLI("person", "create", "eve@example.com")
		guest := c.person("guest@example.org", "the password of the guest", "--sponsor", "ada@example.com", "--until", "30d")
		c.CLI("grant", "create", "clock", "--person", "guest@example.org", "--can", "view")
		session := guest.watches("/clock/clock.mp4")
		film := session + "/clock/clock.mp4"

		mine := c.CLI("person", "list", "--sponsor", "ada@example.com", "--as", "ada@example.com", "--json")
		if !strings.Contains(mine, "guest@example.org") || strings.Contains(mine, "eve@example.com") {
			t.Errorf("Ada's guests: %s", mine)
		}
		if out, err := c.TryCLI("person", "list", "--sponsor", "ada@example.com", "--as", "guest@example.org", "--json"); err == nil && strings.Contains(out, "guest@") {
			t.Errorf("a guest sees guests: %s", out)
		}
		c.CLI("person", "suspend", "ada@example.com", "--why", "left")
		wantStatus(t, guest.get(film), http.StatusForbidden, "no_session")
		says(t, c.surfer().signIn("guest@example.org", "the password of the guest"), http.StatusUnauthorized, "do not belong together")
		if who := guest.who(); who != "" {
			t.Errorf("%q is still signed in", who)
		}
		c.CLI("person", "resume", "ada@example.com")
		wantStatus(t, guest.get(film), http.StatusOK, "")

		ends := time.Now().Add(1500 * time.Millisecond)
		c.CLI("person", "change", "guest@example.org", "--until", ends.UTC().Format(time.RFC3339Nano))
		eventually(t, "the guest's end", func() bool { return guest.get(film).StatusCode == http.StatusForbidden })
		if time.Now().Before(ends) {
			t.Error("it came too early")
		}
		wantStatus(t, guest.get("/clock/clock.mp4"), http.StatusForbidden, "no_session")
		for name, args := range map[string][]string{
			"a sponsor who is a guest": {"person", "create", "x@example.org", "--sponsor", "guest@example.org"},
			"an end that is over":      {"person", "create", "x@example.org", "--sponsor", "ada@example.com", "--until", "2001-01-01T00:00:00Z"},
			"nobody":                   {"person", "create", "x@example.org", "--sponsor", "nobody@example.com"},
			"a guest as manager":       {"person", "change", "guest@example.org", "--role", "manager"},
		} {
			c.refused(args...)
			if strings.Contains(c.CLI("person", "list", "--json"), "x@example.org") {
				t.Errorf("%s: there is a person now", name)
			}
		}
	})
}

// Who is made a person has nothing: not before it is given, from their page.
func TestB11B12APersonHasNothingUntilItIsGivenOnTheirPage(t *testing.T) {
	onBothStores(t, func(t *testing.T, o storytest.Options, _ *redistest.Server) {
		c := open(t, o, nil)
		c.clock()
		c.CLI("collection", "create", "other", "--path", "/other/*", "--level", "link")
		ann := c.person("ann@example.com", "the password of ann")
		wantStatus(t, ann.get("/clock/clock.mp4"), http.StatusForbidden, "locked")
		wantStatus(t, ann.get("/other/clock/clock.mp4"), http.StatusForbidden, "locked")
		wantStatus(t, ann.get("/nowhere.mp4"), http.StatusNotFound, "")
		for _, command := range [][]string{{"collection", "list"}, {"link", "list"}, {"person", "list"}, {"invite", "list"}} {
			if out, err := c.TryCLI(append(command, "--as", "ann@example.com", "--json")...); err == nil && (strings.Contains(out, "_0") || strings.Contains(out, "clock")) {
				t.Errorf("%v shows %s", command, out)
			}
		}
		key := decode[struct{ Key string }](t, c.CLI("apikey", "create", "--name", "console", "--scope", "manage", "--json")).Key
		page := decode[struct {
			ID          string
			Collections []struct{ Name string }
		}](t, c.CLI("person", "show", "ann@example.com", "--json"))
		if len(page.Collections) != 0 {
			t.Errorf("%+v", page)
		}
		a := c.call(t, key, http.MethodPost, "/persons/"+page.ID+"/grants", `{"grants": [
			{"collection": "clock", "can": ["view"]}, {"collection": "other", "preset": "can_view"}, {"collection": "nowhere", "can": ["view"]}, {"collection": "clock", "can": ["fly"]}]}`)
		wantStatus(t, a, http.StatusOK, "")
		results := decode[struct {
			Results []struct {
				Collection, Result string
				Problem            struct{ Field, Detail string }
			}
		}](t, a.body).Results
		got := ""
		for _, one := range results {
			got += one.Collection + " " + one.Result + " " + one.Problem.Field + "; "
		}
		if want := "clock added ; other added ; nowhere refused collection; clock refused can; "; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		session := ann.watches("/clock/clock.mp4")
		ann.watches("/other/clock/clock.mp4")
		c.CLI("grant", "delete", "clock", "--person", "ann@example.com")
		wantStatus(t, ann.get(session+"/clock/clock.mp4"), http.StatusForbidden, "locked")
	})
}

// Who shares in a collection brings in strangers as far as it lets them in; they
// are made persons, their guests, and choose a password of their own.
func TestB9StrangersComeInAsTheCollectionSays(t *testing.T) {
	c := open(t, storytest.Options{}, newPostbox(t))
	c.clock()
	ada := c.person("ada@example.com", "the password of ada", "--role", "standard")
	c.CLI("grant", "create", "clock", "--person", "ada@example.com", "--can", "view,share")
	ada.watches("/clock/clock.mp4")
	outcome := func(address string) invited {
		t.Helper()
		return c.invites(address, "--collection", "clock", "--as", "ada@example.com")[0]
	}
	if one := outcome("ann@example.org"); one.Outcome != "refused" || !strings.Contains(one.Why, "external: deny") {
		t.Errorf("%+v", one)
	}
	c.CLI("collection", "change", "clock", "--external", "approve")
	if one := outcome("ann@example.org"); one.Outcome != "refused" || !strings.Contains(one.Why, "has to approve") {
		t.Errorf("%+v", one)
	}
	if persons := c.CLI("person", "list", "--json"); strings.Contains(persons, "ann@example.org") || len(c.to("ann@example.org")) > 0 {
		t.Errorf("the refused became somebody: %s", persons)
	}
	c.CLI("collection", "change", "clock", "--external", "jit")
	if one := outcome("ann@example.org"); one.Outcome != "invited" {
		t.Errorf("%+v", one)
	}
	ann := c.surfer()
	link := urlIn(t, c.nth("ann@example.org", 1).Text)
	page := ann.get(link)
	says(t, ann.press(page, "Go on", "new", ""), http.StatusUnprocessableEntity, "Choose a password") // there is no way without one
	leads(t, ann.press(page, "Go on", "new", "the password of ann"))
	session := ann.watches("/clock/clock.mp4")
	if guests := c.CLI("person", "list", "--sponsor", "ada@example.com", "--json"); !strings.Contains(guests, "ann@example.org") {
		t.Errorf("she is not Ada's guest: %s", guests)
	}
	// Nobody hands on more than they hold, whoever it is to.
	if said := c.refused("invite", "create", "ben@example.org", "--collection", "clock", "--can", "view,download", "--as", "ada@example.com"); !strings.Contains(said, "download") {
		t.Error(said)
	}
	c.CLI("person", "suspend", "ada@example.com")
	wantStatus(t, ann.get(session+"/clock/clock.mp4"), http.StatusForbidden, "no_session")
}

// A mail says how many views its link is good for and until when; its page says
// the same, and so do headers for an owner's own player.
func TestB13MailPageAndHeadersSayHowManyViewsAndUntilWhen(t *testing.T) {
	c := open(t, storytest.Options{}, newPostbox(t))
	made := createLink(t, c.Server, "--path", "/clock/*", "--views", "9", "--expires", "2040-01-31T18:00:00Z", "--title", "The clock")
	items := decode[struct {
		Items []struct {
			Email string
			Link  link
		}
	}](t, c.CLI("link", "mail", made.ID, "--to", "ann@example.com", "--to", "ben@example.com", "--views", "3", "--message", "Look", "--json")).Items
	for n, address := range []string{"ann@example.com", "ben@example.com"} {
		l := c.nth(address, 1)
		for _, text := range []string{l.Text, l.HTML} {
			for _, part := range []string{"Good for 3 views in all.", "Open until 31 January 2040, 18:00 UTC.", "“The clock”", "Look"} {
				if !strings.Contains(text, part) {
					t.Errorf("%s: no %q in %s", address, part, text)
				}
			}
		}
		if url := urlIn(t, l.Text); url != items[n].Link.URL || items[n].Email != address {
			t.Errorf("%s is sent %s, the link is %s", address, url, items[n].Link.URL)
		}
	}
	ann := c.activated("ann@example.com", "the password of ann")
	page := ann.get(items[0].Link.URL)
	says(t, page, http.StatusOK, "3 views", "31 January 2040, 18:00 UTC")
	watch := ann.get(leads(t, ann.press(page, "Watch")))
	base := between(t, watch.body, `<source src="`, "/clock/")
	a := ann.get(base + "/clock/clock.mp4")
	wantStatus(t, a, http.StatusOK, "")
	if a.Header.Get("Usher-Views-Left") != "2" || a.Header.Get("Usher-Expires") != "2040-01-31T18:00:00Z" {
		t.Errorf("headers %v", a.Header)
	}
	wantViews(t, c.Server, items[0].Link.ID, 1, 0)
	again := c.surfer() // on another device the page says what is left
	leads(t, again.signIn("ann@example.com", "the password of ann"))
	says(t, again.get(items[0].Link.URL), http.StatusOK, "2 of 3 views")
	// Mailed once more, the mail says what is left now.
	c.CLI("link", "mail", items[0].Link.ID, "--to", "ann@example.com")
	l := c.nth("ann@example.com", 3) // the second one was her activation
	if !strings.Contains(l.Text, "Good for 2 views in all.") {
		t.Error(l.Text)
	}
}

// Whoever invites sees whether their invitee came, and what they watched.
func TestF6DidMyInviteeWatch(t *testing.T) {
	c := open(t, storytest.Options{}, nil)
	c.clock()
	c.person("ada@example.com", "the password of ada", "--role", "manager")
	invite := c.invite("ann@example.com", "--collection", "clock", "--as", "ada@example.com")
	status := func(pending string, sessions, plays int) {
		t.Helper()
		got := showInvite(t, c, invite.Invite)
		if got.Status != pending || got.Watched.Sessions != sessions || got.Watched.Plays != plays {
			t.Errorf("%+v, want %s, %d sessions, %d plays", got, pending, sessions, plays)
		}
	}
	status("pending", 0, 0)
	ann := c.surfer()
	leads(t, ann.activate(invite.url, "the password of ann"))
	status("accepted", 0, 0)
	base := ann.watches("/clock/clock.mp4")
	status("accepted", 1, 1)
	wantStatus(t, ann.get(base+"/clock/clock.mp4"), http.StatusOK, "")
	status("accepted", 1, 1)
	if said := c.CLI("invite", "show", invite.Invite); !strings.Contains(said, "1 session, 1 play, last seen") {
		t.Error(said)
	}
	if said := c.refused("invite", "show", invite.Invite, "--as", "ann@example.com"); !strings.Contains(said, "there is no invitation") {
		t.Error(said)
	}
}

// meets is the truth table's row: what a browser meets at a link.
type meets struct {
	what   string
	b      *surfer
	status int
	reason string
}

// Whom a link names skips its password, and nothing else: not its end, its views,
// its standing, nor whom it is for. Others have to sign in first, and then are
// not the person: the link alone is of no use to them.
func TestN6G4G12TheNamedPersonSkipsThePasswordAndNothingElse(t *testing.T) {
	onBothStores(t, func(t *testing.T, o storytest.Options, _ *redistest.Server) {
		c := open(t, o, nil)
		ann, ben := c.person("ann@example.com", "the password of ann"), c.person("ben@example.com", "the password of ben")
		key := decode[struct{ Key string }](t, c.CLI("apikey", "create", "--name", "shop", "--scope", "manage", "--json")).Key
		make := func(more string) link {
			t.Helper()
			a := c.call(t, key, http.MethodPost, "/links", `{"path": "/clock/*", "title": "The secret film", `+more+`}`)
			wantStatus(t, a, http.StatusCreated, "")
			return decode[link](t, a.body)
		}
		end := `"expires_in": "1h", "views": 2`
		shared := make(`"password": "correct horse", ` + end)                         // for whoever has the password
		hers := make(`"password": "correct horse", "for": "ann@example.com", ` + end) // and she needs none
		only := make(`"for": "ann@example.com", ` + end)                              // for her, whatever others know
		table := func(l link, rows ...meets) {
			t.Helper()
			for _, row := range rows {
				if a := row.b.get(l.MediaURL); a.StatusCode != row.status || a.Header.Get("Usher-Reason") != row.reason {
					t.Errorf("%s: %d %s, want %d %s", row.what, a.StatusCode, a.Header.Get("Usher-Reason"), row.status, row.reason)
				}
			}
		}
		stranger := c.surfer()
		table(shared, meets{"shared: nobody", stranger, 401, "password_needed"}, meets{"shared: ben", ben, 401, "password_needed"}, meets{"shared: ann", ann, 401, "password_needed"})
		table(hers, meets{"hers: nobody", stranger, 401, "password_needed"}, meets{"hers: ben", ben, 401, "password_needed"}, meets{"hers: ann", ann, 302, ""})
		table(only, meets{"only: nobody", stranger, 401, "sign_in"}, meets{"only: ben", ben, 403, "wrong_person"}, meets{"only: ann", ann, 302, ""})
		for _, l := range []link{shared, hers, only} {
			wantViews(t, c.Server, l.ID, 0, 0)
			if page := stranger.get(l.URL); strings.Contains(page.body, "secret film") {
				t.Errorf("it tells a stranger what it is:\n%s", page.body)
			}
		}
		says(t, ben.press(ben.get(hers.URL), "Watch", "password", "wrong horse"), http.StatusUnauthorized, "This is not the password")
		leads(t, ben.press(ben.get(hers.URL), "Watch", "password", "correct horse"))
		page := ann.get(hers.URL)
		says(t, page, http.StatusOK, "The secret film", "2 views")
		if strings.Contains(page.body, `type="password"`) {
			t.Error("Ann is asked for the password")
		}
		leads(t, ann.press(page, "Watch"))
		base := enterAs(t, ann, hers)
		wantStatus(t, ann.get(base+"/clock/clock.mp4"), http.StatusOK, "")
		wantViews(t, c.Server, hers.ID, 1, 1) // Ben pressed Watch, which holds one
		if said := c.CLI("explain", c.URL+base+"/clock/clock.mp4"); !strings.Contains(said, "whom the link names, and who was not asked for its password") {
			t.Errorf("explain does not say why:\n%s", said)
		}
		// The link stays useless to others while she watches, and everything else holds.
		enterAs(t, ann, only)
		table(only, meets{"only: nobody, later", c.surfer(), 401, "sign_in"}, meets{"only: ben, later", ben, 403, "wrong_person"})
		c.CLI("link", "suspend", hers.ID)
		table(hers, meets{"hers: ann, suspended", ann, 403, "suspended"})
		wantStatus(t, ann.get(base+"/clock/clock.mp4"), http.StatusForbidden, "suspended")
		c.CLI("link", "resume", hers.ID)
		spent := make(`"password": "correct horse", "for": ["ann@example.com", "ben@example.com"], "expires_in": "1h", "views": 1`)
		wantStatus(t, ben.get(enterAs(t, ben, spent)+"/clock/clock.mp4"), http.StatusOK, "")
		table(spent, meets{"spent: ann", ann, 410, "views_spent"})
		short := make(fmt.Sprintf(`"password": "correct horse", "for": "ann@example.com", "expires_at": %q`, time.Now().Add(1500*time.Millisecond).UTC().Format(time.RFC3339Nano)))
		table(short, meets{"short: ann, before its end", ann, 302, ""})
		eventually(t, "the end of the link", func() bool { return ann.get(short.MediaURL).Header.Get("Usher-Reason") == "expired" })
		c.CLI("person", "suspend", "ann@example.com")
		table(hers, meets{"hers: ann, suspended herself", ann, 401, "password_needed"})
		table(only, meets{"only: ann, suspended herself", ann, 401, "sign_in"})
		wantStatus(t, ann.get(base+"/clock/clock.mp4"), http.StatusForbidden, "no_session")
	})
}

// enterAs opens a link's media URL in a browser.
func enterAs(t testing.TB, b *surfer, l link) string {
	t.Helper()
	session, _, _ := strings.Cut(strings.TrimPrefix(leads(t, b.get(l.MediaURL)), "/~"), "/")
	return "/~" + session
}

// The rightful viewer passes a challenge that the other does not: a code that is
// mailed to the invited person.
func TestN8ACodeByMailLetsTheRightfulViewerPass(t *testing.T) {
	c, _ := annAt(t, storytest.Options{})
	hers := createLink(t, c.Server, "--path", "/clock/*", "--for", "ann@example.com", "--title", "The secret film")
	other := c.surfer()
	landing := other.get(hers.URL)
	signIn := between(t, landing.body, `href="/_usher/signin`, `"`)
	says(t, landing, http.StatusOK, "Sign in")
	page := other.press(other.get("/_usher/signin"+strings.ReplaceAll(signIn, "&amp;", "&")), "Mail me a code instead", "email", "ann@example.com")
	code := codeInText.FindStringSubmatch(c.nth("ann@example.com", 2).Text)[1]
	thief := c.surfer() // who has the link, and asks for a code as well
	says(t, thief.press(thief.get("/_usher/signin/code"), "Mail me a code", "email", "other@example.com"), http.StatusOK, "six digits are on their way")
	to := leads(t, other.press(page, "Sign in", "code", code))
	if c.URL+to != hers.URL {
		t.Errorf("the code leads to %s, not back to the link", to)
	}
	leads(t, other.press(other.get(to), "Watch"))
	wantStatus(t, thief.get(hers.MediaURL), http.StatusUnauthorized, "sign_in")
	if mails := c.to("other@example.com"); len(mails) > 0 {
		t.Errorf("somebody who is nobody got %v", mails)
	}
}
