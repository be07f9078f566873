package mail

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// smtpServer is a small SMTP server: EHLO, STARTTLS, AUTH PLAIN, one mail after
// the other. It keeps what it was told.
type smtpServer struct {
	*testing.T
	listener net.Listener
	config   *tls.Config
	roots    *x509.CertPool
	implicit bool // TLS from the first byte
	clear    bool // offers no STARTTLS

	mu sync.Mutex
	// rcpt are the answers to RCPT, one after the other; then it is 250.
	rcpt  []string
	stall bool // answers nothing after DATA
	mails []taken
	log   []string
	conns []net.Conn
}

// taken is a mail as the server got it.
type taken struct {
	from, to, data, auth string
	secured              bool
}

func serveSMTP(t *testing.T, change func(*smtpServer)) *smtpServer {
	t.Helper()
	s := &smtpServer{T: t}
	s.config, s.roots = certificate(t)
	if change != nil {
		change(s)
	}
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			serving.Go(func() { s.talk(conn) })
		}
	})
	t.Cleanup(func() {
		_ = s.listener.Close()
		s.mu.Lock()
		for _, conn := range s.conns {
			_ = conn.Close()
		}
		s.mu.Unlock()
		serving.Wait()
	})
	return s
}

func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

// server is the setting that leads here.
func (s *smtpServer) server(security string) Server {
	addr := s.listener.Addr().(*net.TCPAddr)
	return Server{
		Host: "127.0.0.1", Port: addr.Port, Security: security, User: "usher", Password: "p@ss:word/%",
		From: "Cinema Zoë <cinema@example.com>", Roots: s.roots,
	}
}

func (s *smtpServer) got() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]taken(nil), s.mails...)
}

// nextRcpt is the answer to the next RCPT.
func (s *smtpServer) nextRcpt() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rcpt) == 0 {
		return "250 ok"
	}
	answer := s.rcpt[0]
	s.rcpt = s.rcpt[1:]
	return answer
}

func (s *smtpServer) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	secured := false
	if s.implicit {
		conn, secured = tls.Server(conn, s.config), true
	}
	lines := bufio.NewReader(conn)
	say := func(text string) { fmt.Fprintf(conn, "%s\r\n", text) }
	say("220 mail.example ESMTP")
	var m taken
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.log = append(s.log, line)
		s.mu.Unlock()
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			if !secured && !s.clear {
				say("250-mail.example\r\n250 STARTTLS") // signs nobody in before TLS
			} else {
				say("250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 ENHANCEDSTATUSCODES")
			}
		case "STARTTLS":
			say("220 go ahead")
			over := tls.Server(conn, s.config)
			if over.Handshake() != nil {
				return
			}
			conn, secured, lines = over, true, bufio.NewReader(over)
		case "AUTH":
			raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			if err != nil {
				say("501 what?")
				return
			}
			if m.auth = string(raw); m.auth != "\x00usher\x00p@ss:word/%" {
				say("535 5.7.8 no")
				continue
			}
			say("235 yes")
		case "MAIL":
			m.from = rest
			say("250 ok")
		case "RCPT":
			m.to = rest
			say(s.nextRcpt())
		case "DATA":
			say("354 go on")
			if s.stall {
				_, _ = lines.ReadString(0)
				return
			}
			var data strings.Builder
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				data.WriteString(strings.TrimPrefix(line, "."))
			}
			m.data, m.secured = data.String(), secured
			s.mu.Lock()
			s.mails = append(s.mails, m)
			s.mu.Unlock()
			say("250 taken")
		case "RSET", "NOOP":
			say("250 ok")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("502 unknown")
		}
	}
}
