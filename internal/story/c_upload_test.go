package story

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// slow is an upstream that tells when an upload has begun, and which came whole.
type slow struct {
	*upstream
	begun chan struct{}
	ended chan string // the path of one that came whole, or ""
}

func newSlow(t *testing.T) *slow {
	s := &slow{begun: make(chan struct{}, 8), ended: make(chan string, 8)}
	s.upstream = newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut {
			http.NotFound(w, r)
			return
		}
		if _, err := io.ReadFull(r.Body, make([]byte, 4)); err != nil {
			s.ended <- ""
			return
		}
		s.begun <- struct{}{}
		whole := r.URL.Path
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			whole = ""
		}
		s.ended <- whole
	})
	return s
}

// uploads begins an upload that goes on and says nothing, and returns what was
// answered in the end.
func (s *slow) uploads(a *actor, path string) <-chan answer {
	a.Helper()
	body, more := io.Pipe()
	ctx, cancel := context.WithTimeout(a.Context(), 20*time.Second)
	a.Cleanup(cancel)
	a.Cleanup(func() { _ = more.Close() })
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, a.URL+path, body)
	if err != nil {
		a.Fatal(err)
	}
	answered := make(chan answer, 1)
	go func() {
		defer close(answered)
		resp, err := a.Client.Do(req)
		if err != nil {
			a.Errorf("%s: %v", path, err)
			return
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		answered <- answer{Response: resp, body: string(text)}
	}()
	if _, err := io.WriteString(more, "half"); err != nil {
		a.Fatal(err)
	}
	<-s.begun
	return answered
}

// An upload that runs is cut, as a download is, by whatever would refuse the next
// one. The upstream gets no end of it, and nothing of it is a view.
func TestC3N15ARunningUploadIsCut(t *testing.T) {
	u := newSlow(t)
	onBothStages(t, func(s *stage) {
		s.CLI("collection", "create", "drop", "--path", "/drop/*", "--level", "link")
		for path, c := range map[string]struct {
			reason string
			change func(person string, l link)
			person bool
			http2  bool
		}{
			"/drop/http2.mp4":     {reason: "suspended", http2: true, change: func(_ string, l link) { s.CLI("link", "suspend", l.ID) }},
			"/drop/suspended.mp4": {reason: "suspended", change: func(_ string, l link) { s.CLI("link", "suspend", l.ID) }},
			"/drop/less.mp4":      {reason: "no_capability", change: func(_ string, l link) { s.CLI("link", "change", l.ID, "--can", "view") }},
			"/drop/taken.mp4": {reason: "locked", person: true, change: func(person string, _ link) {
				s.CLI("grant", "delete", "drop", "--person", person)
			}},
			"/drop/cut.mp4": {reason: "no_session", person: true, change: func(person string, _ link) { s.CLI("person", "cut", person) }},
		} {
			l := s.share("--collection", "drop", "--can", "view,upload", "--views", "1")
			who, at, email := s.anybody(), "", ""
			if c.person {
				email = strings.TrimSuffix(path[len("/drop/"):], ".mp4") + "@example.com"
				who = s.person(email)
				s.CLI("grant", "create", "drop", "--person", email, "--can", "view,upload")
			} else {
				at = who.opens(l, path)
			}
			if c.http2 {
				protocols := new(http.Protocols)
				protocols.SetUnencryptedHTTP2(true)
				who.Client.Transport = &http.Transport{Protocols: protocols}
			}
			answered := u.uploads(who, at+path)
			c.change(email, l)
			a, ok := <-answered
			if !ok {
				s.Fatalf("%s: no answer", path)
			}
			wantStatus(s, a, http.StatusForbidden, c.reason)
			if whole := <-u.ended; whole != "" {
				s.Errorf("%s came whole", whole)
			}
			wantViews(s, s.Server, l.ID, 0, 0)
		}
		if log := s.Server.Log(); strings.Count(log, "a running upload was cut") != 5 {
			s.Errorf("the log says\n%s", log)
		}
	}, "\tfile_server {\n\t\troot {dir}/site\n\t}\n", "\treverse_proxy "+strings.TrimPrefix(u.URL, "http://")+"\n", "\t\tapi\n", "\t\tapi\n\t\tupload 1MiB\n",
		"\tusher {\n\t\tstore", "\tservers {\n\t\tprotocols h1 h2c\n\t}\n\tusher {\n\t\tstore")
}
