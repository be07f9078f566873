// Package mail writes the messages that Usher sends and hands them to an SMTP
// server. A message is plain: text, and the same as simple HTML; nothing in it is
// loaded from anywhere, and nothing tells whether it was read. What people write
// into it is bounded, and can neither become a header nor markup.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/typed"
)

// Kind says what a message is about. It is a label in logs and metrics.
type Kind string

// The kinds.
const (
	KindInvitation Kind = "invitation"
	KindLink       Kind = "link"
	KindCode       Kind = "code"
	KindFresh      Kind = "fresh"
	KindNotice     Kind = "notice"
	KindAccess     Kind = "access"
	KindSuspicion  Kind = "suspicion"
)

// Message is a message to one person, ready to be sent.
type Message struct {
	Kind    Kind
	To      string
	Subject string
	Text    string
	HTML    string
	// Ref is what the sender knows the message by. It is in no mail, and comes
	// back in the [Report].
	Ref string
}

// Sender takes messages.
type Sender interface {
	// Send takes a message for delivery, or gives it back. It does not wait for
	// the delivery.
	Send(ctx context.Context, message Message) (Handed, error)
	// Delivers says that messages really go out. Where they do not, nothing may
	// rest on somebody getting one.
	Delivers() bool
}

// Handed is what became of a message that was taken.
type Handed struct {
	// ByHand is the message where there is no mail: the caller shows it to
	// whoever is to pass it on. Nil: it will be delivered.
	ByHand *Message
}

// Printer is the Sender where there is no mail setting: it gives every message back.
type Printer struct{}

// Send implements [Sender].
func (Printer) Send(ctx context.Context, message Message) (Handed, error) {
	return Handed{ByHand: &message}, ctx.Err()
}

// Delivers implements [Sender].
func (Printer) Delivers() bool { return false }

// Invitation asks somebody to make an account. It has no room for a role or a
// permission: it is the same text for all of them.
type Invitation struct {
	// By is the name of who invites; empty: nobody is named.
	By string
	// Personal is what they wrote; it may be empty, and have several lines.
	Personal string
	// Title is what it is about; empty: nothing is told.
	Title string
	Allowance
	// URL is the activation link.
	URL string
}

// Message writes the invitation.
func (i Invitation) Message(to string) (Message, error) {
	return letter{
		kind: KindInvitation, to: to, oneLine: []string{i.By, i.Title}, personal: i.Personal,
		subject:   or(i.By, "Somebody") + " invites you to watch",
		lead:      or(i.By, "Somebody") + " invites you to watch" + named(i.Title) + ".",
		action:    "Accept the invitation",
		url:       i.URL,
		allowance: i.Allowance,
		facts:     []string{"The link is for this address only and works once: you choose a password of your own there. If you expected no invitation, do nothing."},
	}.message()
}

// Link brings somebody the share link that is for them.
type Link struct {
	By, Personal, Title string
	Allowance
	URL string
}

// Message writes the link mail.
func (l Link) Message(to string) (Message, error) {
	return letter{
		kind: KindLink, to: to, oneLine: []string{l.By, l.Title}, personal: l.Personal,
		subject:   or(l.By, "Somebody") + " sent you a link to watch",
		lead:      or(l.By, "Somebody") + " sent you a link to watch" + named(l.Title) + ".",
		action:    "Open the link",
		url:       l.URL,
		allowance: l.Allowance,
		facts:     []string{"Looking at the page uses nothing; pressing Watch there does."},
	}.message()
}

// Code brings the six digits of a sign-in.
type Code struct {
	Code string
	// For is how long it is good.
	For time.Duration
}

// Message writes the code mail. The code is not in its subject, which locked
// screens show.
func (c Code) Message(to string) (Message, error) {
	return letter{
		kind: KindCode, to: to,
		subject: "Your sign-in code",
		lead:    "Type this code into the page that asked for it:",
		code:    c.Code,
		facts: []string{
			fmt.Sprintf("It is good for %d minutes, once, and only in the browser that asked. Nobody will ever ask you for it.", int(c.For.Minutes())),
			"If you did not ask for a code, do nothing.",
		},
	}.message()
}

// Fresh brings a new activation link after the first one was opened on a second
// device.
type Fresh struct {
	URL   string
	Until time.Time
}

// Message writes the mail.
func (f Fresh) Message(to string) (Message, error) {
	return letter{
		kind: KindFresh, to: to,
		subject: "Your activation link was used",
		lead:    "Your activation link was used, and then opened again on another device. If that was you, go on there with this fresh link:",
		action:  "Go on with a fresh link",
		url:     f.URL,
		allowance: Allowance{
			Until: f.Until,
		},
		facts: []string{"It works once. If it was not you, use the fresh link to choose a new password: all other devices are then signed out."},
	}.message()
}

