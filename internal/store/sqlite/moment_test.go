package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/store/storetest"
)

// TestReadersSeeWhatIsInForce has writers change a few stories and tags at
// random, while readers ask for them in all ways. Whatever has been shown once,
// to anybody, is shown by every reading that begins later, and each page is what
// its line made of the list.
func TestReadersSeeWhatIsInForce(t *testing.T) {
	for _, row := range []struct {
		name  string
		cache int // in bytes
	}{
		{"all is kept", 1 << 20},
		{"a part is kept", 30_000},
		{"nothing is kept", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), "news.db"))
			defer s.Close()
			s.LimitCache(row.cache)
			room := newRoom(t, s)
			writing, stop := context.WithCancel(t.Context())
			var writers, readers sync.WaitGroup
			for n := range 3 {
				writers.Go(func() { room.write(n, 20) })
			}
			sightings := make([][]sighting, 3)
			for n := range sightings {
				readers.Go(func() { sightings[n] = room.read(writing, n) })
			}
			writers.Wait()
			stop()
			readers.Wait()
			room.compare(slices.Concat(sightings...))
		})
	}
}

const roomStories, roomTags = 30, 6

// A room is a small newsroom in which each entity has one writer.
type room struct {
	t     *testing.T
	store *sqlite.Store
	// What anybody has seen: the newest version of each story and pair of tags,
	// and the head.
	stories [roomStories]atomic.Int64
	pairs   [roomTags / 2]atomic.Int64
	head    atomic.Int64
}

func roomStory(n int) news.StoryID { return news.StoryID(fmt.Sprintf("story_%02d", n)) }
func roomTag(n int) news.TagID     { return news.TagID(fmt.Sprintf("tag_%d", n)) }
func bodyOf(s *news.Story) string {
	return fmt.Sprintf("the body of %s in version %d", s.ID, s.Version)
}

