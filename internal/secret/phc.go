package secret

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// costs are the parameters of argon2id.
type costs struct {
	memory uint32 // KiB
	time   uint32
	lanes  uint8
}

// Bounds of what is accepted: a string from the store, or from somebody's
// import, must not be able to take the machine's memory.
const (
	maxMemory = 64 * 1024
	maxTime   = 5
	maxLanes  = 4

	minSalt, maxSalt = 8, 48
	minKey, maxKey   = 16, 64

	maxPHC = 256
)

// parsed is a PHC string taken apart.
type parsed struct {
	costs
	salt, key []byte
}

// ErrPHC reports a string that is not a PHC string of argon2id in its one
// spelling, or that would cost more than is allowed.
var ErrPHC = errors.New("not a PHC string of argon2id with at most 64 MiB, 5 passes and 4 lanes")

var phcText = base64.RawStdEncoding.Strict()

// String writes the PHC string.
func (p parsed) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.lanes,
		phcText.EncodeToString(p.salt), phcText.EncodeToString(p.key))
}

// Valid reports whether phc is a string that Verify can check.
func Valid(phc string) bool {
	_, err := parse(phc)
	return err == nil
}

// parse reads what String wrote and refuses every other spelling.
func parse(phc string) (parsed, error) {
	var p parsed
	if len(phc) > maxPHC {
		return p, ErrPHC
	}
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, ErrPHC
	}
	if !p.costs.parse(parts[3]) {
		return p, ErrPHC
	}
	var errSalt, errKey error
	p.salt, errSalt = phcText.DecodeString(parts[4])
	p.key, errKey = phcText.DecodeString(parts[5])
	switch {
	case errSalt != nil || errKey != nil,
		len(p.salt) < minSalt || len(p.salt) > maxSalt,
		len(p.key) < minKey || len(p.key) > maxKey,
		p.String() != phc: // decoders pass over line ends, and numbers have leading zeros
		return p, ErrPHC
	}
	return p, nil
}

// parse reads "m=19456,t=2,p=1". The least that argon2 takes is 8 KiB a lane.
func (c *costs) parse(text string) bool {
	fields := strings.Split(text, ",")
	if len(fields) != 3 {
		return false
	}
	memory, ok1 := number(fields[0], "m=", maxMemory)
	time, ok2 := number(fields[1], "t=", maxTime)
	lanes, ok3 := number(fields[2], "p=", maxLanes)
	*c = costs{memory: memory, time: time, lanes: uint8(lanes)}
	return ok1 && ok2 && ok3 && memory >= 8*lanes
}

func number(text, name string, most uint32) (uint32, bool) {
	digits, found := strings.CutPrefix(text, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), found && err == nil && n >= 1 && n <= uint64(most)
}
