package live_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/store/sqlite"
)

// asked is what a trace takes names for at each line from 1 on.
func asked(t *testing.T, log *memoryLog, through news.Seq, names ...string) (each []string, trace *live.TagTrace) {
	t.Helper()
	trace, err := live.TraceTags(t.Context(), log, names)
	if err != nil {
		t.Fatal(err)
	}
	var at string
	wants := trace.Wants(func(tags []news.TagID) func(news.Line) bool {
		return func(news.Line) bool { at = fmt.Sprint(tags); return true }
	})
	for seq := range through {
		wants(news.Line{Seq: seq + 1})
		each = append(each, at)
	}
	return each, trace
}

func TestTagTrace(t *testing.T) {
	renamed := func(log *memoryLog) {
		log.commit(news.OpUpdated, log.changedTag("tag_a", func(t *news.Tag) { t.Slug, t.PreviousSlugs = "new", []string{"a"} }))
	}
	for _, row := range []struct {
		name    string
		do      func(*memoryLog) // behind the lines that create a, b and c
		names   []string
		through news.Seq
		want    []string
	}{
		{"nothing has happened", func(*memoryLog) {}, []string{"a", "tag_b"}, 4, []string{"[tag_a tag_b]", "[tag_a tag_b]", "[tag_a tag_b]", "[tag_a tag_b]"}},
		{"no such name", func(*memoryLog) {}, []string{"x", "a", "story_1"}, 1, []string{"[ tag_a ]"}},
		{"no names", func(*memoryLog) {}, nil, 1, []string{"[]"}},
		{"renamed", renamed, []string{"new", "a"}, 5, slices.Repeat([]string{"[tag_a tag_a]"}, 5)},
		{"merged", func(l *memoryLog) { l.merge("tag_a", "tag_b") }, []string{"a"}, 6,
			[]string{"[tag_a]", "[tag_a]", "[tag_a]", "[tag_a]", "[tag_a]", "[tag_b]"}},
		{"merged, by its id", func(l *memoryLog) { l.merge("tag_a", "tag_b") }, []string{"tag_a", "b"}, 6,
			[]string{"[tag_a tag_b]", "[tag_a tag_b]", "[tag_a tag_b]", "[tag_a tag_b]", "[tag_a tag_b]", "[tag_b tag_b]"}},
		{"merged, by a former slug", func(l *memoryLog) { renamed(l); l.merge("tag_a", "tag_b") }, []string{"a"}, 7,
			[]string{"[tag_a]", "[tag_a]", "[tag_a]", "[tag_a]", "[tag_a]", "[tag_a]", "[tag_b]"}},
		{"merged and taken out again", func(l *memoryLog) { l.merge("tag_a", "tag_b"); l.unmerge("tag_a") }, []string{"a"}, 7,
			[]string{"[tag_a]", "[tag_a]", "[tag_a]", "[tag_a]", "[tag_a]", "[tag_b]", "[tag_a]"}},
		{"merged twice", func(l *memoryLog) { l.merge("tag_a", "tag_b"); l.merge("tag_b", "tag_c") }, []string{"a", "b"}, 8,
			[]string{"[tag_a tag_b]", "[tag_a tag_b]", "[tag_a tag_b]", "[tag_a tag_b]", "[tag_a tag_b]", "[tag_b tag_b]", "[tag_b tag_b]", "[tag_c tag_c]"}},
		{"the one that stays was merged before", func(l *memoryLog) {
			l.merge("tag_b", "tag_c")
			l.unmerge("tag_b")
			l.merge("tag_a", "tag_b")
		}, []string{"a"}, 9, append(slices.Repeat([]string{"[tag_a]"}, 8), "[tag_b]")},
		{"deleted and restored", func(l *memoryLog) {
			l.delete("tag_a")
			l.commit(news.OpRestored, l.changedTag("tag_a", func(t *news.Tag) { t.Status = news.TagInUse }))
		}, []string{"a"}, 6, slices.Repeat([]string{"[tag_a]"}, 6)},
		{"merged into each other", func(l *memoryLog) { // against all rules
			l.merge("tag_a", "tag_b")
			l.commit(news.OpMerged, l.changedTag("tag_b", func(t *news.Tag) { t.Status, t.MergedInto = news.TagMerged, "tag_a" }))
		}, []string{"tag_a"}, 7, append(slices.Repeat([]string{"[tag_a]"}, 5), "[tag_b]", "[tag_a]")},
	} {
		t.Run(row.name, func(t *testing.T) {
			log := &memoryLog{}
			for _, name := range []string{"a", "b", "c"} {
				log.commit(news.OpCreated, tag(name))
			}
			row.do(log)
			got, trace := asked(t, log, row.through, row.names...)
			if !slices.Equal(got, row.want) {
				t.Errorf("got %v, want %v", got, row.want)
			}
			if now := fmt.Sprint(trace.Tags()); len(got) > 0 && now != got[len(got)-1] {
				t.Errorf("by now it is %s", now)
			}
		})
	}
}

