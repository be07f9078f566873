package pages

import (
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/speech"
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
	// AppURL is the session's address for other apps; it is personal. QR is where
	// it is found as a picture; empty: nowhere.
	AppURL, QR string
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
func (p Watch) Render(w io.Writer, to Reader) error {
	if err := p.check(); err != nil {
		return err
	}
	language := to.language()
	rest := allowance{p.ViewsLeft, p.Views, p.EachLeft, p.Each}
	return watchPage.render(w, to, map[string]any{
		"Title":    p.Title,
		"Sources":  p.Sources,
		"AppURL":   p.AppURL,
		"VLC":      p.vlc(),
		"QR":       p.QR,
		"Parts":    p.Parts,
		"Download": p.Download,
		"Rest":     join(rest.sentence(language, true), p.comeBack(language, rest)),
		"Until":    stampOf(language, p.ExpiresAt),
		"Refusals": midway(language),
	})
}

func (p Watch) check() error {
	for _, source := range p.Sources {
		if err := checkAddress("video's", source.URL); err != nil {
			return err
		}
	}
	for _, part := range p.Parts {
		if err := checkAddress("part's", part.URL); err != nil {
			return err
		}
	}
	for what, address := range map[string]string{"app's": p.AppURL, "QR code's": p.QR, "download's": p.Download} {
		if address == "" {
			continue
		}
		if err := checkAddress(what, address); err != nil {
			return err
		}
	}
	return nil
}

// vlc is the address by which phones hand the video to VLC. It has passed
// checkAddress behind its scheme, which html/template does not know. Without a
// host there is none: VLC knows no page that it could be relative to.
func (p Watch) vlc() template.URL {
	if !strings.HasPrefix(p.AppURL, "http") {
		return ""
	}
	return template.URL("vlc://" + p.AppURL)
}

func (p Watch) comeBack(l *speech.Language, rest allowance) string {
	if p.Resume <= 0 || !rest.limited() {
		return ""
	}
	return l.Say("watch.back", "span", l.Span(p.Resume))
}

// met is a reason that can meet a player on its way.
type met struct {
	Reason          gate.Reason
	Heading, Advice string
	Waits           bool
}

// midway lists the reasons that can meet a player on its way. The page carries
// their words for its script: a browser tells a script no more than "network
// error", and the script asks the gateway why and finds the sentence here.
func midway(l *speech.Language) []met {
	var all []met
	for _, reason := range gate.Reasons() {
		switch reason.Status() {
		case http.StatusForbidden, http.StatusGone, http.StatusTooManyRequests, http.StatusServiceUnavailable:
			heading, advice := told(l, reason)
			all = append(all, met{reason, heading, advice, Waits(reason)})
		}
	}
	return all
}
