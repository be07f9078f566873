package redis

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

//go:embed lua
var luaFiles embed.FS

// Bounds of what is kept about one link. Beyond them it refuses, or stops
// counting what only people look at.
const (
	maxLimit    = 1 << 53 // up to which numbers are exact in Lua
	maxAssets   = 1000    // plays of one subject
	maxSubjects = 100_000 // subjects whose views are counted
	maxDevices  = 100_000 // devices counted
	// slack is how much later than its end a key is swept away.
	slack = time.Hour
)

var (
	issueScript    = load("issue")
	extendScript   = load("extend")
	standingScript = load("standing")
	openScript     = load("open")
	reserveScript  = load("reserve")
	settleScript   = load("settle")
	gatherScript   = load("gather")
	endScript      = load("end")
	seatedScript   = load("seated")
	flushScript    = load("flush")
	enlistScript   = load("enlist")
	putScript      = load("put")
	deleteScript   = load("delete")
	tellScript     = load("tell")
	toldScript     = load("told")
)

// constants are what scripts share with Go: bounds, and the numbers of packed
// records in the order in which the decoders read them.
var constants = fmt.Sprintf(`local KEPT, SLACK, PACED_BACK = %d, %d, %d
local MAX_LIMIT, MAX_ASSETS, MAX_SUBJECTS, MAX_DEVICES, MAX_REPLACED, MAX_GATHERED, EDITS_KEPT = %d, %d, %d, %d, %d, %d, %d
local SUMS = {'views', 'each', 'starts', 'expires', 'since', 'used', 'reserved', 'redeems', 'devices', 'opens', 'now',
  'lapses', 'seats', 'seats_each', 'replace', 'start_by', 'play_for', 'refused', 'listed', 'short', 'short_seen',
  'sessions', 'bytes'}
local FACTS = {'created', 'seen', 'expires', 'ended', 'gathered', 'bytes', 'replaced', 'paced'}
local PLAY = {'opened', 'seen', 'lapses', 'holders'}
local CHANGES = '%s'
`, gate.SessionKept.Milliseconds(), slack.Milliseconds(), gate.PacedBack.Milliseconds(),
	maxLimit, maxAssets, maxSubjects, maxDevices, gate.MaxReplaced, gate.MaxGathered, gate.EditsKept, changesChannel)

// load puts a script together: the constants, the shared parts that its header
// names, and itself.
func load(name string) *goredis.Script {
	verb := luaFile(name)
	var src strings.Builder
	src.WriteString(constants)
	_, header, _ := strings.Cut(verb, "-- shared:")
	header, _, _ = strings.Cut(header, "\n")
	for _, part := range strings.Fields(header) {
		src.WriteString(luaFile("shared/" + part))
	}
	src.WriteString(verb)
	return goredis.NewScript(src.String())
}

func luaFile(name string) string {
	text, err := luaFiles.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // the files are part of the program
	}
	return string(text)
}

// answer is what a script on a link says.
type answer struct {
	refused gate.Refusal
	free    bool
	now     time.Time
	account gate.Account
	rest    []any
}

// noScript begins the error of a server that does not know a script.
const noScript = "NOSCRIPT"

// The words that scripts answer with.
var (
	refusals = map[string]gate.Refusal{
		"ok":         {},
		"free":       {},
		"revoked":    {Reason: gate.RevokedLink},
		"suspended":  {Reason: gate.SuspendedLink},
		"not_yet":    {Reason: gate.NotYet},
		"expired":    {Reason: gate.Expired},
		"no_session": {Reason: gate.NoSession},
		"replaced":   {Reason: gate.Replaced},
		"seats":      {Reason: gate.TooManySeats, Allowance: gate.AllowanceSeats},
		"seats_each": {Reason: gate.TooManySeats, Allowance: gate.AllowanceSeatsEach},
		"views":      {Reason: gate.ViewsSpent, Allowance: gate.AllowanceViews},
		"views_each": {Reason: gate.ViewsSpent, Allowance: gate.AllowanceViewsEach},
	}
	failures = map[string]error{
		"not_found": gate.ErrNotFound,
		"conflict":  gate.ErrConflict,
		"final":     gate.ErrFinal,
		"too_few":   gate.ErrTooFew,
		"lost":      errLost,
	}
)

// ask runs a script on a link's account. Where the server does not know the
// script, which is certain not to have run then, it is sent once in full.
func (s *Store) ask(ctx context.Context, script *goredis.Script, keys []string, args ...any) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	return s.read(script.Run(ctx, s.client, keys, s.timed(args...)...))
}

// timed puts the clock before a script's arguments.
func (s *Store) timed(args ...any) []any {
	now, latest := s.clockArgs()
	return append([]any{now, latest}, args...)
}

func (s *Store) read(cmd *goredis.Cmd) (answer, error) {
	reply, err := cmd.Slice()
	if err != nil {
		return answer{}, err
	}
	f := fields{values: reply}
	word, now, reading := f.text(), f.number(), f.number()
	values, _ := f.next().([]any)
	if f.err != nil {
		return answer{}, f.err
	}
	s.saw(reading)
	if err, failed := failures[word]; failed {
		return answer{}, err
	}
	refused, known := refusals[word]
	if !known {
		return answer{}, errReply
	}
	account, _, err := decodeAccount(values)
	return answer{
		refused: refused, free: word == "free",
		now: fromMillis(now), account: account, rest: f.values,
	}, err
}
