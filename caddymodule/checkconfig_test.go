package caddymodule

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/usher-media/usher/internal/checkup"
)

// filtered is a log block as it should be.
const filtered = "log {\n format filter {\n request>uri usher_token\n request>headers>Referer usher_token\n resp_headers>Location usher_token\n }\n }\n"

// checked are Caddyfiles, and the kinds of warnings that each gives.
var checked = []struct{ what, kinds, caddyfile string }{
	{"a gate before everything", "", "a.example {\n root /srv\n usher {\n api\n console\n }\n file_server\n " + filtered + "}"},
	{"no gate at all", "", "a.example {\n file_server\n log\n}\nb.example {\n reverse_proxy 127.0.0.1:9000\n}"},
	{"other storage beside it", "", "a.example {\n usher\n root /srv/media\n file_server\n}\nb.example {\n root /srv/media2\n file_server\n}"},
	{"the same folder on another site", "ungated-storage", "a.example {\n usher\n root /srv/media\n file_server\n}\nb.example {\n root /srv/media\n file_server\n}"},
	{"a folder around it", "ungated-storage", "a.example {\n usher\n root /srv/media\n file_server\n}\nb.example {\n file_server {\n root /srv\n }\n}"},
	{"a folder inside it", "ungated-storage", "a.example {\n usher\n file_server {\n root /srv/media\n }\n}\nb.example {\n root /srv/media/film/\n file_server browse\n}"},
	{"the same upstream, called otherwise", "ungated-storage", "a.example {\n usher\n reverse_proxy 127.0.0.1:9000\n}\nb.example {\n reverse_proxy localhost:9000\n}"},
	{"another upstream", "", "a.example {\n usher\n reverse_proxy 127.0.0.1:9000\n}\nb.example {\n reverse_proxy localhost:9001\n}"},
	{"a matcher that leaves things out", "ungated-storage", "a.example {\n usher /film/*\n root /srv\n file_server\n}"},
	{"a matcher that both have", "", "a.example {\n usher /film/*\n root /srv\n file_server /film/*\n}"},
	{"a matcher inside that of the gate", "", "a.example {\n usher /film/*\n @few path /film/a/* /film/b.mp4\n reverse_proxy @few 127.0.0.1:9000\n}"},
	{"a matcher beside that of the gate", "ungated-storage", "a.example {\n usher /film/*\n @more path /film/* /films/*\n reverse_proxy @more 127.0.0.1:9000\n}"},
	{"handle with a gate, and one without", "ungated-storage", "a.example {\n root /srv\n handle /film/* {\n usher\n file_server\n }\n handle {\n file_server\n }\n}"},
	{"handle with a gate, and one elsewhere", "", "a.example {\n handle /film/* {\n usher\n root /srv/film\n file_server\n }\n handle_path /assets/* {\n root /srv/assets\n file_server\n }\n}"},
	{"error pages out of the same folder", "ungated-storage", "a.example {\n root /srv\n usher\n file_server\n handle_errors {\n file_server\n }\n}"},
	{"error pages out of another one", "", "a.example {\n root /srv\n usher\n file_server\n handle_errors {\n root /pages\n file_server\n }\n}"},
	{"an upstream in the same config, open", "ungated-storage", "a.example {\n usher\n reverse_proxy 127.0.0.1:9000\n}\nhttp://:9000 {\n file_server\n}"},
	{"an upstream in the same config, bound", "", "a.example {\n usher\n reverse_proxy 127.0.0.1:9000\n}\nhttp://:9000 {\n bind 127.0.0.1\n file_server\n}"},
	{"files before the gate", "before-gate", "a.example {\n route {\n file_server\n usher\n reverse_proxy 127.0.0.1:9000\n }\n}"},
	{"a proxy before the gate", "before-gate", "a.example {\n route {\n reverse_proxy /api/* 127.0.0.1:9000\n usher\n file_server\n }\n}"},
	{"a rewrite before the gate", "rewrite-before-gate", "a.example {\n route {\n rewrite /x /y\n usher\n file_server\n }\n}"},
	{"a gate inside handle_path", "rewrite-before-gate", "a.example {\n handle_path /film/* {\n usher\n file_server\n }\n}"},
	{"a rewrite behind it", "", "a.example {\n usher\n rewrite /x /y\n file_server\n}"},
	{"encode behind it", "encode-behind-gate", "a.example {\n usher\n encode\n file_server\n}"},
	{"encode in front of it", "", "a.example {\n route {\n encode\n usher\n file_server\n }\n}"},
	{"the API in clear", "clear-api", "http://a.example {\n usher {\n api\n }\n}"},
	{"the API in clear, whoever asks", "clear-api", ":8080 {\n usher {\n api\n }\n}"},
	{"the API in clear for this machine", "", "http://localhost:8080 {\n usher {\n api\n }\n}"},
	{"the API in clear on a loopback address", "", ":8080 {\n bind 127.0.0.1 ::1\n usher {\n api\n }\n}"},
	{"the API behind somebody else's TLS", "", "{\n usher {\n public_url https://a.example\n }\n}\nhttp://a.example {\n usher {\n api\n }\n}"},
	{"no API in clear", "", "http://a.example {\n usher\n}"},
	{"a log as Caddy writes it", "unfiltered-log", "a.example {\n usher\n log\n}"},
	{"a log of a file without the filter", "unfiltered-log", "a.example {\n usher\n log {\n output file /tmp/l\n }\n}"},
	{"a log with half of it", "unfiltered-log", "a.example {\n usher\n log {\n format filter {\n request>uri usher_token\n }\n }\n}"},
	{"a log that leaves it out", "", "a.example {\n usher\n log {\n format filter {\n request>uri delete\n request>headers>Referer usher_token\n resp_headers>Location hash\n }\n }\n}"},
	{"a log of nothing", "", "a.example {\n usher\n log {\n output discard\n }\n}"},
	{"a log of another site", "", "a.example {\n usher\n}\nb.example {\n log\n}"},
	{"passwords", "clear-password clear-password", "{\n usher {\n store redis redis://u:canary@h:6379\n public_url https://a.example\n mail smtps://u:canary@h:465 from a@a.example\n }\n}\na.example {\n usher\n}"},
	{"passwords elsewhere", "", "{\n usher {\n store redis redis://u:{file./run/redis}@h:6379\n public_url https://a.example\n mail smtps://u:{env.MAIL}@h:465 from a@a.example\n }\n}\na.example {\n usher\n}"},
}

func TestCheckConfig(t *testing.T) {
	for _, c := range checked {
		t.Run(c.what, func(t *testing.T) {
			raw, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(c.caddyfile), map[string]any{"filename": "Caddyfile"})
			if err != nil {
				t.Fatal(err)
			}
			warnings, err := checkup.Config(raw)
			if err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for _, w := range warnings {
				kinds = append(kinds, w.Kind)
				if w.Where == "" || w.What == "" || strings.Contains(w.Where+w.What, "canary") {
					t.Errorf("%+v", w)
				}
			}
			if got := strings.Join(kinds, " "); got != c.kinds {
				t.Errorf("%q, want %q: %+v", got, c.kinds, warnings)
			}
		})
	}
}

// Every kind has its word once, and is one of those that the table shows.
func TestKindsOfWarnings(t *testing.T) {
	for _, kind := range checkup.Kinds() {
		shown := false
		for _, c := range checked {
			shown = shown || strings.Contains(c.kinds, kind.Word)
		}
		if !shown || kind.Means == "" {
			t.Errorf("%s is not shown", kind.Word)
		}
	}
}
