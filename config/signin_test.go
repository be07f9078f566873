package config

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func mailRow(t *testing.T, url string) (Mail, error) {
	t.Helper()
	var a App
	err := setMail(&a, []string{url, "from", "Cinema <cinema@example.com>"})
	return a.Mail, err
}

func TestMailRow(t *testing.T) {
	const from = "Cinema <cinema@example.com>"
	for url, want := range map[string]Mail{
		"smtp://mail.example.com":                                      {Host: "mail.example.com", Port: 587, Security: "starttls"},
		"smtp://mail.example.com:2525":                                 {Host: "mail.example.com", Port: 2525, Security: "starttls"},
		"smtps://mail.example.com":                                     {Host: "mail.example.com", Port: 465, Security: "tls"},
		"smtp+clear://127.0.0.1":                                       {Host: "127.0.0.1", Port: 25, Security: "none"},
		"smtp://[2001:db8::1]:587":                                     {Host: "2001:db8::1", Port: 587, Security: "starttls"},
		"smtp://[2001:db8::1]":                                         {Host: "2001:db8::1", Port: 587, Security: "starttls"},
		"smtp://u:{file./run/secrets/smtp}@mail.example.com:587":       {Host: "mail.example.com", Port: 587, Security: "starttls", User: "u", Password: "{file./run/secrets/smtp}"},
		"smtp://{env.SMTP_USER}:{env.SMTP_PASSWORD}@{env.SMTP_HOST}":   {Host: "{env.SMTP_HOST}", Port: 587, Security: "starttls", User: "{env.SMTP_USER}", Password: "{env.SMTP_PASSWORD}"},
		"smtp://me@example.com:p@ss:w/o?r#d%@mail.example.com:587":     {Host: "mail.example.com", Port: 587, Security: "starttls", User: "me@example.com", Password: "p@ss:w/o?r#d%"},
		"smtp://u:{file./run/secrets/smtp@1:2}@{env.SMTP_HOST_2}:1025": {Host: "{env.SMTP_HOST_2}", Port: 1025, Security: "starttls", User: "u", Password: "{file./run/secrets/smtp@1:2}"},
	} {
		want.From = from
		if got, err := mailRow(t, url); err != nil || got != want {
			t.Errorf("%s: %+v, %v", url, got, err)
		}
	}
	for url, want := range map[string]string{
		"mail.example.com":             "begins with smtp://",
		"http://mail.example.com":      "begins with smtp://",
		"SMTP://mail.example.com":      "begins with smtp://",
		"smtp://":                      "want a host",
		"smtp://u@mail.example.com":    "USER:PASSWORD",
		"smtp://u:@mail.example.com":   "USER:PASSWORD",
		"smtp://:p@mail.example.com":   "USER:PASSWORD",
		"smtp://@mail.example.com":     "USER:PASSWORD",
		"smtp://mail.example.com/x":    "want a host",
		"smtp://mail.example.com?x=y":  "want a host",
		"smtp://mail.example.com:":     "want a port",
		"smtp://mail.example.com:smtp": "want a port",
		"smtp://u:s3cr3t@host/x:1":     "want a host",
	} {
		_, err := mailRow(t, url)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v; want it to say %q", url, err, want)
		}
	}
	for _, args := range [][]string{nil, {"smtp://h"}, {"smtp://h", "to", "a@x.example"}, {"smtp://h", "from", ""}, {"smtp://h", "from", "a", "b"}} {
		if err := setMail(new(App), args); err == nil || !strings.Contains(err.Error(), "the word from") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestSignInRows(t *testing.T) {
	day := 24 * time.Hour
	for line, want := range map[string]App{
		"oidc https://accounts.example.com":      {OIDC: OIDC{Issuer: "https://accounts.example.com"}},
		"external jit":                           {External: "jit"},
		"sign_in_life 7d max 30d":                {SignInLife: SignInLife{Duration(7 * day), Duration(30 * day)}},
		"second_factor owners":                   {SecondFactor: SecondFactor{"owners", "preferred"}},
		"second_factor off":                      {SecondFactor: SecondFactor{"off", "preferred"}},
		"second_factor everyone verify required": {SecondFactor: SecondFactor{"everyone", "required"}},
		"sign_in_life 7d":                        {SignInLife: SignInLife{Duration(7 * day), Duration(90 * day)}},
		"sign_in_life 200d":                      {SignInLife: SignInLife{Duration(200 * day), Duration(200 * day)}},
	} {
		if got, err := set(AppGrammar, line); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", line, got, err)
		}
	}
	for line, want := range map[string]string{
		"oidc":                               "want one argument",
		"external maybe":                     "known are jit, deny, approve",
		"external":                           "want one argument",
		"sign_in_life":                       "DURATION max DURATION",
		"second_factor":                      "want offered",
		"second_factor managers":             "offered",
		"second_factor owners verify":        "verify required",
		"second_factor owners verify never":  "required, preferred",
		"second_factor owners with required": "verify required",
		"sign_in_life 7d 30d":                "DURATION max DURATION",
		"sign_in_life 7d max":                "DURATION max DURATION",
		"sign_in_life soon":                  "not a duration",
		"sign_in_life 1s":                    "want 10m",
		"sign_in_life 7d max 1d":             "want at least",
		"sign_in_life 7d max 9y":             "not a duration",
		"sign_in_life 7d max 99d":            "",
		"sign_in_life 401d":                  "want 10m",
	} {
		if _, err := set(AppGrammar, line); (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v; want it to say %q", line, err, want)
		}
	}
	for line, want := range map[string]string{
		"client_id": "want one argument", "client_secret a b": "want one argument", "domains": "1 to 100 domains",
		"domains Example.com": "lower case", "domains localhost": "want a domain", "domains .example.com": "want a domain", "domains a.example a.example": "twice",
	} {
		if _, err := set(oidcRows, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want it to say %q", line, err, want)
		}
	}
}

