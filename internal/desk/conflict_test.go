package desk_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"depeche/internal/desk"
	"depeche/internal/news"
)

func conflictIn(t *testing.T, err error) *news.ConflictError {
	t.Helper()
	var conflict *news.ConflictError
	if !errors.As(err, &conflict) {
		t.Fatalf("got %v, want a conflict", err)
	}
	return conflict
}

func TestAConflictShowsBothVersions(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.tag(t, "topic", news.TagTopic)
	r.draft(t, contributor, "story_1", "First")
	_, err := r.UpdateStory(ctx, editor, "story_1", 1, func(e *desk.StoryEdit) { e.Title, e.TagRefs = "Second", []string{"topic"} })
	must(t, err)
	current, err := r.UpdateStory(ctx, editor, "story_1", 2, func(e *desk.StoryEdit) { e.Body = "Third" })
	must(t, err)

	for _, who := range []news.Actor{editor, contributor, {Name: "root", Role: news.Admin}} {
		_, err = r.UpdateStory(ctx, who, "story_1", 1, func(e *desk.StoryEdit) { e.Title = "Mine" })
		c := conflictIn(t, err)
		if c.ID != "story_1" || c.Current != 3 || c.Doc.(*news.Story).Version != 3 || c.Doc.(*news.Story).Body != current.Body ||
			c.Known.(*news.Story).Title != "First" || !slices.Equal(c.Fields, []string{"title", "body", "tags"}) {
			t.Errorf("%s got %+v", who.Name, c)
		}
	}
	for _, version := range []int{-1, 0, 4, 1 << 40} {
		_, err = r.UpdateStory(ctx, editor, "story_1", version, func(*desk.StoryEdit) {})
		if c := conflictIn(t, err); c.Doc == nil || c.Known != nil || c.Fields != nil {
			t.Errorf("version %d: got %+v, want the current one alone", version, c)
		}
	}

	_, err = r.UpdateTag(ctx, editor, "topic", 1, func(c *news.TagContent) { c.Name = "Other" })
	must(t, err)
	_, err = r.UpdateTag(ctx, editor, "topic", 1, func(c *news.TagContent) { c.Name = "Mine" })
	if c := conflictIn(t, err); c.Doc.(*news.Tag).Name != "Other" || c.Known.(*news.Tag).Name != "topic" || !slices.Equal(c.Fields, []string{"name"}) {
		t.Errorf("a tag: got %+v", c)
	}
	_, err = r.CreateCoverage(ctx, editor, "cov_1", func(e *desk.CoverageEdit) { e.Title, e.Status, e.StartsAt = "A", news.CoverageLive, noon })
	must(t, err)
	_, err = r.UpdateCoverage(ctx, editor, "cov_1", 1, func(e *desk.CoverageEdit) { e.Title = "B" })
	must(t, err)
	_, err = r.UpdateCoverage(ctx, editor, "cov_1", 1, func(e *desk.CoverageEdit) { e.Title = "C" })
	if c := conflictIn(t, err); c.Doc.(*news.Coverage).Title != "B" || c.Known.(*news.Coverage).Title != "A" || !slices.Equal(c.Fields, []string{"title"}) {
		t.Errorf("a coverage: got %+v", c)
	}
	r.draft(t, editor, "story_2", "A")
	_, err = r.CreateStory(ctx, editor, "story_2", func(e *desk.StoryEdit) { e.Title, e.Language = "B", "fr" })
	if c := conflictIn(t, err); c.Doc.(*news.Story).Title != "A" {
		t.Errorf("an id of something else: got %+v", c)
	}
}

// A loser is a store on which somebody else is faster, once.
type loser struct {
	news.Store
	mu     sync.Mutex
	faster func()
}

func (l *loser) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	l.mu.Lock()
	faster := l.faster
	l.faster = nil
	l.mu.Unlock()
	if faster != nil {
		faster()
	}
	return l.Store.Commit(ctx, changes)
}

func TestALostRaceShowsBothVersions(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	s := r.draft(t, contributor, "story_1", "First")
	for i, who := range []news.Actor{editor, contributor} {
		store := &loser{Store: r.store, faster: func() {
			_, err := r.UpdateStory(ctx, editor, s.ID, 1+i, func(e *desk.StoryEdit) { e.Summary += "Theirs" })
			must(t, err)
		}}
		_, err := desk.New(store, r.clock).UpdateStory(ctx, who, s.ID, 1+i, func(e *desk.StoryEdit) { e.Title = "Mine" })
		c := conflictIn(t, err)
		if c.Current != 2+i || c.Doc.(*news.Story).Version != 2+i || c.Known.(*news.Story).Version != 1+i || !slices.Equal(c.Fields, []string{"summary"}) {
			t.Errorf("%s got %+v", who.Name, c)
		}
	}
}

func TestAConflictOfAWebhookIsForAdministrators(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	root := news.Actor{Name: "root", Role: news.Admin}
	hook, err := r.CreateWebhook(ctx, root, news.WebhookContent{URL: "https://example.org/a"})
	must(t, err)
	_, err = r.UpdateWebhook(ctx, root, hook.ID, 1, func(c *news.WebhookContent) { c.URL = "https://example.org/b" })
	must(t, err)
	_, err = r.UpdateWebhook(ctx, root, hook.ID, 1, func(c *news.WebhookContent) { c.URL = "https://example.org/c" })
	if c := conflictIn(t, err); c.Doc == nil || !slices.Equal(c.Fields, []string{"url"}) {
		t.Errorf("got %+v", c)
	}
	if c := conflictIn(t, r.FailWebhook(ctx, hook.ID, 1, "no answer")); c.Doc != nil || c.Known != nil {
		t.Errorf("who delivers got %+v", c)
	}
}
