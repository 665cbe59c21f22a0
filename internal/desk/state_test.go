package desk_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// A model is what a story should be, told in as few words as it can be.
type model struct {
	id        news.StoryID
	owner     string
	version   int
	state     news.StoryStatus
	due       time.Time // of a scheduled one
	embargo   time.Time
	published time.Time // when it first became public
	body      string
	bodies    []string // by version, from 1
}

func (m model) public() bool { return m.state == news.StoryPublished && m.embargo.IsZero() }
func (m model) lost() bool   { return m.state == news.StoryRetracted }

// next is what the next version shows where a move writes text.
func (m model) next() string { return fmt.Sprintf("%s in version %d", m.id, m.version+1) }

// goPublic is what publishing does.
func (m *model) goPublic(now time.Time) {
	m.state, m.due = news.StoryPublished, time.Time{}
	if !m.embargo.After(now) {
		m.embargo = time.Time{}
	}
}

// commit makes a version of what a move has made of the model.
func (m *model) commit(now time.Time) {
	m.version++
	m.bodies = append(slices.Clone(m.bodies), m.body)
	if m.public() && m.published.IsZero() {
		m.published = now
	}
}

// event is what the public is told of a move that made after of before.
func event(before, after model, op news.Op) news.EventKind {
	switch {
	case !before.public() && !after.public() && before.lost() != after.lost():
		return news.EventRemoved // the note of a retraction comes, or goes
	case !before.public() && after.public():
		return news.EventPublished
	case before.public() && !after.public():
		return news.EventRemoved
	case after.public() && op == news.OpCorrected:
		return news.EventCorrected
	case after.public():
		return news.EventUpdated
	}
	return ""
}

// errNothing is what a rule says of a move that changes nothing.
var errNothing = errors.New("nothing changes")

// A move is one that may be made of a story.
type move struct {
	name string
	op   news.Op
	act  desk.Act
	// rule does the move to the model, or tells why it can't be made. then is some
	// instant, perhaps one that has passed.
	rule func(m *model, now, then time.Time) error
	do   func(ctx context.Context, d *desk.Desk, who news.Actor, m model, expected int, then time.Time) (*news.Story, error)
}

