package exact

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/viewer"
)

// Running is a race on gateways that run already, for a link that was made for
// it.
type Running struct {
	// Share is the share URL, Gateways the base URLs of more gateways on the
	// same store.
	Share    string
	Gateways []string
	// Path is a media file that the link opens.
	Path string
	// Views is how many of the Openers should win.
	Openers, Views int
}

// Validate reports what is wrong with the options.
func (o Running) Validate() error {
	_, code, ok := strings.Cut(o.Share, "/s/")
	switch {
	case !ok || code == "":
		return fmt.Errorf("--share %q is not a share URL: want http://host/s/CODE", o.Share)
	case !strings.HasPrefix(o.Path, "/"):
		return fmt.Errorf("--path %q: want the path of a media file below the link, such as /clock/360p/0.ts", o.Path)
	case o.Views < 0:
		return fmt.Errorf("--views %d: want how many should win", o.Views)
	}
	return validOpeners(o.Openers)
}

// RunningResult is what the clients saw.
type RunningResult struct {
	Gateways int `json:"gateways"`
	Openers  int `json:"openers"`
	Views    int `json:"views"`
	Won      int `json:"won"`
	Refused  int `json:"refused"`
	Failed   int `json:"failed"`
}

// Race lets the openers race.
func (o Running) Race(ctx context.Context) (*report.Report, error) {
	base, code, _ := strings.Cut(o.Share, "/s/")
	gateways := append([]string{base}, o.Gateways...)
	result := RunningResult{Gateways: len(gateways), Openers: o.Openers, Views: o.Views}
	var mu sync.Mutex
	var first error
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range o.Openers {
		wg.Go(func() {
			<-start
			in, err := o.enter(ctx, gateways[i%len(gateways)], code)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				result.Failed++
				first = errors.Join(first, err)
			case in:
				result.Won++
			default:
				result.Refused++
			}
		})
	}
	close(start)
	wg.Wait()
	return o.report(result, first), ctx.Err()
}

// enter is one device: it presses Watch and, if it is let in, asks for media.
// Whoever is let in must get a byte.
func (o Running) enter(ctx context.Context, gateway, code string) (bool, error) {
	v := viewer.New(false)
	session, err := v.Watch(ctx, gateway, code, "")
	var no *viewer.Refused
	if errors.As(err, &no) && no.Status == http.StatusGone {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	n, err := v.Get(ctx, gateway+session.Path(o.Path))
	if err == nil && n == 0 {
		err = errors.New("a viewer was let in and got no byte")
	}
	return err == nil, err
}

func (o Running) report(result RunningResult, failure error) *report.Report {
	why := ""
	if failure != nil {
		why, _, _ = strings.Cut(failure.Error(), "\n")
	}
	r := report.New("exact", result, []report.Promise{
		{What: "winners", AtMost: true, Bound: float64(o.Views), Got: float64(result.Won), Binding: true},
		{What: "winners", Bound: float64(o.Views), Got: float64(result.Won), Binding: true},
		{What: "viewers who got no answer, or no byte", AtMost: true, Got: float64(result.Failed), Beside: why, Binding: true},
	})
	table := report.Table{Columns: []string{"gateways", "openers", "views", "won", "refused", "failed"}}
	table.Row(fmt.Sprint(result.Gateways), fmt.Sprint(result.Openers), fmt.Sprint(result.Views),
		fmt.Sprint(result.Won), fmt.Sprint(result.Refused), fmt.Sprint(result.Failed))
	r.Add(table)
	return r
}
