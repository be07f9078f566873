package storetest

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/usher-media/usher/internal/gate"
)

// crowd is how many callers come at once.
const crowd = 64

var concurrentCases = []testCase{
	{"of many who press Watch, as many win as there are views", func(f *fixture) {
		link := f.link(gate.Terms{Views: 3})
		f.race(link, 3, func(o gate.Opening) (bool, error) {
			o.Hold = true
			if opened, err := f.store.Open(f.ctx, o); err != nil || opened.Refused != (gate.Refusal{}) {
				return false, refused(opened.Refused, err)
			}
			won, err := f.play(o)
			if err == nil && !won {
				err = errors.New("had a hold and was refused all the same")
			}
			return won, err
		})
		f.equal("redeems", f.account(link).Redeems, 3)
	}},
	{"of many who claim without a hold, as many win as there are views", func(f *fixture) {
		link := f.link(gate.Terms{Views: 3})
		visitors := make(chan gate.Opening, crowd)
		for range crowd {
			visitors <- f.visit(link)
		}
		f.race(link, 3, func(gate.Opening) (bool, error) { return f.play(<-visitors) })
	}},
	{"of many who come for a seat, as many get one as there are", func(f *fixture) {
		link := f.link(gate.Terms{Seats: 3})
		var seated atomic.Int64
		f.crowd(func() error {
			opened, err := f.store.Open(f.ctx, f.device(link))
			switch {
			case err == nil && opened.Refused == (gate.Refusal{}):
				seated.Add(1)
			case err == nil && opened.Refused != noSeats:
				err = fmt.Errorf("refused for %v", opened.Refused)
			}
			return err
		})
		f.equal("seats given", seated.Load(), 3)
		f.seated("after", link, 3)
	}},
	{"of many who replace each other, the last are seated", func(f *fixture) {
		link := f.link(gate.Terms{Seats: 3, WhenFull: gate.ReplaceOldest})
		f.crowd(func() error {
			opened, err := f.store.Open(f.ctx, f.device(link))
			if err == nil && opened.Refused != (gate.Refusal{}) {
				err = fmt.Errorf("refused for %v", opened.Refused)
			}
			seated, failed := f.store.Seated(f.ctx, link)
			if seated > 3 {
				err = errors.Join(err, fmt.Errorf("%d are seated", seated))
			}
			return errors.Join(err, failed)
		})
		f.seated("after", link, 3)
	}},
	{"of many charges of one play, one costs a view", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 3}))
		f.race(o.Link, 1, func(gate.Opening) (bool, error) { return f.play(o) })
	}},
	{"of many plays of one subject, as many win as it has views", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 9, ViewsEach: 3}))
		var asset atomic.Int64
		f.race(o.Link, 3, func(gate.Opening) (bool, error) {
			return f.playAsset(o, fmt.Sprint("asset", asset.Add(1)))
		})
	}},
	{"slots that go back are there for others, and none is lost", func(f *fixture) {
		link := f.link(gate.Terms{Views: 3})
		visitors := make(chan gate.Opening, crowd)
		for range crowd {
			visitors <- f.visit(link)
		}
		f.race(link, 0, func(gate.Opening) (bool, error) {
			o := <-visitors
			claimed, err := f.store.Reserve(f.ctx, claim(o, "a"))
			if err != nil || claimed.Refused != (gate.Refusal{}) {
				return false, refused(claimed.Refused, err)
			}
			_, err = f.store.Settle(f.ctx, settlement(o, "a", false))
			return false, err
		})
		for range 3 {
			f.watch(f.visit(link), "a")
		}
	}},
	{"a check sees whatever was acknowledged before it began", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		var acknowledged atomic.Int64
		done := make(chan struct{})
		checked := make(chan error, 1)
		go func() {
			checked <- f.each(func() error {
				for {
					select {
					case <-done:
						return nil
					default:
						runtime.Gosched() // so that a crowd of readers leaves time for a change
					}
					before := acknowledged.Load()
					state, err := f.store.Check(f.ctx, gate.Query{Link: o.Link, Session: o.Session, Subject: o.Subject})
					if err != nil {
						return err
					}
					if seen, _ := strconv.ParseInt(state.Account.Standing.Why, 10, 64); seen < before {
						return fmt.Errorf("saw change %d after %d was acknowledged", seen, before)
					}
				}
			})
		}()
		for i := range int64(100) {
			standing := gate.Standing{State: gate.Suspended, Why: strconv.FormatInt(i, 10)}
			ok[gate.Account](f, "SetStanding")(f.store.SetStanding(f.ctx, o.Link, standing))
			acknowledged.Store(i)
		}
		close(done)
		if err := <-checked; err != nil {
			f.Error(err)
		}
	}},
	{"of many who replace a document, one wins each revision", func(f *fixture) {
		f.put(gate.KindLink, "x", 0, `0`)
		var wins [5]atomic.Int64
		f.crowd(func() error {
			for rev := range int64(len(wins)) {
				doc := gate.Document{Kind: gate.KindLink, ID: "x", Rev: rev + 1, Body: []byte(`1`)}
				switch _, err := f.store.Put(f.ctx, doc); {
				case err == nil:
					wins[rev].Add(1)
				case !errors.Is(err, gate.ErrConflict):
					return err
				}
			}
			return nil
		})
		for rev := range wins {
			f.equal(fmt.Sprintf("wins of revision %d", rev+1), wins[rev].Load(), 1)
		}
	}},
}

