package mail

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

var until = time.Date(2031, 3, 4, 17, 30, 0, 0, time.FixedZone("", 3600))

const page = "https://media.example.com/s/abc"

// all writes every kind of message with the same words in it.
func all(t *testing.T, by, personal, title string) map[Kind]Message {
	t.Helper()
	a := Allowance{Views: 3, Each: 2, Until: until}
	letters := map[Kind]interface {
		Message(string) (Message, error)
	}{
		KindInvitation: Invitation{by, personal, title, a, page},
		KindLink:       Link{by, personal, title, a, page},
		KindCode:       Code{"012345", 10 * time.Minute},
		KindFresh:      Fresh{page, until},
		KindNotice:     Notice{by, title, until},
		KindAccess:     Access{by, personal, title, a, page},
	}
	written := map[Kind]Message{}
	for kind, l := range letters {
		m, err := l.Message("Ann@example.com")
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if m.Kind != kind || m.To != "ann@example.com" {
			t.Errorf("%s: %+v", kind, m)
		}
		written[kind] = m
	}
	return written
}

func TestWhatMessagesSay(t *testing.T) {
	for kind, words := range map[Kind][]string{
		KindInvitation: {"Zoë invites you to watch “Second cut”.", "> Hello\n> again", "Good for 2 views of yours.", "Open until 4 March 2031, 16:30 UTC.", page, "works once"},
		KindLink:       {"Zoë sent you a link to watch “Second cut”.", "Good for 2 views of yours.", "Open until", page},
		KindCode:       {"    012345\n", "10 minutes", "only in the browser that asked"},
		KindFresh:      {"was used", page, "Open until"},
		KindNotice:     {"Zoë: Second cut.", "At 4 March 2031, 16:30 UTC."},
		KindAccess:     {"Zoë gave you access to “Second cut”.", page, "> Hello\n> again"},
	} {
		m := all(t, "Zoë", "Hello\r\nagain\n", "Second cut")[kind]
		for _, word := range words {
			if !strings.Contains(m.Text, word) {
				t.Errorf("%s does not say %q:\n%s", kind, word, m.Text)
			}
		}
		if strings.Contains(m.Subject, "012345") {
			t.Error("a locked screen shows the code")
		}
	}
}

