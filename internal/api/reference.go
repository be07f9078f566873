package api

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Reference returns the endpoints for the docs: what each takes, and who may use
// it.
func Reference() string {
	var b strings.Builder
	b.WriteString("| endpoint | query | body | permission | scope |\n| --- | --- | --- | --- | --- |\n")
	bodies := map[string]reflect.Type{}
	for _, e := range endpoints {
		body := ""
		if e.body != nil {
			t := reflect.TypeOf(e.body)
			body = reference(t)
			collect(bodies, t)
		}
		scope := scopeRead
		if e.changes {
			scope = scopeManage
		}
		fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s | %s |\n", e.method, e.path, quotedAll(e.query), body, e.who(), scope)
	}
	b.WriteString("\n## Bodies\n")
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		fmt.Fprintf(&b, "\n### %s\n\n| field | is | says |\n| --- | --- | --- |\n", name)
		for f := range fields(bodies[name]) {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", nameOf(f), describe(f.Type), meanings[nameOf(f)])
		}
	}
	return b.String()
}

// who says in the docs who may use the endpoint.
func (e endpoint) who() string {
	words := make([]string, len(e.needs))
	for i, p := range e.needs {
		words[i] = "`" + p.String() + "`"
	}
	return strings.Join(words, ", ")
}

func quotedAll(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = "`" + word + "`"
	}
	return strings.Join(quoted, ", ")
}

// reference leads to a body's table.
func reference(t reflect.Type) string {
	return "[" + t.Name() + "](#" + strings.ToLower(t.Name()) + ")"
}

// collect notes a body, and those that are inside it.
func collect(all map[string]reflect.Type, t reflect.Type) {
	all[t.Name()] = t
	for f := range fields(t) {
		if inner := inside(f.Type); inner.Kind() == reflect.Struct && !plain(inner) && all[inner.Name()] == nil {
			collect(all, inner)
		}
	}
}

// fields are those that JSON has.
func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if f.Tag.Get("json") != "" && !yield(f) {
				return
			}
		}
	}
}

func nameOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// inside is the type without what it is wrapped in: pointers and lists.
func inside(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

var textual = reflect.TypeFor[encoding.TextUnmarshaler]()

// plain reports whether the type is one text in JSON.
func plain(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || reflect.PointerTo(t).Implements(textual)
}

func describe(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[Addresses]():
		return "addresses"
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case plain(t):
		return "text"
	}
	switch t.Kind() {
	case reflect.Slice:
		return "list of " + describe(t.Elem())
	case reflect.Struct:
		return reference(t)
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "whole number"
	default:
		return "text"
	}
}

// meanings says what a field says, in whichever body it stands.
var meanings = map[string]string{
	"add":            "persons to put into the group, by address or id",
	"add_views":      "views to add to the limit",
	"add_views_each": "views to add to each viewer's limit",
	"audience":       "whom the link is meant for: one, household, team:N or public",
	"brand":          "how its pages look",
	"can":            "capabilities: view, download, upload, share, stats, comment; in grants and invitations also manage",
	"collection":     "the collection, by name or id",
	"color":          "that of buttons and links, as #rrggbb",
	"dry_run":        "do nothing, and say what would become of each",
	"email":          "the person's address",
	"emails":         "whom to invite",
	"embed":          "origins of the sites that may show it",
	"end_sessions":   "end what was opened by it before",
	"ends_at":        "when it ends: a time, a duration from now such as 30d, or never",
	"entry":          "the file below the folder that players start with",
	"expires_at":     "when it ends",
	"expires_in":     "when it ends, as a duration from now such as 48h",
	"external":       "what becomes of somebody unknown: deny, approve or jit",
	"for":            "whom the link is for",
	"for_each":       "who gets a link of their own",
	"grants":         "what the person is granted",
	"group":          "the group, by name or id",
	"groups":         "groups to put them into, by name or id",
	"includes":       "collections inside it, by name or id",
	"landing":        "what whoever follows the share link meets: confirm, a page on which they press Watch, or none, for links without views, seats, play_for, a password or persons",
	"level":          "how open it is: locked, members, link or public",
	"logo":           "the name of one of the site's logos",
	"mail":           "mail each link to its address",
	"message":        "what the mail says beside",
	"method":         "of the request to explain: GET, HEAD or POST",
	"name":           "what it, or they, are called",
	"on_forward":     "what happens where the link was probably passed on: watch, notify or suspend",
	"owner":          "whose it is, by address or id; empty: nobody's but operators'",
	"parent":         "the link that it is made from, by id",
	"password":       "the link's password; empty: none",
	"path":           "a file, or a folder as in /acme/demo/*",
	"paths":          "files, and folders as in /acme/demo/*",
	"person":         "the person, by address or id",
	"persons":        "whom to add",
	"play_for":       "how long it is good for from its first view on",
	"preset":         "a named set: for links of limits, for grants and invitations of capabilities",
	"remove":         "persons to take out of the group, by address or id",
	"role":           "owner, manager, standard or limited",
	"scope":          "read or manage",
	"seats":          "devices that may watch at once; 0: no limit",
	"seats_each":     "devices at once for each viewer; 0: no limit",
	"sponsor":        "who answers for a guest, by address or id",
	"start_by":       "when the last view may begin",
	"starts_at":      "when it begins",
	"title":          "what people read",
	"to":             "whom to mail it to",
	"track":          "count visitors of a public collection",
	"until":          "when rights end: a time, a duration from now such as 30d, or never",
	"url":            "a share, media or session URL",
	"use":            "seal or link",
	"views":          "views that it is good for; 0: no limit",
	"views_each":     "views for each viewer; 0: no limit",
	"when_full":      "what becomes of one more device: refuse it, or replace the oldest",
	"why":            "a few words for whoever looks later",
}
