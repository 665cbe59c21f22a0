package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"depeche/internal/news"
	"depeche/internal/text"
)

// An Adoption tells what became of one entity of an archive.
type Adoption struct {
	Entity news.Entity // as it is in the store; nil when it was refused
	Known  bool        // it was there already, and has been left as it is
	Err    error       // why it was refused: ErrInvalid, ErrConflict or ErrTaken
}

// Adopt takes over entities that had a life elsewhere, with their states and
// their dates. Each becomes the first version of an entity under its own id, or
// under a new one where it has none. What is there already under the id is left
// as it is, so that the same archive can be brought in twice. Tags, stories and
// coverages are named by id and have to be there; what a tag was merged into may also
// be among entities. What has been deleted is refused.
//
// The answer has an Adoption for each entity, in order. An error means that the
// store could not do it, or that who may not; the same call may be made again.
func (d *Desk) Adopt(ctx context.Context, who news.Actor, entities []news.Entity) ([]Adoption, error) {
	if err := d.Authorize(who, ImportArchive); err != nil {
		return nil, err
	}
	adoptions := make([]Adoption, len(entities))
	var changes []news.Change
	var at []int // changes[k] is entities[at[k]]
	for i, e := range entities {
		next, op, err := d.adoptable(e)
		if err == nil {
			err = d.survives(ctx, next, entities)
		}
		switch {
		case err != nil && !errors.Is(err, news.ErrInvalid):
			return adoptions, fmt.Errorf("adopt %d entities: %w", len(entities), err)
		case err != nil:
			adoptions[i].Err = err
			continue
		}
		changes = append(changes, d.change(who, op, next, nil))
		at = append(at, i)
	}
	for len(changes) > 0 {
		lines, err := d.store.Commit(ctx, changes)
		for k, line := range lines {
			adoptions[at[k]].Entity = line.Doc
		}
		changes, at = changes[len(lines):], at[len(lines):]
		if err == nil {
			break
		}
		switch {
		case errors.Is(err, news.ErrConflict):
			ref := changes[0].Doc.Ref()
			current, _, err := d.existing(ctx, ref.ID)
			if err != nil {
				return adoptions, err
			}
			if current != nil && current.Ref().Kind == ref.Kind {
				adoptions[at[0]] = Adoption{Entity: current, Known: true}
			} else {
				adoptions[at[0]].Err = news.Invalid("id", "%s belongs to something of another kind", ref.ID)
			}
		case errors.Is(err, news.ErrTaken):
			adoptions[at[0]].Err = slugError(who, err)
		default:
			return adoptions, fmt.Errorf("adopt %d entities: %w", len(entities), err)
		}
		changes, at = changes[1:], at[1:]
	}
	return adoptions, nil
}

// adoptable checks an entity by the rules that hold for all, and gives it what it
// lacks.
func (d *Desk) adoptable(e news.Entity) (news.Entity, news.Op, error) {
	var rules rulebook
	rules.id(string(e.Ref().ID))
	var next news.Entity
	op := news.OpCreated
	switch e := e.(type) {
	case *news.Story:
		s := d.adoptableStory(&rules, e.Clone())
		if next = s; s.Status == news.StoryPublished {
			op = news.OpPublished
		}
	case *news.TickerEntry:
		t := d.adoptableEntry(&rules, e.Clone())
		if next = t; t.Status == news.TickerPublished {
			op = news.OpPublished
		}
	case *news.Tag:
		g := d.adoptableTag(&rules, e.Clone())
		if next = g; g.Status == news.TagMerged {
			op = news.OpMerged
		}
	case *news.Coverage:
		c := e.Clone()
		c.ID = cmp.Or(c.ID, news.CoverageID(d.newID(news.KindCoverage.IDPrefix())))
		c.Version, c.Retags = 1, nil
		c.CoverageContent = rules.coverage(c.CoverageContent, d.now())
		rules.atMost("tags", len(c.Tags), maxTags)
		next = c
	default:
		return nil, "", fmt.Errorf("adopt a %T: %w", e, news.ErrInvalid)
	}
	if slugs := next.Slugs(); slugs != nil && slugs[0] == "" {
		rules.refuse("slug", "must not be empty")
	}
	return next, op, rules.err
}

