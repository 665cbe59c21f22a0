package desk_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// in makes a story in some state: its shelf, or "never public" for an unpublished
// one that never was.
func (r *room) in(t *testing.T, id, state string) *news.Story {
	t.Helper()
	ctx := t.Context()
	until := desk.Moment{At: r.clock().Add(2 * time.Hour)}
	s, err := r.CreateStory(ctx, editor, id, func(e *desk.StoryEdit) {
		e.Title, e.Language, e.Summary, e.Body = id, "fr", "The summary", "The body"
		e.Image = &news.Image{URL: "https://example.org/a.jpg", Alt: "alt", Credit: "credit"}
	})
	must(t, err)
	publish := func(p desk.Publication) {
		s, err = r.PublishStory(ctx, editor, s.ID, s.Version, p)
		must(t, err)
	}
	switch state {
	case "DRAFT":
	case "SCHEDULED":
		publish(desk.Publication{At: desk.Moment{At: r.clock().Add(time.Hour)}})
	case "EMBARGOED":
		publish(desk.Publication{EmbargoedUntil: &until})
	case "PUBLISHED":
		publish(desk.Publication{})
	case "UNPUBLISHED":
		publish(desk.Publication{})
		s, err = r.UnpublishStory(ctx, editor, s.ID, s.Version)
	case "never public":
		publish(desk.Publication{EmbargoedUntil: &until})
		s, err = r.UnpublishStory(ctx, editor, s.ID, s.Version)
	case "RETRACTED":
		publish(desk.Publication{})
		s, err = r.RetractStory(ctx, editor, s.ID, s.Version, "A note.")
	default:
		t.Fatalf("no story is %s", state)
	}
	must(t, err)
	return s
}

