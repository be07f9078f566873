package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/api"
)

// maxFrame bounds one event of a stream, and maxFailure what is read of an answer
// that is none.
const (
	maxFrame   = 1 << 20
	maxFailure = 64 << 10
)

// follow reads a stream until the command is interrupted, and gives each event to
// show. When the server ends a stream, since it is configured anew or started again,
// another one goes on where it was.
func (r *run) follow(path string, show func(event string, data []byte) error) error {
	last, wait := "", 0
	for {
		status, stream, err := r.Follow(r.ctx, path, last)
		if err == nil && status != http.StatusOK {
			defer stream.Close()
			response, _ := io.ReadAll(io.LimitReader(stream, maxFailure))
			return failure(status, response)
		}
		if err == nil {
			wait = 0
			err = r.frames(stream, &last, show)
			stream.Close()
		}
		if ended := r.ctx.Err(); ended != nil {
			return nil
		}
		if _, broken := errors.AsType[printing](err); broken || wait == maxWaits {
			return err
		}
		wait++
		if !pause(r.ctx, time.Second) {
			return nil
		}
	}
}

// maxWaits is how often in a row a server that does not answer is asked again.
const maxWaits = 30

// printing is an error of ours and not of the server's.
type printing struct{ error }

// pause reports false where ctx is done before the time is over.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// frames reads the events of a stream to its end, and keeps the id of the last.
func (r *run) frames(stream io.Reader, last *string, show func(event string, data []byte) error) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, maxFrame)
	var id, event string
	var data bytes.Buffer
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			id = value
		case "event":
			event = value
		case "data":
			data.WriteString(value)
		case "":
			if lines.Text() != "" || data.Len() == 0 {
				continue // a comment, or nothing was said
			}
			if err := show(event, data.Bytes()); err != nil {
				return printing{err}
			}
			if id != "" {
				*last = id
			}
			id, event = "", ""
			data.Reset()
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the stream: %w", err)
	}
	return nil
}

// followSessions prints sessions as they come.
func followSessions(r *run, query url.Values) error {
	query.Del("limit")
	query.Del("cursor")
	return r.follow("/sessions/stream?"+query.Encode(), func(_ string, data []byte) error {
		if r.json {
			return line(r.out, data)
		}
		s, err := read[api.Session](data)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(r.out, "%s  %-7s  %s  %s  %s, %s  %s\n", stamp(s.LastSeen), s.State, s.ID, personOf(s), s.Agent, count(int64(len(s.Plays)), "play"), s.Link)
		return err
	})
}

// line prints what came as one line.
func line(out io.Writer, data []byte) error {
	_, err := fmt.Fprintf(out, "%s\n", data)
	return err
}
