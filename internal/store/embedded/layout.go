package embedded

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/usher-media/usher/internal/token"
)

// format is the version of the layout below. A file of another one is refused,
// never guessed at.
const format = "4"

// The buckets, and what their keys and values are. Ids are 12 bytes each.
var (
	metaBucket      = []byte("meta")      // "format", "state"
	documentsBucket = []byte("documents") // kind 0x00 id: a document
	termsBucket     = []byte("terms")     // kind 0x00 term 0x00 id: nothing; documents by their terms
	accountsBucket  = []byte("accounts")  // link: an account
	sessionsBucket  = []byte("sessions")  // link session: a session
	orderBucket     = []byte("order")     // session link: nothing; all sessions by their ids
	personsBucket   = []byte("persons")   // person session link: nothing; a person's sessions by their ids
	subjectsBucket  = []byte("subjects")  // link subject: what a subject holds, plays and used
	devicesBucket   = []byte("devices")   // link device: the last session that nobody made on it; with a person behind, theirs
	aliasesBucket   = []byte("aliases")   // link alias person: the last session made with it
	seatsBucket     = []byte("seats")     // link subject time session: nothing; a link's sessions by their ends
	broomBucket     = []byte("broom")     // time what name: nothing; what the broom looks at when

	buckets = [][]byte{
		metaBucket, documentsBucket, termsBucket, accountsBucket, sessionsBucket, orderBucket,
		personsBucket, subjectsBucket, devicesBucket, aliasesBucket, seatsBucket, broomBucket,
	}
	formatKey = []byte("format")
	stateKey  = []byte("state")
)

// isFresh reports whether nothing was ever written to the file. One that lost
// what was is not taken for it: to start it anew would be the end of whatever
// can still be rescued.
func isFresh(tx *bolt.Tx) bool {
	const pagesOfNew = 4
	name, _ := tx.Cursor().First()
	return name == nil && tx.Size() <= pagesOfNew*int64(tx.DB().Info().PageSize)
}

// create makes the buckets of a new file.
func create(tx *bolt.Tx) error {
	for _, name := range buckets {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	if err := put(tx, metaBucket, formatKey, []byte(format)); err != nil {
		return err
	}
	return saveState(tx, state{})
}

func checkFormat(tx *bolt.Tx) error {
	if tx.Bucket(metaBucket) == nil {
		return fmt.Errorf("%w, or it is another program's: it has no bucket %q", errDamaged, metaBucket)
	}
	found, err := get(tx, metaBucket, formatKey)
	if err != nil {
		return err
	}
	if found == nil {
		return fmt.Errorf("%w: it does not say its format", errDamaged)
	}
	if string(found) != format {
		return fmt.Errorf("it is of format %q and this usher knows %q only: run the usher that wrote it", found, format)
	}
	return nil
}

// state is what every commit writes.
type state struct {
	// clock is the store's time.
	clock time.Time
	// sum adds up the checksums of all records outside of meta, so that one
	// that is missing is noticed: a flipped bit in a page's header makes bbolt
	// overlook records, and a count that was lost is a limit that starts anew.
	sum uint32
}

func loadState(tx *bolt.Tx) (state, error) {
	value, err := get(tx, metaBucket, stateKey)
	if err != nil {
		return state{}, err
	}
	r := reader{rest: value}
	st := state{clock: r.time(), sum: uint32(r.number())}
	return st, r.err
}

func saveState(tx *bolt.Tx, st state) error {
	return put(tx, metaBucket, stateKey, new(writer).time(st.clock).number(int64(st.sum)).bytes)
}

// castagnoli is computed by the processor.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum covers the bucket and the key as well: a record in another's place
// is damage too.
func checksum(bucket, key, value []byte) uint32 {
	sum := crc32.Update(0, castagnoli, bucket)
	sum = crc32.Update(sum, castagnoli, key)
	return crc32.Update(sum, castagnoli, value)
}

// put writes a record with its checksum behind it. bbolt keeps none of its own
// over data, and a flipped bit in a limit must not pass for a limit. The value
// is the store's from then on.
func put(tx *bolt.Tx, bucket, key, value []byte) error {
	return tx.Bucket(bucket).Put(key, binary.BigEndian.AppendUint32(value, checksum(bucket, key, value)))
}

// get reads a record; nil: there is none. It is only good inside the
// transaction, as it points into the file.
func get(tx *bolt.Tx, bucket, key []byte) ([]byte, error) {
	sealed := tx.Bucket(bucket).Get(key)
	if sealed == nil {
		return nil, nil
	}
	return unseal(bucket, key, sealed)
}

func unseal(bucket, key, sealed []byte) ([]byte, error) {
	n := len(sealed) - sealSize
	if n < 0 || sealOf(sealed) != checksum(bucket, key, sealed[:n]) {
		return nil, fmt.Errorf("%w: a record in bucket %q is not as it was written", errDamaged, bucket)
	}
	return sealed[:n:n], nil
}

const sealSize = 4

// sealOf is the checksum behind a record; 0 where there is no record.
func sealOf(sealed []byte) uint32 {
	if len(sealed) < sealSize {
		return 0
	}
	return binary.BigEndian.Uint32(sealed[len(sealed)-sealSize:])
}

// falling walks the keys of a bucket that begin with prefix backwards, from
// just below prefix+below, or from the last where below is empty.
func falling(tx *bolt.Tx, bucket, prefix, below []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, sealed []byte) bool) {
		cursor := tx.Bucket(bucket).Cursor()
		for key, sealed := seekBelow(cursor, prefix, below); bytes.HasPrefix(key, prefix) && key != nil; {
			if !yield(key, sealed) {
				return
			}
			key, sealed = cursor.Prev()
		}
	}
}

// seekBelow goes to the last key below prefix+below, or below whatever follows
// the keys with that prefix.
func seekBelow(cursor *bolt.Cursor, prefix, below []byte) (key, sealed []byte) {
	bound := slices.Concat(prefix, below)
	if len(below) == 0 {
		bound = after(prefix)
	}
	if bound == nil {
		return cursor.Last()
	}
	if key, _ = cursor.Seek(bound); key == nil {
		return cursor.Last()
	}
	return cursor.Prev()
}

// after returns the lowest key above all that begin with prefix; nil: none is.
func after(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			next := slices.Clone(prefix[:i+1])
			next[i]++
			return next
		}
	}
	return nil
}

// pair is the key of what belongs to one id under another.
func pair[A, B ~[token.IDSize]byte](a A, b B) []byte { return slices.Concat(a[:], b[:]) }
