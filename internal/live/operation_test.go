package live_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"sync"
	"sync/atomic"
	"testing"

	"depeche/internal/live"
	"depeche/internal/news"
)

// An operation shows the text of each event's entity and, where it is told so, of
// another entity as it is when it is executed. What it is slow or fails with, a
// test decides on.
type operation struct {
	t       testing.TB
	ctx     context.Context      // when it ends, nothing is executed any more; nil: never
	wants   func(news.Line) bool // nil: everything
	reopens func(news.Line) bool // nil: never
	admit   func(context.Context) error
	beside  func(live.Event) (string, error) // what stands beside the event; nil: nothing
	trouble func(live.Event) error           // before each execution; nil: none
	padding int                              // bytes

	running atomic.Bool
	mu      sync.Mutex
	count   map[news.Seq]int // executions that succeeded, by line
}

var _ live.Reopener = (*operation)(nil)

// shown is what a payload holds.
type shown struct {
	Seq    news.Seq
	Kind   news.EventKind
	Text   string
	Beside string
}

func (o *operation) Wants(line news.Line) bool { return o.wants == nil || o.wants(line) }

func (o *operation) Reopens(line news.Line) bool { return o.reopens != nil && o.reopens(line) }

func (o *operation) Admit(ctx context.Context) error {
	if o.admit == nil {
		return nil
	}
	return o.admit(ctx)
}

func (o *operation) Execute(e live.Event) ([]byte, error) {
	if o.running.Swap(true) {
		o.t.Errorf("line %d is executed while another is", e.Seq)
	}
	defer o.running.Store(false)
	if o.ctx != nil && o.ctx.Err() != nil {
		return nil, o.ctx.Err()
	}
	if o.trouble != nil {
		if err := o.trouble(e); err != nil {
			return nil, err
		}
	}
	s := shown{Seq: e.Seq, Kind: e.Kind, Text: text(e.Public)}
	if o.beside != nil {
		var err error
		if s.Beside, err = o.beside(e); err != nil {
			return nil, err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.count == nil {
		o.count = map[news.Seq]int{}
	}
	o.count[e.Seq]++
	made, err := json.Marshal(s)
	return append(made, bytes.Repeat([]byte{' '}, o.padding)...), err
}

// executed is how often each line was.
func (o *operation) executed() map[news.Seq]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.count)
}

// joining is how a reader joins who follows the operation.
func (o *operation) joining(key string, reader live.Reader, after *news.LogCursor) live.Joining {
	return live.Joining{
		Key: key, After: after, Reader: reader,
		Open: func(context.Context) (live.Operation, error) { return o, nil },
	}
}
