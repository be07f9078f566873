package mailtest

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Letter is a mail as a mail program shows it.
type Letter struct {
	// From and To are the addresses of the headers.
	From, To *mail.Address
	Subject  string
	Header   mail.Header
	// Text and HTML are the two forms of what it says.
	Text, HTML string
}

// Read takes the mail apart: headers, and one part as text and one as HTML.
func (m Mail) Read() (Letter, error) {
	read, err := mail.ReadMessage(strings.NewReader(m.Data))
	if err != nil {
		return Letter{}, err
	}
	l := Letter{Header: read.Header}
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject")); err != nil {
		return l, err
	}
	if l.From, err = mail.ParseAddress(read.Header.Get("From")); err != nil {
		return l, err
	}
	if l.To, err = mail.ParseAddress(read.Header.Get("To")); err != nil {
		return l, err
	}
	_, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil {
		return l, err
	}
	parts := multipart.NewReader(read.Body, params["boundary"])
	if l.Text, err = part(parts, "text/plain"); err != nil {
		return l, err
	}
	if l.HTML, err = part(parts, "text/html"); err != nil {
		return l, err
	}
	if _, err := parts.NextRawPart(); !errors.Is(err, io.EOF) {
		return l, fmt.Errorf("there is a third part: %w", err)
	}
	return l, nil
}

func part(parts *multipart.Reader, kind string) (string, error) {
	p, err := parts.NextRawPart()
	if err != nil {
		return "", err
	}
	if got := p.Header.Get("Content-Type"); !strings.HasPrefix(got, kind) {
		return "", fmt.Errorf("a part is %s, want %s", got, kind)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(p))
	return strings.ReplaceAll(string(body), "\r\n", "\n"), err
}
