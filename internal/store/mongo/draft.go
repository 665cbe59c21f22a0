package mongo

import (
	"context"
	"fmt"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"depeche/internal/news"
)

// A draft is an entry that may be committed as line Seq, if that is still the
// next one.
type draft struct {
	*entry
	call *call
}

// draft numbers the lines of the queue that may follow on the newest line that
// is known, up to one batch. Calls whose next change may not be committed get
// their error.
func (w *writer) draft(ctx context.Context) ([]draft, error) {
	// Who has lost a race is behind, and refuses by what was true some time ago.
	for sure := w.lost > 0; ; sure = true {
		if sure {
			if err := w.store.catchUp(ctx); err != nil {
				return nil, err
			}
		}
		if err := w.harvest(ctx); err != nil {
			return nil, err
		}
		candidates := w.candidates()
		if err := w.store.learnOf(ctx, w.known, candidates); err != nil {
			return nil, err
		}
		if w.known.line > w.known.at.seq {
			// What was read of the projection is newer than what is known of
			// the log: it has to be in the log by now.
			if err := w.store.catchUp(ctx); err != nil {
				return nil, err
			}
			if end := w.store.tail.end(); w.known.line > end.seq {
				return nil, ahead(w.known.line, end.seq)
			}
			continue
		}
		batch, refused := w.known.admit(candidates)
		if len(refused) > 0 && !sure {
			continue
		}
		for c, refusal := range refused {
			if refusal.entry != c.entries[0] {
				continue // what comes before it comes first
			}
			explained, err := w.store.explain(ctx, refusal.err)
			if err != nil {
				return nil, err
			}
			c.err = explained
		}
		return batch, nil
	}
}

// ahead tells of an entity that follows from a line which the log has not got.
func ahead(line, head news.Seq) error {
	return fmt.Errorf("%w: an entity follows from line %d, and the log ends at line %d; is the backup that was restored whole?", errDamaged, line, head)
}

// candidates are lines of the queue that make a batch: of each call the first
// ones, so that a large call does not keep the others waiting.
func (w *writer) candidates() []draft {
	var batch []draft
	size, share := 0, max(maxBatch/len(w.queue), 1)
	for _, c := range w.queue {
		for _, e := range c.entries[:min(share, len(c.entries))] {
			size += len(e.doc)
			full := len(batch) == maxBatch || size > maxBatchBytes || w.alone
			if full && len(batch) > 0 {
				return batch
			}
			batch = append(batch, draft{e, c})
		}
	}
	return batch
}

// knowledge is what decides whether changes may follow on a line of the log. It
// is kept up to date by the lines that come, so that who has lost a race looks
// again without asking.
type knowledge struct {
	at       *link                    // the line that it is as of
	line     news.Seq                 // the newest that was met in the projection
	entities map[news.EntityID]entity // the zero entity is not there
	owners   map[slugOf]news.EntityID // of slugs that were looked for; empty: free
}

// An entity is how far one has come.
type entity struct {
	kind    news.Kind
	version int
	slugs   []string
}

type slugOf struct {
	kind news.Kind
	slug string
}

// A refusal is why an entry may not be committed.
type refusal struct {
	entry *entry
	err   error
}

// maxKnown bounds what is kept of entities and slugs.
const maxKnown = 10_000

func newKnowledge(at *link) *knowledge {
	return &knowledge{at: at, entities: make(map[news.EntityID]entity), owners: make(map[slugOf]news.EntityID)}
}

// learnOf brings k up to the newest line that is known, and adds what decides
// about the candidates. An entity of which a candidate is the first version is
// not looked for: where there is one, the log refuses the line.
func (s *Store) learnOf(ctx context.Context, k *knowledge, candidates []draft) error {
	begin := s.tail.begin()
	if len(k.entities)+len(k.owners) > maxKnown {
		*k = *newKnowledge(s.tail.end())
	}
	ids, slugs := make(map[news.Kind][]string), make(map[news.Kind][]string)
	for _, d := range candidates {
		ref := d.ref
		if _, known := k.entities[ref.ID]; !known && ref.Version > 1 {
			ids[ref.Kind] = append(ids[ref.Kind], string(ref.ID))
		}
		for _, slug := range d.Doc.Slugs() {
			if _, known := k.owners[slugOf{ref.Kind, slug}]; !known {
				slugs[ref.Kind] = append(slugs[ref.Kind], slug)
			}
		}
	}
	for kind, some := range ids {
		if err := s.learnBy(ctx, k, kind, "_id", some); err != nil {
			return err
		}
	}
	for kind, some := range slugs {
		if err := s.learnBy(ctx, k, kind, "slugs", some); err != nil {
			return err
		}
		for _, slug := range some {
			if key := (slugOf{kind, slug}); k.owners[key] == "" {
				k.owners[key] = "" // looked for, and free
			}
		}
	}
	// Of what was known before, only what came since is new; of what has been
	// read, all that may not have been projected.
	for _, from := range []*link{k.at, begin} {
		links, _ := s.tail.since(from)
		for _, l := range links {
			k.note(l.ref, l.slugs)
			if l.seq > k.at.seq {
				k.at = l
			}
		}
	}
	return nil
}

