package desk_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
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

// leastRoles says once more who may do what: a change of the table has to be made
// here too.
func leastRoles() map[desk.Act]news.Role {
	return map[desk.Act]news.Role{
		desk.CreateStory: news.Contributor, desk.UpdateStory: news.Contributor, desk.LockStory: news.Contributor,
		desk.PreviewStory: news.Contributor, desk.SeeAllStates: news.Contributor,

		desk.PublishStory: news.Editor, desk.UnpublishStory: news.Editor, desk.EmbargoStory: news.Editor,
		desk.CorrectStory: news.Editor, desk.RetractStory: news.Editor, desk.RestoreStory: news.Editor,
		desk.SeeRevisions: news.Editor, desk.WriteTags: news.Editor, desk.WriteTicker: news.Editor,
		desk.WriteCoverages: news.Editor, desk.ImportArchive: news.Editor,

		desk.MergeTags: news.Admin, desk.ManageTokens: news.Admin, desk.ManageWebhooks: news.Admin,
	}
}

func TestTheTableNamesEachActOnce(t *testing.T) {
	own := map[desk.Act]bool{desk.UpdateStory: true, desk.LockStory: true, desk.PreviewStory: true, desk.SeeAllStates: true}
	seen := map[desk.Act]bool{}
	for _, right := range desk.Rights() {
		if seen[right.Act] {
			t.Errorf("the table says twice who may %s", right.Act)
		}
		seen[right.Act] = true
		if right.Own != own[right.Act] {
			t.Errorf("to %s, contributors are held to what is theirs: %v", right.Act, right.Own)
		}
		if right.Least == news.Reader {
			t.Errorf("everybody may %s", right.Act)
		}
	}
	for _, act := range acts(t) {
		if !seen[act] {
			t.Errorf("the table does not say who may %s", act)
		}
	}
	if len(seen) != len(acts(t)) {
		t.Errorf("the table has %d acts, want %d", len(seen), len(acts(t)))
	}
	if least := desk.Least("fly"); least != "" {
		t.Errorf("%s may do what is not in the table", least)
	}
	wantIs(t, open(t).Authorize(admin, "fly"), news.ErrForbidden)
}

