package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/usher-media/usher/internal/api"
)

// Call calls the management API on the server's admin endpoint. A nil body
// sends none, a nil into drops the answer.
func (s *Server) Call(ctx context.Context, method, path string, body, into any) error {
	var text io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		text = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://admin/usher/v1"+path, text)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.admin.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: status %d: %s", method, path, resp.StatusCode, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// NewLink makes a link.
func (s *Server) NewLink(ctx context.Context, link api.NewLink) (api.Link, error) {
	var made api.Link
	err := s.Call(ctx, http.MethodPost, "/links", link, &made)
	return made, err
}

// Link reads a link.
func (s *Server) Link(ctx context.Context, id string) (api.Link, error) {
	var link api.Link
	err := s.Call(ctx, http.MethodGet, "/links/"+id, nil, &link)
	return link, err
}
