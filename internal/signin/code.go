package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Activation is what an activation link stands for.
type Activation struct {
	// Invite is the invitation's id, "inv_…".
	Invite string        `json:"invite"`
	Person gate.PersonID `json:"person"`
	// Address is where the link was mailed to, and where a fresh one goes.
	Address string `json:"address"`
	// Tell is the address of who is told when somebody else comes with the link;
	// empty: nobody.
	Tell string `json:"tell,omitempty"`
	// Next is where the person goes when they are in: a path of the site.
	Next string `json:"next,omitempty"`
	// Until is when the link ends.
	Until time.Time `json:"until"`
}

// held is what is stored of an activation link.
type held struct {
	Activation
	// Fresh says that the link was mailed after another one was used.
	Fresh bool `json:"fresh,omitempty"`
	// Had is the mark of the password that the person had when the link was made;
	// empty: none. Whoever chose another one since is not there for the taking.
	Had string `json:"had,omitempty"`
	// ByHand says that somebody other than the person was given the link, to pass
	// it on. Void says that the person came in without it.
	ByHand bool `json:"by_hand,omitempty"`
	Void   bool `json:"void,omitempty"`
	// UsedBy is the device that used it; zero: none yet.
	UsedBy gate.DeviceID `json:"used_by,omitzero"`
	UsedAt time.Time     `json:"used_at,omitzero"`
}

// again is how long the device that used a link may use it once more: its answer
// may have been lost, or the store away in the middle.
const again = time.Minute

// state is what the link means to a device.
func (h held) state(device gate.DeviceID, now time.Time) Result {
	switch {
	case h.UsedBy.IsZero():
		return In
	case h.UsedBy == device && now.Sub(h.UsedAt) < again:
		return In
	}
	return Used
}

// mark names a password without telling it; empty: there is none.
func mark(phc string) string {
	if phc == "" {
		return ""
	}
	return codeID("password", phc)
}

// means is what the link means to the visitor. One that nobody used is used up as
// well once its person has another password than when it was made, or came in
// without it where it was given by hand: who still has it need not be that person.
func (d *Desk) means(ctx context.Context, v Visitor, h held) (Result, error) {
	if !h.UsedBy.IsZero() {
		return h.state(v.Device, d.Now()), nil
	}
	if h.Void {
		return Used, nil
	}
	person, err := d.People.ByID(ctx, h.Person)
	switch {
	case errors.Is(err, gate.ErrNotFound):
		return Gone, nil
	case err != nil:
		return Gone, fmt.Errorf("looking up whose activation link it is: %w", err)
	case mark(person.Password) != h.Had:
		return Used, nil
	}
	return In, nil
}

// codeText is the alphabet of ids, in which nothing needs encoding in a URL.
var codeText = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// codeSize is 160 bits: past guessing, so tries at it need not be counted.
const codeSize = 20

// newCode returns the text of an activation link.
func newCode() string {
	var raw [codeSize]byte
	rand.Read(raw[:])
	return codeText.EncodeToString(raw[:])
}

// validCode keeps what cannot be a code from being looked up.
func validCode(code string) bool {
	return len(code) == codeText.EncodedLen(codeSize) && strings.Trim(code, "0123456789abcdefghijklmnopqrstuv") == ""
}

