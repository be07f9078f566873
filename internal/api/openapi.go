package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/gate"
)

// OpenAPI returns the OpenAPI 3.1 document of the API, which is made from the
// table of endpoints and the types that serve them. It is the same at every
// mount, and holds nothing of the configuration.
var OpenAPI = sync.OnceValue(func() []byte {
	plain, err := json.Marshal(document())
	if err != nil {
		panic(err) // it is made of nothing that depends on input, and a test makes it
	}
	var text bytes.Buffer
	_ = json.Indent(&text, plain, "", "\t") // what Marshal wrote is JSON
	text.WriteByte('\n')
	return text.Bytes()
})

const (
	jsonMedia    = "application/json"
	problemMedia = "application/problem+json"
	streamMedia  = "text/event-stream"
	keyScheme    = "apiKey"
	cookieScheme = "signIn"
)

func document() *huma.OpenAPI {
	d := &drawing{
		schemas:   huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
		responses: map[string]*huma.Response{},
	}
	d.ref(reflect.TypeFor[Problem]())
	paths := map[string]*huma.PathItem{}
	for _, e := range endpoints {
		if paths[e.path] == nil {
			paths[e.path] = &huma.PathItem{}
		}
		*slot(paths[e.path], e.method) = d.operation(e)
	}
	d.refine()
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Usher management API", Version: "1", Description: about,
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		// Relative to where the document is: below it stands the API, at either mount.
		Servers: []*huma.Server{{URL: "v1", Description: "the mount at which this document was read"}},
		Tags:    tagList(),
		Paths:   paths,
		Components: &huma.Components{
			Schemas: d.schemas, Responses: d.responses, Parameters: commonParameters(),
			SecuritySchemes: securitySchemes(),
		},
	}
}

func securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		keyScheme: {
			Type: "http", Scheme: "bearer", BearerFormat: "usk_…",
			Description: "An API key with the scope read, or manage, which may do more. A key of a person may do what the person may. On the admin endpoint none is asked for.",
		},
		cookieScheme: {
			Type: "apiKey", In: "cookie", Name: browser.NamesFor(true).Person,
			Description: "The cookie of a person who is signed in on the site, who may do what they may with a key that manages. It counts on a site alone, " +
				"from pages of that site, and where no Authorization is sent. A change says Content-Type: application/json, also without a body. " +
				"On a site without TLS the cookie is called " + browser.NamesFor(false).Person + ".",
		},
	}
}

const about = `Links, sessions, events, persons, groups, collections, grants, usage, limits, keys, and what the gate would say to a URL.

It stands below /_usher/api/v1 on a site, for holders of API keys and for persons who are signed in there, and below /usher/v1 on
Caddy's admin endpoint, for operators, who need no key. Bodies and answers are JSON. Unknown fields, fields that are given twice, and null are refused in bodies; in answers
expect more fields in the future. Ids have a prefix, and sort by the time at which they were made. Cursors are opaque.
An error is a problem document (RFC 9457): its type tells it apart from others, and never changes.
A POST with an Idempotency-Key is done once, however often it is sent within a day.
What has an ETag is changed only as it was read, with If-Match.
A stream is one of server-sent events: the data of each is JSON. It ends when the rights of who asks end, and with the server.`

func tagList() []*huma.Tag {
	list := make([]*huma.Tag, len(tags))
	for i, tag := range tags {
		list[i] = &huma.Tag{Name: tag.name, Description: tag.says}
	}
	return list
}

// slot is where an operation stands in its path.
func slot(item *huma.PathItem, method string) **huma.Operation {
	switch method {
	case http.MethodGet:
		return &item.Get
	case http.MethodPut:
		return &item.Put
	case http.MethodPatch:
		return &item.Patch
	case http.MethodDelete:
		return &item.Delete
	default:
		return &item.Post
	}
}

// drawing is a document that is being made.
type drawing struct {
	schemas   huma.Registry
	responses map[string]*huma.Response
}

// ref leads to the schema of a type, which is there from then on.
func (d *drawing) ref(t reflect.Type) *huma.Schema { return d.schemas.Schema(t, true, "") }

func (d *drawing) operation(e endpoint) *huma.Operation {
	op := &huma.Operation{
		OperationID: e.name, Summary: e.says, Tags: []string{e.tag()}, Description: e.permitted(),
		Parameters: e.parameters(), Responses: map[string]*huma.Response{},
		Security: []map[string][]string{{keyScheme: {e.scope()}}, {cookieScheme: {}}, {}},
	}
	if e.body != nil {
		op.RequestBody = &huma.RequestBody{
			Required: !e.bodyOptional,
			Content:  map[string]*huma.MediaType{jsonMedia: {Schema: d.ref(reflect.TypeOf(e.body))}},
		}
	}
	for _, status := range e.success() {
		op.Responses[strconv.Itoa(status)] = d.success(e, status)
	}
	byStatus := map[int][]kind{}
	for _, k := range e.problems() {
		byStatus[k.status] = append(byStatus[k.status], k)
	}
	for status, kinds := range byStatus {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + d.problem(status, kinds)}
	}
	return op
}

// tag is the first segment of the endpoint's path.
func (e endpoint) tag() string { return strings.Split(e.path, "/")[1] }

