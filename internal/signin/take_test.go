package signin

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

// somebody is whoever is asked for.
type somebody struct{ People }

func (somebody) ByID(_ context.Context, id gate.PersonID) (Person, error) {
	return Person{ID: id, Live: true}, nil
}

func TestOneOfFiftyDevicesUsesAnActivationLink(t *testing.T) {
	now := func() time.Time { return time.Date(2031, 3, 4, 5, 6, 7, 0, time.UTC) }
	d := NewDesk(Options{Store: model.New(now), Now: now, People: somebody{}, Mail: mail.Printer{}})
	code, err := d.NewActivation(t.Context(), Activation{Invite: "inv_0", Until: now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	var in, used atomic.Int64
	var wait sync.WaitGroup
	for i := range 50 {
		wait.Go(func() {
			switch _, result, err := d.take(t.Context(), Visitor{Device: gate.DeviceID(token.ID{byte(i + 1)})}, code); {
			case err != nil:
				t.Error(err)
			case result == In:
				in.Add(1)
			case result == Used:
				used.Add(1)
			}
		})
	}
	wait.Wait()
	if in.Load() != 1 || used.Load() != 49 {
		t.Errorf("%d used the link and %d were told that it was used", in.Load(), used.Load())
	}
}
