// Command loadtest measures what Usher promises, on a fresh checkout and with
// nothing prepared but redis-server on PATH:
//
//	go run ./loadtest --compare     what the gate costs, against bare Caddy
//	go run ./loadtest --revoke      how long a revocation takes, over three gateways
//	go run ./loadtest --exact       that a link with N views lets exactly N in
//	go run ./loadtest --soak 10m    what grows while players come and go
//	go run ./loadtest --footprint   how much memory links and sessions take
//
// --exact also races on gateways that run already, given --share.
//
// Otherwise it builds the gateway, starts all it needs on free loopback ports, and ends
// and removes all of it. The exit status is 0 where every promise was kept, 1
// where one was broken, 2 for a wrong command line and 130 after an interrupt.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

// Exit statuses.
const (
	exitKept        = 0
	exitBroken      = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 and SIGINT, as a shell has it
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main with its surroundings given. Until it has returned, an interrupt
// ends nothing but the measurement: what was started has to be cleared away.
func run(ctx context.Context, args []string, out io.Writer, errs *os.File) int {
	o, err := parse(args, errs)
	if err != nil {
		fmt.Fprintln(errs, "loadtest:", err)
		return exitUsage
	}
	return execute(ctx, o, out, errs)
}

// execute measures, and says what was found and what became of it.
func execute(ctx context.Context, o options, out io.Writer, errs *os.File) int {
	progress := report.NewProgress(errs)
	r, err := measure(ctx, o, progress)
	progress.Done()
	if err == nil {
		err = r.Write(out, o.json)
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(errs, "loadtest: interrupted; everything that was started has ended")
		return exitInterrupted
	case err != nil:
		fmt.Fprintln(errs, "loadtest:", err)
		return exitBroken
	case !r.Kept:
		fmt.Fprintln(errs, "loadtest: a promise was broken")
		return exitBroken
	}
	return exitKept
}

// measure runs the mode, on a rig of its own where it needs one.
func measure(ctx context.Context, o options, progress *report.Progress) (r *report.Report, err error) {
	if o.mode.rigless {
		if r, err = o.mode.run(ctx, nil, o, progress); err == nil {
			r.Machine = report.ThisMachine(ctx, "")
		}
		return r, err
	}
	progress.Say("building the gateway")
	stage, err := rig.Open(ctx, o.binary)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	machine := report.ThisMachine(ctx, stage.Binary)
	r, err = o.mode.run(ctx, stage, o, progress)
	if err != nil {
		return nil, err
	}
	r.Machine = machine
	return r, nil
}
