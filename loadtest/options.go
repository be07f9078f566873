package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-media/usher/loadtest/internal/compare"
	"github.com/usher-media/usher/loadtest/internal/exact"
	"github.com/usher-media/usher/loadtest/internal/footprint"
	"github.com/usher-media/usher/loadtest/internal/revoke"
	"github.com/usher-media/usher/loadtest/internal/soak"
)

// options are the flags.
type options struct {
	mode   mode
	json   bool
	binary string

	rounds         int // 0: the mode's own
	nodes, openers int
	systems, only  []string
	compare        compare.Options
	revoke         revoke.Options
	running        exact.Running
	soak           soak.Options
	footprint      footprint.Options
}

// parse reads the command line. Everything that can be wrong with it is found
// here, before anything is started.
func parse(args []string, errs io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	flags.SetOutput(errs)
	asked := o.modeFlags(flags)
	o.flags(flags)
	if err := flags.Parse(joined(args)); err != nil {
		return o, errors.New("nothing was measured") // flag has said why, and what there is
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q: only flags are understood", flags.Arg(0))
	}
	chosen := asked()
	switch {
	case o.running.Share != "" && (len(chosen) == 0 || len(chosen) == 1 && chosen[0].name == onRunning.name):
		o.mode, o.running.Openers = onRunning, o.openers
	case o.running.Share != "":
		return o, errors.New("--share names a link to race for: use it with --exact, or alone")
	case len(chosen) != 1:
		flags.Usage()
		return o, errors.New("say what to measure, by exactly one of " + modeNames())
	default:
		o.mode = chosen[0]
	}
	if o.rounds == 0 {
		o.rounds = o.mode.rounds
	}
	return o, errors.Join(o.mode.understands(flags), o.mode.valid(o))
}

// forAll are the flags that mean something to every mode.
var forAll = []string{"json", "binary"}

// understands refuses flags that would be ignored: whoever gave them wants
// something else than what would be done.
func (m mode) understands(flags *flag.FlagSet) error {
	var err error
	flags.Visit(func(f *flag.Flag) {
		if f.Name != m.name && !slices.Contains(forAll, f.Name) && !slices.Contains(m.takes, f.Name) {
			err = fmt.Errorf("--%s means nothing to --%s, which takes --%s", f.Name, m.name, strings.Join(m.takes, ", --"))
		}
	})
	return err
}

// modeFlags defines a flag for each mode, and returns which were given.
func (o *options) modeFlags(flags *flag.FlagSet) (asked func() []mode) {
	given := make([]bool, len(modes))
	for i, m := range modes {
		if m.name == soakName {
			flags.Var(soakTime{&o.soak.Duration}, m.name, m.doc)
			continue
		}
		flags.BoolVar(&given[i], m.name, false, m.doc)
	}
	return func() []mode {
		var chosen []mode
		for i, m := range modes {
			if given[i] || m.name == soakName && o.soak.Duration != 0 {
				chosen = append(chosen, m)
			}
		}
		return chosen
	}
}

func (o *options) flags(flags *flag.FlagSet) {
	flags.BoolVar(&o.json, "json", false, "print one JSON object and no table")
	flags.StringVar(&o.binary, "binary", "", "measure this gateway `FILE` instead of the one built from this checkout")
	flags.IntVar(&o.rounds, "rounds", 0, "how often everything is done; 0: as often as suits the mode")
	flags.Func("systems", "narrow to these `SYSTEMS`: roomy, strict, embedded, lease; bare Caddy is always compared with", words(&o.systems))

	flags.Float64Var(&o.compare.Seconds, "seconds", 0.7, "how long each cell of a round of --compare takes")
	flags.Func("only", "narrow --compare to these `KINDS`: respond, file_server, reverse_proxy, download; or --revoke to these changes: revoke, suspend, shorten, end, lower, lock, ungrant, suspend-person, download", words(&o.only))
	flags.Func("conns", "narrow --compare to these `NUMBERS` of connections, such as 32,256", numbers(&o.compare.Conns))

	flags.IntVar(&o.nodes, "nodes", 3, "how many gateways share a Redis in --revoke and --exact")
	flags.IntVar(&o.openers, "openers", 200, "how many viewers race for each link in --exact")
	flags.StringVar(&o.running.Share, "share", "", "race on gateways that run already, for the share `URL` of a fresh link")
	flags.Func("gateway", "base `URL` of one more gateway on the store of --share; may be repeated", o.addGateway)
	flags.StringVar(&o.running.Path, "path", "", "media `path` a winner of --share asks for, such as /clock/360p/0.ts")
	flags.IntVar(&o.running.Views, "views", 3, "how many should win the --share")

	flags.IntVar(&o.soak.Players, "players", 200, "how many players --soak each gateway at any time")
	flags.IntVar(&o.footprint.Links, "links", 10_000, "how many links --footprint makes, up to 1000000")
	flags.IntVar(&o.footprint.Sessions, "sessions", 20_000, "how many sessions --footprint opens, up to 200000")
}

func (o *options) addGateway(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return fmt.Errorf("want a URL such as http://127.0.0.1:8081")
	}
	o.running.Gateways = append(o.running.Gateways, strings.TrimSuffix(text, "/"))
	return nil
}

// soakTime sets a duration that need not be given.
type soakTime struct{ *time.Duration }

const defaultSoak = 10 * time.Minute

// String implements [flag.Value]; package flag also asks zero values.
func (t soakTime) String() string { return "" }

// IsBoolFlag lets the flag stand alone.
func (t soakTime) IsBoolFlag() bool { return true }

// Set implements [flag.Value]; "true" is what a flag says that stands alone.
func (t soakTime) Set(text string) error {
	if text == "true" {
		*t.Duration = defaultSoak
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return fmt.Errorf("want a duration such as 10m")
	}
	*t.Duration = d
	return nil
}

// joined lets the duration of --soak stand behind a blank, too, as the values
// of all other flags may.
func joined(args []string) []string {
	i := slices.IndexFunc(args, func(arg string) bool { return arg == "-"+soakName || arg == "--"+soakName })
	if i < 0 || i+1 == len(args) || strings.HasPrefix(args[i+1], "-") {
		return args
	}
	return slices.Concat(args[:i], []string{args[i] + "=" + args[i+1]}, args[i+2:])
}

// words reads words with commas in between.
func words(into *[]string) func(string) error {
	return func(text string) error {
		*into = append(*into, strings.Split(text, ",")...)
		return nil
	}
}

func numbers(into *[]int) func(string) error {
	return func(text string) error {
		for word := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(word)
			if err != nil {
				return fmt.Errorf("want numbers with commas in between, such as 32,256")
			}
			*into = append(*into, n)
		}
		return nil
	}
}
