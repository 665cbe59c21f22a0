package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// A Wire publishes made-up ticker lines, one after the other for ever, and now
// and then corrects or retracts one.
type Wire struct {
	desk   *desk.Desk
	logger *slog.Logger
	lines  []wireLine
}

type wireLine struct {
	Headline string
	Body     news.Text
	Priority news.Priority
	Tags     []string
	Coverage *string
	Source   *news.Source
	KeyEvent bool
	Then     *afterthought
}

// An afterthought is what becomes of a line a little later.
type afterthought struct {
	Correct *struct{ Headline, Note string }
	Retract *struct{ Note string }
}

// NewWire reads the script of the wire.
func NewWire(d *desk.Desk, logger *slog.Logger) (*Wire, error) {
	text, err := files.ReadFile("wire.ndjson")
	if err != nil {
		return nil, fmt.Errorf("read the wire's script: %w", err)
	}
	w := &Wire{desk: d, logger: logger}
	for line := range bytes.Lines(text) {
		var l wireLine
		if err := json.Unmarshal(line, &l); err != nil {
			return nil, fmt.Errorf("read line %d of the wire's script: %w", len(w.lines)+1, err)
		}
		w.lines = append(w.lines, l)
	}
	return w, nil
}

const (
	quickest = 2 * time.Second
	slowest  = 6 * time.Second
	// laterBy is how many turns go by before an afterthought.
	laterBy = 3
)

// Run publishes until ctx ends. What can't be published is logged and left out.
func (w *Wire) Run(ctx context.Context) {
	pending := map[int]func() error{} // by the turn at which it is due
	script := 0
	pause := time.NewTimer(quickest)
	defer pause.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		if then := pending[turn]; then != nil {
			delete(pending, turn)
			w.report(ctx, then())
		} else {
			line := w.lines[script%len(w.lines)]
			script++
			entry, err := w.publish(ctx, line)
			if w.report(ctx, err); err == nil && line.Then != nil {
				pending[turn+laterBy] = func() error { return w.follow(ctx, entry, *line.Then) }
			}
		}
		pause.Reset(quickest + rand.N(slowest-quickest))
	}
}

func (w *Wire) publish(ctx context.Context, line wireLine) (*news.TickerEntry, error) {
	return w.desk.PublishTickerEntry(ctx, newsroom(), "", false, func(e *desk.TickerEdit) {
		e.Headline, e.Body, e.Priority = line.Headline, line.Body, line.Priority
		e.KeyEvent, e.Source = line.KeyEvent, line.Source
		e.TagRefs, e.CoverageRef = line.Tags, line.Coverage
	})
}

func (w *Wire) follow(ctx context.Context, entry *news.TickerEntry, then afterthought) error {
	var err error
	switch {
	case then.Correct != nil:
		_, err = w.desk.CorrectTickerEntry(ctx, newsroom(), entry.ID, entry.Version, then.Correct.Note, news.Correcting, func(e *desk.TickerEdit) {
			e.Headline = then.Correct.Headline
		})
	case then.Retract != nil:
		_, err = w.desk.RetractTickerEntry(ctx, newsroom(), entry.ID, entry.Version, then.Retract.Note)
	}
	return err
}

func (w *Wire) report(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		w.logger.WarnContext(ctx, "the demo wire could not publish", "op", "wire", "error", err)
	}
}