// TestEachMoveFromEachState is the table of the life of a story.
func TestEachMoveFromEachState(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	hour := desk.Moment{At: noon.Add(time.Hour)}
	do := map[string]func(s *news.Story) (*news.Story, error){
		"update": func(s *news.Story) (*news.Story, error) {
			return r.UpdateStory(ctx, editor, s.ID, s.Version, func(e *desk.StoryEdit) { e.Body = "Another" })
		},
		"publish": func(s *news.Story) (*news.Story, error) {
			return r.PublishStory(ctx, editor, s.ID, s.Version, desk.Publication{})
		},
		"schedule": func(s *news.Story) (*news.Story, error) {
			return r.PublishStory(ctx, editor, s.ID, s.Version, desk.Publication{At: desk.Moment{At: noon.Add(3 * time.Hour)}})
		},
		"unschedule": func(s *news.Story) (*news.Story, error) { return r.UnscheduleStory(ctx, editor, s.ID, s.Version) },
		"unpublish":  func(s *news.Story) (*news.Story, error) { return r.UnpublishStory(ctx, editor, s.ID, s.Version) },
		"embargo":    func(s *news.Story) (*news.Story, error) { return r.EmbargoStory(ctx, editor, s.ID, s.Version, hour) },
		"lift": func(s *news.Story) (*news.Story, error) {
			return r.EmbargoStory(ctx, editor, s.ID, s.Version, desk.Moment{})
		},
		"correct": func(s *news.Story) (*news.Story, error) {
			return r.CorrectStory(ctx, editor, s.ID, s.Version, "A note.", news.Clarifying, func(e *desk.StoryEdit) { e.Body = "Another" })
		},
		"retract": func(s *news.Story) (*news.Story, error) {
			return r.RetractStory(ctx, editor, s.ID, s.Version, "A note.")
		},
		"restore": func(s *news.Story) (*news.Story, error) { return r.RestoreStory(ctx, editor, s.ID, s.Version, 1) },
	}
	const (
		retracted = "id names a story that has been retracted: restore an earlier version first"
		public    = "id names a story that is public already"
		embargoed = "id names a story that is published already and under embargo until 2026-03-02T14:00:00Z: move or lift the embargo by itself"
	)
	// What becomes of it: its shelf, the op, the event. Or why not. "same" is for a
	// move that changes nothing.
	for state, want := range map[string]map[string]string{
		"DRAFT": {
			"update": "DRAFT UPDATED", "publish": "PUBLISHED PUBLISHED PUBLISHED", "schedule": "SCHEDULED SCHEDULED",
			"unschedule": "id names a story that is not scheduled", "unpublish": "id names a story that is not published",
			"embargo": "DRAFT EMBARGOED", "lift": "same",
			"correct": "id names a story that is not public, of which readers need no explanation: update it",
			"retract": "id names a story that has never been public: there is nothing to take back", "restore": "same",
		},
		"SCHEDULED": {
			"update": "SCHEDULED UPDATED", "publish": "PUBLISHED PUBLISHED PUBLISHED", "schedule": "SCHEDULED SCHEDULED",
			"unschedule": "DRAFT UNSCHEDULED", "unpublish": "id names a story that is not published yet: unschedule it",
			"embargo": "SCHEDULED EMBARGOED", "lift": "same",
			"correct": "id names a story that is not public, of which readers need no explanation: update it",
			"retract": "id names a story that has never been public: there is nothing to take back", "restore": "same",
		},
		"EMBARGOED": {
			"update": "EMBARGOED UPDATED", "publish": embargoed, "schedule": embargoed,
			"unschedule": "id names a story that is not scheduled", "unpublish": "DRAFT UNPUBLISHED",
			"embargo": "EMBARGOED EMBARGOED", "lift": "PUBLISHED RELEASED PUBLISHED",
			"correct": "id names a story that is not public, of which readers need no explanation: update it",
			"retract": "id names a story that has never been public: there is nothing to take back", "restore": "same",
		},
		"PUBLISHED": {
			"update": "PUBLISHED UPDATED UPDATED", "publish": public, "schedule": public,
			"unschedule": "id names a story that is not scheduled", "unpublish": "UNPUBLISHED UNPUBLISHED REMOVED",
			"embargo": "id names a story that is public: unpublish it first", "lift": "id names a story that is public: unpublish it first",
			"correct": "PUBLISHED CORRECTED CORRECTED", "retract": "RETRACTED RETRACTED REMOVED", "restore": "same",
		},
		"UNPUBLISHED": {
			"update": "UNPUBLISHED UPDATED", "publish": "PUBLISHED PUBLISHED PUBLISHED", "schedule": "SCHEDULED SCHEDULED",
			"unschedule": "id names a story that is not scheduled", "unpublish": "id names a story that is not published",
			"embargo": "UNPUBLISHED EMBARGOED", "lift": "same",
			"correct": "id names a story that is not public, of which readers need no explanation: update it",
			"retract": "RETRACTED RETRACTED REMOVED", "restore": "same",
		},
		"never public": {
			"update": "DRAFT UPDATED", "publish": "EMBARGOED PUBLISHED", "schedule": "SCHEDULED SCHEDULED",
			"unschedule": "id names a story that is not scheduled", "unpublish": "id names a story that is not published",
			"embargo": "DRAFT EMBARGOED", "lift": "DRAFT EMBARGOED",
			"correct": "id names a story that is not public, of which readers need no explanation: update it",
			"retract": "id names a story that has never been public: there is nothing to take back", "restore": "same",
		},
		"RETRACTED": {
			"update": retracted, "publish": retracted, "schedule": retracted, "unschedule": "id names a story that is not scheduled",
			"unpublish": "id names a story that is not published", "embargo": retracted, "lift": retracted, "correct": retracted,
			"retract": "id names a story that has been retracted already", "restore": "UNPUBLISHED RESTORED REMOVED",
		},
	} {
		for move, want := range want {
			t.Run(state+" "+move, func(t *testing.T) {
				s := r.in(t, strings.ReplaceAll(strings.ToLower(state+"-"+move), " ", "-"), state)
				head := r.lines(t)
				got, err := do[move](s)
				switch {
				case strings.HasPrefix(want, "id "):
					wantIs(t, err, news.ErrInvalid)
					if err == nil || err.Error() != want || r.lines(t) != head {
						t.Errorf("got %v and %d lines, want %s", err, r.lines(t)-head, want)
					}
					return
				case err != nil:
					t.Fatal(err)
				case want == "same":
					if !reflect.DeepEqual(got, s) || r.lines(t) != head {
						t.Errorf("got %+v and %d lines, want nothing to change", got, r.lines(t)-head)
					}
					return
				}
				lines, err := r.store.Lines(ctx, head, 10)
				must(t, err)
				event, _ := lines[0].Event()
				is := strings.TrimSpace(fmt.Sprintf("%s %s %s", got.Listing().Status, lines[0].Op, event))
				if is != want || len(lines) != 1 || got.Version != s.Version+1 {
					t.Errorf("got %s in version %d on %d lines, want %s", is, got.Version, len(lines), want)
				}
				// Asked for again, it has been done.
				_, err = do[move](s)
				wantConflict(t, err, got.Version)
			})
		}
		if len(want) != len(do) {
			t.Errorf("%d moves of a story that is %s are tested, there are %d", len(want), state, len(do))
		}
	}
}

