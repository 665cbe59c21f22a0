package graph

import "sync"

// kept keeps values by key as long as they are asked for. What was not asked for
// while others of a weight of room came in is forgotten: two generations of that
// weight are kept at most. It may be used by many goroutines at once.
type kept[K comparable, V any] struct {
	room int

	mu         sync.Mutex
	young, old map[K]weighed[V]
	weight     int // of young
}

type weighed[V any] struct {
	value  V
	weight int
}

func newKept[K comparable, V any](room int) *kept[K, V] {
	return &kept[K, V]{room: room, young: map[K]weighed[V]{}}
}

func (k *kept[K, V]) get(key K) (V, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, known := k.young[key]
	if !known {
		if v, known = k.old[key]; known {
			k.add(key, v)
		}
	}
	return v.value, known
}

func (k *kept[K, V]) put(key K, value V, weight int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.add(key, weighed[V]{value, weight})
}

func (k *kept[K, V]) add(key K, v weighed[V]) {
	if k.weight+v.weight > k.room {
		k.young, k.old, k.weight = map[K]weighed[V]{}, k.young, 0
	}
	k.young[key] = v
	k.weight += v.weight
}
