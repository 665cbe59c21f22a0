package intake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"depeche/internal/news"
)

// commitKind commits the batch where it holds entities of a kind.
func (i *ndjson) commitKind(ctx context.Context, kind news.Kind) (bool, error) {
	if !slices.ContainsFunc(i.batch, func(it item) bool { return it.err == nil && it.entity.Ref().Kind == kind }) {
		return false, nil
	}
	return true, i.commit(ctx)
}

// commit brings in the batch and reports what became of it.
func (i *ndjson) commit(ctx context.Context) error {
	batch := i.batch
	i.batch, i.bytes = nil, 0
	for len(batch) > 0 {
		n, err := i.adopt(ctx, batch)
		if err != nil {
			return err
		}
		batch = batch[n:]
	}
	if i.options.Progress != nil {
		i.options.Progress(i.sum.clone())
	}
	return nil
}

// adopt brings in the first n items of a batch: up to one that could be the same
// as an item before it, for the store has to tell then.
func (i *ndjson) adopt(ctx context.Context, batch []item) (n int, err error) {
	there, err := i.lookUp(ctx, batch)
	if err != nil {
		return 0, err
	}
	var (
		entities []news.Entity
		findings []finding // of batch[:n]
	)
	for ; n < len(batch); n++ {
		f := refused
		if it := &batch[n]; it.err == nil {
			if f, err = i.recognise(ctx, there, it); err != nil {
				return 0, fmt.Errorf("import line %d: %w", it.line, err)
			}
		}
		if f == again {
			break
		}
		if f == fresh {
			entities = append(entities, batch[n].entity)
		}
		findings = append(findings, f)
	}
	adopted, err := i.desk.Adopt(ctx, i.who, entities)
	if err != nil {
		err = fmt.Errorf("import the lines %d to %d: %w", batch[0].line, batch[n-1].line, err)
	}
	for k, it := range batch[:n] {
		f := findings[k]
		if f == fresh {
			if len(adopted) == 0 {
				break // the store failed, or who may not
			}
			a := adopted[0]
			adopted = adopted[1:]
			switch {
			case a.Err != nil:
				it.err, f = a.Err, refused
			case a.Known:
				f = known
			case a.Entity == nil:
				return n, err // the store failed here
			}
		}
		switch f {
		case refused:
			err = i.refuse(it, err)
		case known:
			i.sum.Known[it.entity.Ref().Kind]++
		default:
			i.sum.Added[it.entity.Ref().Kind]++
		}
	}
	return n, err
}

// refuse reports a line. In a strict import the first one is the end.
func (i *ndjson) refuse(it item, end error) error {
	i.sum.Refused++
	if i.options.Report != nil {
		i.options.Report(it.line, it.err.Error())
	}
	if end == nil && i.options.Strict {
		end = fmt.Errorf("line %d: %v: %w", it.line, it.err, ErrRefused)
	}
	return end
}

// there is what the store has of what a batch may be, and what the batch has
// laid claim to.
type there struct {
	nodes  map[news.EntityID]news.Entity
	owners map[slugOf]news.Entity
	claims map[any]bool // EntityIDs, slugOfs and headlineOfs
	// lines are ticker entries by their instants, as far as they were asked for:
	// all lines of an archive may be of one instant.
	lines map[time.Time][]*news.TickerEntry
}

type slugOf struct {
	kind news.Kind
	slug string
}

type headlineOf struct {
	at       time.Time
	headline string
}