func TestSettingsThatNeedOthers(t *testing.T) {
	good := App{
		PublicURL: "https://media.example.com", External: "approve",
		Mail: Mail{Host: "h", From: "a@x.example"},
		OIDC: OIDC{Issuer: "https://accounts.example.com", ClientID: "usher", ClientSecret: "s3cr3t", Domains: []string{"example.com"}},
	}.WithDefaults()
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	if good.Mail.Port != 587 || good.Mail.Security != "starttls" || good.SignInLife != DefaultSignInLife() {
		t.Errorf("%+v", good)
	}
	if a := (App{}).WithDefaults(); a.External != "deny" || a.Mail != (Mail{}) {
		t.Errorf("%+v", a)
	}
	for want, change := range map[string]func(*App){
		"mail: mails hold links":       func(a *App) { a.PublicURL, a.OIDC = "", OIDC{} },
		"mail: security":               func(a *App) { a.Mail.Security = "ssl" },
		"the sender":                   func(a *App) { a.Mail.From = "" },
		"sends browsers back":          func(a *App) { a.PublicURL, a.Mail = "", Mail{} },
		"oidc: issuer":                 func(a *App) { a.OIDC.Issuer = "http://accounts.example.com" },
		"want an https URL":            func(a *App) { a.OIDC.Issuer = "" },
		"client_id and client_secret":  func(a *App) { a.OIDC.ClientSecret = "" },
		"1 to 100 domains":             func(a *App) { a.OIDC.Domains = nil },
		"external: unknown word":       func(a *App) { a.External = "maybe" },
		"sign_in_life: max":            func(a *App) { a.SignInLife.Max = Duration(time.Hour) },
		"sign_in_life: idle: 1s: want": func(a *App) { a.SignInLife.Idle = Duration(time.Second) },
	} {
		bad := good
		change(&bad)
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%v; want it to say %q", err, want)
		}
	}
}

func TestSettingsAsJSON(t *testing.T) {
	const text = `{"mail":{"host":"h","port":465,"security":"tls","from":"a@x.example"},"oidc":{"issuer":"https://x","client_id":"i","client_secret":"{env.S}","domains":["x.example"]},"external":"jit","sign_in_life":{"idle":"24h0m0s","max":"48h0m0s"}}`
	var a App
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(a)
	if err != nil || string(again) != `{"mail"`+strings.TrimPrefix(text, `{"mail"`) {
		t.Errorf("%s, %v", again, err)
	}
}

// FuzzMailURL: a URL that is read is one server, and a password in it is nowhere
// but in its field.
func FuzzMailURL(f *testing.F) {
	for _, seed := range []string{"smtp://u:{file./a/b}@h:1", "smtps://h", "smtp+clear://[::1]:25", "smtp://a@b:c@d@e", "smtp://u:p@h:x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseMailURL(text)
		if err != nil {
			return
		}
		if m.Host == "" || m.Security == "" || (m.User == "") != (m.Password == "") || strings.ContainsAny(m.Host, "/@? ") {
			t.Errorf("%q was read as %+v", text, m)
		}
	})
}
