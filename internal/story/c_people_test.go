package story

import (
	"net/http"
	"strings"
	"testing"
)

// Who manages a collection sees everybody who is in it, with what and why; who
// merely shares in it does not.
func TestC11C17WhoHasAccessAndWhyIsForWhoManages(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "locked")
	s.CLI("collection", "create", "all", "--include", "clock")
	for _, email := range []string{"boss@example.com", "ann@example.com", "ben@example.com", "cleo@example.com"} {
		s.CLI("person", "create", email)
	}
	s.CLI("group", "create", "jury")
	s.CLI("group", "join", "jury", "cleo@example.com")
	s.CLI("grant", "create", "clock", "--person", "boss@example.com", "--can", "manage")
	s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "view,share")
	s.CLI("grant", "create", "clock", "--group", "jury", "--can", "view")
	s.CLI("grant", "create", "all", "--person", "ben@example.com", "--can", "view,stats")
	type insider struct {
		Email               string
		Own, Inherited, Can []string
		Reasons             []struct{ Group string }
	}
	who := map[string]insider{}
	for _, one := range decode[struct{ Who []insider }](t, s.CLI("collection", "who", "clock", "--as", "boss@example.com", "--json")).Who {
		who[one.Email] = one
	}
	for email, want := range map[string][3]string{
		"ann@example.com": {"view,share", "", "view,share"}, "ben@example.com": {"", "view,stats", "view,stats"}, "cleo@example.com": {"view", "", "view"},
	} {
		got := [3]string{strings.Join(who[email].Own, ","), strings.Join(who[email].Inherited, ","), strings.Join(who[email].Can, ",")}
		if got != want {
			t.Errorf("%s: %q, want %q", email, got, want)
		}
	}
	if reasons := who["cleo@example.com"].Reasons; len(who) != 4 || len(reasons) != 1 || !strings.HasPrefix(reasons[0].Group, "grp_") {
		t.Errorf("%+v", who)
	}
	s.fails("who", "collection", "who", "clock", "--as", "ann@example.com")
	ben := s.activated("ben@example.com")
	ben.plays(ben.enters("/clock/clock.mp4"), "/clock/clock.mp4")
}

// What somebody is called follows from what they hold, the moment they hold it,
// and is stored nowhere.
func TestC12OneIsACollaboratorTheMomentAnythingIsGranted(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "locked")
	ann := s.person("ann@example.com")
	badge := func() any { return s.told("person", "show", "ann@example.com")["badge"] }
	before := badge()
	s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "view,stats")
	if badge() != "collaborator" || before == "collaborator" {
		t.Errorf("first %v, then %v", before, badge())
	}
	session := ann.enters("/clock/clock.mp4")
	ann.plays(session, "/clock/clock.mp4")
	s.CLI("grant", "delete", "clock", "--person", "ann@example.com")
	if badge() != before {
		t.Errorf("without a grant: %v", badge())
	}
	ann.asks(session+"/clock/clock.mp4", http.StatusForbidden, "locked")
}

// Sets of capabilities have names: two that every site has, and its own.
func TestC13PresetsAndSetsOfTheSitesOwn(t *testing.T) {
	s := onStage(t, "public_url", "preset critic view stats\n\t\tpublic_url")
	s.collect("clock", "locked")
	ann := s.person("ann@example.com")
	for preset, want := range map[string][]string{
		"can_view": {"view"}, "critic": {"view", "stats"}, "can_manage": {"view", "download", "upload", "share", "stats", "manage", "comment"},
	} {
		made := s.told("grant", "create", "clock", "--person", "ann@example.com", "--preset", preset)
		wantField(t, made, "preset", preset)
		wantField(t, s.told("me", "--as", "ann@example.com"), "person/collections/0/can", want)
		ann.watches("/clock/clock.mp4")
	}
	s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "upload,stats")
	ann.asks("/clock/clock.mp4", http.StatusForbidden, "no_capability")
	s.fails("known are can_manage, can_view, critic", "grant", "create", "clock", "--person", "ann@example.com", "--preset", "boss")
	if roles := s.CLI("role", "table", "--json"); !strings.Contains(roles, `"critic"`) {
		t.Error(roles)
	}
}

// Standard persons make collections of their own, in the folders for that, and
// manage these; limited ones are where they were added.
func TestC14WhatOneMakesOneManages(t *testing.T) {
	s := onStage(t, "public_url", "homes /people/*\n\t\tpublic_url")
	s.folder("people/ann")
	ann := s.person("ann@example.com", "--role", "standard")
	ben := s.person("ben@example.com")
	s.CLI("collection", "create", "anns", "--path", "/people/ann/*", "--as", "ann@example.com")
	s.fails("", "collection", "create", "elsewhere", "--path", "/clock/*", "--as", "ann@example.com")
	s.fails("make-collections", "collection", "create", "bens", "--path", "/people/ben/*", "--as", "ben@example.com")
	path := "/people/ann/clock.mp4"
	ann.plays(ann.enters(path), path)
	ben.asks(path, http.StatusForbidden, "locked")
	s.CLI("grant", "create", "anns", "--person", "ben@example.com", "--can", "view", "--as", "ann@example.com")
	ben.plays(ben.enters(path), path)
	s.fails("", "grant", "create", "anns", "--person", "ann@example.com", "--can", "manage", "--as", "ben@example.com")
}

