package mongo

import (
	"context"

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
	for {
		if err := w.harvest(ctx); err != nil {
			return nil, err
		}
		candidates := w.candidates()
		st, err := w.store.standing(ctx, candidates)
		if err != nil {
			return nil, err
		}
		batch, refused := st.admitAll(candidates)
		if len(refused) == 0 {
			return batch, nil
		}
		// The refusals hold when nothing has come that was not known.
		if err := w.store.catchUp(ctx); err != nil {
			return nil, err
		}
		if w.store.tail.end().seq != st.head {
			continue
		}
		for c, refusal := range refused {
			if c.err, err = w.store.explain(ctx, refusal); err != nil {
				return nil, err
			}
		}
		return batch, nil
	}
}

// candidates are the first lines of the queue that make a batch.
func (w *writer) candidates() []draft {
	var batch []draft
	size := 0
	for _, c := range w.queue {
		if c.err != nil {
			continue
		}
		for _, e := range c.entries {
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

// standing is what decides whether changes may follow on line head.
type standing struct {
	head     news.Seq
	entities map[news.EntityID]*entity
	owners   map[slugOf]news.EntityID
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

// standing reads what decides about the candidates, as of the newest line that
// is known. An entity of which a candidate is the first version is not looked
// for: where there is one, the log refuses the line.
func (s *Store) standing(ctx context.Context, candidates []draft) (*standing, error) {
	st := &standing{entities: make(map[news.EntityID]*entity), owners: make(map[slugOf]news.EntityID)}
	ids := make(map[news.Kind][]string)
	slugs := make(map[news.Kind][]string)
	for _, e := range candidates {
		if e.ref.Version > 1 {
			ids[e.ref.Kind] = append(ids[e.ref.Kind], string(e.ref.ID))
		}
		slugs[e.ref.Kind] = append(slugs[e.ref.Kind], e.Doc.Slugs()...)
	}
	begin := s.tail.begin()
	for kind := range slugs {
		var either bson.A
		if len(ids[kind]) > 0 {
			either = append(either, bson.D{{Key: "_id", Value: in(ids[kind])}})
		}
		if len(slugs[kind]) > 0 {
			either = append(either, bson.D{{Key: "slugs", Value: in(slugs[kind])}})
		}
		for _, filter := range either {
			if err := s.stand(ctx, st, kind, filter); err != nil {
				return nil, err
			}
		}
	}
	links, head := s.tail.since(begin)
	for _, l := range links {
		st.note(l.ref, l.slugs)
	}
	st.head = head
	return st, nil
}

// stand notes how far the entities that filter finds have come.
func (s *Store) stand(ctx context.Context, st *standing, kind news.Kind, filter any) error {
	found, err := s.collection(kind).Find(ctx, filter, options.Find().
		SetProjection(bson.D{{Key: "version", Value: 1}, {Key: "slugs", Value: 1}}))
	if err != nil {
		return err
	}
	var documents []struct {
		ID      news.EntityID `bson:"_id"`
		Version int           `bson:"version"`
		Slugs   []string      `bson:"slugs"`
	}
	if err := found.All(ctx, &documents); err != nil {
		return err
	}
	for _, d := range documents {
		st.note(news.Ref{Kind: kind, ID: d.ID, Version: d.Version}, d.Slugs)
	}
	return nil
}

// note enters a version of an entity, unless a newer one is known.
func (st *standing) note(ref news.Ref, slugs []string) {
	if e := st.entities[ref.ID]; e != nil && e.version >= ref.Version {
		return
	}
	st.entities[ref.ID] = &entity{ref.Kind, ref.Version, slugs}
	for _, slug := range slugs {
		st.owners[slugOf{ref.Kind, slug}] = ref.ID
	}
}

// admitAll numbers the candidates that may follow on one another. Of a call that
// is refused something, nothing more is taken.
func (st *standing) admitAll(candidates []draft) (batch []draft, refused map[*call]error) {
	refused = make(map[*call]error)
	for _, d := range candidates {
		if refused[d.call] != nil {
			continue
		}
		if err := st.admit(d.entry); err != nil {
			refused[d.call] = err
			continue
		}
		d.Seq = st.head + 1 + news.Seq(len(batch))
		batch = append(batch, d)
	}
	return batch, refused
}

// admit takes e for committed, if it may be. Errors: *news.ConflictError, which
// does not tell the version, *news.TakenError.
func (st *standing) admit(e *entry) error {
	var had entity
	if known := st.entities[e.ref.ID]; known != nil {
		had = *known
	}
	if e.ref.Version != had.version+1 || had.version > 0 && had.kind != e.ref.Kind {
		return &news.ConflictError{ID: e.ref.ID}
	}
	for _, slug := range e.Doc.Slugs() {
		if owner, owned := st.owners[slugOf{e.ref.Kind, slug}]; owned && owner != e.ref.ID {
			return &news.TakenError{Slug: slug, Owner: owner}
		}
	}
	e.slugs = grown(had.slugs, e.Doc.Slugs())
	st.note(e.ref, e.slugs)
	return nil
}

// explain completes a refusal with the version that the entity is in.
func (s *Store) explain(ctx context.Context, refusal error) (explained, err error) {
	conflict, ok := refusal.(*news.ConflictError)
	if !ok {
		return refusal, nil
	}
	conflict.Current, err = s.version(ctx, conflict.ID)
	return conflict, err
}

// version is the newest version of an entity of any kind, 0 where there is none.
func (s *Store) version(ctx context.Context, id news.EntityID) (int, error) {
	found, err := s.log().Find(ctx, bson.D{{Key: "entity", Value: string(id)}}, options.Find().
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
