package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usher-media/usher/internal/attempts"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/secret"
	"github.com/usher-media/usher/internal/token"
)

var _ gate.Doorkeeper = (*Desk)(nil)

// SignedIn implements [gate.Doorkeeper]. What the directory says of the person
// the gate asks by itself.
func (d *Desk) SignedIn(ctx context.Context, id token.ID) (gate.PersonID, time.Time, error) {
	s, err := d.use(ctx, ID(id))
	if errors.Is(err, gate.ErrNotFound) {
		return gate.PersonID{}, time.Time{}, nil
	}
	return s.Person, s.Opened, err
}

// PasswordFits implements [gate.Doorkeeper].
func (d *Desk) PasswordFits(ctx context.Context, try gate.Try) (gate.Refusal, error) {
	who := attempts.Who{Of: "link:" + try.Link.String(), Device: try.Device, Group: try.Group}
	begun, wait, err := d.tries.Begin(ctx, attempts.Guesses, who)
	if err != nil {
		return gate.Refusal{}, fmt.Errorf("counting tries at a link's password: %w", err)
	}
	if wait > 0 {
		return gate.Refusal{Reason: gate.TooManyTries, Wait: wait}, nil
	}
	answer, err := secret.Verify(ctx, try.Password, try.Text)
	switch {
	case err != nil:
		return gate.Refusal{}, errors.Join(err, d.tries.Void(context.WithoutCancel(ctx), begun))
	case !answer.Right:
		return gate.Refusal{Reason: gate.PasswordWrong}, nil
	}
	return gate.Refusal{}, d.tries.Right(ctx, begun)
}
