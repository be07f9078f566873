// Command loadtest lets many viewers race for one share link and keeps its own
// ledger of who got media. It checks the promise that a link with N views lets
// exactly N in, over any number of gateways:
//
//	go run ./loadtest --share http://127.0.0.1:8080/s/CODE --views 3
//
// Name more gateways of the same store with --gateway. It exits with status 1
// when the promise is broken.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"
)

// options are the flags.
type options struct {
	share    string
	gateways []string
	path     string
	openers  int
	views    int
	json     bool
}

// result is what the run found out.
type result struct {
	Openers  int     `json:"openers"`
	Gateways int     `json:"gateways"`
	Views    int     `json:"views"`
	Won      int     `json:"won"`
	Refused  int     `json:"refused"`
	Failed   int     `json:"failed"`
	Seconds  float64 `json:"seconds"`
}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "loadtest:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r := contend(ctx, o)
	r.print(o.json)
	if r.Won != o.views || r.Failed > 0 {
		stop()
		fmt.Fprintf(os.Stderr, "loadtest: %d of %d won where %d should, %d failed\n", r.Won, r.Openers, o.views, r.Failed)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	flags.StringVar(&o.share, "share", "", "share `URL` of a fresh link with --views views")
	flags.Func("gateway", "base `URL` of another gateway on the same store; may be repeated", func(v string) error {
		u, err := url.Parse(v)
		if err != nil || u.Host == "" {
			return fmt.Errorf("want a URL such as http://127.0.0.1:8081")
		}
		o.gateways = append(o.gateways, strings.TrimSuffix(v, "/"))
		return nil
	})
	flags.StringVar(&o.path, "path", "", "media `path` a winner asks for, such as /clock/360p/0.ts")
	flags.IntVar(&o.openers, "openers", 200, "how many devices press Watch at once")
	flags.IntVar(&o.views, "views", 3, "how many of them should win")
	flags.BoolVar(&o.json, "json", false, "print one JSON object")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	base, _, ok := strings.Cut(o.share, "/s/")
	switch {
	case !ok:
		return o, fmt.Errorf("--share %q is not a share URL: want http://host/s/CODE", o.share)
	case !strings.HasPrefix(o.path, "/"):
		return o, fmt.Errorf("--path %q: want the path of a media file below the link, such as /clock/360p/0.ts", o.path)
	case o.openers < 1 || o.openers > 10_000 || o.views < 0:
		return o, fmt.Errorf("want 1 to 10000 openers and no negative views")
	}
	o.gateways = append([]string{base}, o.gateways...)
	return o, nil
}

// outcome of one device.
type outcome int

const (
	won outcome = iota
	refused
	failed
)

func contend(ctx context.Context, o options) result {
	_, code, _ := strings.Cut(o.share, "/s/")
	ledger := make([]outcome, o.openers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range ledger {
		gateway := o.gateways[i%len(o.gateways)]
		wg.Go(func() {
			<-start
			ledger[i] = watch(ctx, gateway, code, o.path)
		})
	}
	began := time.Now()
	close(start)
	wg.Wait()
	r := result{Openers: o.openers, Gateways: len(o.gateways), Views: o.views, Seconds: time.Since(began).Seconds()}
	for _, got := range ledger {
		switch got {
		case won:
			r.Won++
		case refused:
			r.Refused++
		default:
			r.Failed++
		}
	}
	return r
}

// watch is one device: it presses Watch and, if it is let in, asks for media.
// Whoever is let in must get a byte.
func watch(ctx context.Context, gateway, code, path string) outcome {
	client := &http.Client{
		Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := insist(ctx, client, http.MethodPost, gateway+"/s/"+code)
	if err != nil {
		return failed
	}
	resp.Body.Close()
	if resp.StatusCode == http.StatusGone {
		return refused
	}
	for _, cookie := range resp.Cookies() {
		if cookie.Name == "usher" || cookie.Name == "__Host-usher" {
			return firstByte(ctx, client, gateway+"/~"+cookie.Value+path)
		}
	}
	return failed
}

func firstByte(ctx context.Context, client *http.Client, target string) outcome {
	resp, err := insist(ctx, client, http.MethodGet, target)
	if err != nil {
		return failed
	}
	defer resp.Body.Close()
	if n, _ := resp.Body.Read(make([]byte, 1)); resp.StatusCode == http.StatusOK && n == 1 {
		return won
	}
	return failed
}

// insist asks again while the answer is 503 with Retry-After.
func insist(ctx context.Context, client *http.Client, method, target string) (*http.Response, error) {
	for {
		req, err := http.NewRequestWithContext(ctx, method, target, nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil || resp.StatusCode != http.StatusServiceUnavailable {
			return resp, err
		}
		resp.Body.Close()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func (r result) print(asJSON bool) {
	if asJSON {
		_ = json.NewEncoder(os.Stdout).Encode(r) // nobody reads it any more
		return
	}
	fmt.Printf("openers  gateways  views  won  refused  failed  seconds\n%7d  %8d  %5d  %3d  %7d  %6d  %7.2f\n",
		r.Openers, r.Gateways, r.Views, r.Won, r.Refused, r.Failed, r.Seconds)
}
