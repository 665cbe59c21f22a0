package live

import (
	"context"
	"sync"
)

// A queue hands out in order what is put into it.
type queue[T any] struct {
	mu   sync.Mutex
	list []T
	bell chan struct{}
}

func newQueue[T any]() *queue[T] { return &queue[T]{bell: make(chan struct{}, 1)} }

func (q *queue[T]) push(item T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, item)
	q.ring()
}

func (q *queue[T]) ring() {
	select {
	case q.bell <- struct{}{}:
	default:
	}
}

// pop waits for the next; not ok when ctx ends before.
func (q *queue[T]) pop(ctx context.Context) (item T, ok bool) {
	for {
		if item, ok = q.next(); ok {
			return item, true
		}
		select {
		case <-ctx.Done():
			return item, false
		case <-q.bell:
		}
	}
}

func (q *queue[T]) next() (item T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) == 0 {
		return item, false
	}
	var none T
	item, q.list[0], q.list = q.list[0], none, q.list[1:]
	if len(q.list) > 0 {
		q.ring() // for whoever else waits
	}
	return item, true
}