func moves() []move {
	unless := func(refused bool) error {
		if refused {
			return news.ErrInvalid
		}
		return nil
	}
	type ctx = context.Context
	return []move{
		{"update", news.OpUpdated, desk.UpdateStory, func(m *model, _, _ time.Time) error {
			m.body = m.next()
			return unless(m.lost())
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, _ time.Time) (*news.Story, error) {
			return d.UpdateStory(ctx, who, m.id, expected, func(e *desk.StoryEdit) { e.Body = m.next() })
		}},
		{"publish", news.OpPublished, desk.PublishStory, func(m *model, now, _ time.Time) error {
			refused := m.state == news.StoryPublished || m.lost()
			m.goPublic(now)
			return unless(refused)
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, _ time.Time) (*news.Story, error) {
			return d.PublishStory(ctx, who, m.id, expected, desk.Publication{})
		}},
		{"publish under embargo", news.OpPublished, desk.PublishStory, func(m *model, now, then time.Time) error {
			refused := m.state == news.StoryPublished || m.lost() || !then.After(now)
			m.embargo = then
			m.goPublic(now)
			return unless(refused)
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, then time.Time) (*news.Story, error) {
			return d.PublishStory(ctx, who, m.id, expected, desk.Publication{EmbargoedUntil: &desk.Moment{At: then}})
		}},
		{"publish without embargo", news.OpPublished, desk.PublishStory, func(m *model, now, _ time.Time) error {
			refused := m.state == news.StoryPublished || m.lost()
			m.embargo = time.Time{}
			m.goPublic(now)
			return unless(refused)
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, _ time.Time) (*news.Story, error) {
			return d.PublishStory(ctx, who, m.id, expected, desk.Publication{EmbargoedUntil: &desk.Moment{}})
		}},
		{"schedule", news.OpScheduled, desk.PublishStory, func(m *model, now, then time.Time) error {
			refused := m.state == news.StoryPublished || m.lost() || !then.After(now)
			if !refused && m.due.Equal(then) {
				return errNothing
			}
			m.state, m.due = news.StoryScheduled, then
			return unless(refused)
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, then time.Time) (*news.Story, error) {
			return d.PublishStory(ctx, who, m.id, expected, desk.Publication{At: desk.Moment{At: then}})
		}},
		{"unschedule", news.OpUnscheduled, desk.PublishStory, func(m *model, _, _ time.Time) error {
			refused := m.state != news.StoryScheduled
			if m.state, m.due = news.StoryDraft, (time.Time{}); !m.published.IsZero() {
				m.state = news.StoryUnpublished
			}
			return unless(refused)
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, _ time.Time) (*news.Story, error) {
			return d.UnscheduleStory(ctx, who, m.id, expected)
		}},
		{"unpublish", news.OpUnpublished, desk.UnpublishStory, func(m *model, _, _ time.Time) error {
			refused := m.state != news.StoryPublished
			m.state = news.StoryUnpublished
			if m.published.IsZero() {
				m.state = news.StoryDraft
			}
			return unless(refused)
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, _ time.Time) (*news.Story, error) {
			return d.UnpublishStory(ctx, who, m.id, expected)
		}},
		{"embargo", news.OpEmbargoed, desk.EmbargoStory, func(m *model, now, then time.Time) error {
			refused := m.public() || m.lost() || !then.After(now)
			if !refused && m.embargo.Equal(then) {
				return errNothing
			}
			m.embargo = then
			return unless(refused)
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, then time.Time) (*news.Story, error) {
			return d.EmbargoStory(ctx, who, m.id, expected, desk.Moment{At: then})
		}},
		{"lift the embargo", news.OpEmbargoed, desk.EmbargoStory, func(m *model, _, _ time.Time) error {
			refused := m.public() || m.lost()
			if !refused && m.embargo.IsZero() {
				return errNothing
			}
			m.embargo = time.Time{}
			return unless(refused)
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, _ time.Time) (*news.Story, error) {
			return d.EmbargoStory(ctx, who, m.id, expected, desk.Moment{})
		}},
		{"correct", news.OpCorrected, desk.CorrectStory, func(m *model, _, _ time.Time) error {
			m.body = m.next()
			return unless(!m.public())
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, _ time.Time) (*news.Story, error) {
			return d.CorrectStory(ctx, who, m.id, expected, "A note.", news.Correcting, func(e *desk.StoryEdit) { e.Body = m.next() })
		}},
		{"retract", news.OpRetracted, desk.RetractStory, func(m *model, _, _ time.Time) error {
			refused := m.published.IsZero() || m.lost()
			m.state, m.due, m.embargo, m.body = news.StoryRetracted, time.Time{}, time.Time{}, ""
			return unless(refused)
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, _ time.Time) (*news.Story, error) {
			return d.RetractStory(ctx, who, m.id, expected, "A note.")
		}},
		{"restore the first version", news.OpRestored, desk.RestoreStory, func(m *model, _, _ time.Time) error {
			if m.body == m.bodies[0] && !m.lost() {
				return errNothing
			}
			if m.body = m.bodies[0]; m.lost() {
				m.state = news.StoryUnpublished
			}
			return nil
		}, func(ctx ctx, d *desk.Desk, who news.Actor, m model, expected int, _ time.Time) (*news.Story, error) {
			return d.RestoreStory(ctx, who, m.id, expected, 1)
		}},
	}
}

// refusal is why who may not make a move of a story, whatever it is in; nil where
// they may.
func refusal(who news.Actor, m model, act desk.Act, expected int) error {
	switch {
	case who.Name == "":
		return news.ErrUnauthenticated
	case who.Role == news.Reader || who.Role == news.Contributor && act != desk.UpdateStory:
		return news.ErrForbidden
	case who.Role == news.Contributor && who.Name != m.owner && !m.public() && !m.lost():
		return news.ErrNotFound
	case who.Role == news.Contributor && (who.Name != m.owner || m.state != news.StoryDraft):
		return news.ErrForbidden
	case expected != m.version:
		return news.ErrConflict
	}
	return nil
}

// TestLivesOfStories lets people of all roles make random moves of a few stories
// while time goes by, and holds the desk to the model: what is refused and what it
// leaves, who sees it, what the public is told, and that the log loses nothing.
func TestLivesOfStories(t *testing.T) {
	for seed := range 12 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { live(t, uint64(seed)) })
	}
}