// lookUp asks the store once for each kind of name, not once for each line.
func (i *ndjson) lookUp(ctx context.Context, batch []item) (*there, error) {
	t := &there{
		owners: make(map[slugOf]news.Entity), claims: make(map[any]bool),
		lines: make(map[time.Time][]*news.TickerEntry),
	}
	var ids []news.EntityID
	for _, it := range batch {
		if it.err == nil && it.entity.Ref().ID != "" {
			ids = append(ids, it.entity.Ref().ID)
		}
	}
	var err error
	if t.nodes, err = i.store.Nodes(ctx, news.Audience{Staff: true}, ids); err != nil {
		return nil, err
	}
	named := make(map[news.Kind][]string)
	for _, it := range batch {
		if it.err != nil || t.nodes[it.entity.Ref().ID] != nil {
			continue
		}
		if slug := slugFor(it.entity); slug != "" {
			kind := it.entity.Ref().Kind
			named[kind] = append(named[kind], slug)
		}
	}
	for kind, slugs := range named {
		if err := i.owners(ctx, t, kind, slugs); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// slugFor is the slug of an entity, or the first that its title could give it.
func slugFor(e news.Entity) string {
	if s, ok := e.(*news.Story); ok && s.Slug == "" {
		return slugs(s.Title)[0]
	}
	if slugs := e.Slugs(); len(slugs) > 0 {
		return slugs[0]
	}
	return ""
}

func (i *ndjson) owners(ctx context.Context, t *there, kind news.Kind, slugs []string) error {
	switch kind {
	case news.KindTag:
		found, err := i.store.TagsBySlug(ctx, slugs)
		return note(t, kind, found, err)
	case news.KindCoverage:
		found, err := i.store.CoveragesBySlug(ctx, slugs)
		return note(t, kind, found, err)
	default:
		found, err := i.store.StoriesBySlug(ctx, news.Audience{Staff: true}, slugs)
		return note(t, kind, found, err)
	}
}

func note[E news.Entity](t *there, kind news.Kind, found map[string]E, err error) error {
	for slug, owner := range found {
		t.owners[slugOf{kind, slug}] = owner
	}
	return err
}

// A finding is what an item turned out to be.
type finding int

const (
	fresh   finding = iota // new, as far as can be seen
	known                  // there already
	again                  // perhaps what an item before it is: the store has to tell
	refused                // item.err says why
)

// recognise finds out what an item is. A fresh one lays claim to its names.
func (i *ndjson) recognise(ctx context.Context, t *there, it *item) (finding, error) {
	ref := it.entity.Ref()
	switch node := t.nodes[ref.ID]; {
	case t.claims[ref.ID]:
		return again, nil
	case node != nil && node.Ref().Kind == ref.Kind:
		return known, nil
	case node != nil:
		it.err = news.Invalid("id", "belongs to something of another kind: %s", ref.ID)
		return refused, nil
	}
	var (
		f   finding
		err error
	)
	if e, ok := it.entity.(*news.TickerEntry); ok {
		f, err = i.recogniseLine(ctx, t, e, it.unnamed)
	} else {
		if s, ok := it.entity.(*news.Story); ok && s.Slug == "" {
			f, err = i.giveSlug(ctx, t, it, s)
		}
		if f == fresh && err == nil {
			f = t.recogniseSlug(it)
		}
	}
	if f == fresh && err == nil && ref.ID != "" {
		t.claims[ref.ID] = true
	}
	return f, err
}

// recogniseLine recognises a ticker entry that came without an id: an entry of
// its instant has or had its headline. One with an id claims its headline only.
func (i *ndjson) recogniseLine(ctx context.Context, t *there, e *news.TickerEntry, unnamed bool) (finding, error) {
	claim := headlineOf{e.OccurredAt, e.Headline}
	if !unnamed {
		t.claims[claim] = true
		return fresh, nil
	}
	if t.claims[claim] {
		return again, nil
	}
	same, asked := t.lines[e.OccurredAt]
	if !asked {
		var err error
		if same, err = entriesBetween(ctx, i.store, e.OccurredAt, e.OccurredAt.Add(time.Millisecond)); err != nil {
			return 0, err
		}
		t.lines[e.OccurredAt] = same
	}
	for _, other := range same {
		had := other.Headline == e.Headline
		if !had {
			var err error
			if had, err = hadHeadline(ctx, i.store, other, e.Headline); err != nil {
				return 0, err
			}
		}
		if had {
			return known, nil
		}
	}
	t.claims[claim] = true
	return fresh, nil
}

// recogniseSlug recognises an entity that came without an id by its slug. With
// an id, a slug that belongs to another is a mistake.
func (t *there) recogniseSlug(it *item) finding {
	ref := it.entity.Ref()
	claim := slugOf{ref.Kind, slugFor(it.entity)}
	switch owner := t.owners[claim]; {
	case t.claims[claim]:
		return again
	case owner != nil && ref.ID == "":
		return known
	case owner != nil:
		it.err = news.Invalid("slug", "%q belongs to %s", claim.slug, owner.Ref().ID)
		return refused
	}
	t.claims[claim] = true
	return fresh
}

// giveSlug gives a story the slug of its title, with the first number at which it
// belongs to no other story. A story without an id is known when it belongs to
// one of the same publication.
func (i *ndjson) giveSlug(ctx context.Context, t *there, it *item, s *news.Story) (finding, error) {
	candidates := slugs(s.Title)
	for n, slug := range candidates {
		if n == 1 {
			if err := i.owners(ctx, t, news.KindStory, candidates[1:]); err != nil {
				return 0, err
			}
		}
		key := slugOf{news.KindStory, slug}
		owner, taken := t.owners[key].(*news.Story)
		switch {
		case t.claims[key]:
			return again, nil
		case !taken:
			s.Slug = slug
			return fresh, nil
		case s.ID == "" && (s.PublishedAt.IsZero() || s.PublishedAt.Equal(owner.PublishedAt)):
			return known, nil
		}
	}
	it.err = news.Invalid("slug", "can't be made of the title: %q and its numbers are taken", candidates[0])
	return refused, nil
}
