package news_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"depeche/internal/news"
)

func at(minute int) time.Time { return time.Date(2026, 3, 2, 9, minute, 0, 0, time.UTC) }

// TestStoryFilterMeansWhatItSays compares selections, which stores and the live
// stream go by, with the plain meaning of the filter.
func TestStoryFilterMeansWhatItSays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(n int) int { return random.IntN(n) }
	priorities := []news.Priority{news.Flash, news.Alert, news.Urgent, news.Routine}
	tagIDs := []news.TagID{"a", "b", "c"}
	some := func() []news.TagID {
		var list []news.TagID
		for _, id := range tagIDs {
			if pick(2) == 0 {
				list = append(list, id)
			}
		}
		return list
	}
	audiences := []news.Audience{{}, {Author: "jo"}, {Staff: true}, {Preview: "s"}}
	held := 0
	for range 50_000 {
		s := &news.Story{
			ID: "s", Status: news.StoryStatuses()[pick(len(news.StoryStatuses()))], CreatedBy: []string{"", "jo", "marie"}[pick(3)], CreatedAt: at(0),
			StoryContent: news.StoryContent{
				Language: []string{"fr", "fr-CA", "en"}[pick(3)], Priority: priorities[pick(4)], Breaking: pick(2) == 0,
				Tags: some(), Authors: some(),
			},
		}
		if s.Status != news.StoryDraft {
			s.PublishedAt = at(pick(6))
		}
		if pick(3) == 0 {
			s.EmbargoedUntil = at(pick(6))
		}
		if s.Status == news.StoryScheduled {
			s.Schedule = &news.Schedule{At: at(pick(6))}
		}
		f := news.StoryFilter{AnyTag: pick(2) == 0}
		if pick(2) == 0 {
			f.Tags = some()
		}
		if pick(4) == 0 {
			f.Within = tagIDs[pick(3)]
		}
		if pick(3) == 0 {
			f.Language = []string{"fr", "FR-ca", "en", "de"}[pick(4)]
		}
		if pick(3) == 0 {
			breaking := pick(2) == 0
			f.Breaking = &breaking
		}
		if pick(3) == 0 {
			f.MinPriority = priorities[pick(4)]
		}
		if pick(3) == 0 {
			f.PublishedAfter = at(pick(6))
		}
		if pick(3) == 0 {
			f.PublishedBefore = at(pick(6))
		}
		if pick(3) == 0 {
			f.Status = []news.StoryStatus{news.StoryStatuses()[pick(len(news.StoryStatuses()))]}
		}
		who := audiences[pick(len(audiences))]

		all := append(slices.Clone(s.Tags), s.Authors...)
		carries := func(id news.TagID) bool { return slices.Contains(all, id) }
		tagged := !slices.ContainsFunc(f.Tags, func(id news.TagID) bool { return !carries(id) })
		if f.AnyTag {
			tagged = len(f.Tags) == 0 || slices.ContainsFunc(f.Tags, carries)
		}
		when := s.PublishedAt
		public := s.Status == news.StoryPublished && s.EmbargoedUntil.IsZero()
		switch {
		case s.Status == news.StoryScheduled:
			when = s.Schedule.At
		case s.Status == news.StoryPublished && !public:
			when = s.EmbargoedUntil
		case when.IsZero():
			when = s.CreatedAt
		}
		language := strings.ToLower(f.Language)
		want := (public || who.Staff || who.Author != "" && who.Author == s.CreatedBy) && tagged &&
			(f.Within == "" || carries(f.Within)) &&
			(language == "" || language == strings.ToLower(s.Language) || strings.HasPrefix(strings.ToLower(s.Language), language+"-")) &&
			(f.Breaking == nil || *f.Breaking == s.Breaking) &&
			(f.MinPriority == "" || s.Priority.Urgency() <= f.MinPriority.Urgency()) &&
			(f.PublishedAfter.IsZero() || !when.Before(f.PublishedAfter)) &&
			(f.PublishedBefore.IsZero() || when.Before(f.PublishedBefore)) &&
			(len(f.Status) == 0 || slices.Contains(f.Status, s.Status))
		if got := f.Selection(who).Holds(s.Listing()); got != want {
			t.Fatalf("got %v, want %v for\n%+v\n%+v\n%+v", got, want, who, f, s)
		}
		if want {
			held++
		}
	}
	if held < 1000 {
		t.Errorf("only %d of the stories were selected: the test hardly tests", held)
	}
}