func TestTimesToCome(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	s := r.draft(t, editor, "story_1", "A")
	for _, c := range []struct {
		name string
		at   desk.Moment
		why  string // empty: it is taken
	}{
		{"a millisecond ahead", desk.Moment{At: noon.Add(time.Millisecond)}, ""},
		{"less than a millisecond ahead", desk.Moment{At: noon.Add(time.Microsecond)}, "has passed"},
		{"now", desk.Moment{At: noon}, "has passed: that was 2026-03-02T12:00:00Z, and it is 2026-03-02T12:00:00Z"},
		{"a second ago", desk.Moment{At: noon.Add(-time.Second)}, "has passed"},
		{"five years ahead", desk.Moment{At: noon.AddDate(5, 0, 0)}, ""},
		{"more than that", desk.Moment{At: noon.AddDate(5, 0, 0).Add(time.Millisecond)}, "is more than 5 years ahead"},
		{"a mistyped year", desk.Moment{Local: "2206-03-02T14:00", Zone: "Europe/Paris"}, "is more than 5 years ahead"},
		{"an hour ahead there", desk.Moment{Local: "2026-03-02T14:00", Zone: "Europe/Paris"}, ""},
		{"an hour ahead here has passed there", desk.Moment{Local: "2026-03-02T13:00", Zone: "Europe/Paris"}, "has passed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := s
			scheduled, err := r.PublishStory(ctx, editor, s.ID, s.Version, desk.Publication{At: c.at})
			if c.why == "" {
				must(t, err)
				s = scheduled
				if s.Schedule == nil || s.Schedule.Local != c.at.Local || s.Schedule.Zone != c.at.Zone || s.Listing().At != s.Schedule.At {
					t.Errorf("got %+v", s.Schedule)
				}
				s, err = r.EmbargoStory(ctx, editor, s.ID, s.Version, c.at)
				must(t, err)
				if s.EmbargoedUntil != s.Schedule.At {
					t.Errorf("embargoed until %v", s.EmbargoedUntil)
				}
				return
			}
			_, publishErr := r.PublishStory(ctx, editor, s.ID, s.Version, desk.Publication{EmbargoedUntil: &c.at})
			_, embargoErr := r.EmbargoStory(ctx, editor, s.ID, s.Version, c.at)
			for field, err := range map[string]error{"at": err, "embargoedUntil": publishErr, "until": embargoErr} {
				wantInvalid(t, err, field)
				if err != nil && !strings.HasPrefix(err.Error(), field+" "+c.why) {
					t.Errorf("got %v, want it to say %s", err, c.why)
				}
			}
			if !reflect.DeepEqual(s, before) {
				t.Errorf("it was changed: %+v", s)
			}
		})
	}
	_, err := r.PublishStory(ctx, editor, s.ID, s.Version, desk.Publication{At: desk.Moment{Local: "2026-03-29T02:30", Zone: "Europe/Paris"}})
	wantInvalid(t, err, "at.local")
	_, err = r.PublishStory(ctx, editor, s.ID, s.Version, desk.Publication{EmbargoedUntil: &desk.Moment{Local: "2026-10-25T02:30", Zone: "Europe/Paris"}})
	wantInvalid(t, err, "embargoedUntil.pass")
	_, err = r.EmbargoStory(ctx, editor, s.ID, s.Version, desk.Moment{Local: "2026-10-25T02:30"})
	wantInvalid(t, err, "until.zone")
}

