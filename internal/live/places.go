package live

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"depeche/internal/news"
)

// PlacesOptions bounds Places. Zero fields take their defaults.
type PlacesOptions struct {
	Keep   time.Duration    // how long somebody who is gone is remembered: 5 min
	Most   int              // who are remembered, those who are there counted: 200,000
	Now    func() time.Time // time.Now
	Logger *slog.Logger     // nothing is logged without one
}

// Places remembers how far readers were served, so that one who lost its
// connection and asks for the very same goes on from there. When the process ends
// they are handed over through the store, to whatever node the readers come back
// to. Places may be used by many goroutines at once.
type Places struct {
	store news.Handover
	o     PlacesOptions

	mu     sync.Mutex
	byKey  map[PlaceKey]*Place
	gone   []*Place // who have been lost, the first first; some have come back since
	asking []*question
	asked  bool // somebody asks the store, and goes on until nobody asks
}

// A PlaceKey tells readers apart: a hash of all that a reader says again when it
// comes back, and nobody else says.
type PlaceKey [16]byte

// A Place is how far one reader has been served.
type Place struct {
	key    PlaceKey
	served atomic.Int64

	// Guarded by Places.
	holder Holder    // the reader's connection; nil when that is gone
	until  time.Time // when the reader is forgotten that is gone
	left   news.Seq  // what another node has left for it meanwhile
}

// A Holder is the connection of a reader. Here tells whether the reader is still
// there; where it is not, the connection is ended, and will not note any more that
// something has been served.
type Holder interface {
	Here(ctx context.Context) bool
}

// NewPlaces makes Places that are handed over through store.
func NewPlaces(store news.Handover, o PlacesOptions) *Places {
	o.Keep = cmp.Or(o.Keep, 5*time.Minute)
	o.Most = cmp.Or(o.Most, 200_000)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Places{store: store, o: o, byKey: map[PlaceKey]*Place{}}
}

// Back tells how far a reader had been served that comes back, on the connection of
// holder. One that was lost goes on from there, in a place of its own at once: it
// may be lost again before it is served. One that is still here on another
// connection may not be the same; it has no place then, and what it has been served
// is doubtful. ok is false for one who has not been here. While the store can't be
// reached Back waits for it; the error is ctx's.
func (p *Places) Back(ctx context.Context, key PlaceKey, holder Holder) (place *Place, r Return, ok bool, err error) {
	// Also where a place is known here: the reader may have been elsewhere since.
	if err := p.fetch(ctx, key); err != nil {
		return nil, Return{}, false, err
	}
	for {
		old, held := p.find(key)
		if old == nil {
			return nil, Return{}, false, nil
		}
		if held != nil && held.Here(ctx) {
			served := old.Served()
			return nil, Return{Served: &served, Doubtful: true}, true, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, Return{}, false, err
		}
		if place := p.takeOver(old, holder); place != nil {
			served := place.Served()
			return place, Return{Served: &served}, true, nil
		}
		// Somebody else was faster, and may be gone again by now.
	}
}

// find looks for a place that is good, and who holds it: nobody when its reader is
// gone.
func (p *Places) find(key PlaceKey) (*Place, Holder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	place := p.byKey[key]
	if place == nil {
		return nil, nil
	}
	if place.holder == nil && !p.o.Now().Before(place.until) {
		delete(p.byKey, key)
		return nil, nil
	}
	return place, place.holder
}

// takeOver puts a new place where old was; nil when it is no longer there.
func (p *Places) takeOver(old *Place, holder Holder) *Place {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey[old.key] != old {
		return nil
	}
	place := &Place{key: old.key, holder: holder}
	place.served.Store(int64(max(old.Served(), old.left)))
	p.byKey[old.key] = place
	return place
}

// fetch gets the place that another node, or the last process, has left, if there
// is one. It stays here, whatever becomes of who asks for it.
func (p *Places) fetch(ctx context.Context, key PlaceKey) error {
	for {
		err := p.ask(ctx, key)
		if err == nil || ctx.Err() != nil {
			return err
		}
		p.o.Logger.DebugContext(ctx, "a reader's place can't be asked for; trying again", "op", "places", "error", err)
		if err := rest(ctx, time.Second); err != nil {
			return err
		}
	}
}

// Begin remembers a reader who is here for the first time, on the connection of
// holder, and knows what lies before at. It is nil when there are too many readers,
// or another one is known by the same key: the reader is then not remembered.
func (p *Places) Begin(key PlaceKey, at news.Seq, holder Holder) *Place {
	p.mu.Lock()
	defer p.mu.Unlock()
	other := p.byKey[key]
	if other != nil && other.holder != nil || other == nil && !p.room() {
		return nil
	}
	place := &Place{key: key, holder: holder}
	place.served.Store(int64(at))
	p.byKey[key] = place
	return place
}

