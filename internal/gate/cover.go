package gate

import (
	"net/http"
)

// cover asks whether the link opens this path, by this method. A folder path is
// covered only while opening a link (the gate then finds the entry); nothing is
// ever handed on for it, since a listing is not media. A link to a collection
// covers every path here, and the rules say which of them are in it.
func cover(link *Link, req *Request) Reason {
	if no := askable(req); no != OK {
		return no
	}
	if !link.Scope.Covers(req.Path) {
		return NotCovered
	}
	return OK
}

// askable asks whether the request is for media at all.
func askable(req *Request) Reason {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return BadMethod
	}
	if req.Path.Dir() {
		return NotCovered
	}
	return OK
}

// allows asks whether that is enough to watch.
func allows(can Capability) Reason {
	if can&(View|Download) == 0 {
		return NoCapability
	}
	return OK
}

// asset returns what a request for p watches, at a place that the link covers,
// and whether a manifest there makes one asset of what [WholeOf] says. Of a
// collection that is the folder that it has there, by its path and a slash, and
// below it the path of the first segment: two folders of a collection may have
// the same names in them. A manifest speaks for its own folder and for no other,
// be it of the link's collection or of one that this includes. A file that the
// collection has by itself is named without the first slash, and so is part of no
// folder: whoever names it apart wants it counted apart.
func (l *Link) asset(place Place, p Path) (asset string, gathers bool) {
	if l.Collection.IsZero() {
		asset, top := l.Scope.Asset(p)
		return asset, top && l.Scope.tree
	}
	if !place.Scope.Covers(p) {
		return WholeScope, false // the rules refuse it
	}
	if !place.Scope.tree {
		return p.text[1:], false
	}
	first, top := place.Scope.Asset(p)
	return p.text[:len(place.Scope.root)+1+len(first)], top
}
