package cache

import (
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"depeche/internal/news"
)

// A kept answer is one that is given to who asks later.
type kept struct {
	key    Key
	answer *Answer
	began  tick      // when it was begun
	fresh  time.Time // until when it is given
	stale  time.Time // until when it may stand in while the store is away
	weight uint32
	filed  bool // whether it is in the index; guarded by Cache.mu

	entities []card[news.EntityID]
	absent   []card[slug]
	parts    []card[*filed]
}

// held is what is kept, by key. Which answers have to make room is otter's to say;
// it runs no goroutines.
type held struct {
	answers *otter.Cache[Key, *kept]

	// Otter tells of what it has removed while it holds locks of its own, from
	// within any call, so that nothing else may be done there than to remember it.
	mu   sync.Mutex
	gone []*kept
}

func hold(bytes int64, n *counts) *held {
	h := &held{}
	h.answers = otter.Must(&otter.Options[Key, *kept]{
		MaximumWeight: uint64(bytes),
		Weigher:       func(_ Key, k *kept) uint32 { return k.weight },
		Executor:      func(task func()) { task() },
		OnAtomicDeletion: func(e otter.DeletionEvent[Key, *kept]) {
			if e.WasEvicted() {
				n.evictions.Add(1)
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			h.gone = append(h.gone, e.Value)
		},
	})
	return h
}

func (h *held) find(key Key) *kept {
	k, _ := h.answers.GetIfPresent(key)
	return k
}

func (h *held) put(k *kept) { h.answers.Set(k.key, k) }

func (h *held) remove(k *kept) { h.answers.Invalidate(k.key) }

// removed returns what has been removed since it was called last, by whomever.
func (h *held) removed() []*kept {
	h.mu.Lock()
	defer h.mu.Unlock()
	gone := h.gone
	h.gone = nil
	return gone
}

// What an answer takes beside its texts, in bytes, roughly: measured with full
// caches, see TestBytesAreHonest.
const (
	answerBytes = 700 // the answer, its headers and its place among the others
	entityBytes = 130
	slugBytes   = 130
	listBytes   = 700
	partBytes   = 200
	termBytes   = 64
)

// weigh is how many bytes an answer takes, with all its forms and what it takes to
// find it again. Forms are counted before they are made, as large as they may get:
// with two of them, a body weighs two and a half times what it has.
func weigh(a *Answer, n *notes) int64 {
	w := answerBytes + cap(a.Body) + maxForms*formBytes(len(a.Body)) + len(a.Type) + len(a.ETag)
	for id := range n.entities {
		w += entityBytes + len(id)
	}
	for s := range n.absent {
		w += slugBytes + len(s.slug)
	}
	for name, l := range n.lists {
		w += listBytes + len(name) + partBytes*len(l.parts) + termBytes*termsIn(l.Selection)
	}
	return int64(w)
}

func termsIn(sel news.Selection) int {
	n := len(sel.Any)
	for _, shelf := range sel.Shelves {
		n += len(shelf.All)
	}
	return n
}
