package desk_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// acts reads the acts that the package declares.
func acts(t *testing.T) []desk.Act {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "rights.go", nil, 0)
	must(t, err)
	var list []desk.Act
	for _, decl := range file.Decls {
		consts, ok := decl.(*ast.GenDecl)
		if !ok || consts.Tok != token.CONST {
			continue
		}
		for _, spec := range consts.Specs {
			text, err := strconv.Unquote(spec.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
			must(t, err)
			list = append(list, desk.Act(text))
		}
	}
	return list
}

func TestEachActNeedsItsRole(t *testing.T) {
	least := map[desk.Act]news.Role{
		desk.CreateStory: news.Contributor, desk.UpdateStory: news.Contributor, desk.SeeAllStates: news.Contributor,
		desk.PublishStory: news.Editor, desk.UnpublishStory: news.Editor, desk.WriteTags: news.Editor,
		desk.WriteTicker: news.Editor, desk.WriteCoverages: news.Editor, desk.ImportArchive: news.Editor,
	}
	r := open(t)
	for _, act := range acts(t) {
		want, ok := least[act]
		if !ok {
			t.Errorf("who may %s? The test does not know", act)
		}
		if got := desk.Least(act); got != want {
			t.Errorf("to %s takes %s, want %s", act, got, want)
		}
		for rank, role := range news.Roles() {
			err := r.Authorize(news.Actor{Name: "somebody", Role: role}, act)
			if allowed := rank >= slices.Index(news.Roles(), want); allowed && err != nil || !allowed && !errors.Is(err, news.ErrForbidden) {
				t.Errorf("%s wants to %s: got %v, want it allowed: %v", role, act, err, allowed)
			}
		}
		for name, who := range map[string]news.Actor{
			"nobody":             {},
			"an editor's shadow": {Role: news.Editor},
			"somebody who was":   {Name: "marie", Role: news.Editor, Expires: noon},
			"somebody long gone": {Name: "marie", Role: news.Admin, Expires: noon.Add(-time.Hour)},
			"a reader by now":    {Name: "marie", Role: news.Reader, Expires: noon.Add(-time.Hour)},
		} {
			if err := r.Authorize(who, act); !errors.Is(err, news.ErrUnauthenticated) {
				t.Errorf("%s wants to %s: got %v, want ErrUnauthenticated", name, act, err)
			}
		}
		for _, role := range []news.Role{"", "EMPRESS"} {
			if err := r.Authorize(news.Actor{Name: "marie", Role: role}, act); !errors.Is(err, news.ErrForbidden) {
				t.Errorf("the role %q may %s: %v", role, act, err)
			}
		}
	}
	who := news.Actor{Name: "marie", Role: news.Editor, Expires: noon.Add(time.Millisecond)}
	must(t, r.Authorize(who, desk.WriteTags))
	r.advance(time.Millisecond)
	wantIs(t, r.Authorize(who, desk.WriteTags), news.ErrUnauthenticated)
}

