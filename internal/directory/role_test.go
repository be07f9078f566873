package directory

import (
	"strings"
	"testing"
)

// TestRoleTable says once more, by hand, what each role may do: a change of the
// table has to be meant.
func TestRoleTable(t *testing.T) {
	want := `
appoint           yes  –    –             –
keys              yes  –    –             –
cut-all           yes  –    –             –
people            yes  yes  –             –
directory         yes  yes  yes           –
groups            yes  yes  –             –
make-collections  yes  yes  yes           –
lay-paths         yes  yes  –             –
collections       yes  yes  with manage   with manage
who               yes  yes  with manage   with manage
share             yes  yes  with share    with share
bring-in          yes  yes  with share    with manage
stats             yes  yes  with stats    with stats
private-stats     yes  yes  –             –
usage             yes  yes  –             –
limits            yes  yes  with manage   with manage
branding          yes  –  –  –
`
	var got strings.Builder
	got.WriteString("\n")
	for _, p := range Permissions() {
		row := []string{p.String()}
		for _, r := range []Role{Owner, Manager, Standard, Limited} {
			row = append(row, r.Reach(p).String())
		}
		got.WriteString(strings.Join(row, " ") + "\n")
		if p.Sentence() == "" || !strings.HasSuffix(p.Sentence(), ".") {
			t.Errorf("%s has no sentence", p)
		}
		for r := Limited; r < Owner; r++ {
			if r.Reach(p) == Everywhere && (r+1).Reach(p) != Everywhere {
				t.Errorf("%s: %s may more than %s", p, r, r+1)
			}
		}
	}
	squeeze := func(text string) string {
		var lines []string
		for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
		return strings.Join(lines, "\n")
	}
	if squeeze(got.String()) != squeeze(want) {
		t.Errorf("the table is\n%s", got.String())
	}
}

func TestChart(t *testing.T) {
	text, md := Chart(), ChartMarkdown()
	for _, p := range Permissions() {
		for _, chart := range []string{text, md} {
			if !strings.Contains(chart, p.String()) || !strings.Contains(chart, p.Sentence()) {
				t.Errorf("%s is not in the chart\n%s", p, chart)
			}
		}
	}
	lines := strings.Split(strings.TrimSpace(md), "\n")
	if len(lines) != 2+len(Permissions()) || !strings.HasPrefix(lines[0], "| permission | owner | manager | standard | limited |") {
		t.Errorf("the chart is\n%s", md)
	}
}

func TestRoleWords(t *testing.T) {
	for r := Limited; r <= Owner; r++ {
		if got, err := ParseRole(r.String()); err != nil || got != r {
			t.Errorf("%s: %v, %v", r, got, err)
		}
	}
	if e := fails[*Invalid](t, func() error { _, err := ParseRole("admin"); return err }()); e.Field != "role" || len(e.Allowed) != 4 {
		t.Error(e)
	}
}

func TestPresets(t *testing.T) {
	r := newRig(t, func(s *Settings) { s.Presets = Presets{"editor": 1 | 4} })
	if names := r.dir.Presets().Names(); strings.Join(names, " ") != "can_manage can_view editor" {
		t.Error(names)
	}
	p, c := r.person(Limited), r.collection(Operator(), 0)
	g := must[Grant](t)(r.dir.PutGrant(r.ctx, Operator(), NewGrant{Collection: c, Holder: to(p), Preset: "editor"}))
	if g.Can != 1|4 || g.Preset != "editor" {
		t.Error(g)
	}
	_, err := r.dir.PutGrant(r.ctx, Operator(), NewGrant{Collection: c, Holder: to(p), Preset: "boss"})
	if e := fails[*Invalid](t, err); e.Field != "preset" || len(e.Allowed) != 3 {
		t.Error(e)
	}
	for _, bad := range []Presets{{"can_view": 1}, {"": 1}, {"A": 1}, {"x": 0}, {"x": 1 << 7}} {
		if _, err := New(r.store, r.view, Settings{Presets: bad}); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}
