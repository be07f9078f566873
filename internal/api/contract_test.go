package api_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/usher-media/usher/internal/api"
)

// contract holds every request of the package's tests, and its answer, against
// the OpenAPI document.
var contract struct {
	mu sync.Mutex
	// succeeded and refused are the endpoints that were seen to do so.
	succeeded, refused map[string]bool
}

// drawn is the document, with schemas that allow nothing which they do not
// name: clients shall overlook new fields, but these tests not.
var drawn = sync.OnceValues(func() (*openapi3.T, error) {
	contract.succeeded, contract.refused = map[string]bool{}, map[string]bool{}
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	for _, schema := range doc.Components.Schemas {
		if schema.Value.AdditionalProperties.Has == nil && schema.Value.AdditionalProperties.Schema == nil {
			schema.Value.AdditionalProperties.Has = new(false)
		}
	}
	return doc, nil
})

func TestOpenAPIIsValid(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// keepsContract checks an answer, and, where the request was taken, that it is
// one which the document allows.
func keepsContract(t *testing.T, r *http.Request, body []byte, got reply) {
	t.Helper()
	doc, err := drawn()
	if err != nil {
		t.Fatal(err)
	}
	endpoint := api.EndpointOf(r.Method, r.URL.EscapedPath())
	if endpoint == "" {
		if !slices.Contains(api.BeforeEndpoints(), got.slug()) {
			t.Errorf("%s %s is no endpoint, and answers %d %s", r.Method, r.URL, got.status, got.text)
		}
		return
	}
	method, path, _ := strings.Cut(endpoint, " ")
	op := doc.Paths.Value(path).GetOperation(method)
	contract.mu.Lock()
	if got.status < http.StatusBadRequest {
		contract.succeeded[endpoint] = true
	} else if got.slug() != "unauthorized" {
		contract.refused[endpoint] = true
	}
	contract.mu.Unlock()
	if got.status < http.StatusBadRequest {
		for _, wrong := range unasked(op, r, body) {
			t.Errorf("the API takes what its document does not: %s %s %s: %s", r.Method, r.URL, body, wrong)
		}
	}
	if err := unanswered(op, got); err != nil {
		t.Errorf("the document does not know this answer: %s %s: %d %s: %v", r.Method, r.URL, got.status, got.text, err)
	}
}

// unasked says what the document does not know of a request.
func unasked(op *openapi3.Operation, r *http.Request, body []byte) (wrong []string) {
	for name, values := range r.URL.Query() {
		p := op.Parameters.GetByInAndName("query", name)
		if p == nil {
			wrong = append(wrong, "no parameter "+name)
		} else if values[0] != "" { // which is as good as left out
			wrong = append(wrong, fits(p.Schema.Value, typed(p.Schema.Value, values[0]))...)
		}
	}
	for _, name := range []string{"Usher-As", "Idempotency-Key", "If-Match", "Last-Event-ID"} {
		if value := r.Header.Get(name); value != "" {
			if p := op.Parameters.GetByInAndName("header", name); p != nil {
				wrong = append(wrong, fits(p.Schema.Value, value)...)
			} else if name == "Usher-As" { // others are overlooked where they mean nothing
				wrong = append(wrong, "no header "+name)
			}
		}
	}
	if len(body) == 0 {
		if op.RequestBody != nil && op.RequestBody.Value.Required {
			wrong = append(wrong, "a body is required")
		}
		return wrong
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return append(wrong, err.Error())
	}
	if op.RequestBody == nil {
		if object, is := value.(map[string]any); !is || len(object) > 0 {
			wrong = append(wrong, "no body is known")
		}
		return wrong
	}
	return append(wrong, fits(op.RequestBody.Value.Content["application/json"].Schema.Value, value)...)
}

// unanswered says what the document does not know of an answer.
func unanswered(op *openapi3.Operation, got reply) error {
	known := op.Responses.Value(strconv.Itoa(got.status))
	if known == nil {
		return fmt.Errorf("there is no status %d", got.status)
	}
	media := known.Value.Content[got.header.Get("Content-Type")]
	if media == nil {
		return fmt.Errorf("there is no %s", got.header.Get("Content-Type"))
	}
	var given any = map[string]any(got.object)
	if media.Schema.Value.Type.Is("string") { // a stream
		given = got.text
	}
	if wrong := fits(media.Schema.Value, given); wrong != nil {
		return fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	for _, name := range []string{"ETag", "Location", "Retry-After", "WWW-Authenticate", "Allow"} {
		value := got.header.Get(name)
		if value == "" {
			continue
		}
		h := known.Value.Headers[name]
		if h == nil && (name != "WWW-Authenticate" || got.status != http.StatusForbidden) {
			return fmt.Errorf("there is no header %s", name)
		}
		if h != nil {
			if wrong := fits(h.Value.Schema.Value, typed(h.Value.Schema.Value, value)); wrong != nil {
				return fmt.Errorf("%s: %s", name, strings.Join(wrong, "; "))
			}
		}
	}
	return nil
}

// keepsStream checks one event of a stream: what it has is what the document says
// of the data.
func keepsStream(t *testing.T, path, event, data string) {
	t.Helper()
	doc, err := drawn()
	if err != nil {
		t.Fatal(err)
	}
	var given map[string]any
	if err := json.Unmarshal([]byte(data), &given); err != nil {
		t.Fatalf("%s: %s %s: %v", path, event, data, err)
	}
	if event == "gap" {
		if _, is := given["detail"].(string); !is || len(given) != 1 {
			t.Errorf("%s: %s %s", path, event, data)
		}
		return
	}
	schema, known := doc.Components.Schemas[api.Streamed(path)]
	if !known {
		t.Fatalf("the document does not know what %s streams", path)
	}
	if wrong := fits(schema.Value, given); wrong != nil {
		t.Errorf("the document does not know what %s streams: %s: %v", path, data, wrong)
	}
}

// typed reads a text as what the schema says that it is.
func typed(schema *openapi3.Schema, text string) any {
	if n, err := strconv.ParseFloat(text, 64); err == nil && schema.Type.Is("integer") {
		return n
	}
	return text
}

func fits(schema *openapi3.Schema, value any) []string {
	if err := schema.VisitJSON(value, openapi3.EnableFormatValidation(), openapi3.MultiErrors(), openapi3.DisableSchemaErrorDetails()); err != nil {
		return []string{err.Error()}
	}
	return nil
}

// TestMain also looks, when all tests ran, whether they asked every endpoint, and
// saw each of them succeed and refuse.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if code == 0 && whole() {
		for _, endpoint := range api.Endpoints() {
			if !contract.succeeded[endpoint] || !contract.refused[endpoint] {
				fmt.Printf("FAIL: no test shows %s succeed (%t), and refuse (%t)\n", endpoint, contract.succeeded[endpoint], contract.refused[endpoint])
				code = 1
			}
		}
	}
	os.Exit(code)
}

// whole reports whether no test was left out.
func whole() bool {
	return !slices.ContainsFunc([]string{"test.run", "test.fuzz", "test.skip", "test.list", "test.bench"}, func(name string) bool {
		return flag.Lookup(name).Value.String() != ""
	})
}
