package live_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

// A storyline takes a story through its life, with another text in each version.
type storyline struct {
	log  *memoryLog
	last *news.Story
}

func (s *storyline) goOn(op news.Op, edit func(*news.Story)) {
	next := &news.Story{ID: "story_1", StoryContent: news.StoryContent{Slug: "story-1", Priority: news.Routine}}
	if s.last != nil {
		next = s.last.Clone()
	}
	next.Version++
	next.Title, next.Body = fmt.Sprint("Title ", next.Version), fmt.Sprint("Body ", next.Version)
	edit(next)
	s.last = next
	s.log.commit(op, next)
}

func (s *storyline) draft() {
	s.goOn(news.OpCreated, func(s *news.Story) { s.Status = news.StoryDraft })
}

func (s *storyline) publish() {
	s.goOn(news.OpPublished, func(s *news.Story) { s.Status, s.EmbargoedUntil = news.StoryPublished, time.Time{} })
}

func (s *storyline) update() { s.goOn(news.OpUpdated, func(*news.Story) {}) }

func (s *storyline) unpublish() {
	s.goOn(news.OpUnpublished, func(s *news.Story) { s.Status, s.WithdrawnIn = news.StoryUnpublished, s.Version })
}

// retract keeps the title, as the desk does.
func (s *storyline) retract() {
	title := s.last.Title
	s.goOn(news.OpRetracted, func(s *news.Story) {
		s.Status, s.WithdrawnIn, s.Title, s.Body = news.StoryRetracted, s.Version, title, ""
		s.Corrections = append([]news.Correction{{Note: fmt.Sprint("Note ", s.Version), Kind: news.Retracting}}, s.Corrections...)
	})
}

// retag changes nothing of a retracted story but its tags.
func (s *storyline) retag() {
	title, body := s.last.Title, s.last.Body
	s.goOn(news.OpRetagged, func(s *news.Story) { s.Title, s.Body, s.Tags = title, body, []news.TagID{"tag_b"} })
}

func (s *storyline) restore() {
	s.goOn(news.OpRestored, func(s *news.Story) { s.Status, s.Slug = news.StoryUnpublished, "hidden" })
}

func (s *storyline) embargo() {
	s.goOn(news.OpPublished, func(s *news.Story) { s.Status, s.EmbargoedUntil = news.StoryPublished, time.Now().Add(time.Hour) })
}

// release shows what was written under embargo, as it was.
func (s *storyline) release() {
	title, body := s.last.Title, s.last.Body
	s.goOn(news.OpReleased, func(s *news.Story) { s.Title, s.Body, s.EmbargoedUntil = title, body, time.Time{} })
}

// TestWhatIsReplayedOfALife takes a story through its life and looks at what each
// line is shown as afterwards, from every place, and that nothing else is.
func TestWhatIsReplayedOfALife(t *testing.T) {
	for _, row := range []struct {
		name string
		life func(*storyline)
		want []string // line, kind, title, body, note
	}{
		{"retracted", func(s *storyline) { s.draft(); s.publish(); s.update(); s.retract() }, []string{
			`2 REMOVED "Title 3" "" "Note 4"`, `3 REMOVED "Title 3" "" "Note 4"`, `4 REMOVED "Title 3" "" "Note 4"`,
		}},
		{"retracted, and filed elsewhere since", func(s *storyline) { s.publish(); s.retract(); s.retag() }, []string{
			`1 REMOVED "Title 1" "" "Note 2"`, `2 REMOVED "Title 1" "" "Note 2"`,
		}},
		{"retracted when it was down", func(s *storyline) { s.publish(); s.unpublish(); s.retract() }, []string{
			`1 REMOVED "Title 2" "" "Note 3"`, `2 REMOVED "Title 2" "" "Note 3"`, `3 REMOVED "Title 2" "" "Note 3"`,
		}},
		{"a retraction that was undone", func(s *storyline) { s.publish(); s.retract(); s.restore() }, []string{
			`1 REMOVED "" "" ""`, `2 REMOVED "" "" ""`, `3 REMOVED "" "" ""`,
		}},
		{"published after a retraction", func(s *storyline) { s.publish(); s.retract(); s.restore(); s.publish() }, []string{
			`1 REMOVED "" "" ""`, `2 REMOVED "" "" ""`, `3 REMOVED "" "" ""`, `4 PUBLISHED "Title 4" "Body 4" "Note 2"`,
		}},
		{"under embargo", func(s *storyline) { s.draft(); s.embargo(); s.update() }, nil},
		{"released", func(s *storyline) { s.draft(); s.embargo(); s.update(); s.release(); s.update() }, []string{
			`4 PUBLISHED "Title 3" "Body 3" ""`, `5 UPDATED "Title 5" "Body 5" ""`,
		}},
		{"taken back under embargo", func(s *storyline) { s.draft(); s.embargo(); s.unpublish(); s.update() }, nil},
		{"under embargo after it was public", func(s *storyline) { s.publish(); s.unpublish(); s.embargo(); s.update() }, []string{
			`1 REMOVED "" "" ""`, `2 REMOVED "" "" ""`,
		}},
		{"released after it was public", func(s *storyline) { s.publish(); s.unpublish(); s.embargo(); s.update(); s.release() }, []string{
			`1 REMOVED "" "" ""`, `2 REMOVED "" "" ""`, `5 PUBLISHED "Title 4" "Body 4" ""`,
		}},
	} {
		for _, ring := range []int{1, 100} {
			t.Run(fmt.Sprintf("%s, ring of %d", row.name, ring), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					log := &memoryLog{}
					f := follow(t, log, live.Options{Ring: ring})
					row.life(&storyline{log: log})
					for i := range 5 {
						log.commit(news.OpCreated, story(10+i, news.StoryDraft, 1))
					}
					synctest.Wait()
					for after := range log.length() {
						want := slices.DeleteFunc(slices.Clone(row.want), func(s string) bool { return news.Seq(s[0]-'0') <= after })
						if got := lifeAfter(t, f, after); !slices.Equal(got, want) {
							t.Errorf("after line %d: got %q, want %q", after, got, want)
						}
					}
				})
			})
		}
	}
}

