package desk_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"depeche/internal/news"
)

// fileMany has n stories carry a tag, each with a body of 5 kB.
func (r *room) fileMany(t testing.TB, n int, tag news.TagID) {
	t.Helper()
	body := strings.Repeat("Le Sénat vote. ", 333)
	for at := 0; at < n; at += 500 {
		var stories []news.Entity
		for i := at; i < min(at+500, n); i++ {
			stories = append(stories, &news.Story{
				Status: news.StoryPublished, PublishedAt: noon,
				StoryContent: news.StoryContent{Slug: fmt.Sprint("s", i), Title: "A story", Language: "fr", Body: body, Tags: []news.TagID{"a", tag, "b"}},
			})
		}
		adopted, err := r.Adopt(t.Context(), editor, stories)
		must(t, err)
		for _, a := range adopted {
			must(t, a.Err)
		}
	}
}

// A merge reads and writes so much at once, however much there is.
func TestAMergeTakesSmallBites(t *testing.T) {
	r := open(t)
	r.topics(t, "a", "b", "from", "into")
	r.fileMany(t, 300, "from")
	for i := range 60 {
		r.tagged(t, fmt.Sprint("other", i), "into")
	}
	w := r.watch()
	most := 0
	w.before = func(changes []news.Change) error { most = max(most, len(changes)); return nil }
	if m := r.merge(t, "from", "into"); m.Moved.Stories != 300 || most > 50 {
		t.Errorf("%d stories were moved, up to %d at once", m.Moved.Stories, most)
	}
	if m := r.unmerge(t, "from"); m.Moved.Stories != 300 || most > 50 {
		t.Errorf("%d stories were moved back, up to %d at once", m.Moved.Stories, most)
	}
}

// BenchmarkMergeOf10000Stories merges a tag and takes it out again. It reports how
// long each took, and the largest heap on the way.
func BenchmarkMergeOf10000Stories(b *testing.B) {
	r := open(b)
	r.topics(b, "a", "b", "from", "into")
	r.fileMany(b, 10_000, "from")
	w := r.watch()
	var peak uint64
	commits := 0
	w.before = func([]news.Change) error {
		if commits++; commits%20 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
		}
		return nil
	}
	var merging, undoing time.Duration
	for b.Loop() {
		began := time.Now()
		m := r.merge(b, "from", "into")
		merging += time.Since(began)
		began = time.Now()
		u := r.unmerge(b, "from")
		undoing += time.Since(began)
		if m.Moved.Stories != 10_000 || u.Moved != m.Moved {
			b.Fatal(m.Moved, u.Moved)
		}
	}
	b.ReportMetric(merging.Seconds()/float64(b.N), "s/merge")
	b.ReportMetric(undoing.Seconds()/float64(b.N), "s/undo")
	b.ReportMetric(float64(peak)/(1<<20), "MB-heap")
}
