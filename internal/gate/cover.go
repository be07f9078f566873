package gate

import (
	"net/http"
)

// cover asks whether the link opens this path, by this method, for this use.
// A folder path is covered only while opening a link (the gate then finds the
// entry); nothing is ever handed on for it, since a listing is not media.
func cover(link *Link, req *Request) Reason {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return BadMethod
	}
	if req.Path.Dir() || !link.Scope.Covers(req.Path) {
		return NotCovered
	}
	if link.Can&(View|Download) == 0 {
		return NoCapability
	}
	return OK
}