func TestTagTraceReopens(t *testing.T) {
	log := &memoryLog{}
	for _, name := range []string{"a", "b", "c", "d"} {
		log.commit(news.OpCreated, tag(name))
	}
	log.merge("tag_a", "tag_b")
	begun := len(log.lines)
	trace, err := live.TraceTags(t.Context(), log, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	log.commit(news.OpUpdated, log.changedTag("tag_a", func(t *news.Tag) { t.Settled = true }))
	log.commit(news.OpUpdated, log.changedTag("tag_b", func(t *news.Tag) { t.Name = "B" }))
	log.merge("tag_d", "tag_c")
	log.delete("tag_c")
	log.commit(news.OpPublished, entry(1, "tag_a", "tag_b"))
	log.merge("tag_b", "tag_c") // lines 13 and 14
	log.unmerge("tag_a")
	log.delete("tag_b")
	var got []news.Seq
	for _, line := range log.lines[begun:] {
		if trace.Reopens(line) {
			got = append(got, line.Seq)
		}
	}
	if want := []news.Seq{14, 15, 16}; !slices.Equal(got, want) {
		t.Errorf("opened anew behind lines %v, want %v", got, want)
	}
}

// TestTagTraceReadsAllThereIs: tags have more versions, and there are more merged
// tags, than are read at once.
func TestTagTraceReadsAllThereIs(t *testing.T) {
	log := &memoryLog{}
	log.commit(news.OpCreated, tag("a"))
	for i := range 150 {
		log.commit(news.OpCreated, tag(fmt.Sprint(i)))
		log.merge(news.TagID(fmt.Sprint("tag_", i)), "tag_a")
	}
	log.commit(news.OpCreated, tag("z"))
	last := log.length() + 1
	log.merge("tag_a", "tag_z")
	for range 110 {
		log.commit(news.OpUpdated, log.changedTag("tag_a", func(t *news.Tag) { t.Settled = true }))
	}
	got, _ := asked(t, log, log.length(), "99")
	for i, tags := range got {
		want := "[tag_a]"
		switch seq := news.Seq(i + 1); {
		case seq <= 1+99*3+3:
			want = "[tag_99]"
		case seq > last+1:
			want = "[tag_z]"
		}
		if tags != want {
			t.Fatalf("line %d: got %s, want %s", i+1, tags, want)
		}
	}
}

func TestTagTraceFailsWithTheStore(t *testing.T) {
	log := &memoryLog{}
	log.commit(news.OpCreated, tag("a"))
	log.fail(fmt.Errorf("dial: %w", news.ErrUnavailable))
	if _, err := live.TraceTags(t.Context(), log, []string{"a"}); !errors.Is(err, news.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

// TestTagTraceWhileTagsMove merges and takes apart while the trace is being made: it
// is right for all lines that there were when it was begun.
func TestTagTraceWhileTagsMove(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 7))
		log := &memoryLog{}
		const tags = 5
		for i := range tags {
			log.commit(news.OpCreated, tag(fmt.Sprint(i)))
		}
		move := func() {
			from, into := news.TagID(fmt.Sprint("tag_", random.IntN(tags))), news.TagID(fmt.Sprint("tag_", random.IntN(tags)))
			switch merged := log.merged[len(log.merged)-1]; {
			case merged[from] != "":
				log.unmerge(from)
			case from != into && merged[into] == "":
				log.merge(from, into)
			}
		}
		for range random.IntN(20) {
			move()
		}
		begun := log.length()
		log.delay = func() time.Duration {
			if random.IntN(3) == 0 {
				move()
			}
			return 0
		}
		own := news.TagID(fmt.Sprint("tag_", random.IntN(tags)))
		name := []string{string(own), string(own)[len("tag_"):]}[random.IntN(2)]
		trace, err := live.TraceTags(t.Context(), log, []string{name})
		log.delay = nil
		if errors.Is(err, news.ErrUnavailable) {
			continue // too much has moved
		}
		if err != nil {
			t.Fatal(err)
		}
		var at news.TagID
		wants := trace.Wants(func(tags []news.TagID) func(news.Line) bool {
			return func(news.Line) bool { at = tags[0]; return true }
		})
		for _, line := range log.lines[1:] {
			wants(line)
			if want := standsIn(own, log.merged[line.Seq-2]); at != want {
				t.Fatalf("seed %d: at line %d %s is %s, want %s; the trace was begun at line %d", seed, line.Seq, name, at, want, begun)
			}
			if line.Seq > begun && trace.Reopens(line) {
				break
			}
		}
	}
}

// TestTagTraceOverAStore: a store answers as the log of the tests does.
func TestTagTraceOverAStore(t *testing.T) {
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "news.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	log := &memoryLog{}
	for _, name := range []string{"a", "b", "c", "d"} {
		log.commit(news.OpCreated, tag(name, "old-"+name))
	}
	log.merge("tag_a", "tag_b")
	log.merge("tag_c", "tag_d")
	log.merge("tag_b", "tag_d")
	log.unmerge("tag_c")
	for _, line := range log.lines {
		if _, err := store.Commit(t.Context(), []news.Change{line.Change}); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{"a", "old-a", "tag_a", "b", "c", "old-d", "x"}
	want, err := live.TraceTags(t.Context(), log, names)
	if err != nil {
		t.Fatal(err)
	}
	got, err := live.TraceTags(t.Context(), store, names)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
