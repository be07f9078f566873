package cli

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
)

// ask sends a request and returns the answer, or the problem as an error.
func (r *run) ask(method, path string, body any) ([]byte, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("writing the request: %w", err)
		}
	}
	status, response, err := r.Do(r.ctx, method, path, text)
	if err != nil {
		return nil, err
	}
	if status < 200 || status > 299 {
		return nil, failure(status, response)
	}
	return response, nil
}

// failure turns an error answer into one line.
func failure(status int, response []byte) error {
	var problem api.Problem
	if json.Unmarshal(response, &problem) != nil || problem.Detail == "" {
		return fmt.Errorf("the server answered %d %s and not as Usher does: is this the admin address of an Usher server?", status, strings.ToLower(http.StatusText(status)))
	}
	var notes []string
	if problem.Field != "" {
		notes = append(notes, "field "+problem.Field)
	}
	if len(problem.Allowed) > 0 {
		notes = append(notes, "known are "+strings.Join(problem.Allowed, ", "))
	}
	if len(notes) == 0 {
		return fmt.Errorf("%s", problem.Detail)
	}
	return fmt.Errorf("%s (%s)", problem.Detail, strings.Join(notes, "; "))
}

// show asks and prints the answer: as it came with --json, else by print.
func show[T any](r *run, method, path string, body any, print func(io.Writer, T)) error {
	response, err := r.ask(method, path, body)
	if err != nil {
		return err
	}
	if r.json {
		_, err := r.out.Write(response)
		return err
	}
	object, err := read[T](response)
	if err != nil {
		return err
	}
	print(r.out, object)
	return nil
}

func read[T any](response []byte) (object T, err error) {
	if err = json.Unmarshal(response, &object); err != nil {
		return object, fmt.Errorf("the server's answer cannot be read; is it of another version than this command? %w", err)
	}
	return object, nil
}

// whichLink is what takes says of a link on the command line.
const whichLink = "the link: its id (lnk_…), or its share or media URL"

// linkID returns the id of a link that stands on the command line as its id or
// as a URL. Only the server can read a URL: its code is sealed.
func (r *run) linkID(text string) (string, error) {
	if id, err := gate.ParseLinkID(text); err == nil {
		return id.String(), nil
	}
	if !strings.Contains(text, "/") {
		return "", fmt.Errorf("this is neither a link's id (lnk_ and 20 characters) nor its share or media URL")
	}
	response, err := r.ask(http.MethodPost, "/explain", api.Question{URL: text})
	if err != nil {
		return "", err
	}
	said, err := read[api.Explanation](response)
	if err != nil {
		return "", err
	}
	if said.Link == "" {
		return "", fmt.Errorf("this URL names no link of this server (%s); see usher explain", said.Reason)
	}
	return said.Link, nil
}
