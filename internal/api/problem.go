package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// problemBase begins the type of every problem. The slugs after it are stable:
// programs tell problems apart by them and by nothing else.
const problemBase = "https://usher.media/problems/"

// Problem is an error answer, as RFC 9457 writes them.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Field names the body's member or the query's parameter that is wrong.
	Field string `json:"field,omitempty"`
	// Allowed lists what could stand there instead.
	Allowed []string `json:"allowed,omitempty"`
	// Permission of the role table is what it takes, and Missing the
	// capabilities in the collection that would do.
	Permission string   `json:"permission,omitempty"`
	Missing    []string `json:"missing,omitempty"`
}

func (p *Problem) Error() string { return p.Detail }

// kind is a sort of problem.
type kind struct {
	slug   string
	status int
	title  string
}

var (
	badJSON       = kind{"bad-json", http.StatusBadRequest, "The body is not valid JSON"}
	unknownField  = kind{"unknown-field", http.StatusBadRequest, "The request names something unknown"}
	badValue      = kind{"bad-value", http.StatusBadRequest, "A value cannot be used"}
	unauthorized  = kind{"unauthorized", http.StatusUnauthorized, "An API key is needed"}
	forbidden     = kind{"forbidden", http.StatusForbidden, "Who asks may not do this"}
	exists        = kind{"exists", http.StatusConflict, "Something else has this already"}
	lastOwner     = kind{"last-owner", http.StatusConflict, "The account would have no owner"}
	cycle         = kind{"cycle", http.StatusConflict, "A collection would include itself"}
	inUse         = kind{"in-use", http.StatusConflict, "Something has to be undone first"}
	over          = kind{"ended", http.StatusConflict, "It is over"}
	fromElsewhere = kind{"cross-origin", http.StatusForbidden, "Another site may not do this"}
	badScope      = kind{"insufficient-scope", http.StatusForbidden, "The API key may not do this"}
	noEndpoint    = kind{"no-such-endpoint", http.StatusNotFound, "There is no such endpoint"}
	notFound      = kind{"not-found", http.StatusNotFound, "There is no such thing"}
	badMethod     = kind{"method-not-allowed", http.StatusMethodNotAllowed, "This cannot be done here"}
	revoked       = kind{"link-revoked", http.StatusConflict, "The link was revoked"}
	signedExpiry  = kind{"expiry-is-signed", http.StatusConflict, "The link's end cannot be changed here"}
	tooWide       = kind{"wider-than-parent", http.StatusBadRequest, "It would be more than what it is made from"}
	noPublicURL   = kind{"no-public-url", http.StatusConflict, "The site does not know its own address"}
	noSignIn      = kind{"no-sign-in", http.StatusConflict, "Nobody can sign in here"}
	needsPage     = kind{"needs-landing", http.StatusUnprocessableEntity, "The link needs its page"}
	noLimit       = kind{"no-limit", http.StatusConflict, "The link has no such limit"}
	keyReused     = kind{"idempotency-key-reused", http.StatusConflict, "The Idempotency-Key was for another request"}
	keyRunning    = kind{"idempotency-running", http.StatusConflict, "A request with this Idempotency-Key is not answered yet"}
	keyLost       = kind{"idempotency-lost", http.StatusConflict, "The first answer cannot be given again"}
	stale         = kind{"stale", http.StatusPreconditionFailed, "It is not what it was when it was read"}
	conflict      = kind{"conflict", http.StatusConflict, "Somebody else changed it in the meantime"}
	keyRules      = kind{"key-rules", http.StatusConflict, "The keyring does not allow this"}
	tooLarge      = kind{"too-large", http.StatusRequestEntityTooLarge, "The body is too large"}
	badType       = kind{"unsupported-media-type", http.StatusUnsupportedMediaType, "The body is not JSON"}
	tooEarly      = kind{"too-early", http.StatusTooEarly, "Send this again"}
	unwritable    = kind{"unwritable", http.StatusInternalServerError, "The answer cannot be written"}
	keysFailed    = kind{"keys-not-written", http.StatusInternalServerError, "The keyring could not be changed"}
	storeDown     = kind{"store-down", http.StatusServiceUnavailable, "The store cannot be asked right now"}
	tooMany       = kind{"too-many", http.StatusTooManyRequests, "You have too much of this at once"}
	busy          = kind{"busy", http.StatusServiceUnavailable, "Too much of this at once"}
	notRunning    = kind{"not-running", http.StatusServiceUnavailable, "Usher is not running"}
)