func live(t *testing.T, seed uint64) {
	r := open(t)
	random := rand.New(rand.NewPCG(seed, 6))
	people := []news.Actor{
		{}, {Name: "reader", Role: news.Reader}, {Name: "kim", Role: news.Contributor},
		contributor, editor, editor, editor, editor, {Name: "root", Role: news.Admin},
	}
	stories := make([]model, 3)
	for i := range stories {
		owner := []news.Actor{contributor, editor}[i%2]
		m := model{id: news.StoryID(fmt.Sprintf("story_%d", i)), owner: owner.Name, version: 1, state: news.StoryDraft}
		m.body = string(m.id) + " in version 1"
		m.bodies = []string{m.body}
		_, err := r.CreateStory(t.Context(), owner, string(m.id), func(e *desk.StoryEdit) {
			e.Title, e.Language, e.Body = string(m.id), "fr", m.body
		})
		must(t, err)
		stories[i] = m
	}
	all := moves()
	for step := range 150 {
		r.advance(time.Duration(random.IntN(4)) * time.Minute)
		now := r.clock()
		head := r.lines(t)
		if random.IntN(5) == 0 {
			due(t, r, stories)
			continue
		}
		m := &stories[random.IntN(len(stories))]
		move := all[random.IntN(len(all))]
		who := people[random.IntN(len(people))]
		then := now.Add(time.Duration(random.IntN(12)-2) * time.Minute)
		expected := m.version
		if random.IntN(10) == 0 {
			expected += 1 - 2*random.IntN(2)
		}
		where := fmt.Sprintf("step %d: %s wants to %s %s, which is %s until %v and %v", step, who.Name, move.name, m.id, m.state, m.due, m.embargo)

		after := *m
		want := refusal(who, *m, move.act, expected)
		if want == nil {
			if want = move.rule(&after, now, then); want == nil {
				after.commit(now)
			}
		}
		got, err := move.do(t.Context(), r.Desk, who, *m, expected, then)
		switch {
		case want == nil:
			if err != nil {
				t.Fatalf("%s: %v", where, err)
			}
			op := move.op
			if op == news.OpEmbargoed && after.public() {
				op = news.OpReleased
			}
			holdsLine(t, r, where, head+1, *m, after, op, who.Name)
			*m = after
			holds(t, where, got, after)
		case errors.Is(want, errNothing):
			if err != nil || got.Version != m.version {
				t.Fatalf("%s: got %+v, %v, want nothing to change", where, got, err)
			}
		case !errors.Is(err, want):
			t.Fatalf("%s: got %v, want %v", where, err, want)
		}
		if want != nil && r.lines(t) != head {
			t.Fatalf("%s: %d lines were written", where, r.lines(t)-head)
		}
		seen(t, r, where, stories)
	}
	for _, m := range stories {
		replays(t, r, m)
	}
}

// due lets the clock do what is due, in the model too.
func due(t *testing.T, r *room, stories []model) {
	t.Helper()
	head, now := r.lines(t), r.clock()
	_, err := r.Due(t.Context())
	must(t, err)
	type done struct {
		before, after model
		op            news.Op
	}
	want := map[news.EntityID]done{}
	for i := range stories {
		m := &stories[i]
		before := *m
		op := news.OpPublished
		switch {
		case m.state == news.StoryScheduled && !m.due.After(now):
		case m.state == news.StoryPublished && !m.embargo.IsZero() && !m.embargo.After(now):
			op = news.OpReleased
		default:
			continue
		}
		m.goPublic(now)
		m.commit(now)
		want[news.EntityID(m.id)] = done{before, *m, op}
	}
	for ; head < r.lines(t); head++ {
		lines, err := r.store.Lines(t.Context(), head, 1)
		must(t, err)
		id := lines[0].Doc.Ref().ID
		w, ok := want[id]
		if !ok {
			t.Fatalf("at %v the clock did %s to %s", now, lines[0].Op, id)
		}
		holdsLine(t, r, fmt.Sprintf("%s at %v", id, now), head+1, w.before, w.after, w.op, "schedule")
		delete(want, id)
	}
	if len(want) > 0 {
		t.Fatalf("at %v the clock left %v", now, want)
	}
}

