package desk_test

import (
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

func TestPreview(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	kim := news.Actor{Name: "kim", Role: news.Contributor}
	own := r.draft(t, contributor, "story_own", "Their own")
	out := r.draft(t, contributor, "story_out", "Out")
	out, err := r.PublishStory(ctx, editor, out.ID, out.Version, desk.Publication{})
	must(t, err)
	before := r.lines(t)
	for _, row := range []struct {
		name string
		who  news.Actor
		id   news.StoryID
		life time.Duration
		want error
	}{
		{"an editor", editor, own.ID, time.Hour, nil},
		{"a contributor, of their own", contributor, own.ID, time.Minute, nil},
		{"a contributor, of what is public", contributor, out.ID, time.Hour, news.ErrForbidden},
		{"another contributor", kim, own.ID, time.Hour, news.ErrNotFound},
		{"a reader", news.Actor{Name: "jo", Role: news.Reader}, own.ID, time.Hour, news.ErrForbidden},
		{"a preview", news.Actor{Name: "preview", Role: news.Reader, Preview: own.ID}, own.ID, time.Hour, news.ErrForbidden},
		{"nobody", news.Actor{}, own.ID, time.Hour, news.ErrUnauthenticated},
		{"of nothing", editor, "story_none", time.Hour, news.ErrNotFound},
		{"the longest", editor, own.ID, 7 * 24 * time.Hour, nil},
		{"too long", editor, own.ID, 7*24*time.Hour + 1, news.ErrInvalid},
		{"too short", editor, own.ID, time.Minute - 1, news.ErrInvalid},
	} {
		who, err := r.PreviewStory(ctx, row.who, row.id, row.life)
		if wantIs(t, err, row.want); row.want != nil {
			if err == nil || who != (news.Actor{}) {
				t.Errorf("%s: got %+v, %v, want %v", row.name, who, err, row.want)
			}
			continue
		}
		if want := (news.Actor{Name: "preview", Role: news.Reader, Expires: noon.Add(row.life), Preview: row.id}); who != want {
			t.Errorf("%s: got %+v, want %+v", row.name, who, want)
		}
	}
	if got := r.lines(t); got != before {
		t.Errorf("%d lines were written", got-before)
	}
	// What it lets somebody see is a matter of the store.
	found, err := r.store.StoriesByID(ctx, news.Audience{Preview: own.ID}, []news.StoryID{own.ID, out.ID})
	must(t, err)
	if len(found) != 2 {
		t.Errorf("got %v, want the draft and what is public", found)
	}
}
