package guard_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/guard"
)

// inner is the store behind the guard. It notes what it was asked and answers
// with results in which no field is zero.
type inner struct {
	answer func(context.Context) error
	asked  atomic.Int64
	closed bool

	// About the last call; no test that looks at these makes two at a time.
	verb string
	args []any
	ctx  context.Context
}

func say[T any](i *inner, ctx context.Context, verb string, args ...any) (T, error) {
	i.asked.Add(1)
	i.ctx, i.verb, i.args = ctx, verb, args
	return filled(reflect.TypeFor[T]()).Interface().(T), i.answer(ctx)
}

func only(_ struct{}, err error) error { return err }

func (i *inner) Get(ctx context.Context, kind gate.Kind, id string) (gate.Document, error) {
	return say[gate.Document](i, ctx, "Get", kind, id)
}

func (i *inner) Put(ctx context.Context, doc gate.Document) (int64, error) {
	return say[int64](i, ctx, "Put", doc)
}

func (i *inner) Delete(ctx context.Context, kind gate.Kind, id string) error {
	return only(say[struct{}](i, ctx, "Delete", kind, id))
}

func (i *inner) List(ctx context.Context, kind gate.Kind, term, below string, limit int) ([]gate.Document, error) {
	return say[[]gate.Document](i, ctx, "List", kind, term, below, limit)
}

func (i *inner) Edits(ctx context.Context, since int64) ([]gate.DocumentName, int64, bool, error) {
	names, err := say[[]gate.DocumentName](i, ctx, "Edits", since)
	return names, 7, true, err
}

func (i *inner) Issue(ctx context.Context, link gate.LinkID, terms gate.Terms) (gate.Account, error) {
	return say[gate.Account](i, ctx, "Issue", link, terms)
}

func (i *inner) Account(ctx context.Context, link gate.LinkID) (gate.Account, error) {
	return say[gate.Account](i, ctx, "Account", link)
}

func (i *inner) Extend(ctx context.Context, link gate.LinkID, change gate.Extension) (gate.Account, error) {
	return say[gate.Account](i, ctx, "Extend", link, change)
}

func (i *inner) SetStanding(ctx context.Context, link gate.LinkID, standing gate.Standing) (gate.Account, error) {
	return say[gate.Account](i, ctx, "SetStanding", link, standing)
}

func (i *inner) Open(ctx context.Context, opening gate.Opening) (gate.Opened, error) {
	return say[gate.Opened](i, ctx, "Open", opening)
}

func (i *inner) Check(ctx context.Context, query gate.Query) (gate.State, error) {
	return say[gate.State](i, ctx, "Check", query)
}

func (i *inner) Reserve(ctx context.Context, claim gate.Claim) (gate.Claimed, error) {
	return say[gate.Claimed](i, ctx, "Reserve", claim)
}

func (i *inner) Settle(ctx context.Context, settlement gate.Settlement) (gate.Settled, error) {
	return say[gate.Settled](i, ctx, "Settle", settlement)
}

func (i *inner) Gather(ctx context.Context, link gate.LinkID, session gate.SessionID, whole string) error {
	return only(say[struct{}](i, ctx, "Gather", link, session, whole))
}

func (i *inner) End(ctx context.Context, link gate.LinkID, session gate.SessionID) (gate.Session, error) {
	return say[gate.Session](i, ctx, "End", link, session)
}

func (i *inner) Sessions(
	ctx context.Context, whose gate.Whose, below gate.SessionID, limit int,
) ([]gate.Session, error) {
	return say[[]gate.Session](i, ctx, "Sessions", whose, below, limit)
}

func (i *inner) Seated(ctx context.Context, link gate.LinkID) (int64, error) {
	return say[int64](i, ctx, "Seated", link)
}

func (i *inner) Flush(ctx context.Context, facts []gate.Usage) error {
	return only(say[struct{}](i, ctx, "Flush", facts))
}

// Watch tells one change.
func (i *inner) Watch(ctx context.Context, tell func(gate.Change)) {
	i.ctx = ctx
	tell(filled(reflect.TypeFor[gate.Change]()).Interface().(gate.Change))
}

func (i *inner) Announce(ctx context.Context, change gate.Change) error {
	return only(say[struct{}](i, ctx, "Announce", change))
}

func (i *inner) Ready(ctx context.Context) error { return only(say[struct{}](i, ctx, "Ready")) }

func (i *inner) Close() error { i.closed = true; return errAway }

