package mail

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/usher-media/usher/internal/mail/mailtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reports collects what a post tells.
type reports chan Report

func (r reports) tell(report Report) { r <- report }

// last waits for the report after which there is no other try.
func (r reports) last(t *testing.T) Report {
	t.Helper()
	for {
		select {
		case report := <-r:
			if report.Last {
				return report
			}
		case <-time.After(20 * time.Second):
			t.Fatal("nothing was reported")
		}
	}
}

// to is the setting that leads to a server.
func to(s *mailtest.Server, security string) Server {
	return Server{
		Host: "127.0.0.1", Port: s.Port(), Security: security, User: mailtest.User, Password: mailtest.Password,
		From: "Cinema Zoë <cinema@example.com>", Roots: s.Roots,
	}
}

var quick = []time.Duration{time.Millisecond, time.Millisecond}

func start(t *testing.T, server Server, pauses []time.Duration) (*Post, reports) {
	t.Helper()
	if err := server.Validate(); err != nil {
		t.Fatal(err)
	}
	told := make(reports, 2*maxWaiting)
	p := newPost(server, told.tell, pauses)
	t.Cleanup(func() { p.Close() })
	return p, told
}

func invitation(t *testing.T) Message {
	t.Helper()
	m, err := Invitation{
		By: "Zoë Ångström", Personal: "Hello Ann,\nthis is <b>the</b> cut & more.", Title: "Second cut",
		Allowance: Allowance{Views: 3, Until: time.Date(2031, 3, 4, 17, 30, 0, 0, time.UTC)},
		URL:       "https://media.example.com/_usher/activate/0123456789abcdefghijklmnopqrstuv",
	}.Message("ann@example.com")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func send(t *testing.T, p *Post, m Message) {
	t.Helper()
	handed, err := p.Send(t.Context(), m)
	if err != nil || handed.ByHand != nil {
		t.Fatalf("%+v, %v", handed, err)
	}
}

func TestAMailGoesByTLS(t *testing.T) {
	for name, c := range map[string]struct {
		security string
		options  mailtest.Options
	}{
		"STARTTLS":                {StartTLS, mailtest.Options{}},
		"TLS from the first byte": {TLS, mailtest.Options{Implicit: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := mailtest.Serve(t, c.options)
			p, told := start(t, to(s, c.security), quick)
			m := invitation(t)
			send(t, p, m)
			if r := told.last(t); r.Err != nil || r.Kind != KindInvitation || r.Try != 1 {
				t.Fatalf("%+v", r)
			}
			got := s.Mails()
			if len(got) != 1 || !got[0].Secured || got[0].To != "TO:<ann@example.com>" || !strings.HasPrefix(got[0].From, "FROM:<cinema@example.com>") {
				t.Fatalf("%+v", got)
			}
			checkArrived(t, got[0], m)
		})
	}
}

// checkArrived reads the mail as a mail program does.
func checkArrived(t *testing.T, got mailtest.Mail, m Message) {
	t.Helper()
	l, err := got.Read()
	if err != nil {
		t.Fatal(err)
	}
	if l.Subject != m.Subject || l.From.Name != "Cinema Zoë" || l.From.Address != "cinema@example.com" {
		t.Errorf("subject %q from %v; want %q", l.Subject, l.From, m.Subject)
	}
	if l.Header.Get("Auto-Submitted") != "auto-generated" || l.Header.Get("Message-Id") == "" || l.Header.Get("Date") == "" {
		t.Errorf("headers %v", l.Header)
	}
	for name := range l.Header {
		switch name {
		case "From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Auto-Submitted":
		default:
			t.Errorf("header %s is not one that is meant to be there", name)
		}
	}
	if strings.TrimSpace(l.Text) != strings.TrimSpace(m.Text) || strings.TrimSpace(l.HTML) != strings.TrimSpace(m.HTML) {
		t.Errorf("%q and %q; want %q and %q", l.Text, l.HTML, m.Text, m.HTML)
	}
}

func TestNothingGoesInClear(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Options{Clear: true})
	p, told := start(t, to(s, StartTLS), nil)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err == nil {
		t.Error("a server without TLS got a mail")
	}
	for _, line := range s.Lines() {
		if verb, _, _ := strings.Cut(line, " "); verb != "EHLO" && verb != "QUIT" {
			t.Errorf("it was told %q", line)
		}
	}
}

func TestAServerThatNobodyVouchesForGetsNothing(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Options{})
	server := to(s, StartTLS)
	_, server.Roots = mailtest.Certificate(t)
	p, told := start(t, server, nil)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err == nil || len(s.Mails()) != 0 {
		t.Errorf("%+v, %v", r, s.Mails())
	}
}

func TestInClearOnThisMachineOnly(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Options{Clear: true})
	p, told := start(t, to(s, Clear), nil)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err != nil || len(s.Mails()) != 1 {
		t.Errorf("%+v", r)
	}
	for _, host := range []string{"mail.example.com", "127.0.0.1.example.com", "10.0.0.1", "localhost.example", "[::1]"} {
		server := to(s, Clear)
		server.Host = host
		if err := server.Validate(); err == nil {
			t.Errorf("%s in clear was accepted", host)
		}
	}
}

