package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/directory"
)

// N21: a link of their own for each recipient.
func TestMint(t *testing.T) {
	s := newSite(t)
	parent := s.link(`{"path":"/acme/*","views":6,"title":"Demo"}`)
	path := "/links/" + parent + "/mint"
	if got := s.ask("POST", path, `{"for_each":"ann@example.com"}`); got.status != 400 || got.word("field") != "views" {
		t.Errorf("without views: %s", got.text)
	}
	list := `"ann@example.com, Ben@example.com\nnot an address; ann@example.com\r\n\r\ncleo@example.com,dan@example.com"`
	minted := s.must("POST", path, `{"for_each":`+list+`,"views":2}`)
	if got := outcomes(minted); !slices.Equal(got, []string{"made", "made", "bad_address", "duplicate", "refused", "refused"}) {
		t.Errorf("%v", got)
	}
	var urls []string
	for i, item := range items(minted)[:2] {
		link := item["link"].(map[string]any)
		want := []string{"ann@example.com", "ben@example.com"}[i]
		if link["parent"] != parent || fmt.Sprint(link["for"]) != "["+want+"]" || link["views"].(map[string]any)["limit"] != 2.0 || item["mail"] != nil {
			t.Errorf("%v", item)
		}
		urls = append(urls, link["url"].(string))
	}
	if urls[0] == urls[1] {
		t.Error("two recipients have one URL")
	}
	again := s.must("POST", path, `{"for_each":["ann@example.com","ben@example.com"],"views":2}`)
	for i, item := range items(again) {
		if item["outcome"] != "already" || item["link"].(map[string]any)["url"] != urls[i] {
			t.Errorf("again: %v", item)
		}
	}
	if left := s.must("GET", "/links/"+parent, "")["views"].(map[string]any)["limit"]; left != 2.0 {
		t.Errorf("the parent has %v views", left)
	}
	first := items(again)[0]["link"].(map[string]any)["id"].(string)
	s.must("POST", "/links/"+first+"/revoke", "")
	if got := outcomes(s.must("POST", path, `{"for_each":"ann@example.com","views":1}`)); got[0] != "made" {
		t.Errorf("after the first was revoked: %v", got)
	}
	for body, field := range map[string]string{
		`{"for_each":[],"views":1}`:                             "for_each",
		`{"for_each":"` + many(201) + `","views":1}`:            "for_each",
		`{"for_each":"x@example.com","views":1,"message":"hi"}`: "message",
		`{"for_each":"x@example.com","views":1,"can":"view"}`:   "can",
	} {
		if got := s.ask("POST", path, body); got.status != 400 || got.word("field") != field {
			t.Errorf("%.50s: %d %s", body, got.status, got.text)
		}
	}
}

// TestTwoMintsAtOnceMakeOneLink: another request, with a key of its own, comes
// while the first one is about to make the link.
func TestTwoMintsAtOnceMakeOneLink(t *testing.T) {
	s := newSite(t)
	parent := s.link(`{"path":"/acme/*","views":6}`)
	mint := func(key string) map[string]any {
		r := request(t.Context(), "POST", "/links/"+parent+"/mint", `{"for_each":"ann@example.com","views":2}`)
		r.Header.Set("Idempotency-Key", key)
		return items(s.send(s.open, r).object)[0]
	}
	var second map[string]any
	s.store.before = func(verb string) {
		if verb == "issue" {
			s.store.before = nil
			second = mint("two")
		}
	}
	first := mint("one")
	if first["outcome"] != "made" || second["outcome"] != "refused" || !strings.Contains(second["why"].(string), "at this moment") {
		t.Errorf("first %v, second %v", first, second)
	}
	link := first["link"].(map[string]any)["id"]
	if again := mint("three"); again["outcome"] != "already" || again["link"].(map[string]any)["id"] != link {
		t.Errorf("asked again: %v", again)
	}
	if left := s.must("GET", "/links/"+parent, "")["views"].(map[string]any)["limit"]; left != 4.0 {
		t.Errorf("the parent has %v views", left)
	}
	// One that was refused keeps nobody out.
	if got := items(s.must("POST", "/links/"+parent+"/mint", `{"for_each":"ben@example.com","views":9}`))[0]; got["outcome"] != "refused" {
		t.Errorf("%v", got)
	}
	if got := items(s.must("POST", "/links/"+parent+"/mint", `{"for_each":"ben@example.com","views":1}`))[0]; got["outcome"] != "made" {
		t.Errorf("%v", got)
	}
}