func TestTheFirstPublicationIsWhenItBecamePublic(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	until := desk.Moment{At: noon.Add(2 * time.Hour)}
	s := r.draft(t, editor, "story_1", "A")
	s, err := r.EmbargoStory(ctx, editor, s.ID, s.Version, until)
	must(t, err)
	s, err = r.PublishStory(ctx, editor, s.ID, s.Version, desk.Publication{})
	must(t, err)
	if s.Public() || !s.PublishedAt.IsZero() || s.EmbargoedUntil != until.At {
		t.Errorf("an embargo that was set before: got %+v", s)
	}
	s, err = r.UnpublishStory(ctx, editor, s.ID, s.Version)
	must(t, err)
	if s.WithdrawnIn != 0 || s.EmbargoedUntil != until.At {
		t.Errorf("nobody has seen it, and it was withdrawn in %d, embargoed until %v", s.WithdrawnIn, s.EmbargoedUntil)
	}
	r.advance(3 * time.Hour) // nobody has ended the embargo
	s, err = r.PublishStory(ctx, editor, s.ID, s.Version, desk.Publication{})
	must(t, err)
	first := r.clock()
	if !s.Public() || s.PublishedAt != first {
		t.Errorf("an embargo that was over: got %+v", s)
	}
	r.advance(time.Hour)
	s, err = r.UnpublishStory(ctx, editor, s.ID, s.Version)
	must(t, err)
	until.At = r.clock().Add(time.Hour)
	s, err = r.PublishStory(ctx, editor, s.ID, s.Version, desk.Publication{EmbargoedUntil: &until})
	must(t, err)
	s, err = r.EmbargoStory(ctx, editor, s.ID, s.Version, desk.Moment{})
	must(t, err)
	if !s.Public() || s.PublishedAt != first {
		t.Errorf("public again: got %+v, want %v to stay", s, first)
	}
}

