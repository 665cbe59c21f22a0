package sqlite

import (
	"testing"

	"depeche/internal/news"
)

func TestCacheKeepsWhatIsUsedWithinItsLimit(t *testing.T) {
	const limit, size = 1000, 10
	c := newCache(limit)
	_, gen, _ := c.begin()
	name := func(n int) key { return key{terms, string(rune('a' + n))} }
	get := func(k key) any {
		c.mu.Lock()
		defer c.mu.Unlock()
		f, _ := c.find(k)
		return f.value
	}
	used := new(news.Tag)
	c.put(name(1), fact{value: used, size: size}, gen)
	for n := 2; n < 1000; n++ {
		c.put(name(n), fact{value: new(news.Tag), size: size}, gen)
		if get(name(1)) != used {
			t.Fatalf("an entity that is always used is gone after %d others", n)
		}
		if kept := (len(c.young) + len(c.old)) * size; kept > limit {
			t.Fatalf("%d bytes are kept, of %d allowed", kept, limit)
		}
	}
	if get(name(2)) != nil {
		t.Error("an entity that nobody uses is never forgotten")
	}
	c.put(name(2000), fact{value: used, size: 2 * limit}, gen)
	if get(name(2000)) != nil || get(name(1)) != used {
		t.Error("an entity above the limit is kept")
	}
}

// What a reader saw before a transaction ended is not kept after it, and nothing
// that a transaction changes is found while it is committed.
func TestCacheKeepsNothingThatWasOvertaken(t *testing.T) {
	changed, other := key{terms, "changed"}, key{terms, "other"}
	for _, row := range []struct {
		name  string
		steps func(c *cache, gen uint64)
		want  any // under the key that the transaction changes
		other any // under another
	}{
		{"read, then written", func(c *cache, gen uint64) {
			c.put(changed, fact{value: 1}, gen)
			c.hold(map[key]fact{changed: {value: 2}})
			c.release(7)
		}, 2, nil},
		{"read, then written and rolled back", func(c *cache, gen uint64) {
			c.put(changed, fact{value: 1}, gen)
			c.hold(map[key]fact{changed: {value: 2}})
			c.release(unknown)
		}, nil, nil},
		{"written, and nobody had asked", func(c *cache, gen uint64) {
			c.hold(map[key]fact{changed: {value: 2}})
			c.release(7)
		}, nil, nil},
		{"while it is committed", func(c *cache, gen uint64) {
			c.put(changed, fact{value: 1}, gen)
			c.hold(map[key]fact{changed: {value: 2}})
		}, nil, nil},
		{"brought while it is committed", func(c *cache, gen uint64) {
			c.hold(map[key]fact{changed: {value: 2}})
			c.put(changed, fact{value: 1}, gen)
			c.put(other, fact{value: 3}, gen)
		}, nil, 3},
		{"brought too late", func(c *cache, gen uint64) {
			c.hold(map[key]fact{changed: {value: 2}})
			c.release(7)
			c.put(changed, fact{value: 1}, gen)
		}, nil, nil},
		{"brought too late, begun while it was committed", func(c *cache, _ uint64) {
			c.hold(map[key]fact{changed: {value: 2}})
			_, gen, _ := c.begin()
			c.release(7)
			c.put(changed, fact{value: 1}, gen)
		}, nil, nil},
		{"brought after it", func(c *cache, _ uint64) {
			c.hold(map[key]fact{changed: {value: 2}})
			c.release(7)
			_, gen, _ := c.begin()
			c.put(changed, fact{value: 4}, gen)
		}, 4, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCache(1000)
			_, gen, _ := c.begin()
			row.steps(c, gen)
			if got, _ := c.find(changed); got.value != row.want {
				t.Errorf("got %v, want %v", got.value, row.want)
			}
			if got, _ := c.find(other); got.value != row.other {
				t.Errorf("got %v of another, want %v", got.value, row.other)
			}
		})
	}
}

func TestCacheIsQuietOnlyWhenItKnowsTheHead(t *testing.T) {
	c := newCache(1000)
	look := func(when string, want bool, head news.Seq) uint64 {
		t.Helper()
		at, gen, quiet := c.begin()
		if quiet != want || quiet && at != head {
			t.Errorf("%s: got %v at %d, want %v at %d", when, quiet, at, want, head)
		}
		return gen
	}
	gen := look("at first", false, 0)
	c.learn(5, gen)
	gen = look("once a reader knows", true, 5)
	c.hold(map[key]fact{})
	held := look("while something is committed", false, 0)
	c.learn(5, gen)
	c.release(6)
	c.learn(5, held)
	if c.still(gen) {
		t.Error("it is still as it was before a transaction")
	}
	look("after it", true, 6)
	c.hold(map[key]fact{})
	c.release(unknown)
	gen = look("after one that failed", false, 0)
	c.learn(6, gen)
	look("once a reader knows again", true, 6)

	c = newCache(0)
	c.learn(5, look("without memory", false, 0))
	look("without memory", false, 0)
}
