package guard

// Verb is a verb of the store's contract. It is a number so that whoever counts
// calls by verb need not look up its name on every one.
type Verb uint8

// The verbs that are counted.
const (
	verbGet Verb = iota
	verbPut
	verbDelete
	verbList
	verbEdits
	verbIssue
	verbAccount
	verbExtend
	verbSetStanding
	verbOpen
	verbCheck
	verbReserve
	verbSettle
	verbGather
	verbEnd
	verbSeated
	verbSessions
	verbFlush
	verbAnnounce
)

var verbNames = [...]string{
	verbGet:         "get",
	verbPut:         "put",
	verbDelete:      "delete",
	verbList:        "list",
	verbEdits:       "edits",
	verbIssue:       "issue",
	verbAccount:     "account",
	verbExtend:      "extend",
	verbSetStanding: "set_standing",
	verbOpen:        "open",
	verbCheck:       "check",
	verbReserve:     "reserve",
	verbSettle:      "settle",
	verbGather:      "gather",
	verbEnd:         "end",
	verbSeated:      "seated",
	verbSessions:    "sessions",
	verbFlush:       "flush",
	verbAnnounce:    "announce",
}

// String is the name that calls are counted under.
func (v Verb) String() string { return verbNames[v] }

// Verbs are all of them.
func Verbs() []Verb {
	all := make([]Verb, len(verbNames))
	for i := range all {
		all[i] = Verb(i)
	}
	return all
}

// Outcome is what became of a call.
type Outcome uint8

// The outcomes of calls.
const (
	OK     Outcome = iota // answered
	Failed                // not decided
	Open                  // not asked, since the breaker is open
)

var outcomeNames = [...]string{OK: "ok", Failed: "error", Open: "open"}

// String is the name that calls are counted under.
func (o Outcome) String() string { return outcomeNames[o] }

// Outcomes are all of them.
func Outcomes() []Outcome { return []Outcome{OK, Failed, Open} }
