package compare

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/loadtest/internal/wire"
)

// hired is a crew of two at a server.
func hired(t *testing.T, handler http.HandlerFunc) *crew {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	addr := strings.TrimPrefix(server.URL, "http://")
	right := shot{wire.Get(addr, "/"), wire.Answer{Status: 200, Length: 2, First: 'o', Last: 'k'}}
	c, err := hire(t.Context(), addr, [][]shot{{right}, {right}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.dismiss)
	return c
}

const aMoment = 50 * time.Millisecond

func TestEveryRequestIsCounted(t *testing.T) {
	served := make(chan struct{}, 1<<20)
	c := hired(t, func(w http.ResponseWriter, _ *http.Request) {
		served <- struct{}{}
		_, _ = io.WriteString(w, "ok")
	})
	for range 2 { // the second time begins anew
		s, latency, err := c.work(t.Context(), aMoment)
		if err != nil || s.errors != 0 || s.requests != int64(len(served)) || latency.TotalCount() != s.requests {
			t.Fatalf("%+v, %d latencies, %v; %d were served", s, latency.TotalCount(), err, len(served))
		}
		for len(served) > 0 {
			<-served
		}
	}
}

func TestWrongAnswersAreCounted(t *testing.T) {
	first := make(chan struct{}, 1)
	first <- struct{}{}
	c := hired(t, func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-first:
			_, _ = io.WriteString(w, "ok")
		default:
			_, _ = io.WriteString(w, "no")
		}
	})
	s, _, err := c.work(t.Context(), time.Second)
	if err != nil || s.requests != 1 || s.errors != 2*tired || s.first == nil {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestNotOneRightAnswer(t *testing.T) {
	c := hired(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	if _, _, err := c.work(t.Context(), aMoment); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("%v", err)
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := hire(t.Context(), l.Addr().String(), make([][]shot, 2)); err == nil {
		t.Error("a crew was hired for nobody")
	}
}
