package api

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/usher-media/usher/internal/directory"
)

// Endpoints returns the method and path of every endpoint.
func Endpoints() []string {
	var all []string
	for _, e := range endpoints {
		all = append(all, e.method+" "+e.path)
	}
	return all
}

// Needs returns the permissions that an endpoint says it asks for, and a new
// body for it; nil: it takes none.
func Needs(name string) (permissions []directory.Permission, body any) {
	i := slices.IndexFunc(endpoints, func(e endpoint) bool { return e.method+" "+e.path == name })
	if t := reflect.TypeOf(endpoints[i].body); t != nil {
		body = reflect.New(t).Interface()
	}
	return endpoints[i].needs, body
}

// allTypes are those of all bodies and answers, and what is inside them.
func allTypes() map[string]reflect.Type {
	all := bodies()
	maps.Copy(all, answers())
	return all
}

// Needless returns the meanings that are of no field of any body or answer.
func Needless() []string {
	all := maps.Clone(meanings)
	for _, t := range allTypes() {
		for f := range fields(t) {
			for _, name := range declarers(t, f) {
				delete(all, name+"."+nameOf(f))
			}
			delete(all, nameOf(f))
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Lacking says of every endpoint what its row does not say, and should.
func Lacking() []string {
	var lacks []string
	names := map[string]bool{}
	for _, e := range endpoints {
		lack := func(format string, args ...any) {
			lacks = append(lacks, e.method+" "+e.path+": "+fmt.Sprintf(format, args...))
		}
		if !regexp.MustCompile(`^[a-z]+([A-Z][a-z]+)*$`).MatchString(e.name) || names[e.name] {
			lack("name is %q: give it an operationId of its own, such as listLinks", e.name)
		}
		names[e.name] = true
		if e.says == "" || strings.HasSuffix(e.says, ".") {
			lack("says is %q: give it a summary, without a full stop", e.says)
		}
		if e.gives == nil {
			lack("gives is nil: give it an empty value of what it answers, such as LinkList{}")
		}
		tag := strings.Split(e.path, "/")[1]
		if !slices.ContainsFunc(tags, func(t struct{ name, says string }) bool { return t.name == tag }) {
			lack("add a row for %q to tags, in openapiwords.go", tag)
		}
		for _, name := range e.query {
			if parameters[name].says == "" {
				lack("add a row for %q to parameters, in openapiwords.go", name)
			}
		}
	}
	for _, body := range allTypes() {
		for f := range fields(body) {
			if meaning(body, f) == "" {
				lacks = append(lacks, fmt.Sprintf("the field %q of %s: say what it says, in meanings.go", nameOf(f), body.Name()))
			}
		}
	}
	return lacks
}

// EndpointOf returns the endpoint that a request is for; empty: there is none.
func EndpointOf(method, path string) string {
	e, _, err := find(method, path)
	if err != nil {
		return ""
	}
	return e.method + " " + e.path
}

// Streamed is the name of what a stream is of.
func Streamed(path string) string {
	e, _, err := find(http.MethodGet, path)
	if err != nil || e.media != streamMedia {
		return ""
	}
	return reflect.TypeOf(e.gives).Name()
}

// BeforeEndpoints are the problems that a request may have before it is known
// which endpoint it is for.
func BeforeEndpoints() []string {
	var slugs []string
	for _, k := range []kind{noEndpoint, badMethod, unauthorized, forbidden, fromElsewhere, badType, badValue, storeDown, notRunning} {
		slugs = append(slugs, k.slug)
	}
	return slugs
}

// UntoldProblems says which kinds of problem the docs lack. It reads the source,
// since a kind that is in no list is seen nowhere else.
func UntoldProblems() []string {
	text, err := os.ReadFile("problem.go")
	if err != nil {
		return []string{err.Error()}
	}
	var lacks []string
	listed := map[string]bool{}
	for _, k := range kinds {
		if listed[k.slug] || remedies[k.slug] == "" {
			lacks = append(lacks, k.slug+": is in kinds twice, or has no row in remedies, in problems.go")
		}
		listed[k.slug] = true
	}
	declared := regexp.MustCompile(`= kind\{"([a-z-]+)"`).FindAllStringSubmatch(string(text), -1)
	for _, match := range declared {
		if !listed[match[1]] {
			lacks = append(lacks, match[1]+": add it to kinds and to remedies, in problems.go")
		}
	}
	if len(declared) != len(kinds) || len(remedies) != len(kinds) {
		lacks = append(lacks, fmt.Sprintf("%d kinds are declared in problem.go, %d listed, and %d have a remedy", len(declared), len(kinds), len(remedies)))
	}
	return lacks
}

// Tells returns the type of event that an endpoint tells, and whether it changes
// anything.
func Tells(name string) (kind string, changes bool) {
	i := slices.IndexFunc(endpoints, func(e endpoint) bool { return e.method+" "+e.path == name })
	if t, tells := tellings[name]; tells {
		kind = t.kind.String()
	}
	return kind, endpoints[i].changes
}

// Tellings returns how many endpoints tell anything.
func Tellings() int { return len(tellings) }
