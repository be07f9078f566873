package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"strings"

	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

// onRunning is --exact on gateways that run already.
var onRunning = mode{
	name: "exact", rigless: true,
	run: func(ctx context.Context, _ *rig.Rig, o options, _ *report.Progress) (*report.Report, error) {
		return o.running.Race(ctx)
	},
	valid: func(o options) error { return o.running.Validate() },
}

func (o *options) runningFlags(flags *flag.FlagSet) {
	flags.StringVar(&o.running.Share, "share", "", "race on gateways that run already, for the share `URL` of a fresh link")
	flags.Func("gateway", "base `URL` of one more gateway on the store of --share; may be repeated", func(v string) error {
		u, err := url.Parse(v)
		if err != nil || u.Host == "" {
			return fmt.Errorf("want a URL such as http://127.0.0.1:8081")
		}
		o.running.Gateways = append(o.running.Gateways, strings.TrimSuffix(v, "/"))
		return nil
	})
	flags.StringVar(&o.running.Path, "path", "", "media `path` a winner of --share asks for, such as /clock/360p/0.ts")
	flags.IntVar(&o.running.Views, "views", 3, "how many should win the --share")
}
