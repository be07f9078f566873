package checkup_test

import (
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/checkup"
)

// config is a config with these routes in its one server.
func config(routes string) []byte {
	return []byte(`{"apps":{"http":{"servers":{"srv0":{"listen":[":443"],"routes":[` + routes + `]}}}}}`)
}

const (
	gate  = `{"handler":"usher"}`
	files = `{"handler":"file_server","root":"/srv"}`
)

func TestWhatIsReadOfAConfig(t *testing.T) {
	host := func(name, handle string) string {
		return `{"match":[{"host":["` + name + `"]}],"handle":[` + handle + `],"terminal":true}`
	}
	for what, c := range map[string]struct{ routes, kinds string }{
		"nothing":                             {"", ""},
		"a gate and files":                    {host("a", gate+","+files), ""},
		"terminal routes are apart":           {host("a", gate+","+files) + "," + host("b", files), "ungated-storage"},
		"groups are apart":                    {`{"group":"g","handle":[` + gate + `,` + files + `]},{"group":"g","handle":[` + files + `]}`, "ungated-storage"},
		"what comes before goes on":           {`{"handle":[` + gate + `]},{"handle":[` + files + `]}`, ""},
		"a root for some":                     {`{"handle":[{"handler":"vars","root":"/a"}]},{"match":[{"path":["/x/*"]}],"handle":[{"handler":"vars","root":"/srv"}]},{"match":[{"path":["/g/*"]}],"handle":[` + gate + `,` + files + `]},{"handle":[{"handler":"file_server"}]}`, "ungated-storage ungated-storage"},
		"answers of a proxy that it replaces": {host("a", gate+","+files) + "," + host("b", `{"handler":"reverse_proxy","handle_response":[{"routes":[{"handle":[`+files+`]}]}]}`), "ungated-storage"},
		"a field of another type":             {`{"handle":[{"handler":"x","root":{"a":1},"routes":7,"upstreams":"y"},` + gate + `,` + files + `]}`, ""},
		"another matcher":                     {`{"match":[{"method":["GET"]}],"handle":[` + gate + `]},{"handle":[` + files + `]}`, "ungated-storage"},
	} {
		warnings, err := checkup.Config(config(c.routes))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		var kinds []string
		for _, w := range warnings {
			kinds = append(kinds, w.Kind)
		}
		if got := strings.Join(kinds, " "); got != c.kinds {
			t.Errorf("%s: %q, want %q: %v", what, got, c.kinds, warnings)
		}
	}
}

func TestConfigsThatAreNotRead(t *testing.T) {
	deep := strings.Repeat(`{"handle":[{"handler":"subroute","routes":[`, 100) + strings.Repeat(`]}]}`, 100)
	for what, text := range map[string]string{
		"no JSON": "usher", "another type": `{"apps":[]}`, "nested without end": string(config(deep)), "too long": strings.Repeat(" ", 17<<20),
	} {
		if warnings, err := checkup.Config([]byte(text)); err == nil {
			t.Errorf("%s: %v", what, warnings)
		}
	}
}

// Whatever it is given, it comes to an end, the same each time.
func FuzzConfig(f *testing.F) {
	f.Add(config(`{"match":[{"host":["a"]}],"handle":[` + gate + `,` + files + `],"terminal":true}`))
	f.Add([]byte(`{"apps":{"usher":{"store":{"url":"redis://u:p@h"}}},"logging":{"logs":{"default":{"include":["http"]}}}}`))
	f.Add([]byte(`{"apps":{"http":{"servers":{"a":{"logs":{"logger_names":{"h":"n","i":["m"]}}}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		one, err := checkup.Config(text)
		two, again := checkup.Config(text)
		if (err == nil) != (again == nil) || len(one) != len(two) {
			t.Fatalf("%v %v, then %v %v", one, err, two, again)
		}
		for i := range one {
			if one[i] != two[i] {
				t.Fatalf("%v, then %v", one, two)
			}
		}
	})
}
