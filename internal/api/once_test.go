package api_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// once sends a request with an Idempotency-Key.
func (s *site) once(key, path, body string) reply {
	s.Helper()
	r := request(s.Context(), "POST", path, body)
	r.Header.Set("Idempotency-Key", key)
	return s.send(s.open, r)
}

func TestRequestsThatAreSentAgain(t *testing.T) {
	w := newWorld(t)
	for path, body := range map[string]string{
		"/persons":            `{"email":"new@example.com"}`,
		"/persons/bulk":       `{"persons":[{"email":"more@example.com"}]}`,
		"/groups":             `{"name":"crew"}`,
		"/collections":        `{"name":"other"}`,
		"/links":              `{"path":"/acme/*"}`,
		"/apikeys":            `{"name":"n","scope":"read"}`,
		"/groups/GROUP/close": ``,
	} {
		path = w.fill.Replace(path)
		first := w.once("key "+path, path, body)
		if first.status != 400 { // spaces are no part of a key
			t.Errorf("%s: %d %s", path, first.status, first.text)
		}
		first = w.once("key-"+path, path, body)
		again := w.once("key-"+path, path, body)
		if first.status/100 != 2 || again.status != first.status || again.text != first.text || again.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("%s: %d %s\nand then %d %s", path, first.status, first.text, again.status, again.text)
		}
	}
	if got := w.once("key-/groups", "/groups", `{"name":"other"}`); got.status != 409 || got.slug() != "idempotency-key-reused" {
		t.Errorf("another body: %d %s", got.status, got.text)
	}
	if got := w.once("key-/groups", "/persons", `{"name":"crew"}`); got.status != 409 || got.slug() != "idempotency-key-reused" {
		t.Errorf("another path: %d %s", got.status, got.text)
	}
	r := request(t.Context(), "POST", "/groups", `{"name":"crew"}`)
	r.Header.Set("Idempotency-Key", "key-/groups")
	r.Header.Set("Usher-As", "olga@example.com")
	if got := w.send(w.open, r); got.slug() != "exists" {
		t.Errorf("somebody else reads the answer: %d %s", got.status, got.text)
	}
	w.now = w.now.Add(24 * time.Hour)
	if got := w.once("key-/groups", "/groups", `{"name":"third"}`); got.status != 201 {
		t.Errorf("after a day: %d %s", got.status, got.text)
	}
}

func TestRefusedRequestsMayBeSentAgain(t *testing.T) {
	s := newSite(t)
	s.must("POST", "/groups", `{"name":"crew"}`)
	if got := s.once("k", "/groups", `{"name":"crew"}`); got.slug() != "exists" {
		t.Errorf("%s", got.text)
	}
	if got := s.once("k", "/groups", `{"name":"second"}`); got.status != 201 {
		t.Errorf("%d %s", got.status, got.text)
	}
}

// Of a request whose end is not known nobody knows whether it was done.
func TestRequestsWhoseEndIsNotKnown(t *testing.T) {
	s := newSite(t)
	s.store.fails = "put group"
	if got := s.once("k", "/groups", `{"name":"crew"}`); got.status != 503 {
		t.Errorf("%d %s", got.status, got.text)
	}
	s.store.fails = ""
	if got := s.once("k", "/groups", `{"name":"crew"}`); got.status != 409 || got.slug() != "idempotency-running" {
		t.Errorf("%d %s", got.status, got.text)
	}
	s.now = s.now.Add(time.Minute)
	if got := s.once("k", "/groups", `{"name":"crew"}`); got.status != 201 {
		t.Errorf("%d %s", got.status, got.text)
	}
	s.store.fails = "get answer"
	if got := s.once("k", "/groups", `{"name":"crew"}`); got.status != 503 {
		t.Errorf("%d %s", got.status, got.text)
	}
	s.store.fails = "put answer"
	if got := s.once("l", "/groups", `{"name":"other"}`); got.status != 503 {
		t.Errorf("%d %s", got.status, got.text)
	}
}

// What is kept of answers tells nothing to whoever reads the store, and nothing
// to anybody once the keys are others.
func TestKeptAnswersAreSealed(t *testing.T) {
	s := newSite(t)
	link := s.once("k", "/links", `{"path":"/acme/*","title":"Rough cut"}`)
	key := s.once("l", "/apikeys", `{"name":"shop","scope":"manage"}`)
	docs, err := s.store.List(t.Context(), gate.KindAnswer, "", "", 10)
	if err != nil || len(docs) != 2 {
		t.Fatal(len(docs), err)
	}
	for _, doc := range docs {
		for _, word := range []string{link.word("url"), "Rough", key.word("key"), "usk_", "shop"} {
			for _, form := range []string{word, base64.StdEncoding.EncodeToString([]byte(word))} {
				if strings.Contains(string(doc.Body), form) {
					t.Errorf("%q stands in %s", word, doc.Body)
				}
			}
		}
		if doc.Until.IsZero() || doc.Until.After(s.now.Add(24*time.Hour)) {
			t.Errorf("kept until %v", doc.Until)
		}
	}
	s.must("POST", "/keys/rotate", `{"use":"seal"}`)
	if got := s.once("k", "/links", `{"path":"/acme/*","title":"Rough cut"}`); got.status != 409 || got.slug() != "idempotency-lost" {
		t.Errorf("%d %s", got.status, got.text)
	}
}