// TestEachMethodIsGuarded calls every method of a desk that is told who asks, as
// everybody, and holds that whoever may not is refused before anything happens.
func TestEachMethodIsGuarded(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.tag(t, "there", news.TagTopic)
	story := r.draft(t, editor, "story_there", "There")
	r.entry(t, "tick_there", "There")
	calls := map[string]struct {
		act  desk.Act
		call func(news.Actor) error
	}{
		"Authorize": {desk.WriteTags, func(who news.Actor) error { return r.Authorize(who, desk.WriteTags) }},
		"CreateStory": {desk.CreateStory, func(who news.Actor) error {
			_, err := r.CreateStory(ctx, who, "", func(e *desk.StoryEdit) { e.Title, e.Language = "A", "fr" })
			return err
		}},
		"UpdateStory": {desk.UpdateStory, func(who news.Actor) error {
			_, err := r.UpdateStory(ctx, who, story.ID, 99, func(*desk.StoryEdit) {})
			return err
		}},
		"PublishStory":   {desk.PublishStory, func(who news.Actor) error { _, err := r.PublishStory(ctx, who, story.ID, 99); return err }},
		"UnpublishStory": {desk.UnpublishStory, func(who news.Actor) error { _, err := r.UnpublishStory(ctx, who, story.ID, 99); return err }},
		"CreateTag": {desk.WriteTags, func(who news.Actor) error {
			_, err := r.CreateTag(ctx, who, "there", news.TagContent{Name: "there", Kind: news.TagTopic})
			return err
		}},
		"UpdateTag": {desk.WriteTags, func(who news.Actor) error {
			_, err := r.UpdateTag(ctx, who, "there", 99, func(*news.TagContent) {})
			return err
		}},
		"CreateCoverage": {desk.WriteCoverages, func(who news.Actor) error {
			_, err := r.CreateCoverage(ctx, who, "", func(e *desk.CoverageEdit) { e.Title = "" })
			return err
		}},
		"UpdateCoverage": {desk.WriteCoverages, func(who news.Actor) error {
			_, err := r.UpdateCoverage(ctx, who, "nope", 1, func(*desk.CoverageEdit) {})
			return err
		}},
		"PublishTickerEntry": {desk.WriteTicker, func(who news.Actor) error {
			_, err := r.PublishTickerEntry(ctx, who, "", false, func(*desk.TickerEdit) {})
			return err
		}},
		"CheckTickerEntry": {desk.WriteTicker, func(who news.Actor) error {
			_, err := r.CheckTickerEntry(ctx, who, func(*desk.TickerEdit) {})
			return err
		}},
		"CorrectTickerEntry": {desk.WriteTicker, func(who news.Actor) error {
			_, err := r.CorrectTickerEntry(ctx, who, "tick_there", 99, "a note", news.Correcting, func(*desk.TickerEdit) {})
			return err
		}},
		"ReviseTickerEntry": {desk.WriteTicker, func(who news.Actor) error { _, err := r.ReviseTickerEntry(ctx, who, "tick_there", 99, "a"); return err }},
		"RetractTickerEntry": {desk.WriteTicker, func(who news.Actor) error {
			_, err := r.RetractTickerEntry(ctx, who, "tick_there", 99, "a")
			return err
		}},
		"PinTickerEntry": {desk.WriteTicker, func(who news.Actor) error { _, err := r.PinTickerEntry(ctx, who, "tick_there", 99, true); return err }},
		"Adopt":          {desk.ImportArchive, func(who news.Actor) error { _, err := r.Adopt(ctx, who, nil); return err }},
	}
	var methods []string
	for m := range reflect.TypeFor[*desk.Desk]().Methods() {
		for i := range m.Type.NumIn() {
			if m.Type.In(i) == reflect.TypeFor[news.Actor]() {
				methods = append(methods, m.Name)
			}
		}
	}
	if got, want := slices.Sorted(maps.Keys(calls)), slices.Sorted(slices.Values(methods)); !slices.Equal(got, want) {
		t.Errorf("the test calls %v, a desk has %v", got, want)
	}
	before := r.lines(t)
	for name, c := range calls {
		for rank, role := range news.Roles() {
			allowed := rank >= slices.Index(news.Roles(), desk.Least(c.act))
			head := r.lines(t)
			err := c.call(news.Actor{Name: "jo", Role: role})
			if refused := errors.Is(err, news.ErrForbidden); refused == allowed {
				t.Errorf("%s as %s: got %v, want it allowed: %v", name, role, err, allowed)
			}
			if !allowed && r.lines(t) != head {
				t.Errorf("%s as %s was refused and wrote", name, role)
			}
		}
		for _, who := range []news.Actor{{}, {Name: "marie", Role: news.Admin, Expires: noon}} {
			if err := c.call(who); !errors.Is(err, news.ErrUnauthenticated) {
				t.Errorf("%s as %+v: got %v, want ErrUnauthenticated", name, who, err)
			}
		}
	}
	// The three who may create a story did.
	if got, want := r.lines(t)-before, news.Seq(3); got != want {
		t.Errorf("%d lines were written, want %d", got, want)
	}
}

func TestAContributorWritesDraftsOfTheirOwn(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	kim := news.Actor{Name: "kim", Role: news.Contributor}
	for i, c := range []struct {
		name     string
		by       news.Actor
		publish  bool
		withdraw bool
		want     error
	}{
		{"a draft of their own", contributor, false, false, nil},
		{"published, of their own", contributor, true, false, news.ErrForbidden},
		{"withdrawn, of their own", contributor, true, true, news.ErrForbidden},
		{"a draft of somebody else", kim, false, false, news.ErrNotFound},
		{"published, of somebody else", kim, true, false, news.ErrForbidden},
		{"withdrawn, of somebody else", editor, true, true, news.ErrNotFound},
	} {
		s := r.draft(t, c.by, fmt.Sprintf("story_%d", i), c.name)
		if c.publish {
			var err error
			s, err = r.PublishStory(ctx, editor, s.ID, s.Version)
			must(t, err)
		}
		if c.withdraw {
			var err error
			s, err = r.UnpublishStory(ctx, editor, s.ID, s.Version)
			must(t, err)
		}
		_, err := r.UpdateStory(ctx, contributor, s.ID, s.Version, func(e *desk.StoryEdit) { e.Title = "Mine" })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if _, err := r.UpdateStory(ctx, editor, s.ID, s.Version, func(e *desk.StoryEdit) { e.Title = "Ours" }); (err != nil) != (c.want == nil) {
			t.Errorf("%s: an editor got %v", c.name, err)
		}
	}
}
