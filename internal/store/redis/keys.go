package redis

import "github.com/usher-media/usher/internal/gate"

// Every key of a link carries its id as hash tag, so that they share a slot of
// a cluster and one script may work on all of them:
//
//	usher:{lnk_}:a           hash   account: state, why, by; sums, all its numbers; u:SUBJECT, the views used by one
//	usher:{lnk_}:r           zset   slots outstanding, by when each lapses
//	usher:{lnk_}:p:SUBJECT   hash   plays of a subject, by asset
//	usher:{lnk_}:s:ses_      hash   session: agent, group; facts, all else; g:FOLDER, one that it gathered
//	usher:{lnk_}:d:dev_      string last session of nobody on a device; with :per_ behind, of a person
//	usher:{lnk_}:l:ALIAS     string the same with an alias
//	usher:{lnk_}:dv          set    devices that made a session
//	usher:{lnk_}:ss          zset   names of sessions, in order
//	usher:{lnk_}:se          zset   the same, by the time until which they are listed
//	usher:{lnk_}:w:SUBJECT   zset   live sessions of a subject, by that time
//	usher:{sessions}:ss, :se zset   the same over all links, as ses_:lnk_
//	usher:{per_}:ss, :se     zset   the same of a person
//	usher:doc:{KIND:ID}      hash   document: rev, body, until, index; untold, see edits.go
//	usher:idx:KIND           zset   names of documents, in order
//	usher:idx:KIND:TERM      zset   names of those with a term, in order
//	usher:ends:KIND          zset   TERMS ID of those that end by themselves, by when
//	usher:{edits}:n          string edition of the documents
//	usher:{edits}:e          zset   CHANGE KIND ID, by the edition that it made
//	usher:changes            channel on which changes are told
//
// The limit and all that was used of it are in one hash, which has no time to
// live: it is there as a whole or the link does not exist. Where it is lost,
// everything denies. Where reservations or plays are lost, what was reserved
// has to be reserved again, and an open play costs a new view: the loss can
// only take views away. Sessions and pointers are let go of by time, and what
// is lost of them is opened again. Where the list of a link's sessions by their
// time is lost, all its seats are taken until the last of them is over. Only the
// loss of a subject's own list lets anybody do more: to watch on more devices
// than seats_each, within the views. Where the edition is lost, whoever remembers
// documents reads them again.
//
// Lists live in other slots than what they list. A name is written before its
// thing and removed after it, so that a crash leaves at most a name too many,
// and listing passes over names without a thing.
const (
	keyPrefix      = "usher:"
	allSessions    = keyPrefix + "{sessions}:ss"
	allSessionEnds = keyPrefix + "{sessions}:se"
	editionKey     = keyPrefix + "{edits}:n"
	editsKey       = keyPrefix + "{edits}:e"
)

// linkKeys is what all keys of a link begin with.
type linkKeys string

func keysOf(link gate.LinkID) linkKeys { return linkKeys(keyPrefix + "{" + link.String() + "}:") }

func (k linkKeys) account() string                   { return string(k) + "a" }
func (k linkKeys) reservations() string              { return string(k) + "r" }
func (k linkKeys) plays(subject gate.Subject) string { return string(k) + "p:" + subject.String() }
func (k linkKeys) session(id gate.SessionID) string  { return string(k) + "s:" + id.String() }
func (k linkKeys) devices() string                   { return string(k) + "dv" }
func (k linkKeys) sessions() string                  { return string(k) + "ss" }
func (k linkKeys) sessionEnds() string               { return string(k) + "se" }

func (k linkKeys) device(id gate.DeviceID, person gate.PersonID) string {
	return string(k) + "d:" + id.String() + of(person)
}

func (k linkKeys) alias(alias gate.Subject, person gate.PersonID) string {
	return string(k) + "l:" + alias.String() + of(person)
}

// of makes a key a person's own.
func of(person gate.PersonID) string {
	if person.IsZero() {
		return ""
	}
	return ":" + person.String()
}

// personSessions and personSessionEnds are the list of a person's sessions.
func personSessions(person gate.PersonID) string { return keyPrefix + "{" + person.String() + "}:ss" }

func personSessionEnds(person gate.PersonID) string {
	return keyPrefix + "{" + person.String() + "}:se"
}

func documentKey(kind gate.Kind, id string) string {
	return keyPrefix + "doc:{" + string(kind) + ":" + id + "}"
}

// documentsKey is the list of the documents with a term, or where that is empty,
// of all.
func documentsKey(kind gate.Kind, term string) string {
	if term == "" {
		return keyPrefix + "idx:" + string(kind)
	}
	return keyPrefix + "idx:" + string(kind) + ":" + term
}

func endsKey(kind gate.Kind) string { return keyPrefix + "ends:" + string(kind) }
