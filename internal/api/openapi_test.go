package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/api"
)

func TestOpenAPIIsServedWithATag(t *testing.T) {
	ask := func(method, match string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, "/openapi.json", nil)
		r.Header.Set("If-None-Match", match)
		w := httptest.NewRecorder()
		api.ServeOpenAPI(w, r)
		return w
	}
	got := ask(http.MethodGet, "")
	tag := got.Header().Get("ETag")
	if got.Code != 200 || !bytes.Equal(got.Body.Bytes(), api.OpenAPI()) || got.Header().Get("Content-Type") != "application/json" ||
		got.Header().Get("Cache-Control") != "public, max-age=300" || got.Header().Get("X-Content-Type-Options") != "nosniff" || tag == "" {
		t.Errorf("%d %v", got.Code, got.Header())
	}
	if again := ask(http.MethodGet, tag); again.Code != 304 || again.Body.Len() != 0 {
		t.Errorf("asked again with its tag: %d, %d bytes", again.Code, again.Body.Len())
	}
	if head := ask(http.MethodHead, ""); head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("ETag") != tag {
		t.Errorf("HEAD: %d %v", head.Code, head.Header())
	}
	if post := ask(http.MethodPost, ""); post.Code != 405 || post.Header().Get("Allow") != "GET, HEAD" || post.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("POST: %d %v", post.Code, post.Header())
	}
}

// TestOpenAPIRules are the house's rules for the document.
func TestOpenAPIRules(t *testing.T) {
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID, Summary, Description string
			Tags                              []string
			Parameters                        []struct {
				Ref         string `json:"$ref"`
				Description string
			}
			Responses map[string]struct {
				Ref         string `json:"$ref"`
				Description string
			}
			Security []map[string][]string
		}
		Components struct {
			Parameters map[string]struct{ Description string }
			Responses  map[string]struct{ Content map[string]any }
			Schemas    map[string]struct {
				Properties map[string]struct{ Description string }
			}
		}
		Tags []struct{ Name, Description string }
	}
	if err := json.Unmarshal(api.OpenAPI(), &doc); err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatal(err, doc.OpenAPI)
	}
	names, operations := map[string]bool{}, 0
	for path, methods := range doc.Paths {
		for method, op := range methods {
			operations++
			at := strings.ToUpper(method) + " " + path
			if !regexp.MustCompile(`^[a-z]+([A-Z][a-z]+)*$`).MatchString(op.OperationID) || names[op.OperationID] {
				t.Errorf("%s: operationId %q is not lowerCamel, or is there twice", at, op.OperationID)
			}
			names[op.OperationID] = true
			if op.Summary == "" || op.Description == "" || len(op.Tags) == 0 || len(op.Security) != 3 {
				t.Errorf("%s lacks a summary, a description, tags or security", at)
			}
			for _, tag := range op.Tags {
				if !slices.ContainsFunc(doc.Tags, func(known struct{ Name, Description string }) bool {
					return known.Name == tag && known.Description != ""
				}) {
					t.Errorf("%s: nothing is said of the tag %s", at, tag)
				}
			}
			for _, p := range op.Parameters {
				if p.Ref == "" && p.Description == "" {
					t.Errorf("%s: a parameter without a description", at)
				}
			}
			for status, given := range op.Responses {
				name := given.Ref[strings.LastIndex(given.Ref, "/")+1:]
				if status >= "400" && doc.Components.Responses[name].Content["application/problem+json"] == nil {
					t.Errorf("%s: %s is no problem", at, status)
				} else if status < "400" && given.Description == "" {
					t.Errorf("%s: nothing is said of %s", at, status)
				}
			}
		}
	}
	if operations != len(api.Endpoints()) {
		t.Errorf("%d operations for %d endpoints", operations, len(api.Endpoints()))
	}
	for name, p := range doc.Components.Parameters {
		if p.Description == "" {
			t.Errorf("nothing is said of the parameter %s", name)
		}
	}
	for name, schema := range doc.Components.Schemas {
		for field, property := range schema.Properties {
			if property.Description == "" {
				t.Errorf("nothing is said of %s.%s", name, field)
			}
		}
	}
}

// Every kind of problem is in the list, and has a remedy.
func TestEveryProblemIsTold(t *testing.T) {
	for _, lack := range api.UntoldProblems() {
		t.Error(lack)
	}
}
