package embedded

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

const (
	childVariable    = "USHER_STORE_TEST_CHILD"
	childDirVariable = "USHER_STORE_TEST_DIR"
)

// children is what the test binary does instead of testing when it is started
// as another process, by the name that is given to it.
var children = map[string]func(dir string){
	"charge": chargeForEver,
	"open":   openAndSay,
}

func child(ctx context.Context, t *testing.T, name, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), childVariable+"="+name, childDirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// killViews is the limit of each link that the killed process charges.
const killViews = 200

// A process that is killed at any moment has kept every charge that it
// acknowledged, and has not admitted anybody beyond the limit.
func TestKilledWhileCharging(t *testing.T) {
	dir := privateDir(t)
	acknowledged := make(map[gate.LinkID][]gate.Subject)
	for range 12 {
		// The last rounds run into the limit, and beyond.
		link, subjects := killedChild(t, dir, 1+rand.IntN(killViews+50))
		acknowledged[link] = subjects

		s := openStore(t, dir, Options{})
		for link, subjects := range acknowledged {
			account := must(s.Account(t.Context(), link))(t)
			if account.Used < int64(len(subjects)) {
				t.Errorf("%d charges were acknowledged and %d are kept", len(subjects), account.Used)
			}
			if account.Used+account.Reserved > killViews {
				t.Errorf("used %d + reserved %d is above %d", account.Used, account.Reserved, killViews)
			}
			for _, subject := range subjects {
				state := must(s.Check(t.Context(), gate.Query{Link: link, Subject: subject, Asset: "asset"}))(t)
				if state.Play.State != gate.PlayCharged {
					t.Errorf("an acknowledged play is gone: %+v", state.Play)
				}
			}
		}
		closeStore(t, s)
	}
}

// killedChild lets a process charge until it has said so many lines, kills it,
// and returns its link and the subjects that it acknowledged until it was dead.
func killedChild(t *testing.T, dir string, lines int) (link gate.LinkID, subjects []gate.Subject) {
	t.Helper()
	cmd := child(t.Context(), t, "charge", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	for n := 0; said.Scan(); n++ {
		verb, text, _ := strings.Cut(said.Text(), " ")
		switch verb {
		case "link":
			link = must(gate.ParseLinkID(text))(t)
		case "charged":
			subjects = append(subjects, gate.Subject(must(token.ParseID(text))(t)))
		}
		if n == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return link, subjects
}

// chargeForEver charges views of a link from eight goroutines and says each
// one once it was acknowledged.
func chargeForEver(dir string) {
	ctx := context.Background()
	s, err := Open(dir, Options{})
	exitOn(err)
	link := gate.LinkID(newID())
	_, err = s.Issue(ctx, link, gate.Terms{Views: killViews})
	exitOn(err)
	o := openingOf(link)
	_, err = s.Open(ctx, o)
	exitOn(err)
	fmt.Println("link", link)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				subject := gate.Subject(newID())
				c := gate.Claim{Link: link, Session: o.Session, Subject: subject, Asset: "asset", Pace: pace}
				claimed, err := s.Reserve(ctx, c)
				exitOn(err)
				if claimed.Refused.Reason != gate.OK {
					fmt.Println("spent")
					continue
				}
				settled, err := s.Settle(ctx, chargeOf(c))
				exitOn(err)
				if settled.Charged {
					fmt.Println("charged", subject)
				}
			}
		})
	}
	all.Wait()
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestSecondProcessIsTold(t *testing.T) {
	s, _ := newStore(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	start := time.Now()
	out, err := child(ctx, t, "open", strings.TrimSuffix(s.path, "/"+fileName)).Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("after %v: %s", time.Since(start).Round(time.Millisecond), out)
	for _, want := range []string{s.path, "another process"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the error does not speak of %q: %s", want, out)
		}
	}
}

// openAndSay opens the store and says the error.
func openAndSay(dir string) {
	_, err := Open(dir, Options{})
	fmt.Println(err)
}
