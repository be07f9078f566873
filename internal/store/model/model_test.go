package model_test

import (
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/store/storetest"
)

// Its machine compares the model with itself, which proves the machine more
// than the model; the tables prove the model.
func TestContractOnTheModel(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, now func() time.Time) gate.Store { return model.New(now) })
}
