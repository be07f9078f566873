package mail

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"strings"
	text "text/template"

	"github.com/usher-media/usher/internal/typed"
)

//go:embed templates
var templates embed.FS

var (
	asText = text.Must(text.ParseFS(templates, "templates/letter.txt"))
	asHTML = html.Must(html.ParseFS(templates, "templates/letter.html"))
)

// letter is what all messages are made of, in the order in which it is read.
type letter struct {
	kind    Kind
	to      string
	subject string
	// oneLine is what people wrote of subject and lead.
	oneLine   []string
	lead      string
	personal  string
	code      string
	action    string
	url       string
	allowance Allowance
	facts     []string
}

// message checks what people wrote and renders both forms.
func (l letter) message() (Message, error) {
	to, ok := typed.Address(l.to)
	if !ok {
		return Message{}, errRecipient
	}
	problems := about("the personal message", CheckPersonal(l.personal))
	for _, name := range l.oneLine {
		problems = errors.Join(problems, about("a name or title", CheckName(name)))
	}
	if l.action != "" {
		problems = errors.Join(problems, about("the address of the page", checkURL(l.url)))
	}
	if problems != nil {
		return Message{}, fmt.Errorf("writing a mail: %w", problems)
	}
	view := map[string]any{
		"Lead": l.lead, "Personal": lines(l.personal), "Code": l.code, "Action": l.action, "URL": l.url,
		"Facts": append(l.allowance.sentences(), l.facts...),
	}
	var plain, marked bytes.Buffer
	if err := errors.Join(asText.Execute(&plain, view), asHTML.Execute(&marked, view)); err != nil {
		return Message{}, fmt.Errorf("writing a mail: %w", err)
	}
	return Message{Kind: l.kind, To: to, Subject: l.subject, Text: plain.String(), HTML: marked.String()}, nil
}

func about(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// lines splits a personal message; none where it is blank.
func lines(personal string) []string {
	personal = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(personal))
	if personal == "" {
		return nil
	}
	return strings.Split(personal, "\n")
}