func TestACorrectionChangesAndExplains(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	s := r.in(t, "story-1", "PUBLISHED")
	other := r.draft(t, editor, "story_2", "Other")
	r.advance(time.Minute)
	s, err := r.CorrectStory(ctx, editor, s.ID, 2, " The figure\u00a0was wrong. ", news.Correcting, func(e *desk.StoryEdit) {
		e.Title, e.Slug, e.Body = "Better", "better", "Better body"
	})
	must(t, err)
	want := news.Correction{At: r.clock(), Note: "The figure\u00a0was wrong.", Kind: news.Correcting, FromVersion: 2, ToVersion: 3}
	if s.Title != "Better" || s.Slug != "better" || !slices.Equal(s.PreviousSlugs, []string{"story-1"}) || !slices.Equal(s.Corrections, []news.Correction{want}) {
		t.Errorf("got %+v", s)
	}
	s, err = r.CorrectStory(ctx, editor, s.ID, 3, "What it meant.", news.Clarifying, func(*desk.StoryEdit) {})
	must(t, err)
	if s.Version != 4 || len(s.Corrections) != 2 || s.Corrections[0].Kind != news.Clarifying || s.Corrections[1] != want {
		t.Errorf("a note alone: got %+v", s.Corrections)
	}
	head := r.lines(t)
	for _, c := range []struct {
		name, note string
		kind       news.CorrectionKind
		edit       func(*desk.StoryEdit)
		field      string
	}{
		{"no note", " ", news.Correcting, func(*desk.StoryEdit) {}, "note"},
		{"a long note", strings.Repeat("a", 1001), news.Correcting, func(*desk.StoryEdit) {}, "note"},
		{"a retraction", "A note.", news.Retracting, func(*desk.StoryEdit) {}, "kind"},
		{"no kind", "A note.", "", func(*desk.StoryEdit) {}, "kind"},
		{"no title", "A note.", news.Correcting, func(e *desk.StoryEdit) { e.Title = "" }, "title"},
		{"the slug of another", "A note.", news.Correcting, func(e *desk.StoryEdit) { e.Slug = other.Slug }, "slug"},
		{"an unknown tag", "A note.", news.Correcting, func(e *desk.StoryEdit) { e.TagRefs = []string{"nope"} }, "tags[0]"},
	} {
		_, err := r.CorrectStory(ctx, editor, s.ID, 4, c.note, c.kind, c.edit)
		if wantInvalid(t, err, c.field); r.lines(t) != head {
			t.Fatalf("%s: it was refused and written", c.name)
		}
	}
}

func TestARetractionLeavesTheNote(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	s := r.in(t, "story-1", "PUBLISHED")
	s, err := r.CorrectStory(ctx, editor, s.ID, s.Version, "Once.", news.Correcting, func(e *desk.StoryEdit) { e.Slug = "renamed" })
	must(t, err)
	_, err = r.RetractStory(ctx, editor, s.ID, s.Version, " ")
	wantInvalid(t, err, "note")
	r.advance(time.Minute)
	s, err = r.RetractStory(ctx, editor, s.ID, s.Version, "Nothing of it is true.")
	must(t, err)
	want := news.Correction{At: r.clock(), Note: "Nothing of it is true.", Kind: news.Retracting, FromVersion: 3, ToVersion: 4}
	if s.Title != "story-1" || s.Slug != "renamed" || s.Body != "" || s.Summary != "" || s.Image != nil || s.WithdrawnIn != 4 ||
		len(s.Corrections) != 2 || s.Corrections[0] != want || s.PublishedAt != noon {
		t.Errorf("got %+v", s)
	}
	// Everybody reads what is left, by either slug, and finds it in no list.
	for _, slug := range []string{"renamed", "story-1"} {
		found, err := r.store.StoriesBySlug(ctx, news.Audience{}, []string{slug})
		must(t, err)
		if !reflect.DeepEqual(found[slug], s) {
			t.Errorf("%s: got %+v", slug, found[slug])
		}
	}
	page, err := r.store.Stories(ctx, news.Audience{}, news.StoryFilter{}, news.Window{First: 10})
	must(t, err)
	if len(page.Items) > 0 {
		t.Errorf("it stands in a list: %+v", page.Items)
	}

	s, err = r.RestoreStory(ctx, editor, s.ID, s.Version, 1)
	must(t, err)
	if s.Status != news.StoryUnpublished || s.Body != "The body" || s.Summary != "The summary" || s.Image == nil || s.Slug != "story-1" ||
		!slices.Equal(s.PreviousSlugs, []string{"renamed"}) || len(s.Corrections) != 2 || s.WithdrawnIn != 4 {
		t.Errorf("restored: got %+v", s)
	}
	found, err := r.store.StoriesByID(ctx, news.Audience{}, []news.StoryID{s.ID})
	must(t, err)
	if len(found) > 0 {
		t.Errorf("a reader has %+v", found)
	}
	_, err = r.RestoreStory(ctx, editor, s.ID, s.Version, 4)
	wantInvalid(t, err, "version")
}