func TestTagFilter(t *testing.T) {
	senate := &news.Tag{SortName: "senat", TagContent: news.TagContent{Kind: news.TagOrganisation, Code: "medtop:11000000"}}
	for _, row := range []struct {
		filter news.TagFilter
		want   bool
	}{
		{news.TagFilter{}, true},
		{news.TagFilter{NamePrefix: "sen"}, true},
		{news.TagFilter{NamePrefix: "ena"}, false},
		{news.TagFilter{Kinds: []news.TagKind{news.TagPlace, news.TagOrganisation}}, true},
		{news.TagFilter{Kinds: []news.TagKind{news.TagPlace}}, false},
		{news.TagFilter{Code: "medtop:11000000"}, true},
		{news.TagFilter{Code: "medtop:1"}, false},
		{news.TagFilter{Code: "medtop:11000000", Kinds: []news.TagKind{news.TagPlace}}, false},
	} {
		if got := row.filter.Selection().Holds(senate.Listing()); got != row.want {
			t.Errorf("%+v: got %v, want %v", row.filter, got, row.want)
		}
	}
	for _, status := range []news.TagStatus{news.TagMerged, news.TagDeleted} {
		gone := senate.Clone()
		gone.Status = status
		if (news.TagFilter{}).Selection().Holds(gone.Listing()) {
			t.Errorf("a %s tag is listed", status)
		}
	}
}

// Who may read a story whose id or slug they know.
func TestVisibleTo(t *testing.T) {
	stories := map[string]*news.Story{
		"draft": {Status: news.StoryDraft}, "scheduled": {Status: news.StoryScheduled}, "public": {Status: news.StoryPublished},
		"embargoed": {Status: news.StoryPublished, EmbargoedUntil: at(9)}, "taken down": {Status: news.StoryUnpublished},
		"retracted": {Status: news.StoryRetracted}, "retracted under embargo": {Status: news.StoryRetracted, EmbargoedUntil: at(9)},
	}
	for name, s := range stories {
		s.ID, s.CreatedBy = "s", "jo"
		everybody := name == "public" || s.Status == news.StoryRetracted
		for who, want := range map[news.Audience]bool{
			{}: everybody, {Author: "kim"}: everybody, {Preview: "t"}: everybody,
			{Author: "jo"}: true, {Preview: "s"}: true, {Staff: true}: true,
		} {
			if got := s.VisibleTo(who); got != want {
				t.Errorf("%s for %+v: got %v, want %v", name, who, got, want)
			}
		}
		if got := s.Public(); got != (name == "public") {
			t.Errorf("%s: public is %v", name, got)
		}
	}
}

