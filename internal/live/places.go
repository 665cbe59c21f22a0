package live

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
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
	asking []*question
	asked  bool // somebody asks the store, and goes on until nobody asks
}

// A PlaceKey tells readers apart: a hash of all that a reader says again when it
// comes back, and nobody else says.
type PlaceKey [16]byte

// A Place is how far one reader has been served.
type Place struct {
	key    PlaceKey
	holder Holder
	served atomic.Int64
	until  time.Time // zero while the reader is there; guarded by Places
}

// A Holder is the connection of a reader. Here tells whether the reader is still
// there; where it is not, the connection is ended, and will not note any more that
// something has been served.
type Holder interface {
	Here(ctx context.Context) bool
}

// NewPlaces makes Places that are handed over through store.
func NewPlaces(store news.Handover, o PlacesOptions) *Places {
	o.Keep = orDefault(o.Keep, 5*time.Minute)
	o.Most = orDefault(o.Most, 200_000)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Places{store: store, o: o, byKey: map[PlaceKey]*Place{}}
}

// Back tells how far a reader had been served that comes back. One that was lost
// goes on from there, and only once: the place is forgotten. One that is still
// here on another connection may not be the same; what it has been served is
// doubtful. ok is false for one who has not been here. While the store can't be
// reached Back waits for it; the error is ctx's.
func (p *Places) Back(ctx context.Context, key PlaceKey) (r Return, ok bool, err error) {
	place := p.find(key)
	if place == nil {
		if err := p.fetch(ctx, key); err != nil {
			return Return{}, false, err
		}
		if place = p.find(key); place == nil {
			return Return{}, false, nil
		}
	}
	served := place.Served()
	if p.here(place) && place.holder.Here(ctx) {
		return Return{Served: &served, Doubtful: true}, true, nil
	}
	if served, ok = p.take(place); ok {
		return Return{Served: &served}, true, nil
	}
	// Somebody else was faster, or it is too late.
	return Return{}, false, ctx.Err()
}

func (p *Places) find(key PlaceKey) *Place {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byKey[key]
}

func (p *Places) here(place *Place) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return place.until.IsZero()
}

// take forgets a place; ok is false when it has been forgotten already, or its time
// has passed.
func (p *Places) take(place *Place) (served news.Seq, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey[place.key] != place {
		return 0, false
	}
	delete(p.byKey, place.key)
	return place.Served(), place.until.IsZero() || p.o.Now().Before(place.until)
}

// fetch gets the place that another node, or the last process, has left. It stays
// here, whatever becomes of who asks for it.
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

// Begin remembers a reader who is here, on the connection of holder, and knows what
// lies before at. It is nil when there are too many: the reader is then not
// remembered.
func (p *Places) Begin(key PlaceKey, at news.Seq, holder Holder) *Place {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.byKey) >= p.o.Most {
		return nil
	}
	place := &Place{key: key, holder: holder}
	place.served.Store(int64(at))
	p.byKey[key] = place
	return place
}

// Serve notes that everything up to a line has arrived.
func (l *Place) Serve(through news.Seq) { l.served.Store(int64(through)) }

// Served is the line up to which everything has arrived.
func (l *Place) Served() news.Seq { return news.Seq(l.served.Load()) }

// Lose keeps the place of a reader whose connection is gone.
func (p *Places) Lose(place *Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	place.until, place.holder = p.o.Now().Add(p.o.Keep), nil
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
	for key, place := range p.byKey {
		if !place.until.IsZero() && !now.Before(place.until) {
			delete(p.byKey, key)
		}
	}
}

// Leave hands the places of some readers over through the store, and those of
// all who are gone and have not come back where gone is set. They are not
// remembered here any more.
func (p *Places) Leave(ctx context.Context, some []*Place, gone bool) error {
	now := p.o.Now()
	list := p.letGo(now, some, gone)
	for len(list) > 0 {
		n := min(len(list), news.MaxPlaces)
		if err := p.store.LeavePlaces(ctx, now, list[:n]); err != nil {
			return fmt.Errorf("hand over the places of %d readers: %w", len(list), err)
		}
		list = list[n:]
	}
	return nil
}

func (p *Places) letGo(now time.Time, some []*Place, gone bool) []news.Place {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []news.Place
	leave := func(place *Place, until time.Time) {
		if p.byKey[place.key] == place {
			delete(p.byKey, place.key)
			list = append(list, news.Place{Key: place.key.String(), Seq: place.Served(), Until: until})
		}
	}
	for _, place := range some {
		leave(place, now.Add(p.o.Keep))
	}
	if gone {
		for _, place := range p.byKey {
			if now.Before(place.until) {
				leave(place, place.until)
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

// keep remembers a reader who is not here, but may come back.
func (p *Places) keep(key PlaceKey, served news.Seq) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey[key] == nil {
		place := &Place{key: key, until: p.o.Now().Add(p.o.Keep)}
		place.served.Store(int64(served))
		p.byKey[key] = place
	}
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
