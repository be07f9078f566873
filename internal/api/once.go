package api

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usher-media/usher/internal/gate"
)

// onceHeader names a request that may be sent again, because its answer was
// lost, without being done again.
const onceHeader = "Idempotency-Key"

const (
	onceKept    = 24 * time.Hour   // an answer is given again this long
	onceRunning = time.Minute      // a request without an answer keeps others out this long
	maxOnceKey  = 200              // bytes of the header
	onceUse     = "answers, part " // of the digests that the answers' key is made from
)

// onceRecord is what is kept of a request, under the hash of who made it and of
// its key.
type onceRecord struct {
	// Request is the hash of method, path and body.
	Request string `json:"request"`
	// Answer is the sealed answer; empty: the request is not answered yet.
	Answer []byte `json:"answer,omitempty"`
}

// onceAnswer is an answer as it is kept.
type onceAnswer struct {
	Status   int            `json:"status"`
	Location string         `json:"location,omitempty"`
	Body     jsontext.Value `json:"body"`
}

// once does a request that has an Idempotency-Key a single time: sent again, it
// gets the answer of the first time. One that was refused may be sent again as
// if for the first time. What is not known to have been done or not, since the
// store did not answer, keeps others out for a minute.
func (c *call) once(serve func(*call) (answer, error)) (answer, error) {
	values := c.r.Header.Values(onceHeader)
	if len(values) == 0 {
		return serve(c)
	}
	if len(values) > 1 || values[0] == "" || len(values[0]) > maxOnceKey || strings.ContainsFunc(values[0], unprintable) {
		return answer{}, badValue.of(onceHeader, nil, fmt.Sprintf("want one value of 1 to %d visible characters", maxOnceKey))
	}
	body, err := c.body()
	if err != nil {
		return answer{}, err
	}
	c.r.Body = io.NopCloser(bytes.NewReader(body))
	doc := gate.Document{
		Kind: gate.KindAnswer, ID: digest(c.who.String(), c.by, values[0]), Until: c.Now().Add(onceRunning),
	}
	record := onceRecord{Request: digest(c.r.Method, c.r.URL.RequestURI(), string(body))}
	if doc.Body, err = json.Marshal(record); err != nil {
		return answer{}, err
	}
	doc.Rev, err = c.Store.Put(c.r.Context(), doc)
	if errors.Is(err, gate.ErrConflict) {
		return c.again(doc.ID, record.Request)
	}
	if err != nil {
		return answer{}, err
	}
	given, err := serve(c)
	return c.kept(doc, record, given, err)
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' }

// digest is a hash of texts that cannot be confused with that of others.
func digest(texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(h, "%d:%s", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// kept keeps the answer for whoever sends the request again. The change was
// made or refused by now, so the request's own end does not keep that back, and
// an answer that cannot be kept is given all the same.
func (c *call) kept(doc gate.Document, record onceRecord, given answer, err error) (answer, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.r.Context()), 5*time.Second)
	defer cancel()
	if err != nil {
		if problemOf(err).Status < http.StatusInternalServerError {
			_ = c.Store.Delete(ctx, doc.Kind, doc.ID)
		}
		return answer{}, err
	}
	if record.Answer, err = c.sealAnswer(doc.ID, given); err != nil {
		return given, nil
	}
	if doc.Body, err = json.Marshal(record); err != nil {
		return given, nil
	}
	doc.Until = c.Now().Add(onceKept)
	_, _ = c.Store.Put(ctx, doc)
	return given, nil
}

// again gives the answer of the first time.
func (c *call) again(id, request string) (answer, error) {
	doc, err := c.Store.Get(c.r.Context(), gate.KindAnswer, id)
	if err != nil {
		return answer{}, err
	}
	var record onceRecord
	if err := json.Unmarshal(doc.Body, &record); err != nil {
		return answer{}, fmt.Errorf("reading answer %s from the store: %w", id, err)
	}
	switch {
	case record.Request != request:
		return answer{}, keyReused.of(onceHeader, nil, "the value was used for another request within the last day: take a new one for each")
	case record.Answer == nil:
		return answer{}, keyRunning.because("the first request is still being done, or its end is not known: look, and send it again after a minute")
	}
	return c.openAnswer(id, record.Answer)
}

// answerSeal returns what answers are encrypted with. They hold share URLs, and
// API keys themselves, which whoever can read the store must not learn: so the
// key comes from the keyring, which is not in the store.
func (c *call) answerSeal() (cipher.AEAD, error) {
	h := sha256.New()
	for _, part := range []string{"1", "2", "3", "4"} { // 72 bits each
		io.WriteString(h, c.Keys.Ring().Digest(onceUse+part, "")) // a hash never fails
	}
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (c *call) sealAnswer(id string, given answer) ([]byte, error) {
	body, err := json.Marshal(given.body, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(onceAnswer{given.status, given.location, body})
	if err != nil {
		return nil, err
	}
	seal, err := c.answerSeal()
	if err != nil {
		return nil, err
	}
	return seal.Seal(nil, nil, text, []byte(id)), nil
}

func (c *call) openAnswer(id string, sealed []byte) (answer, error) {
	seal, err := c.answerSeal()
	if err != nil {
		return answer{}, err
	}
	text, err := seal.Open(nil, nil, sealed, []byte(id))
	var kept onceAnswer
	if err != nil || json.Unmarshal(text, &kept) != nil {
		return answer{}, keyLost.because("the request was done, but the keys were rotated since, and its answer cannot be read any more: look at what it made")
	}
	return answer{status: kept.Status, location: kept.Location, body: kept.Body}, nil
}
