package cache

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// An Answer is a finished response. It is shared and must not be changed.
type Answer struct {
	Status int
	Type   string // the media type
	Body   []byte
	ETag   string    // quoted, weak: the same for all encodings; set by the Cache where it is empty
	Made   time.Time // when it was begun; set by the Cache where it is zero

	making sync.Mutex
	forms  atomic.Pointer[[]form] // what it points to is never changed
}

// A form is an answer's body in a coding; nil where that is not worth it.
type form struct {
	coding string
	body   []byte
}

// maxForms is how many codings of an answer are kept.
const maxForms = 2

// Form is the body in a coding, such as gzip: what make makes of it the first time,
// the same ever after. It is nil, for the body as it is, where that would not save
// a quarter, and for more than two codings. It may be called by many goroutines at
// once; those who ask for a form that is being made wait for it.
func (a *Answer) Form(coding string, make func(body []byte) []byte) []byte {
	if f, ok := a.form(coding); ok {
		return f.body
	}
	a.making.Lock()
	defer a.making.Unlock()
	if f, ok := a.form(coding); ok {
		return f.body
	}
	var made []form
	if known := a.forms.Load(); known != nil {
		made = *known
	}
	if len(made) >= maxForms {
		return nil
	}
	body := make(a.Body)
	if len(body) > formBytes(len(a.Body)) {
		body = nil
	}
	// What was grown for the making must not be kept along.
	body = slices.Clip(slices.Clone(body))
	made = append(slices.Clone(made), form{coding, body})
	a.forms.Store(&made)
	return body
}

func (a *Answer) form(coding string) (form, bool) {
	made := a.forms.Load()
	if made == nil {
		return form{}, false
	}
	for _, f := range *made {
		if f.coding == coding {
			return f, true
		}
	}
	return form{}, false
}

// formBytes is the largest form of a body of n bytes that is kept.
func formBytes(n int) int { return n - n/4 }

// complete fills in what only the Cache knows, before anybody else sees the answer.
func (a *Answer) complete(begun time.Time) {
	if a.ETag == "" {
		sum := sha256.Sum256(a.Body)
		a.ETag = `W/"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	}
	if a.Made.IsZero() {
		a.Made = begun
	}
}

// Made is what an execution gives the Cache.
type Made struct {
	// Answer is nil where what was asked can't be shared: each who waits has to
	// ask by itself then.
	Answer *Answer
	Keep   bool // whether the answer may be given to who asks later
	Away   bool // whether it says nothing but that the store can't be reached
}

// An Outcome tells where an answer came from.
type Outcome int

// The outcomes.
const (
	Bypass    Outcome = iota // there is no answer to be shared
	Miss                     // it was made for the caller
	Coalesced                // it was made for somebody who had asked the same just before
	Hit                      // it was there
	Stale                    // the store is away, and it is past its lifetime
)
