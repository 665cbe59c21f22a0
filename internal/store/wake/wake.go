// Package wake tells those who watch a log that it has grown. A wake-up is a
// hint: one may stand for many lines, and nobody is waited for.
package wake

import "sync"

// Watchers are the Watch calls under way. The zero value has none.
type Watchers struct {
	mu  sync.Mutex
	set map[chan struct{}]struct{}
}

// Add enters a watcher, to be taken out by Remove. Its channel holds at most one
// wake-up, so that waking never waits.
func (w *Watchers) Add() chan struct{} {
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.set == nil {
		w.set = make(map[chan struct{}]struct{})
	}
	w.set[ch] = struct{}{}
	return ch
}

// Remove takes a watcher out.
func (w *Watchers) Remove(ch chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.set, ch)
}

// Wake wakes all watchers.
func (w *Watchers) Wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.set {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}
