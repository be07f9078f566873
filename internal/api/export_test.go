package api

import (
	"reflect"
	"slices"

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

// Meanings returns the fields that the reference can tell of.
func Meanings() map[string]string { return meanings }

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
