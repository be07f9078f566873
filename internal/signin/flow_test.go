package signin

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/token"
)

func TestFlowCookies(t *testing.T) {
	now := time.Date(2031, 3, 4, 5, 6, 7, 0, time.UTC)
	keys, err := token.NewKeyring(now)
	if err != nil {
		t.Fatal(err)
	}
	f := flow{next: "/s/abc"}
	rand.Read(f.secret[:])
	text := f.seal(keys, now)
	if got, ok := openFlow(keys, now.Add(FlowFor), text); !ok || got != f {
		t.Errorf("%+v, %v", got, ok)
	}
	for name, at := range map[string]time.Time{"too late": now.Add(FlowFor + time.Second), "from the future": now.Add(-2 * time.Minute)} {
		if _, ok := openFlow(keys, at, text); ok {
			t.Errorf("%s: it was taken", name)
		}
	}
	parts := map[string]bool{}
	other := f
	other.next = "/s/abd"
	for _, part := range []string{"state", "nonce", "verifier"} {
		parts[f.part(part)], parts[other.part(part)] = true, true
	}
	if len(parts) != 6 {
		t.Error("two parts are the same")
	}
}

func FuzzFlowCookie(f *testing.F) {
	now := time.Date(2031, 3, 4, 5, 6, 7, 0, time.UTC)
	keys, err := token.NewKeyring(now)
	if err != nil {
		f.Fatal(err)
	}
	begun := flow{next: "/s/abc"}
	good := begun.seal(keys, now)
	for _, seed := range []string{good, "", ".", good + ".", good[:len(good)-1], "." + good, good + "\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, ok := openFlow(keys, now, text); ok && got.secret != begun.secret {
			t.Errorf("%q was taken, and nobody sealed it", text)
		}
	})
}
