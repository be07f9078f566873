package embedded

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/usher-media/usher/internal/gate"
)

// edits is the edition of the documents, and which of them the last editions
// changed. It is in memory only: nobody who remembers documents outlives the
// process, or else finds out that the edition is of another. It is brought up to
// date once a change is on disk, and before anybody is told that it is.
type edits struct {
	current atomic.Int64
	mu      sync.Mutex
	names   []gate.DocumentName // the last one made the current edition
}

// newEdits begins anywhere, so that an edition which another process, or another
// store, has named is not taken for one of these.
func newEdits() *edits {
	var some [8]byte
	_, _ = rand.Read(some[:]) // it never fails
	e := &edits{}
	e.current.Store(int64(binary.BigEndian.Uint64(some[:]) >> 12))
	return e
}

func (e *edits) edition() int64 { return e.current.Load() }

// publish adds what a batch has changed.
func (e *edits) publish(names []gate.DocumentName) {
	if len(names) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.names = append(e.names, names...)
	if len(e.names) > 2*gate.EditsKept {
		e.names = slices.Clone(e.names[len(e.names)-gate.EditsKept:])
	}
	e.current.Add(int64(len(names)))
}

// renew makes an edition of which nobody knows how it came about: after a commit
// that failed, any document may be another.
func (e *edits) renew() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.names = nil
	e.current.Add(1)
}

// since returns the documents that changed after an edition, each once.
func (e *edits) since(edition int64) (names []gate.DocumentName, current int64, complete bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	current = e.current.Load()
	if edition < 0 || edition > current || current-edition > int64(len(e.names)) {
		return nil, current, false
	}
	seen := make(map[gate.DocumentName]bool)
	for _, name := range e.names[len(e.names)-int(current-edition):] {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names, current, true
}

// Edits implements [gate.Documents].
func (s *Store) Edits(ctx context.Context, since int64) ([]gate.DocumentName, int64, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, false, err
	}
	names, edition, complete := s.edits.since(since)
	return names, edition, complete, nil
}
