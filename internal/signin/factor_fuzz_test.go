package signin_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

// Whatever a browser posts as an authenticator's answer, nobody gets in by it who
// has not signed the challenge, nothing breaks, and no passkey comes of it.
func FuzzPasskeyAnswer(f *testing.F) {
	key := newAuthenticator(f)
	for _, o := range []options{{Challenge: text(make([]byte, 32))}, {}} {
		f.Add(key.shows(o), false)
		f.Add(key.makes(o), true)
	}
	for _, text := range []string{"", "null", "{}", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`, `{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","attestationObject":"oA"}}`} {
		f.Add(text, true)
		f.Add(text, false)
	}
	now := time.Date(2031, 3, 4, 5, 6, 7, 0, time.UTC)
	store := model.New(func() time.Time { return now })
	ring, err := token.NewKeyring(now)
	if err != nil {
		f.Fatal(err)
	}
	party, err := signin.NewParty(site, true)
	if err != nil {
		f.Fatal(err)
	}
	has, hasNot := signin.Person{ID: gate.PersonID{1}, Address: anna, Live: true}, signin.Person{ID: gate.PersonID{2}, Address: ben, Live: true}
	desk := signin.NewDesk(signin.Options{
		Store: store, People: &people{byID: map[gate.PersonID]signin.Person{has.ID: has, hasNot.ID: hasNot}}, Keys: func() *token.Keyring { return ring },
		Now: func() time.Time { return now }, Mail: &box{none: true}, PublicURL: site, Idle: time.Hour, Max: time.Hour, SecondFactor: signin.FactorEveryone, Party: party,
		Failed: func(string, error) {},
	})
	if err := desk.Put(f.Context(), has, webauthn.Credential{ID: key.id, PublicKey: key.public()}); err != nil {
		f.Fatal(err)
	}
	v := signin.Visitor{Device: gate.DeviceID{3}, Group: netip.MustParsePrefix("192.0.2.1/32")}
	f.Fuzz(func(t *testing.T, said string, makes bool) {
		now = now.Add(2 * time.Hour) // wrong tries are forgotten
		person := has
		if makes {
			person = hasNot
		}
		if err := desk.Ask(t.Context(), v, person, makes); err != nil {
			t.Fatal(err)
		}
		outcome, err := desk.FinishPasskey(t.Context(), v, "name", said)
		if err != nil || outcome.Result != signin.Wrong {
			t.Fatalf("%s, %v", outcome.Result, err)
		}
		if all, err := desk.Passkeys(t.Context(), hasNot.ID); err != nil || len(all) != 0 {
			t.Fatalf("%+v, %v", all, err)
		}
	})
}
