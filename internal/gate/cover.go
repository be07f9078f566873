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
// and whether a manifest there makes all of it one asset. Below a collection it
// is the path of the first segment in the folder that the collection has there:
// two folders of it may have the same names in them. A manifest speaks for all of
// a link's collection, and never for one that this only includes.
func (l *Link) asset(place Place, p Path) (asset string, gathers bool) {
	if l.Collection.IsZero() {
		asset, top := l.Scope.Asset(p)
		return asset, top && l.Scope.tree
	}
	if !place.Scope.Covers(p) {
		return WholeScope, false // the rules refuse it
	}
	first, top := place.Scope.Asset(p)
	if first == WholeScope {
		return place.Scope.root, false
	}
	return p.text[:len(place.Scope.root)+1+len(first)], top && place.Sole && place.Collection == l.Collection
}