// What was written while a story was hidden stays so when it is retracted, restored
// from that, and retracted again.
func TestASecondRetractionShowsWhatWasPublic(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	s := r.in(t, "harmless", "UNPUBLISHED")
	hidden, err := r.UpdateStory(ctx, editor, s.ID, s.Version, func(e *desk.StoryEdit) { e.Title, e.Slug = "Secret", "secret" })
	must(t, err)
	s = hidden
	for range 3 {
		s, err = r.RetractStory(ctx, editor, s.ID, s.Version, "It was wrong.")
		must(t, err)
		if s.Title != "harmless" || s.Slug != "harmless" {
			t.Errorf("the retraction shows %q at %q", s.Title, s.Slug)
		}
		s, err = r.RestoreStory(ctx, editor, s.ID, s.Version, hidden.Version)
		must(t, err)
		if s.Title != "Secret" || s.Status != news.StoryUnpublished {
			t.Errorf("restored: got %+v", s)
		}
	}
}

func TestRestoringAVersion(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	admin := news.Actor{Name: "root", Role: news.Admin}
	for _, id := range []news.TagID{"kept", "merged", "survivor", "deleted"} {
		r.tag(t, id, news.TagTopic)
	}
	r.tag(t, "writer", news.TagContributor)
	s, err := r.CreateStory(ctx, editor, "story_1", func(e *desk.StoryEdit) {
		e.Title, e.Language, e.Body = "First", "fr", "The first body"
		e.TagRefs, e.AuthorRefs = []string{"deleted", "merged", "kept", "survivor"}, []string{"writer"}
	})
	must(t, err)
	s, err = r.UpdateStory(ctx, editor, s.ID, 1, func(e *desk.StoryEdit) {
		e.Title, e.Slug, e.Body, e.TagRefs, e.AuthorRefs = "Second", "second", "", []string{}, []string{}
	})
	must(t, err)
	_, err = r.DeleteTag(ctx, editor, "deleted", 1)
	must(t, err)
	_, err = r.MergeTags(ctx, admin, "merged", 1, "survivor", false)
	must(t, err)
	s, err = r.PublishStory(ctx, editor, s.ID, 2, desk.Publication{})
	must(t, err)

	r.advance(time.Minute)
	s, err = r.RestoreStory(ctx, editor, s.ID, 3, 1)
	must(t, err)
	if s.Title != "First" || s.Slug != "first" || !slices.Equal(s.PreviousSlugs, []string{"second"}) || s.Body != "The first body" ||
		!slices.Equal(s.Tags, []news.TagID{"survivor", "kept"}) || !slices.Equal(s.Authors, []news.TagID{"writer"}) ||
		!s.Public() || s.PublishedAt != noon || s.UpdatedAt != r.clock() {
		t.Errorf("got %+v", s)
	}
	if ops := r.ops(t, "story_1"); ops[3] != "RESTORED by marie" {
		t.Errorf("got %v", ops)
	}
	for _, version := range []int{-1, 0, 5, 1 << 40} {
		_, err := r.RestoreStory(ctx, editor, s.ID, 4, version)
		wantInvalid(t, err, "version")
	}
	same, err := r.RestoreStory(ctx, editor, s.ID, 4, 4)
	if must(t, err); same.Version != 4 {
		t.Errorf("restoring what is there made version %d", same.Version)
	}
}

func TestNobodyLearnsFromARefusal(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	s := r.in(t, "story-1", "PUBLISHED")
	for _, version := range []int{1, 2, 3} {
		_, err := r.UpdateStory(ctx, contributor, s.ID, version, func(*desk.StoryEdit) {})
		var conflict *news.ConflictError
		if !errors.Is(err, news.ErrForbidden) || errors.As(err, &conflict) {
			t.Errorf("version %d: a contributor got %v on a story of somebody else", version, err)
		}
	}
}
