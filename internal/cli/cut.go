package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
)

// Cut returns `usher cut`.
func Cut(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	var all bool
	var device string
	cmd := &cobra.Command{
		Use:   "cut --all|--device DEVICE",
		Short: "Ends every session and sign-in of everybody, or of a device, at once",
		Long: `With --device, ends what was opened on one device, by whomever, and who is signed
in there; usher session show says which device it is. It may come again, as far as
the links that it holds allow.

With --all, ends every session and sign-in of everybody: from the next request on,
on every node, all that was opened until now is refused. Links, grants and persons
stay as they are, and whoever may come in may come in again. Less is done by usher
person cut, usher group cut, usher collection cut, usher link suspend and usher
session end.`,
		Example: "  usher cut --all\n  usher cut --device dev_1e5q0k2h4m6p8r0t2v4g",
		Args:    takesNothing,
	}
	cmd.Flags().BoolVar(&all, "all", false, "Yes, everybody")
	cmd.Flags().StringVar(&device, "device", "", "Only this device, by its id (dev_…)")
	c.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		switch {
		case all && device != "":
			return errors.New("give --all or --device, not both")
		case device != "":
			id, err := gate.ParseDeviceID(device)
			if err != nil {
				return err
			}
			return r.cut("/devices/"+id.String()+"/cut", "device "+id.String())
		case !all:
			return errors.New("this ends every session of everybody: say so with --all, or name a --device")
		}
		return r.cut("/cut", "everybody")
	})
}

// cut does a cut to its end, which may take several requests, and prints the sum.
func (r *run) cut(path, what string) error {
	sum, err := asked[api.Cut](r, http.MethodPost, path, nil)
	if err != nil {
		return err
	}
	for sum.Next != "" {
		next, err := asked[api.Cut](r, http.MethodPost, path+"?"+url.Values{"cursor": {sum.Next}}.Encode(), nil)
		if err != nil {
			return fmt.Errorf("the cut did not come to its end, so give the command again: %w", err)
		}
		if next.CutAt.IsZero() { // nobody more was cut
			next.CutAt = sum.CutAt
		}
		next.SessionsEnded += sum.SessionsEnded
		next.Persons += sum.Persons
		next.SignInsEnded += sum.SignInsEnded
		next.Refused = append(sum.Refused, next.Refused...)
		sum = next
	}
	return put(r, sum, func(out io.Writer, sum api.Cut) {
		if sum.CutAt.IsZero() {
			fmt.Fprintf(out, "There was nobody to cut in %s.\n", what)
		} else {
			fmt.Fprintf(out, "Cut %s: what was opened until %s is refused. %s ended.\n", what, stamp(sum.CutAt), count(int64(sum.SessionsEnded), "live session"))
		}
		for _, one := range sum.Refused {
			fmt.Fprintf(out, "Not cut: %s: %s\n", one.Email, one.Problem.Detail)
		}
	})
}

// put prints what was put together from several answers, as show does one.
func put[T any](r *run, object T, print func(io.Writer, T)) error {
	if !r.json {
		print(r.out, object)
		return nil
	}
	text, err := json.Marshal(object, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = r.out.Write(append(text, '\n'))
	return err
}

func cutPerson(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "cut PERSON", Short: "Ends all sessions and sign-ins of a person",
		Long: `Ends all sessions and sign-ins of a person. They may sign in again, and have what
they had: to prevent that, suspend them.`,
		Example: "  usher person cut ada@example.com",
		Args:    takes(whichPerson),
	}, func(r *run, args []string) error {
		id, err := r.personID(args[0])
		if err != nil {
			return err
		}
		return r.cut("/persons/"+id+"/cut", "person "+args[0])
	})
}

func cutGroup(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "cut GROUP", Short: "Ends all sessions and sign-ins of each member of a group",
		Long: `Ends all sessions and sign-ins of each member of a group, also those that have
nothing to do with the group. They may sign in again: to end what the group gives
them, close it.`,
		Example: "  usher group cut judges",
		Args:    takes(whichGroup),
	}, func(r *run, args []string) error {
		id, err := r.groupID(args[0])
		if err != nil {
			return err
		}
		return r.cut("/groups/"+id+"/cut", "group "+args[0])
	})
}

func cutCollection(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "cut COLLECTION", Short: "Ends all sessions in a collection",
		Long: `Ends all sessions in a collection, named and anonymous ones. Whoever may come in
may come in again: to prevent that for anonymous viewers, lock it.`,
		Example: "  usher collection cut spring-launch",
		Args:    takes(whichCollection),
	}, func(r *run, args []string) error {
		id, err := r.collectionID(args[0])
		if err != nil {
			return err
		}
		return r.cut("/collections/"+id+"/cut", "collection "+args[0])
	})
}