// filled makes a value of the type in which no field is zero.
func filled(of reflect.Type) reflect.Value {
	v := reflect.New(of).Elem()
	if of == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC)))
		return v
	}
	switch of.Kind() {
	case reflect.Struct:
		for i := range of.NumField() {
			v.Field(i).Set(filled(of.Field(i).Type))
		}
	case reflect.Array:
		for i := range of.Len() {
			v.Index(i).Set(filled(of.Elem()))
		}
	case reflect.Slice:
		v.Set(reflect.Append(v, filled(of.Elem())))
	case reflect.Pointer:
		v.Set(reflect.New(of.Elem()))
		v.Elem().Set(filled(of.Elem()))
	case reflect.String:
		v.SetString("word")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(7)
	case reflect.Int, reflect.Int64, reflect.Uint16:
		v.Set(reflect.ValueOf(7).Convert(of))
	default:
		panic(fmt.Sprintf("no value for a %v: name its kind here", of))
	}
	return v
}

// passed is what only a context that was handed on knows.
type passed struct{}

// TestEveryVerbIsPassedThrough sees that the guard changes no argument and no
// result, forgets no verb, and gives every one the budget.
func TestEveryVerbIsPassedThrough(t *testing.T) {
	store := reflect.TypeFor[gate.Store]()
	for method := range store.Methods() {
		if method.Name == "Close" || method.Name == "Watch" {
			continue // they have no budget, and tests of their own
		}
		for name, fails := range map[string]error{"": nil, " fails": errAway} {
			t.Run(method.Name+name, func(t *testing.T) {
				guarded(t, func(r *rig) {
					r.inner.answer = answers(fails)
					ctx := context.WithValue(r.Context(), passed{}, true)
					args := []reflect.Value{reflect.ValueOf(ctx)}
					var want []any
					for i := 1; i < method.Type.NumIn(); i++ {
						arg := filled(method.Type.In(i))
						args, want = append(args, arg), append(want, arg.Interface())
					}
					results := reflect.ValueOf(r.store).MethodByName(method.Name).Call(args)
					if r.inner.verb != method.Name || !reflect.DeepEqual(r.inner.args, want) {
						r.Errorf("asked %s%+v, want %s%+v", r.inner.verb, r.inner.args, method.Name, want)
					}
					for _, result := range results[:len(results)-1] {
						if want := filled(result.Type()).Interface(); !reflect.DeepEqual(result.Interface(), want) {
							r.Errorf("answered %+v, want %+v", result, want)
						}
					}
					if err := results[len(results)-1].Interface(); err != any(fails) {
						r.Errorf("answered error %v, want %v", err, fails)
					}
					until, bounded := r.inner.ctx.Deadline()
					if !bounded || time.Until(until) != guard.Budget || r.inner.ctx.Value(passed{}) == nil {
						r.Errorf("its context is not the caller's within the budget: %v", r.inner.ctx)
					}
					if method.Name != "Ready" { // which counts for the breaker only
						r.observed(method.Name, fails)
					}
				})
			})
		}
	}
}

var camel = regexp.MustCompile(`(.)([A-Z])`)

// observed sees that the one call was counted under its verb.
func (r *rig) observed(method string, fails error) {
	r.Helper()
	verb := strings.ToLower(camel.ReplaceAllString(method, "${1}_$2"))
	if !slices.ContainsFunc(guard.Verbs(), func(v guard.Verb) bool { return v.String() == verb }) {
		r.Errorf("%s is not among the verbs", verb)
	}
	outcome := " ok"
	if fails != nil {
		outcome = " error"
	}
	if want := []string{verb + outcome}; !slices.Equal(r.seen, want) {
		r.Errorf("observed %v, want %v", r.seen, want)
	}
}

// TestWatch sees that a Watch lasts: it has no budget, and an open breaker does
// not end it.
func TestWatch(t *testing.T) {
	guarded(t, func(r *rig) {
		r.fail(5)
		r.refuses()
		var told []gate.Change
		r.store.Watch(r.Context(), func(c gate.Change) { told = append(told, c) })
		want := filled(reflect.TypeFor[gate.Change]()).Interface()
		if len(told) != 1 || told[0] != want {
			t.Errorf("told %+v, want %+v", told, want)
		}
		if _, bounded := r.inner.ctx.Deadline(); bounded || r.inner.ctx != r.Context() {
			t.Errorf("its context is not the caller's: %v", r.inner.ctx)
		}
	})
}

func TestClose(t *testing.T) {
	guarded(t, func(r *rig) {
		if err := r.store.Close(); !errors.Is(err, errAway) || !r.inner.closed {
			r.Errorf("closed %v: %v", r.inner.closed, err)
		}
	})
}
