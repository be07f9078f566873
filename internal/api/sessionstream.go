package api

import (
	"github.com/go-json-experiment/json"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// streamSessions tells of the newest sessions: first those that are live, and then
// each that comes, or that is another one than when it was told of.
func (c *call) streamSessions() (answer, error) {
	whose, in, err := c.whose()
	if err == nil {
		_, err = c.sees(whose, in)
	}
	if err != nil {
		return answer{}, err
	}
	told := map[gate.SessionID]string{}
	first := true
	return c.streaming(func(c *call) ([]frame, error) {
		sees, err := c.sees(whose, in)
		if err != nil {
			return nil, err
		}
		sessions, err := c.Store.Sessions(c.r.Context(), whose, gate.SessionID{}, directory.MaxPage)
		if err != nil {
			return nil, err
		}
		c.emails = nil // they may be others by now
		now := make(map[gate.SessionID]string, len(sessions))
		var frames []frame
		for i := len(sessions) - 1; i >= 0; i-- {
			if !sees(sessions[i]) {
				continue
			}
			session := c.sessionOf(sessions[i])
			mark := markOf(session)
			now[session.ID] = mark
			if told[session.ID] != mark && !(first && session.State != "live") {
				frames = append(frames, frame{event: "session", data: session})
			}
		}
		told, first = now, false
		return frames, nil
	})
}

// markOf is another text for another session.
func markOf(s Session) string {
	text, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		return s.State
	}
	return digest(string(text))
}