// refused turns the only refusal that a race may meet into no error.
func refused(refusal gate.Refusal, err error) error {
	if err == nil && refusal.Reason != gate.ViewsSpent {
		err = fmt.Errorf("refused for %v", refusal.Reason)
	}
	return err
}

// play reserves and charges, and reports whether that charged a view.
func (f *fixture) play(o gate.Opening) (bool, error) { return f.playAsset(o, "a") }

func (f *fixture) playAsset(o gate.Opening, asset string) (bool, error) {
	claimed, err := f.store.Reserve(f.ctx, claim(o, asset))
	if err != nil || claimed.Free {
		return false, err
	}
	if claimed.Refused != (gate.Refusal{}) {
		return false, refused(claimed.Refused, nil)
	}
	settled, err := f.store.Settle(f.ctx, settlement(o, claimed.Asset, true))
	if err == nil && settled.Refused != (gate.Refusal{}) {
		err = fmt.Errorf("a reserved play was refused for %v", settled.Refused.Reason)
	}
	return settled.Charged, err
}

// race lets a crowd of fresh devices contend for the link while somebody
// watches its account, and sees that exactly wins of them win.
func (f *fixture) race(link gate.LinkID, wins int64, contend func(gate.Opening) (bool, error)) {
	f.Helper()
	limit, done, watched := f.account(link).Views, make(chan struct{}), make(chan error, 1)
	go func() { watched <- f.guard(link, limit, done) }()
	var won atomic.Int64
	f.crowd(func() error {
		yes, err := contend(f.device(link))
		if yes {
			won.Add(1)
		}
		return err
	})
	close(done)
	if err := <-watched; err != nil {
		f.Errorf("the account meanwhile: %v", err)
	}
	f.equal("wins", won.Load(), wins)
	f.counts("after", link, wins, 0)
}

// guard reads the account until done and reports a broken invariant.
func (f *fixture) guard(link gate.LinkID, limit int64, done <-chan struct{}) error {
	var used int64
	for {
		a, err := f.store.Account(f.ctx, link)
		if err != nil {
			return err
		}
		if a.Used+a.Reserved > limit {
			return fmt.Errorf("used %d + reserved %d is above %d", a.Used, a.Reserved, limit)
		}
		if a.Used < used {
			return fmt.Errorf("used fell from %d to %d", used, a.Used)
		}
		used = a.Used
		select {
		case <-done:
			return nil
		default:
		}
	}
}

// crowd calls act from many goroutines, all set off at once.
func (f *fixture) crowd(act func() error) {
	f.Helper()
	if err := f.each(act); err != nil {
		f.Errorf("caller: %v", err)
	}
}

// each is crowd for a goroutine that is not the test's.
func (f *fixture) each(act func() error) error {
	start, errs := make(chan struct{}), make(chan error, crowd)
	var callers sync.WaitGroup
	for range crowd {
		callers.Go(func() {
			<-start
			errs <- act()
		})
	}
	close(start)
	callers.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}