// Limited persons bring in others only where they manage, and see no directory:
// they find who is in the collection, and whom they name.
func TestC15LimitedPersonsBringInOnlyWhereTheyManage(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "locked")
	s.collect("other", "locked")
	s.person("ann@example.com", "--role", "limited")
	s.CLI("person", "create", "stranger@example.com")
	s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "manage")
	s.CLI("grant", "create", "other", "--person", "ann@example.com", "--can", "view,share")
	s.CLI("person", "create", "ben@example.org", "--collection", "clock", "--as", "ann@example.com")
	s.CLI("grant", "create", "clock", "--person", "ben@example.org", "--can", "view", "--as", "ann@example.com")
	s.fails("", "person", "create", "cleo@example.org", "--collection", "other", "--as", "ann@example.com")
	s.fails("", "person", "create", "cleo@example.org", "--as", "ann@example.com")
	for _, list := range []string{"person", "group"} {
		s.fails("directory", list, "list", "--as", "ann@example.com")
	}
	who := s.CLI("collection", "who", "clock", "--as", "ann@example.com", "--json")
	if !strings.Contains(who, "ben@example.org") || strings.Contains(who, "stranger@example.com") {
		t.Error(who)
	}
	ben := s.activated("ben@example.org")
	ben.plays(ben.enters("/clock/clock.mp4"), "/clock/clock.mp4")
	ben.asks("/other/clock.mp4", http.StatusNotFound, "not_covered")
}

// A grant that is taken back ends what it gave with the next request, on whatever
// device, and nothing else.
func TestC18TakingAGrantBackEndsWhatItGave(t *testing.T) {
	onBothStages(t, func(s *stage) {
		s.collect("clock", "locked")
		ann, ben := s.person("ann@example.com"), s.person("ben@example.com")
		for _, email := range []string{"ann@example.com", "ben@example.com"} {
			s.CLI("grant", "create", "clock", "--person", email, "--can", "view")
		}
		path := "/clock/clock.mp4"
		hers, his := ann.enters(path), ben.enters(path)
		ann.plays(hers, path)
		ben.plays(his, path)
		s.CLI("grant", "delete", "clock", "--person", "ann@example.com")
		ann.asks(hers+path, http.StatusForbidden, "locked")
		ann.asks(path, http.StatusForbidden, "locked")
		ben.plays(his, path)
		s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "view") // it was a mistake
		ann.plays(hers, path)
	})
}

// Who is deleted loses all they had at once; what they made plays on, and belongs
// to somebody else; and what is public they see like everybody.
func TestC19DeletingAPersonEndsWhatTheyHadAndKeepsWhatTheyMade(t *testing.T) {
	onUploads(t, func(s *stage, shelf *shelf) {
		s.CLI("collection", "create", "drop", "--path", "/drop/*", "--level", "link")
		s.CLI("collection", "create", "open", "--path", "/open/*", "--level", "public")
		ann, heir, ben := s.person("ann@example.com", "--role", "standard"), s.person("heir@example.com", "--role", "standard"), s.person("ben@example.com")
		s.CLI("collection", "change", "drop", "--owner", "ann@example.com")
		s.CLI("grant", "create", "drop", "--person", "ben@example.com", "--can", "view", "--as", "ann@example.com")
		s.CLI("grant", "create", "drop", "--person", "heir@example.com", "--can", "view,upload")
		heir.puts("PUT", "/drop/heirs.mp4", "the heir's", http.StatusCreated, "")
		ann.puts("PUT", "/drop/film.mp4", "ann's", http.StatusCreated, "")
		l := s.share("--collection", "drop", "--as", "ann@example.com")
		viewer := s.anybody()
		hers, his, theirs := ann.enters("/drop/film.mp4"), ben.enters("/drop/film.mp4"), viewer.opens(l, "/drop/film.mp4")
		for _, session := range []string{hers, his, theirs} {
			viewer.plays(session, "/drop/film.mp4")
		}
		gone := s.told("person", "delete", "ann@example.com", "--heir", "heir@example.com")
		for name, want := range map[string]int{"sessions_ended": 1, "collections_passed_on": 1, "links_passed_on": 1, "grants_passed_on": 1, "objects_passed_on": 1} {
			wantField(s, gone, name, want)
		}
		viewer.asks(hers+"/drop/film.mp4", http.StatusForbidden, "no_session")
		ann.asks("/drop/film.mp4", http.StatusForbidden, "no_session")
		ann.puts("PUT", "/drop/film.mp4", "late", http.StatusForbidden, "no_session")
		ann.asks("/open/x.html", http.StatusNotFound, "") // the upstream's own: it has none
		viewer.plays(his, "/drop/film.mp4")
		viewer.plays(theirs, "/drop/film.mp4")
		heir.puts("PUT", "/drop/film.mp4", "the heir's now", http.StatusCreated, "")
		if got := shelf.holds("/drop/film.mp4"); got != "the heir's now" {
			s.Errorf("the upstream has %q", got)
		}
	})
}
