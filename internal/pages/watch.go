package pages

import (
	"io"
	"net/http"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Source is one address of the video and its media type.
type Source struct{ URL, Type string }

// Watch is the page with the player.
type Watch struct {
	// Title may be empty.
	Title string
	// Sources are in order of preference; a browser takes the first that it
	// can play. Without any, the page says to open the address in a player.
	// They must be on the page's own origin: its policy allows no other.
	Sources []Source
	// Parts are what there is to choose from, where that is more than one.
	Parts []Part
	// AppURL is the session's address for other apps; it is personal.
	AppURL string
	// Download is the address of the file to keep; empty: there is none.
	Download string
	// Views limits the link, Each every viewer; 0: no limit.
	ViewsLeft, Views int64
	EachLeft, Each   int64
	// ExpiresAt is zero where the link does not end.
	ExpiresAt time.Time
	// Resume is the idle window within which coming back costs nothing.
	Resume time.Duration
}

// Part is one of several things to watch, with a page of its own.
type Part struct {
	Name, URL string
	// Shown: it is the one on this page.
	Shown bool
}

// Render draws the page.
func (p Watch) Render(w io.Writer) error {
	for _, source := range p.Sources {
		if err := checkAddress("video's", source.URL); err != nil {
			return err
		}
	}
	if p.AppURL != "" {
		if err := checkAddress("app's", p.AppURL); err != nil {
			return err
		}
	}
	for _, part := range p.Parts {
		if err := checkAddress("part's", part.URL); err != nil {
			return err
		}
	}
	if p.Download != "" {
		if err := checkAddress("download's", p.Download); err != nil {
			return err
		}
	}
	rest := allowance{p.ViewsLeft, p.Views, p.EachLeft, p.Each}
	return render(w, watchPage, map[string]any{
		"Title":    p.Title,
		"Sources":  p.Sources,
		"AppURL":   p.AppURL,
		"Parts":    p.Parts,
		"Download": p.Download,
		"Rest":     join(rest.sentence(" after this one"), p.comeBack(rest)),
		"Until":    stampOf(p.ExpiresAt),
		"Refusals": midway,
	})
}

func (p Watch) comeBack(rest allowance) string {
	if p.Resume <= 0 || !rest.limited() {
		return ""
	}
	return "You can stop, and come back within " + span(p.Resume) + " at no cost."
}

// midway lists the reasons that can meet a player on its way. The page carries
// their words for its script: a browser tells a script no more than "network
// error", and the script asks the gateway why and finds the sentence here.
var midway = func() []gate.Reason {
	var met []gate.Reason
	for _, reason := range gate.Reasons() {
		switch reason.Status() {
		case http.StatusForbidden, http.StatusGone, http.StatusTooManyRequests, http.StatusServiceUnavailable:
			met = append(met, reason)
		}
	}
	return met
}()
