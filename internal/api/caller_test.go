package api_test

import (
	"strings"
	"testing"
	"time"
)

func TestActingAsAPerson(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"olga@example.com", "OLGA@example.com", w.ids["olga@example.com"]} {
		if got := w.behalf(name, "GET", "/me", ""); got.object["person"].(map[string]any)["email"] != "olga@example.com" {
			t.Errorf("%s: %s", name, got.text)
		}
	}
	got := w.behalf("olga@example.com", "POST", "/persons", `{"email":"new@example.com"}`)
	if got.word("created_by") != w.ids["olga@example.com"] {
		t.Errorf("%s", got.text)
	}
	gone := w.person("gone@example.com", "manager")
	ends := w.must("POST", "/persons", `{"email":"ends@example.com","role":"manager","until":"1h"}`)["id"].(string)
	goneKey, endsKey := w.keyOf("gone@example.com", "manage"), w.keyOf("ends@example.com", "manage")
	w.must("DELETE", "/persons/"+gone, "")
	w.now = w.now.Add(time.Hour)
	for _, test := range []struct {
		name   string
		status int
		slug   string
	}{
		{"nobody@example.com", 403, "forbidden"},
		{"gone@example.com", 403, "forbidden"},
		{gone, 403, "forbidden"},
		{ends, 403, "forbidden"},
		{"sue@example.com", 403, "forbidden"},
		{"x", 400, "bad-value"},
		{"", 400, "bad-value"},
		{"a@b@c", 400, "bad-value"},
	} {
		if got := w.behalf(test.name, "GET", "/me", ""); got.status != test.status || got.slug() != test.slug || got.word("field") == "" && test.status == 400 {
			t.Errorf("%s: %d %s", test.name, got.status, got.text)
		}
	}
	for _, key := range []string{goneKey, endsKey, w.suspendedKey} {
		if got := w.as(bearer(key), "GET", "/me", ""); got.status != 401 || got.slug() != "unauthorized" {
			t.Errorf("%d %s", got.status, got.text)
		}
	}
	r := request(t.Context(), "GET", "/me", "")
	r.Header["Usher-As"] = []string{"olga@example.com", "max@example.com"}
	if got := w.send(w.open, r); got.status != 400 {
		t.Errorf("two names: %d %s", got.status, got.text)
	}
	_, key := w.apiKey(`{"name":"shop","scope":"manage"}`)
	r = request(t.Context(), "GET", "/me", "")
	r.Header.Set("Authorization", "Bearer "+key)
	if got := w.send(w.guard, r); got.object["operator"] != true || got.object["scope"] != "manage" {
		t.Errorf("an operator's key: %s", got.text)
	}
	r.Header.Set("Usher-As", "olga@example.com")
	if got := w.send(w.guard, r); got.status != 403 {
		t.Errorf("a key acts as somebody else: %d %s", got.status, got.text)
	}
}

// Nobody but an operator makes a key that is an operator's.
func TestKeysOfPersons(t *testing.T) {
	w := newWorld(t)
	own := w.behalf("olga@example.com", "POST", "/apikeys", `{"name":"n","scope":"manage"}`)
	if own.word("person") != w.ids["olga@example.com"] {
		t.Errorf("%s", own.text)
	}
	if got := w.as(bearer(own.word("key")), "GET", "/me", ""); got.object["operator"] != false || got.object["scope"] != "manage" {
		t.Errorf("%s", got.text)
	}
	if got := w.as(bearer(own.word("key")), "POST", "/persons", `{"email":"new@example.com"}`); got.word("created_by") != w.ids["olga@example.com"] {
		t.Errorf("%s", got.text)
	}
	if got := w.behalf("olga@example.com", "POST", "/apikeys", `{"name":"n","scope":"read","person":"max@example.com"}`); got.word("person") != w.ids["max@example.com"] {
		t.Errorf("%s", got.text)
	}
	for _, name := range []string{"per_0000000000000000000g", "no@example.com", "x"} {
		if got := w.ask("POST", "/apikeys", `{"name":"n","scope":"read","person":"`+name+`"}`); got.status != 400 || got.word("field") != "person" {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	if !strings.Contains(w.ask("GET", "/apikeys", "").text, w.ids["max@example.com"]) {
		t.Error("a list of keys does not say whose they are")
	}
}

// Who may not see the directory cannot find out either who is in it.
func TestAddressesAreNotForEverybodyToTry(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/grants", `{"collection":"acme","person":"lea@example.com","can":["view","share"]}`)
	for _, test := range []struct{ method, path, body string }{
		{"GET", "/persons?email=ADDRESS", ""},
		{"GET", "/grants?person=ADDRESS", ""},
		{"GET", "/sessions?person=ADDRESS", ""},
		{"PUT", "/grants", `{"collection":"acme","person":"ADDRESS","can":["view"]}`},
		{"PATCH", "/persons/" + w.ids["lea@example.com"], `{"sponsor":"ADDRESS"}`},
		{"POST", "/persons", `{"email":"new@example.com","sponsor":"ADDRESS"}`},
		{"DELETE", "/persons/" + w.ids["lea@example.com"] + "?heir=ADDRESS", ""},
		{"POST", "/apikeys", `{"name":"n","scope":"read","person":"ADDRESS"}`},
	} {
		known, unknown := strings.NewReplacer("ADDRESS", "tess@example.com"), strings.NewReplacer("ADDRESS", "no@example.com")
		one := w.behalf("lea@example.com", test.method, known.Replace(test.path), known.Replace(test.body))
		two := w.behalf("lea@example.com", test.method, unknown.Replace(test.path), unknown.Replace(test.body))
		if one.text != two.text || one.status != 403 {
			t.Errorf("%s %s: %d %s\nand %d %s", test.method, test.path, one.status, one.text, two.status, two.text)
		}
	}
}
