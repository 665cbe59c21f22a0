package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"depeche/bench/live/event"
	"depeche/bench/live/load"
	"depeche/bench/process"
	"depeche/bench/report"
)

const (
	connectWithin = 90 * time.Second
	settleWithin  = 15 * time.Second
	drainWithin   = 30 * time.Second // from the last event until everybody has it
)

// A bed is a server under test with its readers.
type bed struct {
	*load.Loop
	server  Server
	running *running
	empty   int64 // RSS before the first reader
	sockets int64 // memory of all sockets before the first reader
}

// open starts a server and makes readers for it, who are not connected yet.
func (e *Env) open(ctx context.Context, s Server, o load.Options, body string) (*bed, error) {
	e.say("%s: starting", s.Name)
	r, err := s.start(ctx, e.Core)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	o.Address, o.Path, o.After, o.Query = r.Address, r.path, r.after, event.Query
	if body != "" {
		o.Query = event.QueryWithBody
	}
	l, err := load.New(o)
	if err != nil {
		r.stop()
		return nil, err
	}
	b := &bed{Loop: l, server: s, running: r}
	if err := b.prepare(body); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bed) prepare(body string) (err error) {
	b.Join(func(headline string) []byte { return b.running.publish(headline, body) })
	if b.empty, err = b.running.RSS(); err != nil {
		return err
	}
	b.sockets, err = process.SocketMemory()
	return err
}

func (b *bed) close() {
	b.Loop.Close()
	b.running.stop()
}

// ready connects all readers, makes sure that they are subscribed, and lets the
// server come to rest.
func (b *bed) ready(ctx context.Context, readers int) error {
	if err := b.connect(ctx, readers); err != nil {
		return err
	}
	if err := b.warm(ctx); err != nil {
		return err
	}
	return b.settle(ctx)
}

// connect connects all readers.
func (b *bed) connect(ctx context.Context, readers int) error {
	b.Connect()
	done, err := b.Wait(ctx, connectWithin, func() bool { return b.Following == readers })
	if err != nil {
		return b.explain(err)
	}
	if !done {
		return b.explain(fmt.Errorf("%d of %d readers have connected: %s", b.Following, readers, b.Ends))
	}
	return nil
}

// warm publishes until every reader has had an event, so that all are known to be
// subscribed.
func (b *bed) warm(ctx context.Context) error {
	for range 10 {
		b.Publisher.Begin(1000, 1)
		done, err := b.Wait(ctx, 3*time.Second, func() bool {
			return b.Publisher.Done() && b.Standing(b.Publisher.Published, false).Behind == 0
		})
		if err != nil {
			return b.explain(err)
		}
		if done {
			return nil
		}
	}
	return b.explain(errors.New("events do not reach all readers"))
}

// settle waits until the memory of the server stays what it is.
func (b *bed) settle(ctx context.Context) error {
	last, still := int64(0), 0
	for end := time.Now().Add(settleWithin); time.Now().Before(end) && still < 4; {
		if _, err := b.Wait(ctx, 500*time.Millisecond, nil); err != nil {
			return b.explain(err)
		}
		rss, err := b.running.RSS()
		if err != nil {
			return err
		}
		if still++; max(rss-last, last-rss) > last/200 {
			still = 0
		}
		last = rss
	}
	return nil
}

// explain adds to an error what the server said before it ended, when it has.
func (b *bed) explain(err error) error {
	if ended, last := b.running.Ended(); ended {
		return fmt.Errorf("%s: %w; the server has ended: %s", b.server.Name, err, last)
	}
	return fmt.Errorf("%s: %w", b.server.Name, err)
}

// caughtUp tells whether all events are accepted and all readers have all of them
// or were told that they have not.
func (b *bed) caughtUp() bool {
	return b.Publisher.Done() && b.Standing(b.Publisher.Published, true).Behind == 0
}

// notes are the remarkable things that happened.
func (b *bed) notes() []string {
	var notes []string
	if text := b.Faults().String(); text != "" {
		notes = append(notes, "faults: "+text)
	}
	if text := b.Ends.String(); text != "" {
		notes = append(notes, "connections ended: "+text)
	}
	return notes
}

// A window is a span of time in which a server is watched.
type window struct {
	bed       *bed
	began     time.Time
	server    time.Duration // CPU, when it began
	generator time.Duration
}

func (b *bed) watch() (window, error) {
	used, err := b.running.CPU()
	if err != nil {
		return window{}, err
	}
	b.Reset()
	return window{b, time.Now(), used, process.OwnCPU()}, nil
}

// A span is what was used in a window.
type span struct {
	used, took time.Duration // CPU of the server, and time
	generator  time.Duration // CPU of the generator
}

// end closes a window.
func (w window) end() (span, error) {
	used, err := w.bed.running.CPU()
	return span{used - w.server, time.Since(w.began), process.OwnCPU() - w.generator}, err
}

func (s span) plus(t span) span {
	return span{s.used + t.used, s.took + t.took, s.generator + t.generator}
}

// shares tells which parts of a core were used.
func (s span) shares() []report.Figure {
	return []report.Figure{
		{Name: "CPU", Unit: "%", Value: 100 * float64(s.used) / float64(s.took)},
		{Name: "generator", Unit: "%", Value: 100 * float64(s.generator) / float64(s.took)},
	}
}

// fanOut publishes events, one a second, and watches the server until everybody
// has them.
func (b *bed) fanOut(ctx context.Context, events int) (span, error) {
	w, err := b.watch()
	if err != nil {
		return span{}, err
	}
	b.Publisher.Begin(1, events)
	if _, err := b.Wait(ctx, time.Duration(events)*time.Second+drainWithin, b.caughtUp); err != nil {
		return span{}, b.explain(err)
	}
	return w.end()
}

// perDelivery is a Figure of CPU a delivery.
func perDelivery(used time.Duration, deliveries uint64) report.Figure {
	return report.Figure{Name: "CPU/delivery", Unit: "µs", Value: float64(used) / 1e3 / float64(max(deliveries, 1)), Ratio: true, Absent: deliveries == 0}
}

// perReader is a Figure of memory a reader.
func perReader(name string, bytes int64, readers int) report.Figure {
	return report.Figure{Name: name, Unit: "KiB", Value: float64(bytes) / 1024 / float64(readers)}
}

// ratio makes a Figure be told in multiples of the yardstick's, too.
func ratio(f report.Figure) report.Figure { f.Ratio = true; return f }