// learnBy adds how far the entities have come whose field has one of values.
func (s *Store) learnBy(ctx context.Context, k *knowledge, kind news.Kind, field string, values []string) error {
	found, err := s.collection(kind).Find(ctx, bson.D{{Key: field, Value: in(values)}}, options.Find().
		SetProjection(bson.D{{Key: "version", Value: 1}, {Key: "slugs", Value: 1}, {Key: "line", Value: 1}}))
	if err != nil {
		return err
	}
	var documents []struct {
		ID      news.EntityID `bson:"_id"`
		Version int           `bson:"version"`
		Slugs   []string      `bson:"slugs"`
		Line    news.Seq      `bson:"line"`
	}
	if err := found.All(ctx, &documents); err != nil {
		return err
	}
	for _, d := range documents {
		k.note(news.Ref{Kind: kind, ID: d.ID, Version: d.Version}, d.Slugs)
		k.line = max(k.line, d.Line)
	}
	return nil
}

// note enters a version of an entity, unless a newer one is known.
func (k *knowledge) note(ref news.Ref, slugs []string) {
	if k.entities[ref.ID].version >= ref.Version {
		return
	}
	k.entities[ref.ID] = entity{ref.Kind, ref.Version, slugs}
	for _, slug := range slugs {
		k.owners[slugOf{ref.Kind, slug}] = ref.ID
	}
}

// admit numbers the candidates that may follow on one another. Of a call that is
// refused something, nothing more is taken. Errors: *news.ConflictError, which
// does not tell the version, *news.TakenError.
func (k *knowledge) admit(candidates []draft) (batch []draft, refused map[*call]refusal) {
	// What is drafted is not known yet.
	drafted := newKnowledge(k.at)
	refused = make(map[*call]refusal)
	for _, d := range candidates {
		if _, is := refused[d.call]; is {
			continue
		}
		if err := k.check(drafted, d.entry); err != nil {
			refused[d.call] = refusal{d.entry, err}
			continue
		}
		d.Seq = k.at.seq + 1 + news.Seq(len(batch))
		batch = append(batch, d)
	}
	return batch, refused
}

// check takes e into what is drafted, if it may be.
func (k *knowledge) check(drafted *knowledge, e *entry) error {
	had := k.entities[e.ref.ID]
	if is, ok := drafted.entities[e.ref.ID]; ok {
		had = is
	}
	if e.ref.Version != had.version+1 || had.version > 0 && had.kind != e.ref.Kind {
		return &news.ConflictError{ID: e.ref.ID}
	}
	slugs := e.Doc.Slugs()
	for _, slug := range slugs {
		key := slugOf{e.ref.Kind, slug}
		for _, owner := range []news.EntityID{k.owners[key], drafted.owners[key]} {
			if owner != "" && owner != e.ref.ID {
				return &news.TakenError{Slug: slug, Owner: owner}
			}
		}
	}
	e.slugs = grown(had.slugs, slugs)
	drafted.note(e.ref, e.slugs)
	return nil
}

// explain completes a refusal with the version that the entity is in.
func (s *Store) explain(ctx context.Context, refusal error) (explained, err error) {
	conflict, ok := refusal.(*news.ConflictError)
	if !ok {
		return refusal, nil
	}
	current, err := s.version(ctx, conflict.ID, math.MaxInt64)
	return &news.ConflictError{ID: conflict.ID, Current: current}, err
}

// version is the newest version of an entity of any kind in the lines below one,
// 0 where there is none.
func (s *Store) version(ctx context.Context, id news.EntityID, below news.Seq) (int, error) {
	filter := bson.D{{Key: "entity", Value: string(id)}, {Key: "_id", Value: bson.D{{Key: "$lt", Value: int64(below)}}}}
	found, err := s.log().Find(ctx, filter, options.Find().
		SetSort(bson.D{{Key: "version", Value: -1}}).SetLimit(1).SetProjection(bson.D{{Key: "version", Value: 1}}))
	if err != nil {
		return 0, err
	}
	var lines []struct {
		Version int `bson:"version"`
	}
	if err := found.All(ctx, &lines); err != nil || len(lines) == 0 {
		return 0, err
	}
	return lines[0].Version, nil
}

func in[E any](list []E) bson.D { return bson.D{{Key: "$in", Value: list}} }