// room makes room for another place, if need be by forgetting who has been gone
// for the longest time. The caller holds p.mu.
func (p *Places) room() bool {
	for len(p.byKey) >= p.o.Most && len(p.gone) > 0 {
		oldest := p.gone[0]
		p.gone = p.gone[1:]
		if p.byKey[oldest.key] == oldest {
			delete(p.byKey, oldest.key)
		}
	}
	return len(p.byKey) < p.o.Most
}

// Serve notes that everything up to a line has arrived.
func (l *Place) Serve(through news.Seq) { l.served.Store(int64(through)) }

// Served is the line up to which everything has arrived.
func (l *Place) Served() news.Seq { return news.Seq(l.served.Load()) }

// Lose keeps the place of a reader whose connection is gone.
func (p *Places) Lose(place *Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey[place.key] == place {
		p.lose(place)
	}
}

// lose has the caller hold p.mu.
func (p *Places) lose(place *Place) {
	place.until, place.holder = p.o.Now().Add(p.o.Keep), nil
	p.gone = append(p.gone, place)
}

// Forget forgets a reader who has said that it wants no more.
func (p *Places) Forget(place *Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey[place.key] == place {
		delete(p.byKey, place.key)
	}
}

// Sweep forgets those who did not come back in time. It is to be called now and
// then.
func (p *Places) Sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.o.Now()
	for len(p.gone) > 0 && !now.Before(p.gone[0].until) {
		if oldest := p.gone[0]; p.byKey[oldest.key] == oldest {
			delete(p.byKey, oldest.key)
		}
		p.gone = p.gone[1:]
	}
}

// Leave hands the places of some readers over through the store, and those of all
// who are gone and have not come back where gone is set. What has been handed over
// is not remembered here any more; on an error the rest is.
func (p *Places) Leave(ctx context.Context, some []*Place, gone bool) error {
	now := p.o.Now()
	for places := range slices.Chunk(p.toLeave(now, some, gone), news.MaxPlaces) {
		list := make([]news.Place, len(places))
		for i, place := range places {
			list[i] = news.Place{Key: place.key.String(), Seq: place.Served(), Until: now.Add(p.o.Keep)}
		}
		if err := p.store.LeavePlaces(ctx, now, list); err != nil {
			return fmt.Errorf("hand over the places of %d readers: %w", len(list), err)
		}
		for _, place := range places {
			p.Forget(place)
		}
	}
	return nil
}

func (p *Places) toLeave(now time.Time, some []*Place, gone bool) []*Place {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*Place
	for _, place := range some {
		if p.byKey[place.key] == place {
			list = append(list, place)
		}
	}
	if gone {
		for _, place := range p.byKey {
			if place.holder == nil && now.Before(place.until) {
				place.Serve(max(place.Served(), place.left))
				list = append(list, place)
			}
		}
	}
	return list
}

// String is the key as it is in the store.
func (k PlaceKey) String() string { return hex.EncodeToString(k[:]) }

// A question is that of one reader for its place.
type question struct {
	key  PlaceKey
	err  error
	done chan struct{}
}

// ask asks the store. Those who ask while it answers are asked for together: when
// a node has ended, its readers come all at once.
func (p *Places) ask(ctx context.Context, key PlaceKey) error {
	q := &question{key: key, done: make(chan struct{})}
	p.mu.Lock()
	p.asking = append(p.asking, q)
	if !p.asked {
		p.asked = true
		go p.askStore()
	}
	p.mu.Unlock()
	select {
	case <-q.done:
		return q.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answerWithin bounds how long the store may take to find places.
const answerWithin = 15 * time.Second

// askStore asks for whoever asks until nobody does.
func (p *Places) askStore() {
	for {
		questions := p.questions()
		if len(questions) == 0 {
			return
		}
		keys := make([]string, len(questions))
		for i, q := range questions {
			keys[i] = q.key.String()
		}
		ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
		found, err := p.store.TakePlaces(ctx, p.o.Now(), keys)
		cancel()
		for i, q := range questions {
			if served, ok := found[keys[i]]; ok {
				p.keep(q.key, served)
			}
			q.err = err
			close(q.done)
		}
	}
}

// keep remembers what another node has left for a reader.
func (p *Places) keep(key PlaceKey, served news.Seq) {
	p.mu.Lock()
	defer p.mu.Unlock()
	place := p.byKey[key]
	if place == nil {
		if !p.room() {
			return
		}
		place = &Place{key: key}
		p.byKey[key] = place
		p.lose(place)
	}
	place.left = max(place.left, served)
}

func (p *Places) questions() []*question {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min(len(p.asking), news.MaxPlaceKeys)
	questions := p.asking[:n]
	p.asking = p.asking[n:]
	p.asked = n > 0
	return questions
}
