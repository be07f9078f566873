package redis

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

// A document and the edition are in different slots of a cluster, so they cannot
// be written together. The edition is made after the document was written: who
// sees it and reads the document again has to find the change. What is in between
// may be lost, with the node or with the caller's context. Then the verb was not
// acknowledged, and the caller cannot know whether the document is another; but
// to look whether it is, or to try again and meet a conflict, must not leave the
// other nodes with what they remember for ever. Hence a document that was written
// says so itself: it keeps the name of its change as untold until an edition was
// made for it. Whoever meets such a document, by reading it, by writing it or by
// not finding it any more, makes the edition first. A change has one name, and so
// it makes one edition, whoever tells it and however often.

// newChange returns a name for a change; empty: it is not to be told.
func newChange(kind gate.Kind, made bool) string {
	if !kind.Remembered(made) {
		return ""
	}
	return rand.Text()
}

// tell makes the edition of a change and notes that it did. Where the note is
// lost, the change is told once more, which changes nothing.
func (s *Store) tell(ctx context.Context, change string, doc gate.DocumentName) error {
	if change == "" {
		return nil
	}
	err := tellScript.Run(ctx, s.client, []string{editionKey, editsKey}, change, string(doc.Kind), doc.ID).Err()
	if err == nil {
		_ = toldScript.Run(ctx, s.client, []string{documentKey(doc.Kind, doc.ID)}, change).Err()
	}
	return err
}

// editionOf reads the edition. Before the first change, and where it was lost, it
// is 0, which is not known any more once there is another.
func editionOf(asked *goredis.StringCmd) (int64, error) {
	if asked.Val() == "" {
		return 0, nil
	}
	edition, err := strconv.ParseInt(asked.Val(), 10, 64)
	if err != nil {
		return 0, errReply
	}
	return edition, nil
}

// Edits implements [gate.Documents].
func (s *Store) Edits(ctx context.Context, since int64) ([]gate.DocumentName, int64, bool, error) {
	names, edition, complete, err := s.edits(ctx, since)
	return names, edition, complete, wrap("edits", err)
}

func (s *Store) edits(ctx context.Context, since int64) ([]gate.DocumentName, int64, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, false, err
	}
	// In this order: what changes between the two is listed, and is told again
	// to whoever asks for what came after the edition.
	pipe := s.client.Pipeline()
	asked := pipe.Get(ctx, editionKey)
	listed := pipe.ZRangeByScoreWithScores(ctx, editsKey,
		&goredis.ZRangeBy{Min: strconv.FormatInt(since, 10), Max: "+inf"})
	if _, err := pipe.Exec(ctx); present(err) != nil {
		return nil, 0, false, err
	}
	edition, err := editionOf(asked)
	if err != nil || edition == since {
		return nil, edition, err == nil, err
	}
	// An edition is known while the change that made it is listed.
	changes := listed.Val()
	if edition == 0 || len(changes) == 0 || int64(changes[0].Score) != since {
		return nil, edition, false, nil
	}
	names, err := editedNames(changes[1:])
	return names, edition, err == nil, err
}

// editedNames are the documents that were changed, each once.
func editedNames(changes []goredis.Z) (names []gate.DocumentName, err error) {
	seen := make(map[gate.DocumentName]bool)
	for _, change := range changes {
		text, _ := change.Member.(string)
		_, name, _ := strings.Cut(text, " ")
		kind, id, whole := strings.Cut(name, " ")
		if !whole {
			return nil, errReply
		}
		doc := gate.DocumentName{Kind: gate.Kind(kind), ID: id}
		if !seen[doc] {
			seen[doc] = true
			names = append(names, doc)
		}
	}
	return names, nil
}
