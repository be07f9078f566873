package directory

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

func asType[E error](err error) (E, bool) { return errors.AsType[E](err) }

func TestParseAddress(t *testing.T) {
	if got, err := ParseAddress("Ann.Lee@Example.COM"); err != nil || got != "ann.lee@example.com" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{"", "ann", "Ann <ann@example.com>", "ann@example.com\r\nBcc: x@y.zz"} {
		if got, err := ParseAddress(bad); err == nil {
			t.Errorf("%q was taken as %q", bad, got)
		} else if e := fails[*Invalid](t, err); e.Field != "email" {
			t.Errorf("%q: field %q", bad, e.Field)
		}
	}
}

func TestTexts(t *testing.T) {
	for text, good := range map[string]bool{
		"":                                   true,
		"Ann Lee":                            true,
		"Zoë Müller 王 🎬":                     true,
		"می\u200cخواهم":                      true, // a non-joiner that belongs there
		"a\nb":                               false,
		"a\rb":                               false,
		"a\tb":                               false,
		"a\x00b":                             false,
		"a\x7fb":                             false,
		"a\u0085b":                           false,
		"a\u2028b":                           false,
		"a\u202eb":                           false,
		"a\u2066b":                           false,
		"a\u200fb":                           false,
		"a\ufeffb":                           false,
		"a\u200bb":                           false,
		"a\U000e0041b":                       false,
		"a\xffb":                             false,
		" a":                                 false,
		"a ":                                 false,
		strings.Repeat("a", MaxName):         true,
		strings.Repeat("a", MaxName+1):       false,
		strings.Repeat("é", MaxName/2):       true,
		strings.Repeat("é", MaxName/2) + "a": false,
	} {
		if err := CheckLine("name", text, MaxName); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzTexts(f *testing.F) {
	f.Add("Ann", "ann-films")
	f.Add("a\u202e", "-a")
	f.Fuzz(func(t *testing.T, line, slug string) {
		if CheckLine("name", line, MaxName) == nil {
			if len(line) > MaxName || strings.ContainsAny(line, "\r\n\x00\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") || strings.ToValidUTF8(line, "") != line {
				t.Fatalf("line %q", line)
			}
		}
		if CheckSlug("name", slug) == nil {
			if _, err := gate.ParseCollectionID(slug); err == nil || gate.EncodePath(slug) != slug || len(slug) > maxSlug || slug == "" {
				t.Fatalf("slug %q", slug)
			}
		}
	})
}

func TestRecordsNameTheField(t *testing.T) {
	person := func(change func(*Person)) record {
		p := &Person{ID: gate.PersonID(token.NewID(epoch)), Email: "a@b.cd", Standing: gate.Standing{State: gate.Active}}
		change(p)
		return p
	}
	group := func(change func(*Group)) record {
		g := &Group{Name: "Jury"}
		change(g)
		return g
	}
	col := func(change func(*Collection)) record {
		c := &Collection{ID: gate.CollectionID(token.NewID(epoch)), Name: "films"}
		change(c)
		return c
	}
	grant := func(change func(*Grant)) record {
		g := &Grant{Collection: gate.CollectionID{1}, Holder: Holder{Person: gate.PersonID{1}}, Can: gate.View}
		change(g)
		return g
	}
	many := make([]gate.Scope, MaxPaths+1)
	inner := make([]Include, MaxIncludes+1)
	for i := range many {
		many[i] = scope(t, "/"+strings.Repeat("x", i+1))
		inner[i].Collection[0] = byte(i + 1)
	}
	for name, c := range map[string]struct {
		r     record
		field string
	}{
		"good person":     {person(func(*Person) {}), ""},
		"upper case":      {person(func(p *Person) { p.Email = "A@b.cd" }), "email"},
		"no address":      {person(func(p *Person) { p.Email = "a" }), "email"},
		"two lines":       {person(func(p *Person) { p.Name = "a\nb" }), "name"},
		"owner":           {person(func(p *Person) { p.Role = Owner }), "role"},
		"standing":        {person(func(p *Person) { p.Standing.State = "gone" }), "standing"},
		"why":             {person(func(p *Person) { p.Standing.Why = "a\u202eb" }), "why"},
		"own guest":       {person(func(p *Person) { p.Sponsor = p.ID }), "sponsor"},
		"manager guest":   {person(func(p *Person) { p.Role, p.Sponsor = Manager, gate.PersonID{7} }), "sponsor"},
		"year 1":          {person(func(p *Person) { p.Until = time.Date(1, 2, 3, 0, 0, 0, 0, time.UTC) }), "until"},
		"good group":      {group(func(*Group) {}), ""},
		"nameless":        {group(func(g *Group) { g.Name = "" }), "name"},
		"window":          {group(func(g *Group) { g.StartsAt, g.EndsAt = epoch, epoch }), "ends_at"},
		"good collection": {col(func(c *Collection) { c.Paths, c.Includes = many[:MaxPaths], inner[:MaxIncludes] }), ""},
		"slug":            {col(func(c *Collection) { c.Name = "Films" }), "name"},
		"slug as id":      {col(func(c *Collection) { c.Name = "col_00000000000000000000" }), "name"},
		"title":           {col(func(c *Collection) { c.Title = strings.Repeat("a", MaxTitle+1) }), "title"},
		"paths":           {col(func(c *Collection) { c.Paths = many }), "paths"},
		"path twice":      {col(func(c *Collection) { c.Paths = []gate.Scope{many[0], many[0]} }), "paths"},
		"no path":         {col(func(c *Collection) { c.Paths = []gate.Scope{{}} }), "paths"},
		"level":           {col(func(c *Collection) { c.Level = 9 }), "level"},
		"includes":        {col(func(c *Collection) { c.Includes = inner }), "includes"},
		"include twice":   {col(func(c *Collection) { c.Includes = []Include{inner[0], {inner[0].Collection, gate.PersonID{1}}} }), "includes"},
		"good grant":      {grant(func(*Grant) {}), ""},
		"nothing":         {grant(func(g *Grant) { g.Can = 0 }), "can"},
		"unknown":         {grant(func(g *Grant) { g.Can = 1 << 7 }), "can"},
		"nobody":          {grant(func(g *Grant) { g.Holder = Holder{} }), "holder"},
		"two holders":     {grant(func(g *Grant) { g.Holder.Group = gate.GroupID{1} }), "holder"},
		"nowhere":         {grant(func(g *Grant) { g.Collection = gate.CollectionID{} }), "collection"},
		"ends first":      {grant(func(g *Grant) { g.StartsAt, g.EndsAt = epoch, epoch.Add(-1) }), "ends_at"},
		"owners twice":    {&Site{Owners: []gate.PersonID{{1}, {1}}}, "owners"},
	} {
		err := c.r.Validate()
		if c.field == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if e, yes := asType[*Invalid](err); !yes || e.Field != c.field || e.Detail == "" {
			t.Errorf("%s: %v, want field %s", name, err, c.field)
		}
		if kind, id, terms := c.r.document(); kind != "" { // terms are such as the store takes
			ok(t, gate.Document{Kind: kind, ID: id, Index: terms}.Validate())
		}
	}
}

func TestIDsOfPairs(t *testing.T) {
	p, g, c := gate.PersonID(token.NewID(epoch)), gate.GroupID(token.NewID(epoch)), gate.CollectionID(token.NewID(epoch))
	for _, id := range []GrantID{{to(p), c}, {toGroup(g), c}} {
		if got, err := ParseGrantID(id.String()); err != nil || got != id {
			t.Errorf("%s: %v, %v", id, got, err)
		}
	}
	if got, err := ParseMemberID(MemberID{g, p}.String()); err != nil || got != (MemberID{g, p}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "grt_", "grt_p", p.String(), GrantID{to(p), c}.String()[:44], GrantID{to(p), c}.String() + "0", "grt_x" + GrantID{to(p), c}.String()[5:], MemberID{g, p}.String()} {
		if id, err := ParseGrantID(bad); err == nil {
			t.Errorf("%q: %v", bad, id)
		}
	}
	for _, h := range []Holder{to(p), toGroup(g)} {
		if got, err := ParseHolder(h.String()); err != nil || got != h {
			t.Errorf("%s: %v, %v", h, got, err)
		}
	}
	if _, err := ParseHolder("col_00000000000000000000"); err == nil {
		t.Error("a collection holds nothing")
	}
}

func FuzzParsePairs(f *testing.F) {
	f.Add(GrantID{to(gate.PersonID{1}), gate.CollectionID{2}}.String())
	f.Add(MemberID{gate.GroupID{1}, gate.PersonID{2}}.String())
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := ParseGrantID(text); err == nil && id.String() != text {
			t.Fatalf("%q has another spelling: %q", text, id)
		}
		if id, err := ParseMemberID(text); err == nil && id.String() != text {
			t.Fatalf("%q has another spelling: %q", text, id)
		}
	})
}
