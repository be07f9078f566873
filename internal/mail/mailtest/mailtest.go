// Package mailtest is a small SMTP server for tests, and reads what it was sent
// as a mail program does.
package mailtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// User and Password sign in at the server. Nobody else is signed in.
const (
	User     = "usher"
	Password = "p@ss:word/%"
)

// Server is an SMTP server on a loopback port: EHLO, STARTTLS, AUTH PLAIN, one
// mail after the other. It keeps what it was told.
type Server struct {
	Options
	// Roots vouch for the server.
	Roots *x509.CertPool

	t        testing.TB
	listener net.Listener
	config   *tls.Config

	mu    sync.Mutex
	away  bool
	mails []Mail
	log   []string
	conns []net.Conn
}

// Options are what a server does unlike others.
type Options struct {
	// Implicit begins with TLS; Clear offers none.
	Implicit, Clear bool
	// Stall answers nothing after DATA.
	Stall bool
	// Rcpt are the answers to RCPT, one after the other; then it is 250.
	Rcpt []string
}

// Mail is a mail as the server got it.
type Mail struct {
	// From and To are what MAIL and RCPT said, Data is the mail itself.
	From, To, Data string
	// Secured says that it came by TLS, Auth who signed in.
	Secured bool
	Auth    string
}

// Serve starts a server, which ends with the test.
func Serve(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{Options: o, t: t}
	s.config, s.Roots = Certificate(t)
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
			serving.Go(func() { s.serve(conn) })
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

// Certificate makes a key for 127.0.0.1 that vouches for itself.
func Certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
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
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key, Leaf: cert}}}, roots
}

// Port is where the server listens.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// RootsFile writes the server's certificate for a process of its own, which
// reads the file that SSL_CERT_FILE names.
func (s *Server) RootsFile() string {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "roots.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.config.Certificates[0].Certificate[0]})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// Mails are those that were taken, in their order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Lines are the commands that were said, without what is in the mails.
func (s *Server) Lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Away makes the server put everybody off, or no longer.
func (s *Server) Away(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// nextRcpt is the answer to the next RCPT.
func (s *Server) nextRcpt() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return "451 4.3.0 later"
	}
	if len(s.Rcpt) == 0 {
		return "250 ok"
	}
	answer := s.Rcpt[0]
	s.Rcpt = s.Rcpt[1:]
	return answer
}

// talk is one connection.
type talk struct {
	*Server
	conn    net.Conn
	lines   *bufio.Reader
	secured bool
	mail    Mail
}

func (s *Server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	k := &talk{Server: s, conn: conn}
	if s.Implicit {
		k.conn, k.secured = tls.Server(conn, s.config), true
	}
	k.lines = bufio.NewReader(k.conn)
	k.say("220 mail.example ESMTP")
	for {
		line, err := k.lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.log = append(s.log, line)
		s.mu.Unlock()
		if verb, rest, _ := strings.Cut(line, " "); !k.answer(strings.ToUpper(verb), rest) {
			return
		}
	}
}

func (k *talk) say(text string) { fmt.Fprintf(k.conn, "%s\r\n", text) }

// answer says whether the conversation goes on.
func (k *talk) answer(verb, rest string) bool {
	switch verb {
	case "EHLO":
		if !k.secured && !k.Clear {
			k.say("250-mail.example\r\n250 STARTTLS") // signs nobody in before TLS
		} else {
			k.say("250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 ENHANCEDSTATUSCODES")
		}
	case "STARTTLS":
		k.say("220 go ahead")
		over := tls.Server(k.conn, k.config)
		k.conn, k.secured, k.lines = over, true, bufio.NewReader(over)
		return over.Handshake() == nil
	case "AUTH":
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
		if k.mail.Auth = string(raw); err != nil || k.mail.Auth != "\x00"+User+"\x00"+Password {
			k.say("535 5.7.8 no")
		} else {
			k.say("235 yes")
		}
	case "MAIL":
		k.mail.From = rest
		k.say("250 ok")
	case "RCPT":
		k.mail.To = rest
		k.say(k.nextRcpt())
	case "DATA":
		return k.data()
	case "RSET", "NOOP":
		k.say("250 ok")
	case "QUIT":
		k.say("221 bye")
		return false
	default:
		k.say("502 unknown")
	}
	return true
}

func (k *talk) data() bool {
	k.say("354 go on")
	if k.Stall {
		_, _ = k.lines.ReadString(0)
		return false
	}
	var data strings.Builder
	for {
		line, err := k.lines.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		data.WriteString(strings.TrimPrefix(line, "."))
	}
	k.mail.Data, k.mail.Secured = data.String(), k.secured
	k.mu.Lock()
	k.mails = append(k.mails, k.mail)
	k.mu.Unlock()
	k.say("250 taken")
	return true
}