func TestEachActNeedsItsRole(t *testing.T) {
	least := leastRoles()
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

// A call is a method of a desk as somebody calls it.
type call struct {
	act  desk.Act
	call func(news.Actor) error
}

// calls calls each method that is told who asks. Whoever may do it is refused for
// another reason, or changes nothing, but for CreateStory.
func calls(ctx context.Context, r *room, story news.StoryID) map[string]call {
	type (
		actor = news.Actor
		tag   = news.TagContent
	)
	list := map[string]call{}
	add := func(name string, act desk.Act, f func(who actor) error) { list[name] = call{act, f} }

	add("Authorize", desk.WriteTags, func(who actor) error { return r.Authorize(who, desk.WriteTags) })
	add("Adopt", desk.ImportArchive, func(who actor) error { _, err := r.Adopt(ctx, who, nil); return err })

	add("CreateStory", desk.CreateStory, func(who actor) error {
		_, err := r.CreateStory(ctx, who, "", func(e *desk.StoryEdit) { e.Title, e.Language = "A", "fr" })
		return err
	})
	add("UpdateStory", desk.UpdateStory, func(who actor) error {
		_, err := r.UpdateStory(ctx, who, story, 99, func(*desk.StoryEdit) {})
		return err
	})
	add("PublishStory", desk.PublishStory, func(who actor) error {
		_, err := r.PublishStory(ctx, who, story, 99, desk.Publication{})
		return err
	})
	add("UnpublishStory", desk.UnpublishStory, func(who actor) error { _, err := r.UnpublishStory(ctx, who, story, 99); return err })
	add("UnscheduleStory", desk.PublishStory, func(who actor) error { _, err := r.UnscheduleStory(ctx, who, story, 99); return err })
	add("EmbargoStory", desk.EmbargoStory, func(who actor) error {
		_, err := r.EmbargoStory(ctx, who, story, 99, desk.Moment{})
		return err
	})
	add("CorrectStory", desk.CorrectStory, func(who actor) error {
		_, err := r.CorrectStory(ctx, who, story, 99, "A note.", news.Correcting, func(*desk.StoryEdit) {})
		return err
	})
	add("RetractStory", desk.RetractStory, func(who actor) error { _, err := r.RetractStory(ctx, who, story, 99, "A note."); return err })
	add("RestoreStory", desk.RestoreStory, func(who actor) error { _, err := r.RestoreStory(ctx, who, story, 99, 1); return err })
	add("Revisions", desk.SeeRevisions, func(who actor) error { _, _, err := r.Revisions(ctx, who, story, 0, 10); return err })
	add("DiffStory", desk.SeeRevisions, func(who actor) error { _, err := r.DiffStory(ctx, who, story, 1, 1); return err })
	add("PreviewStory", desk.PreviewStory, func(who actor) error {
		_, err := r.PreviewStory(ctx, who, "nope", time.Hour)
		return err
	})
	add("LockStory", desk.LockStory, func(who actor) error { _, err := r.LockStory(ctx, who, "nope", true); return err })
	add("RenewLock", desk.LockStory, func(who actor) error { _, err := r.RenewLock(ctx, who, "nope"); return err })
	add("ReleaseLock", desk.LockStory, func(who actor) error { _, err := r.ReleaseLock(ctx, who, "nope"); return err })
	add("LockOn", desk.LockStory, func(who actor) error { _, err := r.LockOn(ctx, who, "nope"); return err })

	add("CreateTag", desk.WriteTags, func(who actor) error {
		_, err := r.CreateTag(ctx, who, "there", tag{Name: "there", Kind: news.TagTopic})
		return err
	})
	add("UpdateTag", desk.WriteTags, func(who actor) error { _, err := r.UpdateTag(ctx, who, "there", 99, func(*tag) {}); return err })
	add("DeleteTag", desk.WriteTags, func(who actor) error { _, err := r.DeleteTag(ctx, who, "there", 99); return err })
	add("RestoreTag", desk.WriteTags, func(who actor) error { _, err := r.RestoreTag(ctx, who, "there", 99); return err })
	add("MergeTags", desk.MergeTags, func(who actor) error {
		_, err := r.MergeTags(ctx, who, "there", 1, "there too", true)
		return err
	})
	add("UnmergeTag", desk.MergeTags, func(who actor) error { _, err := r.UnmergeTag(ctx, who, "there", 99); return err })

	add("CreateCoverage", desk.WriteCoverages, func(who actor) error {
		_, err := r.CreateCoverage(ctx, who, "", func(*desk.CoverageEdit) {})
		return err
	})
	add("UpdateCoverage", desk.WriteCoverages, func(who actor) error {
		_, err := r.UpdateCoverage(ctx, who, "nope", 1, func(*desk.CoverageEdit) {})
		return err
	})
	add("StartCoverage", desk.WriteCoverages, func(who actor) error { _, err := r.StartCoverage(ctx, who, "nope", 1); return err })
	add("EndCoverage", desk.WriteCoverages, func(who actor) error { _, err := r.EndCoverage(ctx, who, "nope", 1); return err })

	add("PublishTickerEntry", desk.WriteTicker, func(who actor) error {
		_, err := r.PublishTickerEntry(ctx, who, "", false, func(*desk.TickerEdit) {})
		return err
	})
	add("CheckTickerEntry", desk.WriteTicker, func(who actor) error {
		_, err := r.CheckTickerEntry(ctx, who, func(*desk.TickerEdit) {})
		return err
	})
	add("CorrectTickerEntry", desk.WriteTicker, func(who actor) error {
		_, err := r.CorrectTickerEntry(ctx, who, "tick_there", 99, "A note.", news.Correcting, func(*desk.TickerEdit) {})
		return err
	})
	add("ReviseTickerEntry", desk.WriteTicker, func(who actor) error {
		_, err := r.ReviseTickerEntry(ctx, who, "tick_there", 99, "a")
		return err
	})
	add("RetractTickerEntry", desk.WriteTicker, func(who actor) error {
		_, err := r.RetractTickerEntry(ctx, who, "tick_there", 99, "a")
		return err
	})
	add("PinTickerEntry", desk.WriteTicker, func(who actor) error {
		_, err := r.PinTickerEntry(ctx, who, "tick_there", 99, true, desk.Moment{})
		return err
	})

	add("CreateServiceToken", desk.ManageTokens, func(who actor) error {
		_, _, err := r.CreateServiceToken(ctx, who, "", news.Editor)
		return err
	})
	add("RevokeServiceToken", desk.ManageTokens, func(who actor) error {
		_, err := r.RevokeServiceToken(ctx, who, "nope", 1)
		return err
	})
	add("ServiceTokens", desk.ManageTokens, func(who actor) error {
		_, err := r.ServiceTokens(ctx, who, news.Window{First: 1})
		return err
	})

	add("CreateWebhook", desk.ManageWebhooks, func(who actor) error {
		_, err := r.CreateWebhook(ctx, who, news.WebhookContent{})
		return err
	})
	add("UpdateWebhook", desk.ManageWebhooks, func(who actor) error {
		_, err := r.UpdateWebhook(ctx, who, "nope", 1, func(*news.WebhookContent) {})
		return err
	})
	add("PauseWebhook", desk.ManageWebhooks, func(who actor) error { _, err := r.PauseWebhook(ctx, who, "nope", 1, true); return err })
	add("RotateWebhookSecret", desk.ManageWebhooks, func(who actor) error {
		_, err := r.RotateWebhookSecret(ctx, who, "nope", 1)
		return err
	})
	add("RedeliverWebhook", desk.ManageWebhooks, func(who actor) error {
		_, err := r.RedeliverWebhook(ctx, who, "nope", 1, 0)
		return err
	})
	add("DeleteWebhook", desk.ManageWebhooks, func(who actor) error { _, err := r.DeleteWebhook(ctx, who, "nope", 1); return err })
	add("Webhooks", desk.ManageWebhooks, func(who actor) error {
		_, err := r.Webhooks(ctx, who, news.Window{First: 1})
		return err
	})
	return list
}

// TestEachMethodIsGuarded calls every method of a desk that is told who asks, as
// everybody, and holds that whoever may not is refused before anything happens.
func TestEachMethodIsGuarded(t *testing.T) {
	r := open(t)
	r.tag(t, "there", news.TagTopic)
	story := r.draft(t, editor, "story_there", "There")
	r.entry(t, "tick_there", "There")
	calls := calls(t.Context(), r, story.ID)
	// Nobody asks for these: they are the clock's, and the deliverer's of webhooks.
	unasked := []string{"Now", "Due", "KeepTime", "FailWebhook"}
	guarded := map[string]bool{}
	for m := range reflect.TypeFor[*desk.Desk]().Methods() {
		for i := range m.Type.NumIn() {
			guarded[m.Name] = guarded[m.Name] || m.Type.In(i) == reflect.TypeFor[news.Actor]()
		}
		if _, called := calls[m.Name]; called != guarded[m.Name] || guarded[m.Name] == slices.Contains(unasked, m.Name) {
			t.Errorf("%s: it is told who asks: %v; the test calls it: %v", m.Name, guarded[m.Name], called)
		}
	}
	for name := range calls {
		if !guarded[name] {
			t.Errorf("a desk has no %s", name)
		}
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

// TestAContributorHasWhatIsTheirs walks what a contributor may do to stories of
// their own and of others, in each state.
func TestAContributorHasWhatIsTheirs(t *testing.T) {
	kim := news.Actor{Name: "kim", Role: news.Contributor}
	ahead := desk.Publication{At: desk.Moment{At: noon.Add(time.Hour)}}
	states := []struct {
		name string
		make func(t *testing.T, r *room, s *news.Story) *news.Story
	}{
		{"a draft", func(_ *testing.T, _ *room, s *news.Story) *news.Story { return s }},
		{"scheduled", func(t *testing.T, r *room, s *news.Story) *news.Story {
			s, err := r.PublishStory(t.Context(), editor, s.ID, s.Version, ahead)
			must(t, err)
			return s
		}},
		{"embargoed", func(t *testing.T, r *room, s *news.Story) *news.Story {
			s, err := r.EmbargoStory(t.Context(), editor, s.ID, s.Version, ahead.At)
			must(t, err)
			s, err = r.PublishStory(t.Context(), editor, s.ID, s.Version, desk.Publication{})
			must(t, err)
			return s
		}},
		{"published", func(t *testing.T, r *room, s *news.Story) *news.Story {
			s, err := r.PublishStory(t.Context(), editor, s.ID, s.Version, desk.Publication{})
			must(t, err)
			return s
		}},
		{"withdrawn", func(t *testing.T, r *room, s *news.Story) *news.Story {
			s, err := r.PublishStory(t.Context(), editor, s.ID, s.Version, desk.Publication{})
			must(t, err)
			s, err = r.UnpublishStory(t.Context(), editor, s.ID, s.Version)
			must(t, err)
			return s
		}},
		{"retracted", func(t *testing.T, r *room, s *news.Story) *news.Story {
			s, err := r.PublishStory(t.Context(), editor, s.ID, s.Version, desk.Publication{})
			must(t, err)
			s, err = r.RetractStory(t.Context(), editor, s.ID, s.Version, "Wrong.")
			must(t, err)
			return s
		}},
	}
	r := open(t)
	for _, state := range states {
		for _, author := range []news.Actor{contributor, kim, editor} {
			t.Run(state.name+" of "+author.Name, func(t *testing.T) {
				ctx := t.Context()
				s := state.make(t, r, r.draft(t, author, "", "A story"))
				own := author.Name == contributor.Name
				var want error // of whom may not: whether they may know that it is there
				switch {
				case state.name == "published" || state.name == "retracted" || own:
					want = news.ErrForbidden
				default:
					want = news.ErrNotFound
				}
				if own && state.name == "a draft" {
					want = nil
				}
				errs := map[string]error{}
				_, errs["PreviewStory"] = r.PreviewStory(ctx, contributor, s.ID, time.Hour)
				_, errs["LockStory"] = r.LockStory(ctx, contributor, s.ID, false)
				_, errs["LockOn"] = r.LockOn(ctx, contributor, s.ID)
				_, errs["UpdateStory"] = r.UpdateStory(ctx, contributor, s.ID, s.Version, func(e *desk.StoryEdit) { e.Title = "Mine" })
				for name, err := range errs {
					if !errors.Is(err, want) || want == nil && err != nil {
						t.Errorf("%s: got %v, want %v", name, err, want)
					}
				}
			})
		}
	}
}
