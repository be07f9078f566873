package directory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
)

// A record is changed at the revision that was said, or not at all.
func TestChangesAtARevision(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := model.New(clock)
	d, err := directory.New(store, directory.NewView(store, clock), directory.Settings{
		Now: func(context.Context) (time.Time, error) { return now, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, who := t.Context(), directory.Operator()
	g, err := d.CreateGroup(ctx, who, directory.NewGroup{Name: "jury"})
	if err != nil {
		t.Fatal(err)
	}
	name := gate.DocumentName{Kind: gate.KindGroup, ID: g.ID.String()}
	rev, err := d.Revision(ctx, name)
	if err != nil || rev != 1 {
		t.Fatal(rev, err)
	}
	rename := func(d *directory.Directory, name string) error {
		_, err := d.ChangeGroup(ctx, who, g.ID, directory.GroupChange{Name: &name})
		return err
	}
	pinned := d.At(name, rev)
	if err := rename(pinned, "one"); err != nil {
		t.Error(err)
	}
	if err := rename(pinned, "two"); err != nil {
		t.Errorf("its own change is in its way: %v", err)
	}
	if err := rename(d, "three"); err != nil {
		t.Error(err)
	}
	if err := rename(pinned, "four"); !errors.Is(err, directory.ErrStale) {
		t.Errorf("after somebody else's change: %v", err)
	}
	if got, err := d.Group(ctx, who, g.ID); err != nil || got.Name != "three" {
		t.Errorf("%q, %v", got.Name, err)
	}
	// The name that the refused change took is free again.
	if _, err := d.CreateGroup(ctx, who, directory.NewGroup{Name: "four"}); err != nil {
		t.Error(err)
	}
	if _, err := d.Revision(ctx, gate.DocumentName{Kind: gate.KindGroup, ID: "grp_none"}); !errors.Is(err, gate.ErrNotFound) {
		t.Error(err)
	}
}