// Notice tells an owner of something that happened.
type Notice struct {
	// Who is the address it is about, What happened to it in a sentence's end:
	// "the activation link was opened on a second device".
	Who, What string
	When      time.Time
}

// Message writes the notice.
func (n Notice) Message(to string) (Message, error) {
	return letter{
		kind: KindNotice, to: to, oneLine: []string{n.Who, n.What},
		subject: "About somebody you invited",
		lead:    n.Who + ": " + n.What + ".",
		facts:   []string{"At " + when(n.When) + ". If the person passed the invitation on, you can withdraw it."},
	}.message()
}

// Suspicion tells whoever made a link that it was probably passed on.
type Suspicion struct {
	// Title is the link's, which may be empty, and Link its id.
	Title, Link string
	// Why are sentences, the weightiest first.
	Why []string
	// Suspended says that the link was suspended for it.
	Suspended bool
	When      time.Time
	// URL is where to look; empty: nowhere to be linked to.
	URL string
}

// Message writes the notice. It speaks of what was seen, and of nobody's guilt.
func (s Suspicion) Message(to string) (Message, error) {
	lead := "Your link " + s.Link + named(s.Title) + " is probably used by more people than it was meant for."
	if s.Suspended {
		lead += " It was suspended; whoever watched was stopped."
	}
	facts := []string{"This was seen until " + when(s.When) + ":"}
	for _, why := range s.Why[:min(len(s.Why), maxWhy)] {
		facts = append(facts, "– "+why)
	}
	action := ""
	if s.URL != "" {
		action = "Look at it"
	}
	return letter{
		kind: KindSuspicion, to: to, oneLine: []string{s.Title},
		subject: "A link of yours was probably passed on",
		lead:    lead,
		action:  action,
		url:     s.URL,
		facts:   append(facts, "It may be harmless: a person with several devices can look like several people. If it is fine, say so there or with usher link fine, and the link is meant for more people from then on."),
	}.message()
}

// maxWhy is how many sentences a notice has.
const maxWhy = 5

// Access tells a person who has an account already that there is more to watch.
type Access struct {
	By, Personal, Title string
	Allowance
	URL string
}

// Message writes the notice.
func (a Access) Message(to string) (Message, error) {
	return letter{
		kind: KindAccess, to: to, oneLine: []string{a.By, a.Title}, personal: a.Personal,
		subject:   or(a.By, "Somebody") + " gave you more to watch",
		lead:      or(a.By, "Somebody") + " gave you access" + accessTo(a.Title) + ".",
		action:    "Sign in and watch",
		url:       a.URL,
		allowance: a.Allowance,
	}.message()
}

// Allowance is what a message says of how often and until when.
type Allowance struct {
	// Views and Each are how many views are left, in all and for the reader; 0:
	// no limit.
	Views, Each int64
	// Until is zero where there is no end.
	Until time.Time
}

func (a Allowance) sentences() []string {
	var said []string
	switch {
	case a.Each > 0 && (a.Views == 0 || a.Each <= a.Views):
		said = append(said, "Good for "+views(a.Each)+" of yours.")
	case a.Views > 0:
		said = append(said, "Good for "+views(a.Views)+" in all.")
	}
	if !a.Until.IsZero() {
		said = append(said, "Open until "+when(a.Until)+".")
	}
	return said
}

func views(n int64) string {
	if n == 1 {
		return "1 view"
	}
	return fmt.Sprintf("%d views", n)
}

// when writes a time with its zone, so that it is right for every reader.
func when(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func named(title string) string {
	if title == "" {
		return ""
	}
	return " “" + title + "”"
}

func accessTo(title string) string {
	if title == "" {
		return ""
	}
	return " to" + named(title)
}

// Bounds of what people write.
const (
	MaxName     = 200
	MaxPersonal = 1000
)

var (
	errURL       = errors.New("want an absolute http or https URL")
	errRecipient = errors.New("the recipient is not an e-mail address")
)

// CheckName reports what is wrong with a name or title: it must stay on its line.
func CheckName(name string) error {
	if !typed.Line(name, MaxName) {
		return fmt.Errorf("want at most %d bytes of text on one line", MaxName)
	}
	return nil
}

// CheckPersonal reports what is wrong with a personal message.
func CheckPersonal(text string) error {
	if !typed.Lines(text, MaxPersonal) {
		return fmt.Errorf("want at most %d bytes of text", MaxPersonal)
	}
	return nil
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errURL
	}
	return nil
}
