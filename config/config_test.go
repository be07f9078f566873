package config

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// fieldsOf returns the JSON names of a struct's fields.
func fieldsOf(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// TestEachFieldHasOneRow holds the table and the JSON structs together: a
// setting that only one of them knows cannot be said in the other.
func TestEachFieldHasOneRow(t *testing.T) {
	check := func(fields, rows []string) {
		t.Helper()
		seen := map[string]int{}
		for _, f := range rows {
			seen[f]++
		}
		for _, f := range fields {
			if seen[f] != 1 {
				t.Errorf("JSON field %q has %d rows in the grammar", f, seen[f])
			}
			delete(seen, f)
		}
		for f := range seen {
			t.Errorf("the grammar sets %q, which is no JSON field", f)
		}
	}
	var app, site []string
	for _, row := range AppGrammar {
		app = append(app, row.Field)
		if row.Name != "oidc" && len(row.Block) > 0 {
			t.Errorf("%s has a block that this test does not know", row.Name)
		}
	}
	oidc := []string{"issuer"} // the argument before the block
	for _, row := range oidcRows {
		oidc = append(oidc, row.Field)
	}
	check(fieldsOf(reflect.TypeFor[OIDC]()), oidc)
	for _, row := range SiteGrammar {
		site = append(site, row.Field)
		if row.Name != "brand" && len(row.Block) > 0 {
			t.Errorf("%s has a block that this test does not know", row.Name)
		}
	}
	var brand []string
	for _, row := range brandRows {
		brand = append(brand, row.Field)
	}
	check(fieldsOf(reflect.TypeFor[Brand]()), brand)
	check(fieldsOf(reflect.TypeFor[App]()), app)
	check(fieldsOf(reflect.TypeFor[Site]()), site)
}

func set[T any](grammar []Directive[T], line string) (T, error) {
	var into T
	words := strings.Fields(line)
	for _, row := range grammar {
		if row.Name == words[0] {
			return into, row.Set(&into, words[1:])
		}
	}
	panic("no row " + words[0])
}

func TestSiteRows(t *testing.T) {
	for line, want := range map[string]Site{
		"consistency strict":   {Consistency: "strict"},
		"consistency lease":    {Consistency: "lease"},
		"consistency lease 5s": {Consistency: "lease 5s"},
		"on_store_loss closed": {OnStoreLoss: "closed"},
		"carry path cookie":    {Carry: []string{"path", "cookie"}},
		"carry cookie":         {Carry: []string{"cookie"}},
		"rate 50/s burst 300":  {Rate: Rate{50, 300}},
		"rate 10/s":            {Rate: Rate{10, 60}},
		"idle 45m":             {Idle: Duration(45 * time.Minute)},
		"max_play 1d12h":       {MaxPlay: Duration(36 * time.Hour)},
		"session_life 10m":     {SessionLife: Duration(10 * time.Minute)},
		"lapse 90s":            {Lapse: Duration(90 * time.Second)},
		"seat_idle 90s":        {SeatIdle: Duration(90 * time.Second)},
		"after_expiry finish":  {AfterExpiry: "finish"},
		"api":                  {API: true},
		"console":              {Console: true},
	} {
		got, err := set(SiteGrammar, line)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", line, got, err)
		}
	}
	for line, want := range map[string]string{
		"consistency eventual":    "known are strict",
		"consistency":             "want strict, or lease and a duration",
		"consistency lease 2s 3s": "want strict, or lease and a duration",
		"consistency strict 2s":   "strict takes no duration",
		"consistency lease 90s":   "want 100ms to 1m",
		"consistency lease 50ms":  "want 100ms to 1m",
		"consistency lease soon":  "not a duration",
		"on_store_loss open":      "known are closed",
		"carry":                   "want path, cookie or both",
		"carry header":            "known are path, cookie",
		"carry path path":         "given twice",
		"rate":                    "want N/s",
		"rate 50":                 "want N/s",
		"rate 50/s brust 3":       "want N/s",
		"rate 50/s burst x":       "want N/s",
		"rate 0/s":                "want 0.1",
		"rate -1/s":               "want 0.1",
		"rate NaN/s":              "want 0.1",
		"rate 5/s burst 0":        "want 0.1",
		"idle forever":            "not a duration",
		"idle -5m":                "not a duration",
		"idle 5m 6m":              "want one argument",
		"after_expiry maybe":      "known are cut, finish",
		"api on":                  "takes no arguments",
	} {
		if _, err := set(SiteGrammar, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want it to say %q", line, err, want)
		}
	}
}

func TestStoreRow(t *testing.T) {
	for line, want := range map[string]Store{
		"store embedded":                {Kind: "embedded"},
		"store embedded /var/lib/usher": {Kind: "embedded", Dir: "/var/lib/usher"},
		"store redis redis://h:6379/0":  {Kind: "redis", URL: "redis://h:6379/0"},
	} {
		got, err := set(AppGrammar, line)
		if err != nil || got.Store != want {
			t.Errorf("%s: %+v, %v", line, got.Store, err)
		}
	}
	for line, want := range map[string]string{
		"store":              "want embedded",
		"store memory":       "known are embedded, redis",
		"store redis":        "takes a URL",
		"store embedded a b": "one argument",
	} {
		if _, err := set(AppGrammar, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want it to say %q", line, err, want)
		}
	}
}

func TestDefaultsAreValid(t *testing.T) {
	if err := (Site{}).WithDefaults().Validate(); err != nil {
		t.Error(err)
	}
	if err := (App{}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestAppValidate(t *testing.T) {
	for _, url := range []string{"media.example.com", "ftp://x", "https://x/path", "https://x?q", "https://u:p@x", "https://", "https://x/#f"} {
		if (App{PublicURL: url}).Validate() == nil {
			t.Errorf("public_url %q was accepted", url)
		}
	}
}

func TestSiteValidate(t *testing.T) {
	bad := Site{Consistency: "x", OnStoreLoss: "y", Carry: []string{"z"}, Rate: Rate{-1, 1}, Idle: 1, SeatIdle: Duration(time.Second), AfterExpiry: "w"}.WithDefaults()
	err := bad.Validate()
	for _, word := range []string{"consistency", "on_store_loss", "carry", "rate", "idle", "seat_idle", "after_expiry"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("nothing said about %s: %v", word, err)
		}
	}
}

func TestDurationJSON(t *testing.T) {
	for text, want := range map[string]Duration{`"30m"`: Duration(30 * time.Minute), `"2d"`: Duration(48 * time.Hour), `1000000000`: Duration(time.Second)} {
		var d Duration
		if err := json.Unmarshal([]byte(text), &d); err != nil || d != want {
			t.Errorf("%s: %v, %v", text, d, err)
		}
		again, err := json.Marshal(d)
		var back Duration
		if err != nil || json.Unmarshal(again, &back) != nil || back != d {
			t.Errorf("%s became %s", text, again)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"30m", "2d", "1d12h", "0.5d", "d", "-1d", "1e9d", "9999999999h", "1d1d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseDuration(text); err == nil && d <= 0 {
			t.Fatalf("%q was read as %s", text, d)
		}
	})
}
