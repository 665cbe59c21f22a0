package graph_test

import (
	"context"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/desk"
	"depeche/internal/live"
	"depeche/internal/news"
)

// A follower is somebody who has joined a subscription.
type follower struct {
	n     *newsroom
	s     *live.Subscription
	woken bell
	ctx   context.Context
}

// join follows what an operation asks for, from now on.
func (n *newsroom) join(t *testing.T, op operation) *follower {
	t.Helper()
	ctx, cancel := context.WithTimeout(news.WithActor(graphql.StartOperationTrace(t.Context()), op.who), within)
	t.Cleanup(cancel)
	oc, errs := n.executor.CreateOperationContext(ctx, &graphql.RawParams{Query: op.text})
	if errs != nil {
		t.Fatal(errs)
	}
	f := &follower{n: n, woken: make(bell, 1), ctx: ctx}
	s, refused := n.follow.Join(ctx, oc, live.Return{}, f.woken)
	if refused != nil {
		t.Fatal(refused.Errors)
	}
	t.Cleanup(s.Leave)
	f.s = s
	return f
}

// next waits for the next event, or the response that ends the subscription.
func (f *follower) next(t *testing.T) string {
	t.Helper()
	for {
		payloads, more, err := f.s.Take(1)
		switch {
		case err != nil:
			return string(encode(t, f.n.follow.Fail(f.ctx, err)))
		case len(payloads) > 0:
			return string(payloads[0].JSON)
		case more:
			continue
		}
		select {
		case <-f.woken:
		case <-f.ctx.Done():
			t.Fatal("no event comes")
		}
	}
}

// TestAFollowedTagIsMerged has somebody follow a tag that is merged into another one
// meanwhile, and taken out again.
func TestAFollowedTagIsMerged(t *testing.T) {
	inEachStore(t, func(t *testing.T, in storeKind) {
		for _, filter := range []string{`tags: ["budget"]`, `tags: ["tag_budget", "senat"]`, `tags: ["budget", "paris"], tagsMode: ANY`} {
			n := openIn(t, in)
			n.fill(t)
			ctx := t.Context()
			reader := n.join(t, operation{text: `subscription { stories(filter: { ` + filter + ` }) { kind story { id version tags { slug } } } }`})
			update := func(id news.StoryID, version int, edit func(*desk.StoryEdit)) {
				t.Helper()
				_, err := n.desk.UpdateStory(ctx, editor, id, version, edit)
				must(t, err)
			}
			want := func(what, event string) {
				t.Helper()
				if got := reader.next(t); got != `{"data":{"stories":`+event+`}}` {
					t.Errorf("%s %s: got %s, want %s", filter, what, got, event)
				}
			}
			update("story_1", 2, func(e *desk.StoryEdit) { e.TagRefs = []string{"senat", "budget"} })
			want("before", `{"kind":"UPDATED","story":{"id":"story_1","version":3,"tags":[{"slug":"senat"},{"slug":"budget"}]}}`)
			_, err := n.desk.MergeTags(ctx, admin, "tag_budget", 1, "tag_climat", false)
			must(t, err)
			for range 2 { // both that carry it, in any order
				if got := reader.next(t); !strings.Contains(got, `"slug":"climat"`) {
					t.Errorf("%s: got %s, want a story with the tag that is left", filter, got)
				}
			}
			update("story_5", 2, func(e *desk.StoryEdit) { e.TagRefs = []string{"senat", "climat"} })
			want("merged", `{"kind":"UPDATED","story":{"id":"story_5","version":3,"tags":[{"slug":"senat"},{"slug":"climat"}]}}`)
			_, err = n.desk.UnmergeTag(ctx, admin, "tag_budget", 2)
			must(t, err)
			for range 2 {
				if got := reader.next(t); !strings.Contains(got, `"slug":"budget"`) {
					t.Errorf("%s: got %s, want a story with the tag that is back", filter, got)
				}
			}
			update("story_4", 2, func(e *desk.StoryEdit) { e.TagRefs = []string{"climat"} }) // which is another one again
			update("story_1", 5, func(e *desk.StoryEdit) { e.Title = "Le budget" })
			want("taken out again", `{"kind":"UPDATED","story":{"id":"story_1","version":6,"tags":[{"slug":"senat"},{"slug":"budget"}]}}`)
		}
	})
}

// TestAFollowedLockEndsWithTheRight has an author follow the lock of a draft until it
// is published: others change it from then on. Editors go on.
func TestAFollowedLockEndsWithTheRight(t *testing.T) {
	n := open(t)
	n.fill(t)
	ctx := t.Context()
	const text = `subscription { storyLock(id: "` + draftOfJo + `") { lock { held holder from } } }`
	author, other := n.join(t, operation{text: text, who: contributor}), n.join(t, operation{text: text, who: editor})
	for _, who := range []news.Actor{contributor, editor} {
		_, err := n.desk.LockStory(ctx, who, draftOfJo, true)
		must(t, err)
	}
	for _, f := range []*follower{author, other} {
		for _, want := range []string{`"held":true,"holder":"jo","from":null`, `"held":true,"holder":"marie","from":"jo"`} {
			if got := f.next(t); got != `{"data":{"storyLock":{"lock":{`+want+`}}}}` {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
	_, err := n.desk.PublishStory(ctx, editor, draftOfJo, 1, desk.Publication{})
	must(t, err)
	if got := author.next(t); !strings.Contains(got, `"code":"FORBIDDEN"`) {
		t.Errorf("the author of what is published gets %s, want FORBIDDEN", got)
	}
	_, err = n.desk.ReleaseLock(ctx, editor, draftOfJo)
	must(t, err)
	if got, want := other.next(t), `"held":false,"holder":"marie"`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}
