package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// directoryRows are the settings of the directory.
var directoryRows = []Directive[App]{
	{
		Name: "owners", Field: "owners", Args: "N",
		Doc:     "How many owners the account may have, from 1 to 3. There is always one, once there was.",
		Default: "3",
		Set:     setOwners,
	},
	{
		Name: "homes", Field: "homes", Args: "PATH…",
		Doc:     "Folders in which every person of role standard may make collections, such as '/people/*'. Elsewhere only managers and owners give collections a path of their own, and everybody inside of collections of their own.",
		Default: "none",
		Set: func(a *App, args []string) error {
			a.Homes = args
			return validHomes(args)
		},
	},
	{
		Name: "preset", Field: "presets", Args: "NAME CAPABILITY…", Repeats: true,
		Doc:     "A named set of capabilities for grants (view, download, upload, share, stats, manage, comment), beside can_view and can_manage. May be given several times.",
		Default: "none",
		Set:     setPreset,
	},
}

func setOwners(a *App, args []string) error {
	return one(args, "N", func(v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n == 0 {
			return fmt.Errorf("%q: %w", v, errOwners)
		}
		a.Owners = n
		return validOwners(n)
	})
}

var errOwners = errors.New("want 1, 2 or 3")

func validOwners(n int) error {
	if n < 0 || n > 3 {
		return errOwners
	}
	return nil
}

func validHomes(homes []string) error {
	for i, home := range homes {
		if !strings.HasPrefix(home, "/") || !strings.HasSuffix(home, "/*") {
			return fmt.Errorf("%q: want a folder such as '/people/*'", home)
		}
		if slices.Contains(homes[:i], home) {
			return fmt.Errorf("%q is given twice", home)
		}
	}
	return nil
}

func setPreset(a *App, args []string) error {
	if len(args) < 2 {
		return errors.New("want a name and at least one capability, such as preset editor view upload")
	}
	if _, given := a.Presets[args[0]]; given {
		return fmt.Errorf("%q is given twice", args[0])
	}
	presets := maps.Clone(a.Presets)
	if presets == nil {
		presets = map[string][]string{}
	}
	presets[args[0]] = args[1:]
	a.Presets = presets
	return nil
}
