package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/textproto"
	"strconv"
	"time"

	smtp "github.com/wneessen/go-mail"

	"github.com/usher-media/usher/internal/typed"
)

// How a connection to the server is kept from being read.
const (
	StartTLS = "starttls" // begins in clear and has to turn to TLS before anything is said
	TLS      = "tls"      // is TLS from its first byte
	Clear    = "none"     // for a server on this machine only
)

// Server says where mail goes.
type Server struct {
	Host string
	Port int
	// Security is StartTLS, TLS or Clear.
	Security string
	// User and Password may both be empty: then nobody is signed in.
	User, Password string
	// From is the sender: "Name <a@b.example>", or an address alone.
	From string
	// Roots are whom to trust; nil: whom the system trusts.
	Roots *x509.CertPool
}

// answerTime is how long the server may take for each step of the conversation.
const answerTime = 10 * time.Second

// Validate reports what is wrong with the setting.
func (s Server) Validate() error {
	switch s.Security {
	case StartTLS, TLS:
	case Clear:
		if !loopback(s.Host) {
			return fmt.Errorf("%q is another machine: passwords and codes go there by TLS only", s.Host)
		}
	default:
		return fmt.Errorf("unknown word %q: known are %s, %s, %s", s.Security, StartTLS, TLS, Clear)
	}
	if s.Host == "" || s.Port < 1 || s.Port > 65535 {
		return fmt.Errorf("%q: want a host and a port from 1 to 65535", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	}
	if (s.User == "") != (s.Password == "") {
		return errors.New("want both a user and a password, or neither")
	}
	_, err := s.sender()
	return err
}

// loopback reports whether host can be nothing but this machine.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.Unmap().IsLoopback())
}

// sender reads From.
func (s Server) sender() (*mail.Address, error) {
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return nil, fmt.Errorf(`from %q: want an address, or a name and an address such as "Cinema <cinema@example.com>"`, s.From)
	}
	if err := CheckName(from.Name); err != nil {
		return nil, fmt.Errorf("the name in from: %w", err)
	}
	if _, ok := typed.Address(from.Address); !ok {
		return nil, fmt.Errorf("from %q: the address is not one that others can answer to", s.From)
	}
	return from, nil
}

// compose turns the message into one of go-mail, which encodes headers.
func (s Server) compose(m Message) (*smtp.Msg, error) {
	from, err := s.sender()
	if err != nil {
		return nil, err
	}
	if err := CheckName(m.Subject); err != nil {
		return nil, fmt.Errorf("the subject: %w", err)
	}
	to, ok := typed.Address(m.To)
	if !ok {
		return nil, errRecipient
	}
	msg := smtp.NewMsg(smtp.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(&mail.Address{Address: to})
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetMessageID()
	// RFC 3834: so that nobody's holiday answers it.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(smtp.TypeTextPlain, m.Text)
	msg.AddAlternativeString(smtp.TypeTextHTML, m.HTML)
	return msg, nil
}

// client makes a client for one message. The connection ends with ctx.
func (s Server) client(ctx context.Context) (*smtp.Client, error) {
	config := &tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
	options := []smtp.Option{
		smtp.WithPort(s.Port), smtp.WithTimeout(answerTime), smtp.WithTLSConfig(config), smtp.WithoutNoop(),
		smtp.WithDialContextFunc(func(dialling context.Context, network, address string) (net.Conn, error) {
			return s.dial(ctx, dialling, network, address, config)
		}),
	}
	switch s.Security {
	case StartTLS:
		options = append(options, smtp.WithTLSPolicy(smtp.TLSMandatory))
	default: // dial has done it, or it is this machine
		options = append(options, smtp.WithTLSPolicy(smtp.NoTLS))
	}
	if s.User != "" {
		options = append(options, smtp.WithUsername(s.User), smtp.WithPassword(s.Password),
			smtp.WithOpportunisticSMTPAuth(smtp.SMTPAuthSCRAMSHA256, smtp.SMTPAuthPlain, smtp.SMTPAuthLogin))
	}
	return smtp.NewClient(s.Host, options...)
}

// dial connects, and cuts the connection when ctx ends: the conversation itself
// knows no context.
func (s Server) dial(ctx, dialling context.Context, network, address string, config *tls.Config) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(dialling, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	if s.Security != TLS {
		return conn, nil
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(dialling); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// send delivers one message over a connection of its own.
func (s Server) send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	msg, err := s.compose(m)
	if err != nil {
		return permanent{err}
	}
	client, err := s.client(ctx)
	if err != nil {
		return permanent{err}
	}
	talk, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("connecting to the mail server: %w", err)
	}
	err = client.SendWithSMTPClient(talk, msg)
	_ = client.CloseWithSMTPClient(talk) // the message is taken by now: not being told goodbye is no reason to send it twice
	return err
}

// permanent is an error that trying again does not mend.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// final reports whether trying again is of no use: the server said so, or the
// message is at fault.
func final(err error) bool {
	var fault permanent
	var refused *smtp.SendError
	var said *textproto.Error
	switch {
	case errors.As(err, &fault):
		return true
	case errors.As(err, &refused):
		return !refused.IsTemp() && refused.ErrorCode() >= 500
	case errors.As(err, &said):
		return said.Code >= 500
	}
	return false
}

// plain says what went wrong without saying to whom: errors of the library name
// the recipient.
func plain(err error) error {
	var refused *smtp.SendError
	if errors.As(err, &refused) {
		return fmt.Errorf("%s: status %d %s", refused.Reason, refused.ErrorCode(), refused.EnhancedStatusCode())
	}
	return err
}
