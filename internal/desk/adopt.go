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
// coverages are named by id and have to be there.
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
		if err != nil {
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
		g := e.Clone()
		g.ID = cmp.Or(g.ID, news.TagID(d.newID(news.KindTag.IDPrefix())))
		g.Version = 1
		g.TagContent = rules.tag(g.TagContent)
		g.SortName = text.Fold(g.Name)
		next = g
	case *news.Coverage:
		c := e.Clone()
		c.ID = cmp.Or(c.ID, news.CoverageID(d.newID(news.KindCoverage.IDPrefix())))
		c.Version = 1
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
	s.Version, s.WithdrawnIn = 1, 0
	s.StoryContent = rules.story(s.StoryContent)
	rules.atMost("tags", len(s.Tags), maxTags)
	rules.atMost("authors", len(s.Authors), maxAuthors)
	s.Corrections = firstVersion(rules.corrections(s.Corrections))
	now := d.now()
	s.CreatedAt = orInstant(s.CreatedAt, orInstant(s.PublishedAt, now))
	s.UpdatedAt = orInstant(s.UpdatedAt, orInstant(s.PublishedAt, s.CreatedAt))
	s.PublishedAt = news.Instant(s.PublishedAt)
	switch s.Status {
	case news.StoryPublished:
		if s.PublishedAt.IsZero() {
			rules.refuse("publishedAt", "is missing from a published story")
		}
	case news.StoryDraft, news.StoryUnpublished:
	default:
		rules.refuse("status", "must be DRAFT, PUBLISHED or UNPUBLISHED")
	}
	rules.notAhead("publishedAt", s.PublishedAt, now)
	rules.notAhead("createdAt", s.CreatedAt, now)
	rules.notAhead("updatedAt", s.UpdatedAt, now)
	return s
}

func (d *Desk) adoptableEntry(rules *rulebook, t *news.TickerEntry) *news.TickerEntry {
	t.ID = cmp.Or(t.ID, news.TickerEntryID(d.newID(news.KindTickerEntry.IDPrefix())))
	t.Version = 1
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
		t.Body, t.Pinned = "", false
	default:
		rules.refuse("status", "must be PUBLISHED or RETRACTED")
	}
	return t
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
