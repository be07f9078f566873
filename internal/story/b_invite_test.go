package story

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/mail/mailtest"
	"github.com/usher-media/usher/internal/storytest"
)

// Contacts are invited from a collection, into a group, or from the people page.
func TestB1ContactsAreInvitedByMailFromACollectionOrFromThePeople(t *testing.T) {
	c := open(t, storytest.Options{}, newPostbox(t))
	c.clock()
	c.CLI("group", "create", "Jury")
	c.CLI("grant", "create", "clock", "--group", "Jury", "--can", "view")
	c.person("ada@example.com", "a password of ada", "--role", "manager", "--name", "Ada Lovelace")

	for address, into := range map[string][]string{
		"ann@example.com": {"--collection", "clock", "--as", "ada@example.com"},
		"ben@example.com": {"--group", "Jury", "--as", "ada@example.com"},
	} {
		invitation := c.invite(address, into...)
		if invitation.Outcome != "invited" {
			t.Errorf("%+v", invitation)
		}
		if l := c.nth(address, 1); l.Subject != "Ada Lovelace invites you to watch" || !strings.HasPrefix(invitation.url, c.URL+"/_usher/activate/") {
			t.Errorf("%q leads to %s", l.Subject, invitation.url)
		}
		b := c.surfer()
		leads(t, b.activate(invitation.url, "a password of "+address))
		b.watches("/clock/clock.mp4")
		if status := showInvite(t, c, invitation.Invite).Status; status != "accepted" {
			t.Errorf("%s: %s", address, status)
		}
	}
	b := c.surfer()
	leads(t, b.activate(c.invite("cleo@example.com", "--as", "ada@example.com").url, "a password of cleo"))
	wantStatus(t, b.get("/clock/clock.mp4"), http.StatusForbidden, "locked")
	// Who may not add persons may ask none in.
	b = c.surfer()
	leads(t, b.activate(c.invite("dan@example.com").url, "a password of dan"))
	if said := c.refused("invite", "create", "eve@example.com", "--as", "dan@example.com"); !strings.Contains(said, "permission people") {
		t.Error(said)
	}
}

type invitation struct {
	ID, Status string
	Sent       int
	Watched    struct{ Sessions, Plays int }
	Mail       string
	Message    *struct{ To, Subject, Text string }
}

func showInvite(t testing.TB, c *cinema, id string) invitation {
	t.Helper()
	return decode[invitation](t, c.CLI("invite", "show", id, "--json"))
}

