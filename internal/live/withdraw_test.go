package live_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

func TestWithdrawnTextIsNotReplayed(t *testing.T) {
	retracted := entry(1)
	retracted.Version, retracted.Status, retracted.Body = 2, news.TickerRetracted, ""
	unpublished := story(1, news.StoryUnpublished, 2)
	harmless := story(1, news.StoryPublished, 3)
	harmless.Title, harmless.Body = "Harmless", ""
	changed := story(1, news.StoryPublished, 4)
	changed.Title, changed.Body = "Still harmless", ""
	for _, s := range []*news.Story{unpublished, harmless, changed} {
		s.WithdrawnIn = 2
	}
	for _, row := range []struct {
		name   string
		commit []news.Change
		want   []news.EventKind
	}{
		{"a retracted line",
			[]news.Change{{Op: news.OpPublished, Doc: entry(1)}, {Op: news.OpRetracted, Doc: retracted}},
			[]news.EventKind{news.EventRemoved, news.EventRemoved}},
		{"an unpublished story",
			[]news.Change{
				{Op: news.OpCreated, Doc: story(1, news.StoryDraft, 1)}, {Op: news.OpPublished, Doc: story(1, news.StoryPublished, 2)},
				{Op: news.OpUpdated, Doc: story(1, news.StoryPublished, 3)}, {Op: news.OpUnpublished, Doc: story(1, news.StoryUnpublished, 4)},
				{Op: news.OpUpdated, Doc: story(1, news.StoryUnpublished, 5)},
			},
			[]news.EventKind{news.EventRemoved, news.EventRemoved, news.EventRemoved}},
		{"a story that came back with another text",
			[]news.Change{
				{Op: news.OpPublished, Doc: story(1, news.StoryPublished, 1)}, {Op: news.OpUnpublished, Doc: unpublished},
				{Op: news.OpPublished, Doc: harmless}, {Op: news.OpUpdated, Doc: changed},
			},
			[]news.EventKind{news.EventRemoved, news.EventRemoved, news.EventPublished, news.EventUpdated}},
	} {
		for _, ring := range []int{1, 100} {
			t.Run(fmt.Sprintf("%s, ring of %d", row.name, ring), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					log := &memoryLog{}
					h := serve(t, log, live.Options{Ring: ring}, live.HubOptions{})
					for _, c := range row.commit {
						log.commit(c.Op, c.Doc)
					}
					for i := range 5 {
						log.commit(news.OpCreated, story(10+i, news.StoryDraft, 1))
					}
					synctest.Wait()
					c := join(t, h, "all", &operation{t: t}, place(0))
					synctest.Wait()
					mustShow(t, c, row.want)
				})
			})
		}
	}
}

// mustShow holds that a client got events of these kinds, and nothing withdrawn.
func mustShow(t *testing.T, c *client, want []news.EventKind) {
	t.Helper()
	var kinds []news.EventKind
	for _, s := range c.shown(t) {
		kinds = append(kinds, s.Kind)
		if s.Text == withdrawn || s.Beside == withdrawn {
			t.Errorf("line %d shows what was withdrawn", s.Seq)
		}
	}
	if c.end() != nil || !slices.Equal(kinds, want) {
		t.Errorf("got %v, %v, want %v", kinds, c.end(), want)
	}
}

// TestTextWithdrawnWhileItWaitsIsNotDelivered lets a reader take its time over
// payloads of which a line is withdrawn: those that its group has, and those that
// it was caught up with.
func TestTextWithdrawnWhileItWaitsIsNotDelivered(t *testing.T) {
	for _, after := range []*news.LogCursor{nil, place(0)} {
		t.Run(fmt.Sprint("after ", after), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &memoryLog{}
				h := serve(t, log, live.Options{}, live.HubOptions{})
				o, reader := &operation{t: t}, &client{idle: true}
				if after == nil {
					reader.join(t, h, "all", o, nil)
				}
				for i := range 3 {
					log.commit(news.OpPublished, story(i, news.StoryPublished, 1))
				}
				synctest.Wait()
				if after != nil {
					reader.join(t, h, "all", o, after)
					reader.one(t)
					synctest.Wait()
				}
				if got := reader.one(t); got != 1 {
					t.Fatalf("got line %d first", got)
				}
				gone := story(2, news.StoryUnpublished, 2)
				gone.WithdrawnIn = 2
				log.commit(news.OpUnpublished, gone)
				synctest.Wait()
				log.fail(news.ErrUnavailable) // and the store goes away for a while
				reader.idle = false
				reader.take()
				time.Sleep(time.Minute)
				reader.mustHave(t, "while the store is away", fromTo(1, 1))
				log.fail(nil)
				time.Sleep(time.Minute)
				synctest.Wait()
				reader.mustHave(t, "afterwards", fromTo(1, 4))
				got := reader.shown(t)
				if got[1].Kind != news.EventPublished || got[2].Kind != news.EventRemoved || got[2].Text != "" {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

// one takes one payload, where there is one, and returns its line.
func (c *client) one(t *testing.T) news.Seq {
	t.Helper()
	list, _, err := c.sub.Take(1)
	if err != nil || len(list) > 1 {
		t.Fatalf("took %d payloads into room for one, %v", len(list), err)
	}
	c.got = append(c.got, list...)
	return c.sub.At()
}

// TestWithdrawnTextBesideAnEventIsNotReplayed withdraws something that payloads
// show beside the events they are of, and that no line tells of which the group
// wants.
func TestWithdrawnTextBesideAnEventIsNotReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		log.commit(news.OpPublished, story(1, news.StoryPublished, 1))
		h := serve(t, log, live.Options{}, live.HubOptions{})
		o := &operation{
			t: t, wants: func(l news.Line) bool { return l.Doc.Ref().Kind == news.KindTickerEntry },
			beside: func(live.Event) (string, error) { return log.textOf("story_1") },
		}
		slow, quick := &client{idle: true}, join(t, h, "ticker", o, nil)
		slow.join(t, h, "ticker", o, nil)
		for i := range 3 {
			e := entry(i)
			e.Body = "harmless"
			log.commit(news.OpPublished, e)
		}
		synctest.Wait()
		join(t, h, "ticker", o, place(0)) // so that there are pages too
		synctest.Wait()
		gone := story(1, news.StoryUnpublished, 2)
		gone.WithdrawnIn = 2
		log.commit(news.OpUnpublished, gone)
		synctest.Wait()
		slow.idle = false
		slow.take()
		late := join(t, h, "ticker", o, place(0))
		synctest.Wait()
		for name, c := range map[string]*client{"slow": slow, "late": late} {
			c.mustHave(t, name, fromTo(2, 4))
			mustShow(t, c, []news.EventKind{news.EventPublished, news.EventPublished, news.EventPublished})
		}
		if got := quick.shown(t); len(got) != 3 || got[0].Beside != withdrawn {
			t.Errorf("who was quick got %+v", got)
		}
		if text := fmt.Sprint(late.shown(t)); !strings.Contains(text, "harmless") {
			t.Errorf("the events have lost their own text: %s", text)
		}
	})
}
