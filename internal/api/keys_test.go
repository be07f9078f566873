package api_test

import (
	"errors"
	"strings"
	"testing"
)

func (s *site) keyStates() string {
	s.Helper()
	var states []string
	for _, k := range s.must("GET", "/keys", "")["keys"].([]any) {
		key := k.(map[string]any)
		states = append(states, key["use"].(string)+" "+key["state"].(string))
	}
	return strings.Join(states, ", ")
}

func TestKeys(t *testing.T) {
	s := newSite(t)
	seal := s.must("GET", "/keys", "")["keys"].([]any)[0].(map[string]any)["id"].(string)
	link := s.link(`{"path":"/acme/*"}`)
	before := s.must("GET", "/links/"+link, "")["url"].(string)

	if got := s.ask("POST", "/keys/"+seal+"/retire", ""); got.status != 409 || got.slug() != "key-rules" {
		t.Errorf("retiring the key that seals: %d %s", got.status, got.text)
	}
	if key := s.must("POST", "/keys/rotate", `{"use":"seal"}`); key["state"] != "signing" || key["use"] != "seal" || key["id"] == seal {
		t.Errorf("rotated: %v", key)
	}
	s.must("POST", "/keys/rotate", `{"use":"link"}`)
	if got := s.keyStates(); got != "seal verifying, link verifying, seal signing, link signing" {
		t.Errorf("after rotation: %s", got)
	}
	if e := s.must("POST", "/explain", `{"url":"`+before+`"}`); e["reason"] != "ok" {
		t.Errorf("an old URL after rotation: %v", e)
	}
	if key := s.must("POST", "/keys/"+seal+"/retire", ""); key["state"] != "retired" || key["retired_at"] == nil {
		t.Errorf("retired: %v", key)
	}
	if e := s.must("POST", "/explain", `{"url":"`+before+`"}`); e["reason"] != "unknown_key" {
		t.Errorf("an old URL after its key was retired: %v", e)
	}
}

func TestKeysShowNoSecret(t *testing.T) {
	s := newSite(t)
	file, err := s.keys.Ring().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	said := s.ask("GET", "/keys", "").text + s.ask("POST", "/keys/rotate", `{"use":"link"}`).text
	for piece := range strings.SplitSeq(string(file), `"`) {
		if len(piece) >= 32 && strings.Contains(said, piece) {
			t.Errorf("a secret of the keyring is shown: %s", said)
		}
	}
	if !strings.Contains(string(file), `"k"`) {
		t.Error("the keys file has no secret to look for: this test sees nothing")
	}
}

func TestBadKeyRequests(t *testing.T) {
	s := newSite(t)
	tests := []struct {
		path, body, slug string
	}{
		{"/keys/rotate", `{}`, "bad-value"},
		{"/keys/rotate", `{"use":"Seal"}`, "bad-value"},
		{"/keys/rotate", `{"use":"seal","state":"signing"}`, "unknown-field"},
		{"/keys/none/retire", "", "not-found"},
		{"/keys/link-1/retire", `{"force":true}`, "unknown-field"},
	}
	for _, test := range tests {
		if got := s.ask("POST", test.path, test.body); got.slug() != test.slug {
			t.Errorf("%s %s: %s", test.path, test.body, got.text)
		}
	}
	for range 6 {
		s.must("POST", "/keys/rotate", `{"use":"link"}`)
	}
	s.must("POST", "/keys/rotate", `{"use":"link"}`)
	if got := s.ask("POST", "/keys/rotate", `{"use":"link"}`); got.status != 409 || got.slug() != "key-rules" {
		t.Errorf("one live key too many: %d %s", got.status, got.text)
	}
	s.keys.fail = errors.New("the disk is full")
	for path, body := range map[string]string{"/keys/rotate": `{"use":"seal"}`, "/keys/link-1/retire": ""} {
		if got := s.ask("POST", path, body); got.status != 500 || got.slug() != "keys-not-written" {
			t.Errorf("%s without a disk: %d %s", path, got.status, got.text)
		}
	}
}