// A12, B3, B13, G16: a link goes out by mail as a personal one, and nothing gets
// wider by it.
func TestMailedLinks(t *testing.T) {
	s := newSite(t)
	acme := s.collection("acme", "locked", "deny")
	parent := s.link(`{"collection":"acme","views":10,"title":"The rough cut","expires_at":"2026-03-10T00:00:00Z"}`)
	sent := s.must("POST", "/links/"+parent+"/mail", `{"to":["ann@example.com"],"views":2,"message":"Hello,\nlook <b>here</b>"}`)
	if sent["level_before"] != "locked" || sent["level_after"] != "locked" || s.must("GET", "/collections/"+acme, "")["level"] != "locked" {
		t.Errorf("%v", sent)
	}
	item := items(sent)[0]
	link := item["link"].(map[string]any)
	mails := s.box.to("ann@example.com")
	if len(mails) != 1 || item["mail"] != "sent" || item["message"] != nil || fmt.Sprint(link["for"]) != "[ann@example.com]" {
		t.Fatalf("%v, %d mails", item, len(mails))
	}
	for _, words := range []string{link["url"].(string), "2 views", "10 March 2026, 00:00 UTC", "look <b>here</b>", "The rough cut"} {
		if !strings.Contains(mails[0].Text, words) {
			t.Errorf("the mail does not say %q:\n%s", words, mails[0].Text)
		}
	}
	if strings.Contains(mails[0].HTML, "<b>here") || strings.Contains(mails[0].Text, s.must("GET", "/links/"+parent, "")["url"].(string)) {
		t.Errorf("markup, or the parent's URL, is in the mail:\n%s", mails[0].HTML)
	}
	if got := items(s.must("POST", "/links/"+link["id"].(string)+"/mail", `{"to":["ann@example.com"]}`))[0]; got["outcome"] != "already" || got["link"].(map[string]any)["id"] != link["id"] {
		t.Errorf("a personal link is mailed as it is: %v", got)
	}
	s.box.full = true
	if got := items(s.must("POST", "/links/"+parent+"/mail", `{"to":["ben@example.com"],"views":1}`))[0]; got["mail"] != "failed" || got["outcome"] != "made" {
		t.Errorf("a mail that was not taken: %v", got)
	}
	s.box.full, s.box.none = false, true
	byHand := items(s.must("POST", "/links/"+parent+"/mail", `{"to":["ben@example.com"],"views":1}`))[0]
	letter := byHand["message"].(map[string]any)
	if byHand["mail"] != "by_hand" || letter["to"] != "ben@example.com" || !strings.Contains(letter["text"].(string), byHand["link"].(map[string]any)["url"].(string)) {
		t.Errorf("without a mail setting: %v", byHand)
	}
	for _, message := range []string{`"a\u0000b"`, `"x\u202ey"`, `"` + strings.Repeat("x", 2001) + `"`} {
		if got := s.ask("POST", "/links/"+parent+"/mail", `{"to":["cleo@example.com"],"views":1,"message":`+message+`}`); got.status != 400 || got.word("field") != "message" {
			t.Errorf("%.20s: %s", message, got.text)
		}
	}
	if got := outcomes(s.must("POST", "/links/"+parent+"/mail", `{"to":["x@example.com\r\nBcc: y@example.com"],"views":1}`)); got[0] != "bad_address" {
		t.Errorf("a header in an address: %v", got)
	}
}

func FuzzAddresses(f *testing.F) {
	for _, seed := range []string{
		`"ann@example.com, ben@example.com"`, `["ann@example.com"]`, `"a@b.c;;\n,"`, `["a@b.c",1]`, `{}`, `"\u0000@x.y"`, `"Ann <ann@example.com>"`, `null`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		s := newSite(t)
		s.box.none = true
		got := s.ask("POST", "/invites", `{"emails":`+text+`}`)
		if got.status/100 != 2 {
			if got.status >= 500 {
				t.Fatalf("%s", got.text)
			}
			return
		}
		seen := map[string]bool{}
		for _, item := range items(got.object) {
			email := item["email"].(string)
			if item["outcome"] == "bad_address" {
				continue
			}
			if address, err := directory.ParseAddress(email); err != nil || address != email || seen[email] == (item["outcome"] != "duplicate") {
				t.Fatalf("%v from %s", item, text)
			}
			seen[email] = true
		}
	})
}