// Many addresses are pasted as they come: each has an outcome of its own.
func TestB2ManyAddressesEachWithAnOutcome(t *testing.T) {
	c := open(t, storytest.Options{}, newPostbox(t))
	c.clock()
	c.CLI("person", "create", "ann@example.com")
	file := filepath.Join(c.Dir, "guests.txt")
	pasted := "ann@example.com, Ben@Example.com\r\n\r\nben@example.com; Cleo <cleo@example.com>\ndan@example.com,\n\n not an address ,dan@example.com\r\nevil@example.com\x00"
	if err := os.WriteFile(file, []byte(pasted), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"ann@example.com notified", "ben@example.com invited", "ben@example.com duplicate", "Cleo <cleo@example.com> bad_address",
		"dan@example.com invited", "not an address bad_address", "dan@example.com duplicate", "evil@example.com\x00 bad_address",
	}
	check := func(items []invited) {
		t.Helper()
		var got []string
		for _, one := range items {
			got = append(got, one.Email+" "+one.Outcome)
			if (one.Outcome == "bad_address" || one.Outcome == "duplicate") && one.Why == "" {
				t.Errorf("%s: nothing says why", one.Email)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
	persons := func() string { return c.CLI("person", "list", "--json") }
	grants := func() string { return c.CLI("grant", "list", "--collection", "clock", "--json") }
	before := persons() + grants()
	check(c.invites("--emails-file", file, "--collection", "clock", "--dry-run"))
	if persons()+grants() != before || len(c.Mails()) > 0 {
		t.Error("the dry run did something")
	}
	check(c.invites("--emails-file", file, "--collection", "clock"))
	for _, address := range []string{"ann@example.com", "ben@example.com", "dan@example.com"} {
		c.nth(address, 1)
	}
	// Once more: nobody is anybody twice, or is given anything twice.
	after, given := persons(), grants()
	want[1], want[4] = "ben@example.com notified", "dan@example.com notified"
	check(c.invites("--emails-file", file, "--collection", "clock"))
	if persons() != after || grants() != given || strings.Count(given, "grt_") != 3 {
		t.Errorf("the repeat did something:\n%s\n%s", given, grants())
	}
	list := decode[struct{ Invites []invitation }](t, c.CLI("invite", "list", "--json")).Invites
	if len(list) != 3 {
		t.Errorf("%d invitations", len(list))
	}
	// By a key not even the mails are sent again.
	key := decode[struct{ Key string }](t, c.CLI("apikey", "create", "--name", "shop", "--scope", "manage", "--json")).Key
	body := `{"emails": "eve@example.com, fay@example.com", "collection": "clock"}`
	first := c.call(t, key, http.MethodPost, "/invites", body, "Idempotency-Key", "guests-1")
	wantStatus(t, first, http.StatusCreated, "")
	c.nth("eve@example.com", 1)
	again := c.call(t, key, http.MethodPost, "/invites", body, "Idempotency-Key", "guests-1")
	if again.StatusCode != http.StatusCreated || again.body != first.body {
		t.Errorf("%d %s\nfirst %s", again.StatusCode, again.body, first.body)
	}
	c.invite("last@example.com") // mails keep their order: had there been others, they were here now
	c.nth("eve@example.com", 1)
	c.nth("fay@example.com", 1)
}

// call asks the API on the site.
func (c *cinema) call(t testing.TB, key, method, path, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.URL+"/_usher/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(text)}
}

// A personal message is text: it is no markup, no header, and has an end.
func TestB3APersonalMessageIsEscapedAndBounded(t *testing.T) {
	c := open(t, storytest.Options{}, newPostbox(t))
	c.clock()
	message := "Hello <b>Ann</b> & co,\r\nBcc: evil@example.org\n\n.\nSubject: <script>alert(1)</script>\n{{.URL}} " + strings.Repeat("é", 20)
	file := filepath.Join(c.Dir, "message.txt")
	if err := os.WriteFile(file, []byte(message), 0o600); err != nil {
		t.Fatal(err)
	}
	c.invite("ann@example.com", "--collection", "clock", "--message-file", file)
	l := c.nth("ann@example.com", 1)
	for _, part := range []string{"> Hello <b>Ann</b> & co,\n> Bcc: evil@example.org\n> \n> .\n> Subject: <script>alert(1)</script>\n> {{.URL}} éé"} {
		if !strings.Contains(l.Text, part) {
			t.Errorf("no %q in %q", part, l.Text)
		}
	}
	for _, part := range []string{"Hello &lt;b&gt;Ann&lt;/b&gt; &amp; co,<br>Bcc: evil@example.org<br>", "&lt;script&gt;"} {
		if !strings.Contains(l.HTML, part) {
			t.Errorf("no %q in %q", part, l.HTML)
		}
	}
	if l.Header.Get("Bcc") != "" || strings.Contains(l.HTML, "<script") || l.Subject != "Somebody invites you to watch" {
		t.Errorf("%v\n%s", l.Header, l.HTML)
	}
	key := decode[struct{ Key string }](t, c.CLI("apikey", "create", "--name", "shop", "--scope", "manage", "--json")).Key
	for name, bad := range map[string]struct{ method, path, body, field string }{
		"a long message":       {"POST", "/invites", `{"emails": ["x@example.com"], "message": "` + strings.Repeat("x", 1001) + `"}`, "message"},
		"an escape":            {"POST", "/invites", `{"emails": ["x@example.com"], "message": "a\u001b[2J"}`, "message"},
		"turned letters":       {"POST", "/invites", `{"emails": ["x@example.com"], "message": "a\u202eb"}`, "message"},
		"a header in a name":   {"POST", "/persons", `{"email": "x@example.com", "name": "X\r\nBcc: y@example.com"}`, "name"},
		"a header in a title":  {"POST", "/collections", `{"name": "x", "paths": ["/x/*"], "title": "X\nBcc: y@example.com"}`, "title"},
		"a long name":          {"POST", "/persons", `{"email": "x@example.com", "name": "` + strings.Repeat("x", 101) + `"}`, "name"},
		"a header in address":  {"POST", "/persons", `{"email": "x@example.com\r\nBcc: y@example.com"}`, "email"},
		"no addresses":         {"POST", "/invites", `{"emails": " , ;\n"}`, "emails"},
		"too many addresses":   {"POST", "/invites", `{"emails": "` + strings.Repeat("x@example.com,", 201) + `"}`, "emails"},
		"a capability unknown": {"POST", "/invites", `{"emails": ["x@example.com"], "collection": "clock", "can": ["view", "fly"]}`, "can"},
		"no capability":        {"POST", "/invites", `{"emails": ["x@example.com"], "collection": "clock", "can": []}`, "can"},
		"an end that is over":  {"POST", "/invites", `{"emails": ["x@example.com"], "until": "2001-01-01T00:00:00Z"}`, "until"},
		"both":                 {"POST", "/invites", `{"emails": ["x@example.com"], "collection": "clock", "group": "jury"}`, "group"},
		"a collection unknown": {"POST", "/invites", `{"emails": ["x@example.com"], "collection": "nowhere"}`, "collection"},
	} {
		a := c.call(t, key, bad.method, bad.path, bad.body)
		problem := decode[struct{ Type, Title, Detail, Field string }](t, a.body)
		if a.StatusCode != http.StatusBadRequest || problem.Field != bad.field || problem.Detail == "" || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	if persons := c.CLI("person", "list", "--json"); strings.Count(persons, "per_") != 1 || len(c.Mails()) != 1 {
		t.Errorf("%d mails, persons %s", len(c.Mails()), persons)
	}
}

// What a mail says does not tell what its reader may do (B4): but for the secret
// in it, it is the same for everybody, byte for byte.
func TestB4B13MailsAreTheSameForEveryRole(t *testing.T) {
	c := open(t, storytest.Options{}, newPostbox(t))
	c.clock()
	parent := createLink(t, c.Server, "--collection", "clock", "--views", "30", "--title", "The clock", "--can", "view,download,share,stats,comment")
	invitations, links := map[string]string{}, map[string]string{}
	sets := []string{"view", "view,download", "view,share", "view,stats", "view,comment", "view,download,upload,share,stats,manage"}
	for i, can := range sets {
		address := fmt.Sprintf("someone%d@example.com", i)
		invite := c.invite(address, "--collection", "clock", "--can", can, "--message", "Have a look", "--until", "2040-01-31T18:00:00Z")
		invitations[bare(c.nth(address, 1), address, invite.url)] += can + "; "
		if i == len(sets)-1 {
			continue // a link never manages
		}
		c.CLI("link", "mail", parent.ID, "--to", address, "--can", strings.Replace(can, ",upload", "", 1), "--views", "2", "--expires", "2040-01-31T18:00:00Z")
		l := c.nth(address, 2)
		if !strings.Contains(l.Text, "Good for 2 views in all.") || !strings.Contains(l.Text, "Open until 31 January 2040, 18:00 UTC.") {
			t.Errorf("the mail does not say how often and until when:\n%s", l.Text)
		}
		links[bare(l, address, urlIn(t, l.Text))] += can + "; "
	}
	for name, mails := range map[string]map[string]string{"invitation": invitations, "link": links} {
		if len(mails) != 1 {
			t.Errorf("there are %d kinds of %s: %q", len(mails), name, mails)
		}
		for mail := range mails {
			for _, word := range []string{"download", "upload", "share ", "stats", "manage", "comment", "can_", "role", "limited", "col_", "per_"} {
				if strings.Contains(strings.ToLower(mail), word) {
					t.Errorf("a mail says %q:\n%s", word, mail)
				}
			}
		}
	}
}

// bare is a mail without what differs from one address to the next.
func bare(l mailtest.Letter, address, url string) string {
	all := l.Subject + "\n" + l.Text + l.HTML
	for _, name := range slices.Sorted(maps.Keys(l.Header)) {
		if name != "Date" && name != "Message-Id" && name != "Content-Type" {
			all += name + ": " + strings.Join(l.Header[name], ",") + "\n"
		}
	}
	return strings.NewReplacer(address, "ADDRESS", url, "URL").Replace(all)
}
