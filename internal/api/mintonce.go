package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

const (
	// minting is how long a mint that never said how it ended keeps others out.
	minting = time.Minute
	// mintWait is how long one waits for another of the same, and mintLook how
	// often it looks.
	mintWait = time.Second
	mintLook = 20 * time.Millisecond
)

// mintPast ends a document at once, by every clock.
var mintPast = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// singly returns the link for one address: the one that is there, or the one that
// issue makes. Of several who make one from the same parent for the same address
// at the same moment, which may be the same list sent twice, one does; the others
// wait for that and find it.
func (c *call) singly(from *parent, email string, issue func() (gate.Link, gate.Account, error)) (link gate.Link, account gate.Account, found bool, err error) {
	link, account, found, err = c.minted(from, email)
	if found || err != nil {
		return link, account, found, err
	}
	claim := gate.Document{
		Kind: gate.KindName, ID: digest("mint", from.ID.String(), c.who.String(), email), Body: []byte("{}"),
	}
	if claim.Rev, err = c.claimMint(claim); err != nil {
		return link, account, false, err
	}
	defer func() { c.releaseMint(claim, err) }()
	if link, account, found, err = c.minted(from, email); found || err != nil { // which was made while this one waited
		return link, account, found, err
	}
	link, account, err = issue()
	return link, account, false, err
}

// claimMint takes the claim, as soon as nobody else has it.
func (c *call) claimMint(claim gate.Document) (int64, error) {
	ctx, tick := c.r.Context(), time.NewTicker(mintLook)
	defer tick.Stop()
	for end := time.Now().Add(mintWait); ; {
		claim.Until = c.Now().Add(minting)
		rev, err := c.Store.Put(ctx, claim)
		if !errors.Is(err, gate.ErrConflict) {
			return rev, err
		}
		if time.Now().After(end) {
			return 0, conflict.because("a link for this address is being made from the same link at this moment, or its end is not known: ask again within a minute")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// releaseMint gives the claim up. Where it is not known whether the link was made,
// it runs out by itself: by then the link is there for certain, or is not.
func (c *call) releaseMint(claim gate.Document, err error) {
	if err != nil && problemOf(err).Status >= http.StatusInternalServerError {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.r.Context()), takeBackTime)
	defer cancel()
	claim.Until = mintPast
	_, _ = c.Store.Put(ctx, claim) // else it runs out
}
