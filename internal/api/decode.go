package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxBody bounds a request's body.
const maxBody = 64 << 10

// decode reads the request's body into a struct, strictly: a misspelt limit
// must not become no limit, and of a field that is given twice nobody knows
// which one counts.
func (c *call) decode(into any) error {
	text, err := c.body()
	if err != nil {
		return err
	}
	media, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return badType.because("send the header Content-Type: application/json")
	}
	err = json.Unmarshal(text, into, json.RejectUnknownMembers(true), json.WithUnmarshalers(refuseNull))
	if err != nil {
		return bodyProblem(err, into)
	}
	return nil
}

// decodeOptional is decode for endpoints whose body may be left out.
func (c *call) decodeOptional(into any) error {
	if c.r.ContentLength == 0 {
		return nil
	}
	return c.decode(into)
}

// nothing is the body of endpoints that take none.
type nothing struct{}

func (c *call) body() ([]byte, error) {
	text, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, tooLarge.because(fmt.Sprintf("a body has at most %d bytes", maxBody))
	}
	if err != nil {
		return nil, badJSON.because("the body ended early")
	}
	return text, nil
}

var errNull = errors.New("null")

// refuseNull: to some null means "as it is" and to others "none", and for a
// limit these are opposites.
var refuseNull = json.UnmarshalFromFunc(func(d *jsontext.Decoder, _ any) error {
	if d.PeekKind() == 'n' {
		return errNull
	}
	return json.SkipFunc
})

// bodyProblem says what is wrong with a body, and where.
func bodyProblem(err error, into any) *Problem {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		syntactic, _ := errors.AsType[*jsontext.SyntacticError](err)
		return badJSON.of(fieldAt(syntactic.JSONPointer), nil, "the field is given twice")
	}
	semantic, isSemantic := errors.AsType[*json.SemanticError](err)
	if !isSemantic {
		return badJSON.because("want one JSON object and nothing after it")
	}
	field := fieldAt(semantic.JSONPointer)
	switch {
	case errors.Is(err, json.ErrUnknownName):
		known := fieldsOf(into)
		if strings.Contains(field, "/") {
			known = nil // it stands further in
		}
		return unknownField.of(field, known, "the field is not known here")
	case errors.Is(err, errNull) && field != "":
		return badValue.of(field, nil, "null is no value here: leave the field out, or say what it shall be")
	case field == "":
		return badJSON.because("want a JSON object")
	}
	return badValue.of(field, nil, "want "+wanted(semantic.GoType))
}

// fieldAt is a JSON pointer as people write it: can/0.
func fieldAt(pointer jsontext.Pointer) string { return strings.TrimPrefix(string(pointer), "/") }

// fieldsOf lists the names that a body struct knows.
func fieldsOf(into any) []string {
	body := reflect.TypeOf(into).Elem()
	names := make([]string, body.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(body.Field(i).Tag.Get("json"), ",")
	}
	return names
}

func wanted(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "a time as RFC 3339 writes it, such as 2026-01-31T18:00:00Z"
	case t == reflect.TypeFor[Addresses]():
		return "e-mail addresses: a list, or a text with commas or line breaks in between"
	case t.Kind() == reflect.Int64:
		return "a whole number"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return "a list of objects"
	case t.Kind() == reflect.Slice:
		return "a list of words"
	case t.Kind() == reflect.Struct:
		return "an object"
	default:
		return "text"
	}
}

// nothingChanges refuses a change that names nothing.
func nothingChanges(body any) error {
	return badValue.because("say what to change: one or more of " + strings.Join(fieldsOf(body), ", "))
}
