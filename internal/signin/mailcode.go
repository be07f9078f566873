package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/attempts"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
)

// Bounds of a mailed code (ASVS 6.5.4, 6.5.5).
const (
	CodeFor  = 10 * time.Minute
	maxTries = 5
	digits   = 6
)

// mailed is what is stored of a mailed code. A hash alone would be undone by
// trying a million codes, so it is made with the keyring.
type mailed struct {
	Digest string `json:"digest"`
	Tries  int    `json:"tries"`
	Taken  bool   `json:"taken,omitempty"`
}

// mailedID names the one code that a browser has asked for at an address. A code
// works in no other browser: somebody who talks it out of the person, or reads the
// mail over their shoulder, has nothing.
func mailedID(v Visitor, address string) string {
	return codeID(forMail, v.Device.String(), address)
}

func (d *Desk) digest(v Visitor, address, code string) string {
	return d.Keys().Digest("mailed-code", v.Device.String()+" "+address+" "+code)
}

// MailCode mails a code to an address, if a person who may sign in has it. The
// answer is the same where nobody has; wait says how long to wait before asking
// again, where it was asked for too often.
func (d *Desk) MailCode(ctx context.Context, v Visitor, address string) (wait time.Duration, err error) {
	who := v.at(mailsOf(address))
	if who.Known, err = d.tries.Knows(ctx, v.at(triesOf(address))); err != nil {
		return 0, err
	}
	_, wait, err = d.tries.Begin(ctx, attempts.Mails, who)
	if err != nil || wait > 0 {
		return wait, err
	}
	person, found, err := d.find(ctx, address)
	if err != nil {
		return 0, err
	}
	code, err := sixDigits()
	if err != nil {
		return 0, err
	}
	if err := d.putMailed(ctx, v, address, code); err != nil {
		return 0, err
	}
	letter, err := mail.Code{Code: code, For: CodeFor}.Message(address)
	if err != nil {
		return 0, err
	}
	if !found {
		return 0, nil
	}
	letter.To = person.Address
	if _, err := d.Mail.Send(ctx, letter); err != nil {
		d.Failed("mailing a code", err) // an error here would say that there is such a person
	}
	return 0, nil
}

func sixDigits() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("making a code: %w", err)
	}
	return fmt.Sprintf("%0*d", digits, n), nil
}

// putMailed stores a code in place of the browser's last one.
func (d *Desk) putMailed(ctx context.Context, v Visitor, address, code string) error {
	id := mailedID(v, address)
	body, err := json.Marshal(mailed{Digest: d.digest(v, address, code)})
	if err != nil {
		return fmt.Errorf("keeping a code: %w", err)
	}
	if err := d.Store.Delete(ctx, gate.KindCode, id); err != nil && !errors.Is(err, gate.ErrNotFound) {
		return fmt.Errorf("keeping a code: %w", err)
	}
	_, err = d.Store.Put(ctx, gate.Document{Kind: gate.KindCode, ID: id, Body: body, Until: d.Now().Add(CodeFor)})
	if err != nil && !errors.Is(err, gate.ErrConflict) { // a double click: the other one's mail has the code
		return fmt.Errorf("keeping a code: %w", err)
	}
	return nil
}

// EnterCode signs in whoever types the code that was mailed to an address, into
// the browser that asked for it.
func (d *Desk) EnterCode(ctx context.Context, v Visitor, address, code string) (Outcome, error) {
	try, wait, err := d.tries.Begin(ctx, attempts.Guesses, v.at(triesOf(address)))
	if err != nil {
		return Outcome{Result: TooMany}, err
	}
	if wait > 0 {
		outcome := d.turnAway(v, TooMany, gate.PersonID{}, ByCode)
		outcome.Wait = wait
		return outcome, nil
	}
	right, err := d.takeMailed(ctx, v, address, code)
	if err != nil {
		return Outcome{}, errors.Join(err, d.tries.Void(context.WithoutCancel(ctx), try))
	}
	person, found, err := d.find(ctx, address)
	if err != nil {
		return Outcome{}, err
	}
	if !right || !found {
		return d.turnAway(v, Wrong, person.ID, ByCode), nil
	}
	if err := d.tries.Right(ctx, try); err != nil {
		return Outcome{}, err
	}
	return d.admit(ctx, v, person, ByCode)
}

// takeMailed counts a try at the browser's code and takes the code where the try
// is right. Each try is one change of the document: of several at once, one is
// looked at after the other, and no more than the code has.
func (d *Desk) takeMailed(ctx context.Context, v Visitor, address, code string) (bool, error) {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' { // as people copy and read out digits
			return -1
		}
		return r
	}, code)
	want := d.digest(v, address, code)
	for {
		doc, err := d.Store.Get(ctx, gate.KindCode, mailedID(v, address))
		if errors.Is(err, gate.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("looking up a code: %w", err)
		}
		var m mailed
		if err := json.Unmarshal(doc.Body, &m); err != nil {
			return false, fmt.Errorf("reading a code: %w", err)
		}
		if m.Taken || m.Tries >= maxTries {
			return false, nil
		}
		m.Tries++
		m.Taken = len(code) == digits && subtle.ConstantTimeCompare([]byte(m.Digest), []byte(want)) == 1
		if doc.Body, err = json.Marshal(m); err != nil {
			return false, fmt.Errorf("counting a try at a code: %w", err)
		}
		_, err = d.Store.Put(ctx, doc)
		if err == nil {
			return m.Taken, nil
		}
		if !errors.Is(err, gate.ErrConflict) && !errors.Is(err, gate.ErrNotFound) {
			return false, fmt.Errorf("counting a try at a code: %w", err)
		}
	}
}