// codeID is under which a one-time thing is stored. Only the hash is, so that who
// reads the store cannot use what is in it; the purpose is part of it, so that
// what was made for one is never taken for another.
func codeID(purpose string, parts ...string) string {
	sum := sha256.New()
	for _, part := range append([]string{purpose}, parts...) {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Purposes of what is kept as a code.
const (
	forActivation = "activation"
	forFresh      = "fresh" // marks that a fresh link was mailed a short while ago
	forMail       = "mail"
)

// NewActivation makes an activation link and returns its code, which is nowhere
// else. Links of the same invitation that were not used yet end.
func (d *Desk) NewActivation(ctx context.Context, a Activation) (string, error) {
	if err := d.withdraw(ctx, a.Invite, func(h held) bool { return h.UsedBy.IsZero() }); err != nil {
		return "", err
	}
	return d.putActivation(ctx, held{Activation: a, ByHand: !d.Mail.Delivers()})
}

func (d *Desk) putActivation(ctx context.Context, h held) (string, error) {
	if !d.Now().Before(h.Until) {
		return "", errors.New("an activation link has to end in the future")
	}
	person, err := d.People.ByID(ctx, h.Person)
	if err != nil {
		return "", fmt.Errorf("making an activation link: %w", err)
	}
	h.Had = mark(person.Password)
	body, err := json.Marshal(h)
	if err != nil {
		return "", fmt.Errorf("making an activation link: %w", err)
	}
	code := newCode()
	if _, err = d.Store.Put(ctx, gate.Document{
		Kind: gate.KindCode, ID: codeID(forActivation, code), Body: body, Index: []string{h.Invite, h.Person.String()}, Until: h.Until,
	}); err != nil {
		return "", fmt.Errorf("making an activation link: %w", err)
	}
	return code, nil
}

// Withdraw ends all activation links of an invitation.
func (d *Desk) Withdraw(ctx context.Context, invite string) error {
	return d.withdraw(ctx, invite, func(held) bool { return true })
}

// maxLinks bounds how many links of one invitation are looked at.
const maxLinks = 1000

func (d *Desk) withdraw(ctx context.Context, invite string, which func(held) bool) error {
	docs, err := d.Store.List(ctx, gate.KindCode, invite, "", maxLinks)
	if err != nil {
		return fmt.Errorf("withdrawing activation links: %w", err)
	}
	for _, doc := range docs {
		h, err := heldFrom(doc)
		if err != nil {
			return err
		}
		if !which(h) {
			continue
		}
		if err := d.Store.Delete(ctx, doc.Kind, doc.ID); err != nil && !errors.Is(err, gate.ErrNotFound) {
			return fmt.Errorf("withdrawing activation links: %w", err)
		}
	}
	return nil
}

// void ends the activation links that were given by hand for a person who came in
// without them. One that is just being used is left to whoever uses it.
func (d *Desk) void(ctx context.Context, person gate.PersonID) error {
	docs, err := d.Store.List(ctx, gate.KindCode, person.String(), "", maxLinks)
	if err != nil {
		return fmt.Errorf("ending activation links: %w", err)
	}
	for _, doc := range docs {
		h, err := heldFrom(doc)
		if err != nil {
			return err
		}
		if !h.ByHand || h.Void || !h.UsedBy.IsZero() {
			continue
		}
		h.Void = true
		if doc.Body, err = json.Marshal(h); err != nil {
			return fmt.Errorf("ending activation links: %w", err)
		}
		if _, err := d.Store.Put(ctx, doc); err != nil && !errors.Is(err, gate.ErrConflict) && !errors.Is(err, gate.ErrNotFound) {
			return fmt.Errorf("ending activation links: %w", err)
		}
	}
	return nil
}

func heldFrom(doc gate.Document) (held, error) {
	var h held
	if err := json.Unmarshal(doc.Body, &h); err != nil {
		return h, fmt.Errorf("reading an activation link: %w", err)
	}
	return h, nil
}

// activation reads the link of a code; ErrNotFound where there is none.
func (d *Desk) activation(ctx context.Context, code string) (held, gate.Document, error) {
	if !validCode(code) {
		return held{}, gate.Document{}, gate.ErrNotFound
	}
	doc, err := d.Store.Get(ctx, gate.KindCode, codeID(forActivation, code))
	if err != nil {
		return held{}, doc, fmt.Errorf("looking up an activation link: %w", err)
	}
	h, err := heldFrom(doc)
	return h, doc, err
}

// Look says what an activation link means to a device, and changes nothing: In
// where it can be used, else Used or Gone.
func (d *Desk) Look(ctx context.Context, v Visitor, code string) (Activation, Result, error) {
	h, _, err := d.activation(ctx, code)
	if errors.Is(err, gate.ErrNotFound) {
		return Activation{}, Gone, nil
	}
	if err != nil {
		return Activation{}, Gone, err
	}
	result, err := d.means(ctx, v, h)
	return h.Activation, result, err
}

// take uses the link up for the device. Of several at once one gets In.
func (d *Desk) take(ctx context.Context, v Visitor, code string) (held, Result, error) {
	for {
		h, doc, err := d.activation(ctx, code)
		if errors.Is(err, gate.ErrNotFound) {
			return h, Gone, nil
		}
		if err != nil {
			return h, Gone, err
		}
		if result, err := d.means(ctx, v, h); err != nil || result != In {
			return h, result, err
		}
		if h.UsedBy.IsZero() {
			h.UsedBy, h.UsedAt = v.Device, d.Now().UTC()
		}
		if doc.Body, err = json.Marshal(h); err != nil {
			return h, Gone, fmt.Errorf("using an activation link: %w", err)
		}
		_, err = d.Store.Put(ctx, doc)
		if err == nil {
			return h, In, nil
		}
		if !errors.Is(err, gate.ErrConflict) && !errors.Is(err, gate.ErrNotFound) {
			return h, Gone, fmt.Errorf("using an activation link: %w", err)
		}
	}
}