// What is to be done by the clock is found, and nothing else.
func TestWaiting(t *testing.T) {
	for _, row := range []struct {
		name string
		sel  news.Selection
		e    news.Entity
		want bool
	}{
		{"due", news.Waiting(at(5)), &news.Story{Status: news.StoryScheduled, Schedule: &news.Schedule{At: at(4)}}, true},
		{"scheduled for later", news.Waiting(at(5)), &news.Story{Status: news.StoryScheduled, Schedule: &news.Schedule{At: at(5)}}, false},
		{"an embargo that ends", news.Waiting(at(5)), &news.Story{Status: news.StoryPublished, EmbargoedUntil: at(4)}, true},
		{"an embargo on a draft", news.Waiting(at(5)), &news.Story{Status: news.StoryDraft, EmbargoedUntil: at(4)}, false},
		{"public", news.Waiting(at(5)), &news.Story{Status: news.StoryPublished, PublishedAt: at(4)}, false},
		{"any time", news.Waiting(time.Time{}), &news.Story{Status: news.StoryScheduled, Schedule: &news.Schedule{At: at(9)}}, true},
		{"a pin with an end", news.EndingPins(), &news.TickerEntry{Status: news.TickerPublished, Pinned: true, PinnedUntil: at(1)}, true},
		{"one in a coverage alone", news.EndingPins(), &news.TickerEntry{Status: news.TickerPublished, Pinned: true, PinnedUntil: at(1), TickerContent: news.TickerContent{CoverageOnly: true}}, true},
		{"a pin without", news.EndingPins(), &news.TickerEntry{Status: news.TickerPublished, Pinned: true}, false},
		{"a merge under way", news.Unsettled(), &news.Tag{Status: news.TagMerged}, true},
		{"one that is done", news.Unsettled(), &news.Tag{Status: news.TagMerged, Settled: true}, false},
		{"a tag in use", news.Unsettled(), &news.Tag{}, false},
		{"a held lock", news.HeldLocks(), &news.Lock{Status: news.LockHeld}, true},
		{"a free one", news.HeldLocks(), &news.Lock{Status: news.LockFree}, false},
		{"a draft with the tag", news.Carrying(news.KindStory, "a"), &news.Story{Status: news.StoryDraft, StoryContent: news.StoryContent{Tags: []news.TagID{"a"}}}, true},
		{"signed with it, hidden", news.Carrying(news.KindStory, "a"), &news.Story{Status: news.StoryPublished, EmbargoedUntil: at(1), StoryContent: news.StoryContent{Authors: []news.TagID{"a"}}}, true},
		{"without it", news.Carrying(news.KindStory, "a"), &news.Story{Status: news.StoryDraft}, false},
		{"a line with it", news.Carrying(news.KindTickerEntry, "a"), &news.TickerEntry{Status: news.TickerRetracted, TickerContent: news.TickerContent{CoverageOnly: true, Tags: []news.TagID{"a"}}}, true},
		{"a coverage with it", news.Carrying(news.KindCoverage, "a"), &news.Coverage{CoverageContent: news.CoverageContent{Status: news.CoverageEnded, Tags: []news.TagID{"a"}}}, true},
		{"a revoked token", news.ServiceTokens(), &news.ServiceToken{Status: news.ServiceTokenRevoked}, true},
		{"a dead webhook", news.Webhooks(news.WebhookActive), &news.Webhook{Status: news.WebhookDead}, false},
	} {
		if got := row.sel.Holds(row.e.Listing()); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

func TestWindowCheck(t *testing.T) {
	story, tag := &news.PageCursor{List: news.KindStory}, &news.PageCursor{List: news.KindTag}
	for _, row := range []struct {
		name   string
		window news.Window
		want   error
		field  string
	}{
		{"first", news.Window{First: 1}, nil, ""},
		{"last", news.Window{Last: news.MaxPage}, nil, ""},
		{"both cursors", news.Window{First: 1, After: story, Before: story}, nil, ""},
		{"neither", news.Window{}, news.ErrInvalid, "first"},
		{"both", news.Window{First: 1, Last: 1}, news.ErrInvalid, "last"},
		{"negative first", news.Window{First: -1}, news.ErrInvalid, "first"},
		{"negative last", news.Window{Last: -1}, news.ErrInvalid, "last"},
		{"too many", news.Window{First: news.MaxPage + 1}, news.ErrInvalid, "first"},
		{"too many at the end", news.Window{Last: news.MaxPage + 1}, news.ErrInvalid, "last"},
		{"after of another list", news.Window{First: 1, After: tag}, news.ErrBadCursor, "after"},
		{"before of another list", news.Window{First: 1, Before: tag}, news.ErrBadCursor, "before"},
	} {
		err := row.window.Check(news.KindStory)
		if !errors.Is(err, row.want) || err != nil && !strings.Contains(err.Error(), row.field) {
			t.Errorf("%s: got %v, want %v about %q", row.name, err, row.want, row.field)
		}
	}
}

func TestEvent(t *testing.T) {
	story := func(s news.StoryStatus) news.Entity { return &news.Story{Status: s} }
	line := func(s news.TickerStatus) news.Entity { return &news.TickerEntry{Status: s} }
	embargoed := &news.Story{Status: news.StoryPublished, EmbargoedUntil: at(5)}
	aside := &news.TickerEntry{Status: news.TickerPublished, TickerContent: news.TickerContent{CoverageOnly: true}}
	for _, row := range []struct {
		name   string
		op     news.Op
		before news.Entity
		now    news.Entity
		want   news.EventKind
	}{
		{"a new draft", news.OpCreated, nil, story(news.StoryDraft), ""},
		{"a changed draft", news.OpUpdated, story(news.StoryDraft), story(news.StoryDraft), ""},
		{"a draft goes out", news.OpPublished, story(news.StoryDraft), story(news.StoryPublished), news.EventPublished},
		{"it comes in as published", news.OpPublished, nil, story(news.StoryPublished), news.EventPublished},
		{"it changes", news.OpUpdated, story(news.StoryPublished), story(news.StoryPublished), news.EventUpdated},
		{"it is corrected", news.OpCorrected, story(news.StoryPublished), story(news.StoryPublished), news.EventCorrected},
		{"it is taken down", news.OpUnpublished, story(news.StoryPublished), story(news.StoryUnpublished), news.EventRemoved},
		{"it changes while it is down", news.OpUpdated, story(news.StoryUnpublished), story(news.StoryUnpublished), ""},
		{"it goes out again", news.OpPublished, story(news.StoryUnpublished), story(news.StoryPublished), news.EventPublished},
		{"a line", news.OpPublished, nil, line(news.TickerPublished), news.EventPublished},
		{"it is pinned", news.OpPinned, line(news.TickerPublished), line(news.TickerPublished), news.EventUpdated},
		{"it is retracted", news.OpRetracted, line(news.TickerPublished), line(news.TickerRetracted), news.EventRemoved},
		{"a line comes in as retracted", news.OpCreated, nil, line(news.TickerRetracted), ""},
		{"a coverage", news.OpCreated, nil, &news.Coverage{}, news.EventPublished},
		{"it goes live", news.OpStarted, &news.Coverage{}, &news.Coverage{}, news.EventStarted},
		{"it ends", news.OpEnded, &news.Coverage{}, &news.Coverage{}, news.EventEnded},
		{"a story is to go out", news.OpScheduled, story(news.StoryDraft), story(news.StoryScheduled), ""},
		{"its time comes", news.OpPublished, story(news.StoryScheduled), story(news.StoryPublished), news.EventPublished},
		{"it goes out under embargo", news.OpPublished, story(news.StoryDraft), embargoed, ""},
		{"it changes under embargo", news.OpUpdated, embargoed, embargoed, ""},
		{"the embargo ends", news.OpReleased, embargoed, story(news.StoryPublished), news.EventPublished},
		{"it is taken back under embargo", news.OpUnpublished, embargoed, story(news.StoryUnpublished), ""},
		{"it is withdrawn", news.OpRetracted, story(news.StoryPublished), story(news.StoryRetracted), news.EventRemoved},
		{"it is withdrawn when it is down", news.OpRetracted, story(news.StoryUnpublished), story(news.StoryRetracted), news.EventRemoved},
		{"its retraction is taken back", news.OpRestored, story(news.StoryRetracted), story(news.StoryUnpublished), news.EventRemoved},
		{"it comes in as withdrawn", news.OpCreated, nil, story(news.StoryRetracted), ""},
		{"a line of a coverage", news.OpPublished, nil, aside, news.EventPublished},
		{"a tag is merged", news.OpMerged, &news.Tag{}, &news.Tag{Status: news.TagMerged}, news.EventRemoved},
		{"a lock", news.OpLocked, nil, &news.Lock{Status: news.LockHeld}, ""},
		{"a service token", news.OpCreated, nil, &news.ServiceToken{Status: news.ServiceTokenValid}, ""},
		{"a webhook", news.OpUpdated, &news.Webhook{Status: news.WebhookActive}, &news.Webhook{Status: news.WebhookActive}, ""},
	} {
		c := news.Change{Op: row.op, Doc: row.now}
		if row.before != nil {
			before := row.before.Listing()
			c.Before = &before
		}
		if got, ok := c.Event(); got != row.want || ok != (row.want != "") {
			t.Errorf("%s: got %q, %v, want %q", row.name, got, ok, row.want)
		}
	}
}

func TestValidID(t *testing.T) {
	for _, id := range []string{"a", "story_01J2ABCDEFGHJKMNPQRSTVWXYZ", "A-b_9", strings.Repeat("x", 64)} {
		if !news.ValidID(id) {
			t.Errorf("%q is refused", id)
		}
	}
	for _, id := range []string{"", " ", "é", "a b", "a/b", "a\x00", strings.Repeat("x", 65)} {
		if news.ValidID(id) {
			t.Errorf("%q is taken", id)
		}
	}
}

func TestTombstoneTellsNothing(t *testing.T) {
	s := &news.Story{
		ID: "story_1", Version: 3, Status: news.StoryPublished, PublishedAt: at(1),
		StoryContent: news.StoryContent{
			Slug: "slug", Title: "secret", Summary: "secret", Body: "secret", CanonicalURL: "https://secret.example",
			Image: &news.Image{Alt: "secret"}, Source: &news.Source{Name: "secret"}, Tags: []news.TagID{"secret"}, Authors: []news.TagID{"secret"},
		},
		Corrections: []news.Correction{{Note: "secret"}}, PreviousSlugs: []string{"secret"}, CreatedBy: "secret",
	}
	got := s.Tombstone()
	if got.ID != s.ID || got.Slug != s.Slug || got.Version != s.Version || got.Status == news.StoryPublished {
		t.Errorf("got %+v, want it to say which story it was", got)
	}
	retracted := &news.Story{ID: "story_1", Status: news.StoryRetracted, StoryContent: news.StoryContent{Title: "It was so"}, Corrections: []news.Correction{{Note: "It was not."}}}
	if got := retracted.Tombstone(); got.Title == "" || len(got.Corrections) != 1 {
		t.Errorf("a retracted story is shown as %+v, without what it was and why", got)
	}
	if got.Title != "" || got.Summary != "" || got.Body != "" || got.Image != nil || got.Source != nil || got.CanonicalURL != "" ||
		got.Tags != nil || got.Authors != nil || got.Corrections != nil || got.PreviousSlugs != nil || got.CreatedBy != "" {
		t.Errorf("got %+v, want nothing of its text", got)
	}
}