// because returns a problem of the kind.
func (k kind) because(detail string) *Problem {
	return &Problem{Type: problemBase + k.slug, Title: k.title, Status: k.status, Detail: detail}
}

// of returns a problem of the kind with one field.
func (k kind) of(field string, allowed []string, detail string) *Problem {
	p := k.because(detail)
	p.Field, p.Allowed = clip(field), allowed
	return p
}

// clip bounds what is repeated of a request, and makes it text.
func clip(text string) string {
	const most = 64
	if len(text) <= most {
		return strings.ToValidUTF8(text, "")
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// problemOf turns an endpoint's error into its answer. What is not known here
// is a store that could not be asked: the change may or may not have been
// made, and no success is claimed.
func problemOf(err error) *Problem {
	problem, isProblem := errors.AsType[*Problem](err)
	if !isProblem {
		problem = directoryProblem(err)
	}
	switch {
	case problem != nil:
		return problem
	case errors.Is(err, gate.ErrNotFound):
		return notFound.because("there is nothing with this id")
	case errors.Is(err, gate.ErrFinal):
		return revoked.because("revocation is final: make a new link")
	case errors.Is(err, directory.ErrStale):
		return stale.because("read it again, and repeat the change if it still fits")
	case errors.Is(err, gate.ErrConflict):
		return conflict.because("read it again and repeat the change")
	}
	return storeDown.because("the store did not answer, so it is not known whether a change was made: look, and try again")
}

// directoryProblem turns what the directory refuses into an answer; nil: it is
// no error of the directory's own.
func directoryProblem(err error) *Problem {
	if e, is := errors.AsType[*directory.Invalid](err); is {
		return badValue.of(e.Field, e.Allowed, e.Detail)
	}
	if e, is := errors.AsType[*directory.NotFound](err); is {
		return notFound.because(e.Error())
	}
	if e, is := errors.AsType[*directory.Exists](err); is {
		return exists.of(e.Field, nil, e.Error())
	}
	if e, is := errors.AsType[*directory.Forbidden](err); is {
		problem := forbidden.because(e.Error())
		if e.Permission != 0 {
			problem.Permission = e.Permission.String()
		}
		if e.Missing != 0 {
			problem.Missing = e.Missing.Names()
		}
		return problem
	}
	if e, is := errors.AsType[*directory.LastOwner](err); is {
		return lastOwner.because(e.Error())
	}
	if e, is := errors.AsType[*directory.Cycle](err); is {
		return cycle.of("includes", nil, e.Error())
	}
	if e, is := errors.AsType[*directory.InUse](err); is {
		return inUse.because(e.Error())
	}
	if e, is := errors.AsType[*directory.Ended](err); is {
		return over.because(e.Error())
	}
	return nil
}

func (p *Problem) write(w http.ResponseWriter) {
	header := w.Header()
	switch p.Status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		header.Set("Retry-After", "1")
	case http.StatusMethodNotAllowed:
		header.Set("Allow", strings.Join(p.Allowed, ", "))
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", `Bearer realm="usher"`)
	case http.StatusForbidden:
		if p.Type == problemBase+badScope.slug {
			header.Set("WWW-Authenticate", `Bearer realm="usher", error="insufficient_scope", scope="manage"`)
		}
	}
	write(w, "application/problem+json", p.Status, p)
}

func write(w http.ResponseWriter, contentType string, status int, body any) {
	text, err := json.Marshal(body, json.Deterministic(true))
	if err != nil { // only text of a stored record can cause it
		contentType, status = "application/problem+json", unwritable.status
		text, _ = json.Marshal(unwritable.because("a record in the store holds what JSON cannot say")) // which is plain text
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(text)+1))
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client went away
}