// permitted says who may use the endpoint.
func (e endpoint) permitted() string {
	if e.needs == nil {
		return "Everybody gets what is theirs."
	}
	depending := ""
	if len(e.needs) > 1 {
		depending = ", depending on what is asked"
	}
	return "Takes the permission " + strings.ReplaceAll(e.who(), ", ", " or ") + depending + ". An API key needs the scope " + e.scope() + "."
}

func (d *drawing) success(e endpoint, status int) *huma.Response {
	media := e.media
	if media == "" {
		media = jsonMedia
	}
	schema := d.ref(reflect.TypeOf(e.gives))
	if media == streamMedia {
		schema = streamed(schema, e.resumed)
	}
	given := &huma.Response{
		Description: http.StatusText(status),
		Content:     map[string]*huma.MediaType{media: {Schema: schema}},
		Headers:     map[string]*huma.Param{},
	}
	if e.shown {
		given.Headers["ETag"] = header("the revision of what is shown, for If-Match", &huma.Schema{Type: huma.TypeString, Pattern: etagPattern})
	}
	if status == http.StatusCreated {
		given.Headers["Location"] = header("where what was made is, relative to the mount; left out where many were made", &huma.Schema{Type: huma.TypeString})
	}
	return given
}

// streamed is the schema of a stream of what has the given one. The standard has
// no words for what is inside one.
func streamed(data *huma.Schema, resumed bool) *huma.Schema {
	says := "server-sent events, the data of each of which is JSON as " + data.Ref + " has it"
	if resumed {
		says += "; one called gap says, with a detail, that more happened than the stream told"
	}
	return &huma.Schema{Type: huma.TypeString, Description: says}
}

// problem returns the name of the answer with one of these problems.
func (d *drawing) problem(status int, kinds []kind) string {
	slugs, uris, says := make([]string, len(kinds)), make([]any, len(kinds)), make([]string, len(kinds))
	for i, k := range kinds {
		slugs[i], uris[i], says[i] = k.slug, k.uri(), fmt.Sprintf("%s: %s.", k.slug, k.title)
	}
	name := strconv.Itoa(status) + "." + strings.Join(slugs, ".")
	given := &huma.Response{
		Description: strings.Join(says, " "),
		Headers:     map[string]*huma.Param{},
		Content: map[string]*huma.MediaType{problemMedia: {Schema: &huma.Schema{AllOf: []*huma.Schema{
			d.ref(reflect.TypeFor[Problem]()),
			{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"type": {Enum: uris}, "status": {Enum: []any{status}}}},
		}}}},
	}
	switch status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		given.Headers["Retry-After"] = header("seconds to wait", &huma.Schema{Type: huma.TypeInteger})
	case http.StatusUnauthorized:
		given.Headers["WWW-Authenticate"] = header("what is wanted", &huma.Schema{Type: huma.TypeString})
	}
	d.responses[name] = given
	return name
}

func header(says string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Description: says, Schema: schema}
}

// commonParameters are headers that several endpoints take.
func commonParameters() map[string]*huma.Param {
	most := maxOnceKey
	return map[string]*huma.Param{
		asHeader: {Name: asHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "the person on whose behalf an operator asks, by address or id; on the admin endpoint only"},
		onceHeader: {Name: onceHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, Pattern: "^[!-~]+$", MaxLength: &most},
			Description: "names the request: sent again within a day it is not done again, and gets the first answer"},
		lastHeader: {Name: lastHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, Pattern: idPattern("evt")},
			Description: "the id of the last event that was seen: the stream goes on after it"},
		"If-Match": {Name: "If-Match", In: "header", Schema: &huma.Schema{Type: huma.TypeString, Pattern: etagPattern},
			Description: "the ETag with which it was read: it is changed only if it is still the same"},
	}
}

const etagPattern = `^"[0-9a-z.-]+"$`

// parameters are what the endpoint takes beside its body.
func (e endpoint) parameters() []*huma.Param {
	var all []*huma.Param
	if strings.Contains(e.path, "{id}") {
		all = append(all, &huma.Param{Name: "id", In: "path", Required: true, Description: "which one", Schema: &huma.Schema{Type: huma.TypeString, Pattern: pathIDs[e.tag()]}})
	}
	for _, name := range e.query {
		all = append(all, &huma.Param{Name: name, In: "query", Description: parameters[name].says, Schema: parameters[name].schema()})
	}
	shared := []string{asHeader}
	if e.once() {
		shared = append(shared, onceHeader)
	}
	if e.matched {
		shared = append(shared, "If-Match")
	}
	if e.resumed {
		shared = append(shared, lastHeader)
	}
	for _, name := range shared {
		all = append(all, &huma.Param{Ref: "#/components/parameters/" + name})
	}
	return all
}

// schema describes the parameter's values.
func (p parameter) schema() *huma.Schema {
	switch {
	case p.most > 0:
		least, most := 1.0, float64(p.most)
		return &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most}
	case p.is == gate.LinkID{}:
		return &huma.Schema{Type: huma.TypeString, Pattern: idPattern("lnk")}
	case p.is == gate.SessionID{}:
		return &huma.Schema{Type: huma.TypeString, Pattern: idPattern("ses")}
	}
	return &huma.Schema{Type: huma.TypeString, Enum: anys(p.values)}
}

func anys(words []string) []any {
	var all []any
	for _, word := range words {
		all = append(all, word)
	}
	return all
}

// sortedNames are the names of the schemas.
func (d *drawing) sortedNames() []string { return slices.Sorted(maps.Keys(d.schemas.Map())) }
