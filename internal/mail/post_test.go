package mail

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
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

var quick = []time.Duration{time.Millisecond, time.Millisecond}

func start(t *testing.T, server Server, pauses []time.Duration) (*Post, reports) {
	t.Helper()
	if err := server.Validate(); err != nil {
		t.Fatal(err)
	}
	told := make(reports, 2*maxWaiting)
	p := newPost(server, told.tell, pauses)
	t.Cleanup(func() { _ = p.Close() })
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
		change   func(*smtpServer)
	}{
		"STARTTLS":                {StartTLS, nil},
		"TLS from the first byte": {TLS, func(s *smtpServer) { s.implicit = true }},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveSMTP(t, c.change)
			p, told := start(t, s.server(c.security), quick)
			m := invitation(t)
			send(t, p, m)
			if r := told.last(t); r.Err != nil || r.Kind != KindInvitation || r.Try != 1 {
				t.Fatalf("%+v", r)
			}
			got := s.got()
			if len(got) != 1 || !got[0].secured || got[0].to != "TO:<ann@example.com>" || !strings.HasPrefix(got[0].from, "FROM:<cinema@example.com>") {
				t.Fatalf("%+v", got)
			}
			checkArrived(t, got[0].data, m)
		})
	}
}

// checkArrived reads the mail as a mail program does.
func checkArrived(t *testing.T, data string, m Message) {
	t.Helper()
	read, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
	if err != nil || subject != m.Subject {
		t.Errorf("subject %q, %v; want %q", subject, err, m.Subject)
	}
	from, err := mail.ParseAddress(read.Header.Get("From"))
	if err != nil || from.Name != "Cinema Zoë" || from.Address != "cinema@example.com" {
		t.Errorf("from %v, %v", from, err)
	}
	if read.Header.Get("Auto-Submitted") != "auto-generated" || read.Header.Get("Message-Id") == "" || read.Header.Get("Date") == "" {
		t.Errorf("headers %v", read.Header)
	}
	for name := range read.Header {
		switch name {
		case "From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Auto-Submitted":
		default:
			t.Errorf("header %s is not one that is meant to be there", name)
		}
	}
	_, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(read.Body, params["boundary"])
	for _, want := range []struct{ kind, body string }{{"text/plain", m.Text}, {"text/html", m.HTML}} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		got := strings.ReplaceAll(string(body), "\r\n", "\n")
		if err != nil || strings.TrimSpace(got) != strings.TrimSpace(want.body) || !strings.HasPrefix(part.Header.Get("Content-Type"), want.kind) {
			t.Errorf("%s: %q, %v; want %q", part.Header.Get("Content-Type"), got, err, want.body)
		}
	}
	if _, err := parts.NextRawPart(); !errors.Is(err, io.EOF) {
		t.Errorf("there is a third part: %v", err)
	}
}

func TestNothingGoesInClear(t *testing.T) {
	s := serveSMTP(t, func(s *smtpServer) { s.clear = true })
	p, told := start(t, s.server(StartTLS), nil)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err == nil {
		t.Error("a server without TLS got a mail")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.log {
		if verb, _, _ := strings.Cut(line, " "); verb != "EHLO" && verb != "QUIT" {
			t.Errorf("it was told %q", line)
		}
	}
}

func TestAServerThatNobodyVouchesForGetsNothing(t *testing.T) {
	s := serveSMTP(t, nil)
	server := s.server(StartTLS)
	_, server.Roots = certificate(t)
	p, told := start(t, server, nil)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err == nil || len(s.got()) != 0 {
		t.Errorf("%+v, %v", r, s.got())
	}
}

func TestInClearOnThisMachineOnly(t *testing.T) {
	s := serveSMTP(t, func(s *smtpServer) { s.clear = true })
	p, told := start(t, s.server(Clear), nil)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err != nil || len(s.got()) != 1 {
		t.Errorf("%+v", r)
	}
	for _, host := range []string{"mail.example.com", "127.0.0.1.example.com", "10.0.0.1", "localhost.example", "[::1]"} {
		server := s.server(Clear)
		server.Host = host
		if err := server.Validate(); err == nil {
			t.Errorf("%s in clear was accepted", host)
		}
	}
}

func TestATemporaryNoIsTriedAgain(t *testing.T) {
	s := serveSMTP(t, func(s *smtpServer) { s.rcpt = []string{"451 4.3.0 later", "451 4.3.0 later"} })
	p, told := start(t, s.server(StartTLS), quick)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err != nil || r.Try != 3 || len(s.got()) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestTriesHaveAnEnd(t *testing.T) {
	s := serveSMTP(t, func(s *smtpServer) { s.rcpt = []string{"451 a", "451 b", "451 c", "451 d"} })
	p, told := start(t, s.server(StartTLS), quick)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err == nil || r.Try != 3 || len(s.got()) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestAFinalNoIsNotTriedAgainAndNamesNobody(t *testing.T) {
	s := serveSMTP(t, func(s *smtpServer) { s.rcpt = []string{"550 5.1.1 no ann@example.com here"} })
	p, told := start(t, s.server(StartTLS), quick)
	m := invitation(t)
	send(t, p, m)
	r := told.last(t)
	if r.Err == nil || r.Try != 1 || strings.Contains(r.Err.Error(), "ann@") || !strings.Contains(r.Err.Error(), "550 5.1.1") {
		t.Errorf("%+v", r)
	}
}

func TestAWrongPasswordIsNotTriedAgain(t *testing.T) {
	s := serveSMTP(t, nil)
	server := s.server(StartTLS)
	server.Password = "wrong"
	p, told := start(t, server, quick)
	send(t, p, invitation(t))
	if r := told.last(t); r.Err == nil || r.Try != 1 || strings.Contains(r.Err.Error(), "wrong") {
		t.Errorf("%+v", r)
	}
}

func TestTheQueueHasAnEnd(t *testing.T) {
	s := serveSMTP(t, func(s *smtpServer) { s.stall = true })
	p, _ := start(t, s.server(StartTLS), nil)
	m := invitation(t)
	for range maxWaiting {
		send(t, p, m)
	}
	if _, err := p.Send(t.Context(), m); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
	if err := p.Close(); err == nil {
		t.Error("closing says that all were sent")
	}
	if _, err := p.Send(t.Context(), m); !errors.Is(err, ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
}

func TestClosingSendsWhatWaits(t *testing.T) {
	s := serveSMTP(t, func(s *smtpServer) { s.rcpt = []string{"451 4.3.0 later"} })
	p, told := start(t, s.server(StartTLS), []time.Duration{time.Hour})
	send(t, p, invitation(t))
	if r := <-told; r.Last {
		t.Fatalf("%+v", r)
	}
	if err := p.Close(); err != nil {
		t.Errorf("%v", err)
	}
	if len(s.got()) != 1 {
		t.Error("what waited for its next try was dropped")
	}
	if err := p.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

func TestNobodyAtThePort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serveSMTP(t, nil)
	server := s.server(StartTLS)
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
	s := serveSMTP(t, nil)
	p, _ := start(t, s.server(StartTLS), nil)
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
