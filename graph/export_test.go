package graph

// Kept is kept for tests.
type Kept = kept[int, string]

// NewKept makes one.
func NewKept(room int) *Kept { return newKept[int, string](room) }

// Get gets from one.
func Get(k *Kept, key int) (string, bool) { return k.get(key) }

// Put puts into one.
func Put(k *Kept, key int, value string, weight int) { k.put(key, value, weight) }