func TestATemporaryNoIsTriedAgain(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Options{Rcpt: []string{"451 4.3.0 later", "451 4.3.0 later"}})
	p, told := start(t, to(s, StartTLS), quick)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err != nil || r.Try != 3 || len(s.Mails()) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestTriesHaveAnEnd(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Options{Rcpt: []string{"451 a", "451 b", "451 c", "451 d"}})
	p, told := start(t, to(s, StartTLS), quick)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err == nil || r.Try != 3 || len(s.Mails()) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestAFinalNoIsNotTriedAgainAndNamesNobody(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Options{Rcpt: []string{"550 5.1.1 no ann@example.com here"}})
	p, told := start(t, to(s, StartTLS), quick)
	m := invitation(t)
	send(t, p, m)
	r := told.last(t)
	if r.Err == nil || r.Try != 1 || strings.Contains(r.Err.Error(), "ann@") || !strings.Contains(r.Err.Error(), "550 5.1.1") {
		t.Errorf("%+v", r)
	}
}

func TestAWrongPasswordIsNotTriedAgain(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Options{})
	server := to(s, StartTLS)
	server.Password = "wrong"
	p, told := start(t, server, quick)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err == nil || r.Try != 1 || strings.Contains(r.Err.Error(), "wrong") {
		t.Errorf("%+v", r)
	}
}

func TestTheQueueHasAnEnd(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Options{Stall: true})
	p, _ := start(t, to(s, StartTLS), nil)
	p.grace = 50 * time.Millisecond
	m := invitation(t)
	for i := range maxWaiting {
		m.To = []string{"ann@example.com", "ben@example.com"}[i%2]
		send(t, p, m)
	}
	if _, err := p.Send(t.Context(), m); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
	if lost := p.Close(); lost != (Unsent{maxWaiting, 2}) {
		t.Errorf("closing says that there were %+v", lost)
	}
	if _, err := p.Send(t.Context(), m); !errors.Is(err, ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
}

func TestClosingSendsWhatWaits(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Options{Rcpt: []string{"451 4.3.0 later"}})
	p, told := start(t, to(s, StartTLS), []time.Duration{time.Hour})
	send(t, p, invitation(t))
	if r := <-told; r.Last {
		t.Fatalf("%+v", r)
	}
	if lost := p.Close(); lost != (Unsent{}) {
		t.Errorf("%+v", lost)
	}
	if len(s.Mails()) != 1 {
		t.Error("what waited for its next try was dropped")
	}
	if lost := p.Close(); lost != (Unsent{}) {
		t.Errorf("closed twice: %+v", lost)
	}
}

func TestNobodyAtThePort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := mailtest.Serve(t, mailtest.Options{})
	server := to(s, StartTLS)
	server.Port = listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	p, told := start(t, server, quick)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err == nil || r.Try != 3 {
		t.Errorf("%+v", r)
	}
}

func TestWhatCannotBeSentIsToldAtOnce(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Options{})
	p, _ := start(t, to(s, StartTLS), nil)
	for name, m := range map[string]Message{
		"a header in the subject":   {To: "ann@example.com", Subject: "x\r\nBcc: b@y.example"},
		"a header in the recipient": {To: "ann@example.com\r\nBcc: b@y.example", Subject: "x"},
		"two recipients":            {To: "ann@example.com, b@y.example", Subject: "x"},
		"no recipient":              {Subject: "x"},
	} {
		if _, err := p.Send(t.Context(), m); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Send(gone, invitation(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestServerSettings(t *testing.T) {
	good := Server{Host: "mail.example.com", Port: 587, Security: StartTLS, From: "a@x.example"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Server){
		"no host":             func(s *Server) { s.Host = "" },
		"no port":             func(s *Server) { s.Port = 0 },
		"high port":           func(s *Server) { s.Port = 70000 },
		"unknown word":        func(s *Server) { s.Security = "ssl" },
		"user alone":          func(s *Server) { s.User = "u" },
		"password alone":      func(s *Server) { s.Password = "p" },
		"no sender":           func(s *Server) { s.From = "" },
		"a header in sender":  func(s *Server) { s.From = "a@x.example\r\nBcc: b@y.example" },
		"a header in name":    func(s *Server) { s.From = "\"a\r\nBcc: b\" <a@x.example>" },
		"two senders":         func(s *Server) { s.From = "a@x.example, b@x.example" },
		"a sender of no host": func(s *Server) { s.From = "root@localhost" },
	} {
		s := good
		change(&s)
		if err := s.Validate(); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestWithoutAServerMessagesAreHandedBack(t *testing.T) {
	m := invitation(t)
	handed, err := Printer{}.Send(t.Context(), m)
	if err != nil || handed.ByHand == nil || *handed.ByHand != m || (Printer{}).Delivers() {
		t.Errorf("%+v, %v", handed, err)
	}
}