func TestALittleIsLeftOut(t *testing.T) {
	m, err := Invitation{URL: page}.Message("ann@example.com")
	if err != nil || m.Subject != "Somebody invites you to watch" || strings.Contains(m.Text, "Good for") || strings.Contains(m.Text, "Open until") || strings.Contains(m.Text, "“”") || strings.Contains(m.HTML, "blockquote") {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = Link{URL: page, Allowance: Allowance{Views: 1}}.Message("ann@example.com")
	if err != nil || !strings.Contains(m.Text, "Good for 1 view in all.") {
		t.Errorf("%s, %v", m.Text, err)
	}
}

// TestAnInvitationHasNoRoomForARole: it is made of these words and no others, so
// that it is the same for all roles and whatever was granted.
func TestAnInvitationHasNoRoomForARole(t *testing.T) {
	var fields []string
	for f := range reflect.TypeFor[Invitation]().Fields() {
		fields = append(fields, f.Name)
	}
	if got := strings.Join(fields, " "); got != "By Personal Title Allowance URL" {
		t.Errorf("an invitation has %s", got)
	}
	first, second := all(t, "Zoë", "Hello", "Cut"), all(t, "Zoë", "Hello", "Cut")
	if first[KindInvitation] != second[KindInvitation] {
		t.Error("two invitations of the same words differ")
	}
	for _, word := range []string{"owner", "manager", "standard", "limited", "download", "upload", "share", "stats", "manage"} {
		if m := first[KindInvitation]; strings.Contains(strings.ToLower(m.Subject+m.Text+m.HTML), word) {
			t.Errorf("the invitation says %q", word)
		}
	}
}

func TestWhatPeopleWriteIsNoMarkup(t *testing.T) {
	const evil = `<img src=x onerror=alert(1)></p><a href="https://evil.example">click</a>{{.}}`
	for kind, m := range all(t, evil, evil, evil) {
		if strings.Contains(m.HTML, "<img") || strings.Contains(m.HTML, "evil.example\"") || strings.Contains(m.HTML, "onerror=alert(1)>") {
			t.Errorf("%s: %s", kind, m.HTML)
		}
	}
}

func TestNothingIsLoadedAndNothingTellsOfReading(t *testing.T) {
	for kind, m := range all(t, "Zoë", "Hello", "Cut") {
		for _, mark := range []string{"<img", "<link", "<script", "<style", "<iframe", "src=", "url(", "@import"} {
			if strings.Contains(m.HTML, mark) {
				t.Errorf("%s has %s", kind, mark)
			}
		}
		if n := strings.Count(m.HTML, "href="); n > 1 || strings.Count(m.HTML, `href="`+page+`"`) != n {
			t.Errorf("%s leads somewhere else:\n%s", kind, m.HTML)
		}
	}
}

func TestWordsThatAreRefused(t *testing.T) {
	for name, l := range map[string]Invitation{
		"a header in a name":   {By: "a\r\nBcc: b@y.example", URL: page},
		"a header in a title":  {Title: "a\nb", URL: page},
		"turned text":          {By: "a\u202eb", URL: page},
		"a long name":          {By: strings.Repeat("x", MaxName+1), URL: page},
		"a long message":       {Personal: strings.Repeat("x", MaxPersonal+1), URL: page},
		"a control in one":     {Personal: "a\x00b", URL: page},
		"no UTF-8":             {Personal: "a\xffb", URL: page},
		"no page":              {},
		"a page of no site":    {URL: "/s/abc"},
		"a page that is code":  {URL: "javascript:alert(1)"},
		"a page with a user":   {URL: "https://u@x.example/"},
		"a page with a header": {URL: "https://x.example/\r\nx"},
	} {
		if _, err := l.Message("ann@example.com"); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if _, err := (Invitation{URL: page}).Message("ann@example.com\r\nBcc: b@y.example"); err == nil || strings.Contains(err.Error(), "ann@") {
		t.Errorf("%v", err)
	}
}

// FuzzInvitation: whatever people write, a mail of it has the headers that we
// gave it, and no text of theirs outside of its place in the markup.
func FuzzInvitation(f *testing.F) {
	f.Add("Zoë", "Hello\nagain", "Cut", "ann@example.com")
	f.Add("a\r\nBcc: b", "<b>\r\n.\r\n", "{{.URL}}", "a@x.example\n")
	server := Server{Host: "127.0.0.1", Port: 25, Security: StartTLS, From: "a@x.example"}
	f.Fuzz(func(t *testing.T, by, personal, title, to string) {
		m, err := Invitation{By: by, Personal: personal, Title: title, URL: page}.Message(to)
		if err != nil {
			return
		}
		msg, err := server.compose(m)
		if err != nil {
			return // a name that makes the subject too long
		}
		var b strings.Builder
		if _, err := msg.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(b.String(), "\r\n\r\n")
		for line := range strings.SplitSeq(head, "\r\n") {
			name, _, _ := strings.Cut(line, ":")
			switch name {
			case "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted":
			default:
				if !strings.HasPrefix(line, " ") {
					t.Fatalf("header line %q", line)
				}
			}
		}
		if strings.Count(m.HTML, "<") != strings.Count(empty(t, m), "<")+strings.Count(m.HTML, "<br>")+strings.Count(m.HTML, "blockquote>") {
			t.Fatalf("markup of somebody else's:\n%s", m.HTML)
		}
	})
}

// empty is the same invitation without what people wrote.
func empty(t *testing.T, m Message) string {
	t.Helper()
	bare, err := Invitation{URL: page}.Message(m.To)
	if err != nil {
		t.Fatal(err)
	}
	return bare.HTML
}
