package sqlite

import (
	"testing"

	"depeche/internal/news"
)

func TestCacheKeepsWhatIsUsedWithinItsLimit(t *testing.T) {
	const limit, size = 1000, 10
	c := newCache(limit)
	used := new(news.Tag)
	c.put(1, used, size)
	for seq := news.Seq(2); seq < 1000; seq++ {
		c.put(seq, new(news.Tag), size)
		if c.get(1) != used {
			t.Fatalf("an entity that is always used is gone after %d others", seq)
		}
		kept := 0
		for seq := range news.Seq(1000) {
			if _, ok := c.young[seq]; ok {
				kept += size
			}
			if _, ok := c.old[seq]; ok {
				kept += size
			}
		}
		if kept > limit {
			t.Fatalf("%d bytes are kept, of %d allowed", kept, limit)
		}
	}
	if c.get(2) != nil {
		t.Error("an entity that nobody uses is never forgotten")
	}
	c.put(2000, used, 2*limit)
	if c.get(2000) != used {
		t.Error("an entity above the limit is not kept even for a moment")
	}
}