func newRoom(t *testing.T, s *sqlite.Store) *room {
	var changes []news.Change
	for n := range roomTags {
		changes = append(changes, storetest.Change(storetest.Tag(roomTag(n)), nil))
	}
	for n := range roomStories {
		changes = append(changes, storetest.Change(storetest.Story(roomStory(n), func(s *news.Story) {
			s.PublishedAt = storetest.Noon().Add(time.Duration(n%7) * time.Minute)
			s.Tags = []news.TagID{roomTag(n % roomTags)}
			s.Body = bodyOf(s)
		}), nil))
	}
	if _, err := s.Commit(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	return &room{t: t, store: s}
}

func raise(seen *atomic.Int64, to int64) {
	for {
		was := seen.Load()
		if was >= to || seen.CompareAndSwap(was, to) {
			return
		}
	}
}

// write makes changes to the stories and tags of writer.
func (r *room) write(writer, changes int) {
	random := rand.New(rand.NewPCG(uint64(writer), 1))
	for range changes {
		if random.IntN(5) == 0 {
			r.changePair(writer, random.IntN(2) == 0)
			continue
		}
		n := writer + 3*random.IntN(roomStories/3)
		found, err := r.store.StoriesByID(r.t.Context(), news.Audience{Staff: true}, []news.StoryID{roomStory(n)})
		if err != nil || len(found) != 1 {
			r.t.Errorf("story %d: got %v, %v", n, found, err)
			return
		}
		was := found[roomStory(n)]
		next := storetest.Next(was, func(s *news.Story) {
			switch random.IntN(4) {
			case 0:
				s.Status = news.StoryStatuses()[random.IntN(len(news.StoryStatuses()))]
				if s.EmbargoedUntil = (time.Time{}); random.IntN(4) == 0 {
					s.EmbargoedUntil = storetest.Noon().Add(time.Hour)
				}
			case 1:
				s.Tags = []news.TagID{roomTag(random.IntN(roomTags)), roomTag(random.IntN(roomTags))}
			case 2:
				s.PublishedAt = storetest.Noon().Add(time.Duration(random.IntN(20)) * time.Minute)
			}
			s.Body = bodyOf(s)
		})
		batch := []news.Change{storetest.Change(next, was)}
		refused := random.IntN(4) == 0
		if refused {
			batch = append(batch, storetest.Change(next, was)) // the version is taken by then
		}
		lines, err := r.store.Commit(r.t.Context(), batch)
		if len(lines) != 1 || refused != errors.Is(err, news.ErrConflict) {
			r.t.Errorf("story %d: got %d lines, %v", n, len(lines), err)
			return
		}
		raise(&r.stories[n], int64(next.Version))
		raise(&r.head, int64(lines[0].Seq))
	}
}

// changePair changes two tags in one call. With it, the one is merged into the
// other, or taken out again.
func (r *room) changePair(n int, merge bool) {
	ids := []news.TagID{roomTag(2 * n), roomTag(2*n + 1)}
	var batch []news.Change
	for i, id := range ids {
		lines, err := r.store.Versions(r.t.Context(), news.EntityID(id), 0, 1)
		if err != nil || len(lines) != 1 {
			r.t.Errorf("tag %s: got %v, %v", id, lines, err)
			return
		}
		was := lines[0].Doc.(*news.Tag)
		batch = append(batch, storetest.Change(storetest.Next(was, func(t *news.Tag) {
			if t.Status, t.MergedInto = news.TagInUse, ""; merge && i == 0 {
				t.Status, t.MergedInto = news.TagMerged, ids[1]
			}
		}), was))
	}
	lines, err := r.store.Commit(r.t.Context(), batch)
	if err != nil {
		r.t.Errorf("tags %v: %v", ids, err)
		return
	}
	raise(&r.pairs[n], int64(batch[0].Doc.Ref().Version))
	raise(&r.head, int64(lines[1].Seq))
}

// A sighting is a page that was seen.
type sighting struct {
	filter news.StoryFilter
	window news.Window
	page   news.Page[*news.Story]
}

// read asks at random until writing ends, and some more.
func (r *room) read(writing context.Context, reader int) []sighting {
	random := rand.New(rand.NewPCG(uint64(reader), 2))
	ctx, staff := r.t.Context(), news.Audience{Staff: true}
	var seen []sighting
	for rest := 20; rest > 0 && !r.t.Failed(); {
		if writing.Err() != nil {
			rest--
		}
		n := random.IntN(roomStories)
		id, least, head := roomStory(n), r.stories[n].Load(), r.head.Load()
		whole := func(how string, story *news.Story, err error) {
			switch {
			case err != nil || story == nil:
				r.t.Errorf("%s by %s: got %v, %v", id, how, story, err)
			case int64(story.Version) < least:
				r.t.Errorf("%s by %s: got version %d after version %d was seen", id, how, story.Version, least)
			case story.Brief || story.Body != bodyOf(story):
				r.t.Errorf("%s by %s: version %d has the body %q", id, how, story.Version, story.Body)
			default:
				raise(&r.stories[n], int64(story.Version))
			}
		}
		switch random.IntN(7) {
		case 0:
			found, err := r.store.StoriesByID(ctx, staff, []news.StoryID{id, roomStory(0)})
			whole("id", found[id], err)
		case 1:
			slug := fmt.Sprintf("story-%02d", n)
			found, err := r.store.StoriesBySlug(ctx, staff, []string{slug})
			whole("slug", found[slug], err)
		case 2:
			found, err := r.store.Nodes(ctx, staff, []news.EntityID{news.EntityID(id), "nobody"})
			story, _ := found[news.EntityID(id)].(*news.Story)
			whole("node", story, err)
		case 3:
			r.readPair(random.IntN(len(r.pairs)))
		case 4:
			r.readLines(head)
		default:
			s := r.readPage(random)
			if last := len(seen) - 1; last < 0 || s.page.At > seen[last].page.At || random.IntN(20) == 0 {
				seen = append(seen, s) // most of the others say the same once more
			}
		}
	}
	return seen
}

// readPair asks for two tags that are always changed together, and of which the
// one may be merged into the other: it is then the other that answers twice.
func (r *room) readPair(n int) {
	least := r.pairs[n].Load()
	ids := []news.TagID{roomTag(2 * n), roomTag(2*n + 1)}
	found, err := r.store.TagsByID(r.t.Context(), ids)
	if err != nil || len(found) != 2 {
		r.t.Errorf("tags %v: got %v, %v", ids, found, err)
		return
	}
	if answer := found[ids[0]]; answer.Status != news.TagInUse || answer.ID != ids[0] && answer.ID != ids[1] {
		r.t.Errorf("%s answers for %s: %+v", answer.ID, ids[0], answer)
	}
	one, two := found[ids[0]].Version, found[ids[1]].Version
	if one != two || int64(one) < least {
		r.t.Errorf("tags %v: got versions %d and %d after %d was seen of both", ids, one, two, least)
	}
	raise(&r.pairs[n], int64(one))
}

func (r *room) readLines(after int64) {
	head, err := r.store.Head(r.t.Context())
	if err != nil || int64(head) < after {
		r.t.Errorf("got the head %d, %v after %d was seen", head, err, after)
	}
	lines, err := r.store.Lines(r.t.Context(), news.Seq(after), 100)
	if err != nil {
		r.t.Errorf("lines after %d: %v", after, err)
	}
	for _, line := range lines {
		if story, ok := line.Doc.(*news.Story); ok {
			var n int
			fmt.Sscanf(string(story.ID), "story_%d", &n)
			raise(&r.stories[n], int64(story.Version))
		}
		raise(&r.head, int64(line.Seq))
	}
}

func (r *room) readPage(random *rand.Rand) sighting {
	var least [roomStories]int64
	for n := range least {
		least[n] = r.stories[n].Load()
	}
	head := r.head.Load()
	s := sighting{window: news.Window{First: 1 + random.IntN(roomStories)}}
	if random.IntN(2) == 0 {
		s.filter.Tags = []news.TagID{roomTag(random.IntN(roomTags))}
	}
	if random.IntN(3) == 0 {
		s.window.After = &news.PageCursor{
			List: news.KindStory, ID: "story_15", At: storetest.Noon().Add(time.Duration(random.IntN(20)) * time.Minute),
		}
	}
	var err error
	if s.page, err = r.store.Stories(r.t.Context(), news.Audience{}, s.filter, s.window); err != nil {
		r.t.Errorf("%+v: %v", s.window, err)
		return s
	}
	if int64(s.page.At) < head {
		r.t.Errorf("got a page of line %d after line %d was seen", s.page.At, head)
	}
	for _, story := range s.page.Items {
		var n int
		fmt.Sscanf(string(story.ID), "story_%d", &n)
		if int64(story.Version) < least[n] {
			r.t.Errorf("got version %d of %s in a page after version %d was seen", story.Version, story.ID, least[n])
		}
		raise(&r.stories[n], int64(story.Version))
	}
	raise(&r.head, int64(s.page.At))
	return s
}

// compare compares what was seen with what the log says.
func (r *room) compare(seen []sighting) {
	var lines []news.Line
	for {
		more, err := r.store.Lines(r.t.Context(), news.Seq(len(lines)), 1000)
		if err != nil {
			r.t.Fatal(err)
		}
		if len(more) == 0 {
			break
		}
		lines = append(lines, more...)
	}
	for _, s := range seen {
		stories := make(map[news.StoryID]*news.Story)
		for _, line := range lines[:s.page.At] {
			if story, ok := line.Doc.(*news.Story); ok {
				stories[story.ID] = story
			}
		}
		sel := s.filter.Selection(news.Audience{})
		var list []*news.Story
		for _, story := range stories {
			if sel.Holds(story.Listing()) && (s.window.After == nil || newestFirst(news.CursorOf(story), *s.window.After) > 0) {
				list = append(list, story)
			}
		}
		slices.SortFunc(list, func(a, b *news.Story) int { return newestFirst(news.CursorOf(a), news.CursorOf(b)) })
		next := len(list) > s.window.First
		list = list[:min(s.window.First, len(list))]
		got, want := outline(s.page.Items), outline(list)
		if got != want || len(list) > 0 && next != s.page.HasNext {
			r.t.Fatalf("a page of line %d, %+v %+v:\ngot  %s %v\nwant %s %v", s.page.At, s.filter, s.window, got, s.page.HasNext, want, next)
		}
	}
}

func newestFirst(a, b news.PageCursor) int {
	if c := b.At.Compare(a.At); c != 0 {
		return c
	}
	switch {
	case a.ID > b.ID:
		return -1
	case a.ID < b.ID:
		return 1
	}
	return 0
}

// outline says which stories in which versions are listed.
func outline(stories []*news.Story) (text string) {
	for _, s := range stories {
		text += fmt.Sprintf("%s/%d ", s.ID, s.Version)
	}
	return text
}