func lifeAfter(t *testing.T, f *live.Follower, after news.Seq) []string {
	t.Helper()
	events, _, err := f.Events(t.Context(), after, 100, func(news.Line) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range events {
		s, note := e.Public.(*news.Story), ""
		if len(s.Corrections) > 0 {
			note = s.Corrections[0].Note
		}
		if s.Slug == "hidden" && e.Kind == news.EventRemoved {
			t.Errorf("line %d shows a slug that nobody has seen", e.Seq)
		}
		if s.Version < e.Doc.Ref().Version {
			t.Errorf("line %d of version %d shows version %d", e.Seq, e.Doc.Ref().Version, s.Version)
		}
		list = append(list, fmt.Sprintf("%d %s %q %q %q", e.Seq, e.Kind, s.Title, s.Body, note))
	}
	return list
}

// TestEachMoveIsOneEvent follows a story live through its life.
func TestEachMoveIsOneEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		c := join(t, h, "all", &operation{t: t}, nil)
		s := &storyline{log: log}
		for _, move := range []func(){s.draft, s.embargo, s.update, s.release, s.update, s.retract, s.retag, s.restore, s.embargo, s.unpublish} {
			move()
			synctest.Wait()
		}
		c.mustHave(t, "a live reader", append(fromTo(4, 6), 8))
		mustShow(t, c, []news.EventKind{news.EventPublished, news.EventUpdated, news.EventRemoved, news.EventRemoved})
		if got := c.shown(t); got[0].Text != "Body 3" || got[2].Text != "" {
			t.Errorf("the release shows %q, the retraction %q", got[0].Text, got[2].Text)
		}
	})
}

// TestUndoingARetractionWaitsForTheStore: what was shown of the story is read then.
func TestUndoingARetractionWaitsForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		away := true
		c := join(t, h, "all", &operation{t: t, wants: func(line news.Line) bool {
			if line.Seq == 3 && away {
				away = false
				log.fail(fmt.Errorf("dial: %w", news.ErrUnavailable))
			}
			return true
		}}, nil)
		s := &storyline{log: log}
		s.publish()
		s.retract()
		synctest.Wait()
		s.restore()
		time.Sleep(time.Minute)
		c.mustHave(t, "while the store is away", fromTo(1, 2))
		log.fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		c.mustHave(t, "afterwards", fromTo(1, 3))
	})
}

// TestUndoingARetractionOutdatesWhatShowsIt: a retracted story can be read, and may
// stand beside an event. When the retraction is undone it can't be.
func TestUndoingARetractionOutdatesWhatShowsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		s := &storyline{log: log}
		s.publish()
		s.retract()
		synctest.Wait()
		o := &operation{t: t, beside: func(live.Event) (string, error) {
			found, err := log.Nodes(t.Context(), news.Audience{}, []news.EntityID{"story_1"})
			if seen, ok := found["story_1"].(*news.Story); ok {
				return seen.Title, err
			}
			return "", err
		}}
		o.wants = func(l news.Line) bool { return l.Doc.Ref().Kind == news.KindTickerEntry }
		slow, quick := &client{idle: true}, join(t, h, "ticker", o, nil)
		slow.join(t, h, "ticker", o, nil)
		log.commit(news.OpPublished, entry(1))
		synctest.Wait()
		s.restore()
		synctest.Wait()
		slow.idle = false
		slow.take()
		synctest.Wait()
		if got := quick.shown(t); len(got) != 1 || got[0].Beside != "Title 1" {
			t.Errorf("who was quick got %+v", got)
		}
		if got := slow.shown(t); len(got) != 1 || got[0].Beside != "" {
			t.Errorf("who was slow got %+v", got)
		}
	})
}

// TestWhatIsReplayedOfTags: of a tag that is not in use any more, nothing is shown
// but which it was.
func TestWhatIsReplayedOfTags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := twoTags()
		log.commit(news.OpCreated, tag("c"))
		f := follow(t, log, live.Options{Ring: 1})
		log.merge("tag_a", "tag_b")
		log.delete("tag_c")
		log.commit(news.OpUpdated, log.changedTag("tag_a", func(t *news.Tag) { t.Settled = true }))
		synctest.Wait()
		events, _, err := f.Events(t.Context(), 0, 100, func(news.Line) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range events {
			tag := e.Public.(*news.Tag)
			got = append(got, fmt.Sprintf("%d %s %s %s %q into %q", e.Seq, e.Kind, tag.ID, tag.Slug, tag.Name, tag.MergedInto))
		}
		if want := []string{
			`1 REMOVED tag_a a "" into ""`, `2 PUBLISHED tag_b b "B" into ""`, `3 REMOVED tag_c c "" into ""`,
			`4 UPDATED tag_b b "B" into ""`, `5 REMOVED tag_a a "" into "tag_b"`, `6 REMOVED tag_c c "" into ""`,
		}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