func (d *Desk) adoptableStory(rules *rulebook, s *news.Story) *news.Story {
	s.ID = cmp.Or(s.ID, news.StoryID(d.newID(news.KindStory.IDPrefix())))
	s.Version, s.WithdrawnIn, s.Retags = 1, 0, nil
	s.StoryContent = rules.story(s.StoryContent)
	rules.atMost("tags", len(s.Tags), maxTags)
	rules.atMost("authors", len(s.Authors), maxAuthors)
	s.Corrections = firstVersion(rules.corrections(s.Corrections))
	now := d.now()
	s.CreatedAt = orInstant(s.CreatedAt, orInstant(s.PublishedAt, now))
	s.UpdatedAt = orInstant(s.UpdatedAt, orInstant(s.PublishedAt, s.CreatedAt))
	s.PublishedAt = news.Instant(s.PublishedAt)
	s.EmbargoedUntil = news.Instant(s.EmbargoedUntil)
	switch s.Status {
	case news.StoryPublished:
		if s.Public() && s.PublishedAt.IsZero() {
			rules.refuse("publishedAt", "is missing from a published story")
		}
	case news.StoryRetracted:
		if s.PublishedAt.IsZero() {
			rules.refuse("publishedAt", "is missing from a retracted story")
		}
		s.EmbargoedUntil = time.Time{}
		blank(s)
	case news.StoryScheduled:
		if s.Schedule == nil {
			rules.refuse("scheduledFor", "is missing from a scheduled story")
		}
	case news.StoryDraft, news.StoryUnpublished:
	default:
		rules.refuse("status", "must be DRAFT, SCHEDULED, PUBLISHED, UNPUBLISHED or RETRACTED")
	}
	if s.Schedule != nil {
		s.Schedule = rules.schedule(s.Schedule)
		if s.Status != news.StoryScheduled {
			rules.refuse("scheduledFor", "goes with the status SCHEDULED alone")
		}
	}
	if !s.EmbargoedUntil.IsZero() {
		rules.instant("embargoedUntil", s.EmbargoedUntil)
	}
	rules.notAhead("publishedAt", s.PublishedAt, now)
	rules.notAhead("createdAt", s.CreatedAt, now)
	rules.notAhead("updatedAt", s.UpdatedAt, now)
	return s
}

func (d *Desk) adoptableEntry(rules *rulebook, t *news.TickerEntry) *news.TickerEntry {
	t.ID = cmp.Or(t.ID, news.TickerEntryID(d.newID(news.KindTickerEntry.IDPrefix())))
	t.Version, t.Retags = 1, nil
	now := d.now()
	t.TickerContent = rules.ticker(t.TickerContent, now)
	rules.atMost("tags", len(t.Tags), maxTags)
	t.Corrections = firstVersion(rules.corrections(t.Corrections))
	t.PublishedAt = orInstant(t.PublishedAt, t.OccurredAt)
	t.UpdatedAt = orInstant(t.UpdatedAt, t.PublishedAt)
	rules.notAhead("publishedAt", t.PublishedAt, now)
	rules.notAhead("updatedAt", t.UpdatedAt, now)
	switch t.Status {
	case news.TickerPublished:
	case news.TickerRetracted:
		t.Body, t.Pinned, t.PinnedUntil = "", false, time.Time{}
	default:
		rules.refuse("status", "must be PUBLISHED or RETRACTED")
	}
	if t.PinnedUntil = news.Instant(t.PinnedUntil); !t.PinnedUntil.IsZero() {
		rules.instant("pinnedUntil", t.PinnedUntil)
		if !t.Pinned {
			rules.refuse("pinnedUntil", "goes with pinned alone")
		}
	}
	if t.CoverageOnly && t.Coverage == "" {
		rules.refuse("coverageOnly", "goes with a coverage alone")
	}
	return t
}

func (d *Desk) adoptableTag(rules *rulebook, g *news.Tag) *news.Tag {
	g.ID = cmp.Or(g.ID, news.TagID(d.newID(news.KindTag.IDPrefix())))
	g.Version = 1
	g.TagContent = rules.tag(g.TagContent)
	g.SortName = text.Fold(g.Name)
	now := d.now()
	switch g.Status {
	case news.TagInUse:
		if g.MergedInto != "" {
			rules.refuse("mergedInto", "goes with the status MERGED alone")
		}
		g.MergedAt, g.Settled = time.Time{}, false
	case news.TagMerged:
		g.MergedAt = orInstant(g.MergedAt, now)
		rules.notAhead("mergedAt", g.MergedAt, now)
	case news.TagDeleted:
		rules.refuse("status", "must not be DELETED: what was deleted is not brought in")
	default:
		rules.refuse("status", "must be empty or MERGED")
	}
	return g
}

// survives holds that a tag in use stands for a merged one, in the store or among
// those that are adopted with it.
func (d *Desk) survives(ctx context.Context, e news.Entity, among []news.Entity) error {
	merged, ok := e.(*news.Tag)
	if !ok || merged.Status != news.TagMerged {
		return nil
	}
	passed := map[news.TagID]bool{}
	for tag := merged; tag.Status == news.TagMerged; {
		if passed[tag.ID] {
			return news.Invalid("mergedInto", "leads in a circle")
		}
		passed[tag.ID] = true
		id := tag.MergedInto
		if tag = tagAmong(among, id); tag == nil {
			var err error
			if _, tag, err = d.tagItself(ctx, id); errors.Is(err, news.ErrNotFound) {
				return news.Invalid("mergedInto", "names no tag: %s", text.Quote(string(id)))
			} else if err != nil {
				return err
			}
		}
		switch {
		case tag.Status == news.TagDeleted:
			return news.Invalid("mergedInto", "names a tag that has been deleted")
		case tag.Kind != merged.Kind:
			return news.Invalid("mergedInto", "names a tag of kind %s, not %s", tag.Kind, merged.Kind)
		}
	}
	return nil
}

func tagAmong(entities []news.Entity, id news.TagID) *news.Tag {
	for _, e := range entities {
		if tag, ok := e.(*news.Tag); ok && tag.ID == id {
			return tag
		}
	}
	return nil
}

func orInstant(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return news.Instant(t)
}

// firstVersion lets corrections that were made elsewhere speak of the only
// version that is here.
func firstVersion(corrections []news.Correction) []news.Correction {
	for i := range corrections {
		corrections[i].FromVersion, corrections[i].ToVersion = 1, 1
	}
	return corrections
}
