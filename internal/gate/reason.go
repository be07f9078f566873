package gate

import (
	"fmt"
	"net/http"
)

// Reason is one word from a closed list that says why a request was refused.
// The words are public: they are metric labels, log fields, header values and
// headings of the docs. The zero Reason means "not refused".
type Reason uint8

// The reasons, in the order of the steps that give them.
const (
	OK Reason = iota
	BadRequest
	BadMethod
	BadRange
	TwoTokens
	NoToken
	BadToken
	UnknownKey
	NotYet
	Expired
	NotCovered
	NoCapability
	NoSession
	Replaced
	SignIn
	PasswordNeeded
	PasswordWrong
	TooManyTries
	WrongPerson
	LockedPlace
	CrossOrigin
	RevokedLink
	SuspendedLink
	ViewsSpent
	TooManySeats
	TooFast
	StoreDown
	BadManifest
	TooLarge
	reasonCount
)

// reasonRow is everything that is said of a reason in one place.
type reasonRow struct {
	word   string
	status int
	// heading and advice are for the person who was refused.
	heading, advice string
	// meaning is for operators.
	meaning string
}

var reasons = [reasonCount]reasonRow{
	OK: {"ok", http.StatusOK, "", "", "The request passed."},
	BadRequest: {"bad_request", http.StatusBadRequest, "This address is not valid",
		"Open the link again exactly as you received it.",
		"The path, query or a header is not in canonical form; nothing was cleaned and nothing was forwarded."},
	BadMethod: {"bad_method", http.StatusMethodNotAllowed, "This cannot be done here",
		"Open the link in a browser or a player.",
		"The method is none of GET, HEAD and OPTIONS (POST on a share link), nor one that uploads where the site takes uploads."},
	BadRange: {"bad_range", http.StatusRequestedRangeNotSatisfiable, "This part cannot be served",
		"Reload the page or start the player again.",
		"The Range header is malformed, asks for more than four ranges, or for ranges that are not ascending and apart."},
	TwoTokens: {"two_tokens", http.StatusBadRequest, "Two different links at once",
		"Open one link at a time, exactly as you received it.",
		"More than one credential was presented and they differ."},
	NoToken: {"no_token", http.StatusNotFound, "Nothing here",
		"If you were sent a link, open it exactly as you received it.",
		"No credential was presented."},
	BadToken: {"bad_token", http.StatusNotFound, "Nothing here",
		"If you were sent a link, open it exactly as you received it.",
		"The credential is malformed or its signature does not fit."},
	UnknownKey: {"unknown_key", http.StatusNotFound, "Nothing here",
		"If you were sent a link, open it exactly as you received it.",
		"The credential names a key that is not in the keyring, or that was retired."},
	NotYet: {"not_yet", http.StatusForbidden, "Not open yet",
		"Come back when the time of the link has begun.",
		"The link's window has not begun."},
	Expired: {"expired", http.StatusGone, "This link has ended",
		"Ask whoever sent it to you for a new one, or to extend it.",
		"The link's or token's time is over."},
	NotCovered: {"not_covered", http.StatusNotFound, "Not part of your link",
		"Open the link again exactly as you received it.",
		"The credential is valid and its scope does not cover the path."},
	NoCapability: {"no_capability", http.StatusForbidden, "Your link does not allow this",
		"Ask whoever sent it to you for a link that does.",
		"The link lacks the capability that the request needs."},
	NoSession: {"no_session", http.StatusForbidden, "Your session has ended",
		"Open the link again to go on; inside an open view that costs nothing.",
		"The session has ended, ran out, or is not known."},
	Replaced: {"replaced", http.StatusForbidden, "Playing elsewhere",
		"The link is now watched on another device. Open it again to watch here instead, if it has a seat left.",
		"The session lost its seat to a newer one: it was idle, or the link says to replace the oldest."},
	SignIn: {"sign_in", http.StatusUnauthorized, "Please sign in",
		"Sign in with the address that the invitation was sent to.",
		"The link, or the collection, is for persons, and nobody is signed in."},
	PasswordNeeded: {"password_needed", http.StatusUnauthorized, "A password is needed",
		"Ask whoever sent you the link for its password, and press Watch again.",
		"The link has a password and none was given."},
	PasswordWrong: {"password_wrong", http.StatusUnauthorized, "This is not the password",
		"Look at it once more, and try again.",
		"The password, or the code, that was given is not the right one."},
	TooManyTries: {"too_many_tries", http.StatusTooManyRequests, "Too many wrong tries",
		"Wait a while, then try again.",
		"Wrong passwords or codes were given too often; whoever was let in before is not affected."},
	WrongPerson: {"wrong_person", http.StatusForbidden, "This link is for somebody else",
		"Sign in as the person it was sent to, or ask for a link of your own.",
		"The link names the persons that it is for, and who is signed in is none of them."},
	LockedPlace: {"locked", http.StatusForbidden, "Not open to you for now",
		"Ask whoever sent it to you, or invited you.",
		"The collection is locked: only persons with a grant, or whom a link names, may watch."},
	CrossOrigin: {"cross_origin", http.StatusForbidden, "Please press the button on the page itself",
		"Open the page again and press the button there.",
		"A form post, or an upload, came from another origin."},
	RevokedLink: {"revoked", http.StatusGone, "This link was withdrawn",
		"Ask whoever sent it to you.",
		"The link was revoked, for good."},
	SuspendedLink: {"suspended", http.StatusForbidden, "This link is paused",
		"Ask whoever sent it to you; it can be resumed.",
		"The link is suspended."},
	ViewsSpent: {"views_spent", http.StatusGone, "All views of this link are used",
		"Ask whoever sent it to you to add views; the same link then works again.",
		"Every view the link allows, in all or for this viewer, is used or reserved."},
	TooManySeats: {"too_many_seats", http.StatusTooManyRequests, "Already being watched elsewhere",
		"Stop watching on another device and wait a moment, then open the link here again.",
		"As many devices watch as the link has seats, in all or for this viewer, and none of them may be replaced."},
	TooFast: {"too_fast", http.StatusTooManyRequests, "Too many requests",
		"Wait a moment, then go on.",
		"The session or the client group asked faster than the site's rate."},
	StoreDown: {"store_down", http.StatusServiceUnavailable, "Not available right now",
		"Try again in a moment.",
		"The store could not be asked in time, so nothing was decided and nothing was let through."},
	BadManifest: {"bad_manifest", http.StatusBadGateway, "This video cannot be played",
		"Tell whoever sent you the link that its playlist is broken.",
		"The upstream's manifest is larger than 4 MiB, was cut short, or cannot be read so far that its URIs stay inside the session; the log says what is wrong."},
	TooLarge: {"too_large", http.StatusRequestEntityTooLarge, "This file is too large",
		"Make it smaller, or ask who runs this site to allow more.",
		"The body is larger than the site's setting for uploads."},
}

// String returns the reason's word.
func (r Reason) String() string {
	if r >= reasonCount {
		return fmt.Sprintf("reason(%d)", uint8(r))
	}
	return reasons[r].word
}

// Status returns the HTTP status that answers the reason.
func (r Reason) Status() int { return reasons[r].status }

// Heading states the fact to the person who was refused.
func (r Reason) Heading() string { return reasons[r].heading }

// Advice tells that person what to do.
func (r Reason) Advice() string { return reasons[r].advice }

// Meaning explains the reason to operators.
func (r Reason) Meaning() string { return reasons[r].meaning }

// Reasons returns every reason in order, OK first.
func Reasons() []Reason {
	all := make([]Reason, reasonCount)
	for i := range all {
		all[i] = Reason(i)
	}
	return all
}
