package api

import (
	"encoding"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Reference returns the endpoints for the docs: what each takes and answers, and
// who may use it.
func Reference() string {
	var b strings.Builder
	b.WriteString("| endpoint | does | query | body | answer | permission | scope |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, e := range endpoints {
		body := ""
		if e.body != nil {
			body = reference(reflect.TypeOf(e.body))
		}
		fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s | %s | %s | %s |\n", e.method, e.path, e.says, quotedAll(e.query), body, e.answers(), e.who(), e.scope())
	}
	b.WriteString("\n## Query\n\n| parameter | is | says |\n| --- | --- | --- |\n")
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, parameters[name].describe(), parameters[name].says)
	}
	tables(&b, "Bodies", bodies())
	tables(&b, "Answers", answers())
	return b.String()
}

// tables writes what is in each type.
func tables(b *strings.Builder, title string, types map[string]reflect.Type) {
	fmt.Fprintf(b, "\n## %s\n", title)
	for _, name := range slices.Sorted(maps.Keys(types)) {
		fmt.Fprintf(b, "\n### %s\n\n| field | is | says |\n| --- | --- | --- |\n", name)
		for f := range fields(types[name]) {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", nameOf(f), describe(f.Type), meaning(types[name], f))
		}
	}
}

// bodies are the types that requests have, and answers those that they get.
func bodies() map[string]reflect.Type {
	all := map[string]reflect.Type{}
	for _, e := range endpoints {
		if e.body != nil {
			collect(all, reflect.TypeOf(e.body))
		}
	}
	return all
}

func answers() map[string]reflect.Type {
	all := map[string]reflect.Type{}
	collect(all, reflect.TypeFor[Problem]())
	for _, e := range endpoints {
		if t := reflect.TypeOf(e.gives); t != nil && t.Kind() == reflect.Struct {
			collect(all, t)
		}
	}
	return all
}

// answers says in the docs what the endpoint answers, and with which status.
func (e endpoint) answers() string {
	words := make([]string, len(e.success()))
	for i, status := range e.success() {
		words[i] = strconv.Itoa(status)
	}
	what := e.media
	if t := reflect.TypeOf(e.gives); t != nil && t.Kind() == reflect.Struct {
		what = reference(t)
		if e.media == streamMedia {
			what = "stream of " + what
		}
	}
	return strings.Join(words, ", ") + " " + what
}

// success are the statuses of the endpoint when all went well.
func (e endpoint) success() []int {
	if e.status == nil {
		return []int{http.StatusOK}
	}
	return e.status
}

// scope is the one that an API key needs for the endpoint.
func (e endpoint) scope() string {
	if e.changes {
		return scopeManage
	}
	return scopeRead
}

// describe says in the docs what the parameter is.
func (p parameter) describe() string {
	switch {
	case p.most > 0:
		return fmt.Sprintf("whole number from 1 to %d", p.most)
	case p.values != nil:
		return strings.Join(p.values, ", ")
	}
	return "text"
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
			if name := nameOf(f); name != "" && name != "-" && !yield(f) {
				return
			}
		}
	}
}

func nameOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// inside is the type without what it is wrapped in: pointers, lists and maps.
func inside(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
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
	case reflect.Map:
		return "by name: " + describe(t.Elem())
	case reflect.Struct:
		return reference(t)
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "whole number"
	case reflect.Float64:
		return "number"
	default:
		return "text"
	}
}