// holdsLine wants a line to tell of a move.
func holdsLine(t *testing.T, r *room, where string, seq news.Seq, before, after model, op news.Op, by string) {
	t.Helper()
	lines, err := r.store.Lines(t.Context(), seq-1, 2)
	must(t, err)
	if len(lines) == 0 {
		t.Fatalf("%s: nothing was written", where)
	}
	line := lines[0]
	if line.Op != op || line.By != by || line.Doc.Ref().Version != after.version {
		t.Fatalf("%s: got the line %s by %s of %+v, want %s by %s in version %d", where, line.Op, line.By, line.Doc.Ref(), op, by, after.version)
	}
	kind, _ := line.Event()
	if want := event(before, after, op); kind != want {
		t.Fatalf("%s: the public was told %q, want %q", where, kind, want)
	}
	holds(t, where, line.Doc.(*news.Story), after)
}

// holds wants a story to be as the model has it.
func holds(t *testing.T, where string, s *news.Story, m model) {
	t.Helper()
	var due time.Time
	if s.Schedule != nil {
		due = s.Schedule.At
	}
	got := []any{s.Version, s.Status, due, s.EmbargoedUntil, s.PublishedAt, s.Body}
	want := []any{m.version, m.state, m.due, m.embargo, m.published, m.body}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: got %v, want %v", where, got, want)
	}
}

// seen wants each story to be seen by whom the model says.
func seen(t *testing.T, r *room, where string, stories []model) {
	t.Helper()
	var ids []news.StoryID
	var slugs []string
	for _, m := range stories {
		ids, slugs = append(ids, m.id), append(slugs, fmt.Sprintf("story-%s", string(m.id)[len("story_"):]))
	}
	for name, who := range map[string]news.Audience{
		"the public": {}, "an editor": editor.Audience(), "jo": contributor.Audience(), "kim": {Author: "kim"},
	} {
		byID, err := r.store.StoriesByID(t.Context(), who, ids)
		must(t, err)
		bySlug, err := r.store.StoriesBySlug(t.Context(), who, slugs)
		must(t, err)
		listed, err := r.store.Stories(t.Context(), who, news.StoryFilter{}, news.Window{First: 10})
		must(t, err)
		for i, m := range stories {
			own := who.Staff || who.Author == m.owner
			read, stands := own || m.public() || m.lost(), own || m.public()
			if got := byID[m.id] != nil; got != read {
				t.Fatalf("%s: then %s reads %s: %v, want %v", where, name, m.id, got, read)
			}
			if got := bySlug[slugs[i]] != nil; got != read {
				t.Fatalf("%s: then %s reads %s: %v, want %v", where, name, slugs[i], got, read)
			}
			if got := slices.ContainsFunc(listed.Items, func(s *news.Story) bool { return s.ID == m.id }); got != stands {
				t.Fatalf("%s: then %s has %s in a list: %v, want %v", where, name, m.id, got, stands)
			}
		}
	}
}

// replays wants the log to hold every version of a story, with the text that it had,
// each following from the one before it, up to the story as it is.
func replays(t *testing.T, r *room, m model) {
	t.Helper()
	var last *news.Story
	for i, body := range m.bodies {
		line, err := r.store.Version(t.Context(), news.EntityID(m.id), i+1)
		must(t, err)
		s := line.Doc.(*news.Story)
		if s.Version != i+1 || s.Body != body {
			t.Fatalf("version %d of %s: got %d with %q, want %q", i+1, m.id, s.Version, s.Body, body)
		}
		switch {
		case last == nil && line.Before != nil, last != nil && !reflect.DeepEqual(*line.Before, last.Listing()):
			t.Fatalf("version %d of %s was listed as %+v before it", i+1, m.id, line.Before)
		case last != nil && (s.UpdatedAt.Before(last.UpdatedAt) || s.WithdrawnIn < last.WithdrawnIn):
			t.Fatalf("version %d of %s goes back: %+v after %+v", i+1, m.id, s, last)
		case last != nil && last.Public() != s.Public() && last.Public() != (s.WithdrawnIn == s.Version):
			t.Fatalf("version %d of %s was withdrawn in %d", i+1, m.id, s.WithdrawnIn)
		}
		last = s
	}
	found, err := r.store.StoriesByID(t.Context(), editor.Audience(), []news.StoryID{m.id})
	must(t, err)
	if !reflect.DeepEqual(found[m.id], last) {
		t.Fatalf("%s: got %+v, the log ends with %+v", m.id, found[m.id], last)
	}
}
