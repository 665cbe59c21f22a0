// Package webhook sends public events to the addresses that administrators have
// named.
//
// A Deliverer follows the log for each webhook from a place of its own, and sends
// what live subscriptions show, no more: one event after the other, each until it
// is acknowledged, so that none is left out and none overtakes another; after a
// crash the last ones come again. Of several processes one sends to a webhook, and
// leaves its place in the store for the next. It refuses to speak with private
// addresses unless it is told to, and gives up on a receiver that goes on failing.
package webhook

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

// A Source is the log as the public may see it; a *live.Follower is one.
type Source interface {
	// Events makes events of the lines after a place, of at most limit lines, that
	// are wanted. through is the line up to which that was done.
	Events(ctx context.Context, after news.Seq, limit int, wanted func(news.Line) bool) (events []live.Event, through news.Seq, err error)
	// Wait waits until there are lines after a place.
	Wait(ctx context.Context, after news.Seq) error
	// Withdrawn is the newest line that took something from the public. Events that
	// were made before it moved on may show too much.
	Withdrawn() news.Seq
	// Cursor is the place of a line.
	Cursor(seq news.Seq) news.LogCursor
}

// A Store has the webhooks, keeps how far each of them is, and knows what an event
// refers to.
type Store interface {
	news.Lister
	TakeLease(ctx context.Context, now time.Time, l news.Lease) (news.Lease, error)
	Leases(ctx context.Context, keys []string) (map[string]news.Lease, error)

	StoriesByID(ctx context.Context, who news.Audience, ids []news.StoryID) (map[news.StoryID]*news.Story, error)
	TagsByID(ctx context.Context, ids []news.TagID) (map[news.TagID]*news.Tag, error)
	CoveragesByID(ctx context.Context, ids []news.CoverageID) (map[news.CoverageID]*news.Coverage, error)
}

// A Desk is told of webhooks that have failed too often.
type Desk interface {
	FailWebhook(ctx context.Context, id news.WebhookID, expected int, reason string) error
}

// Options say how a Deliverer delivers. Mark is required; other zero fields take
// their defaults.
type Options struct {
	// Mark writes a place in the log as clients give it back.
	Mark         func(news.LogCursor) string
	AllowPrivate bool          // whether addresses are spoken with that are not public
	MaxFailures  int           // in a row, at which a webhook is dead: 36, which takes a day
	Timeout      time.Duration // for an answer: 10 s; at most that
	Poll         time.Duration // webhooks that nobody delivers to are looked for this often: 5 s
	// Transport is what requests go through instead of connections of the
	// Deliverer's own; AllowPrivate says nothing then.
	Transport http.RoundTripper
	Now       func() time.Time // the clock that nodes agree on: time.Now
	Logger    *slog.Logger     // nothing is logged without one
}

const (
	defaultMaxFailures = 36
	defaultPoll        = 5 * time.Second
	maxTimeout         = 10 * time.Second
)

// A Deliverer sends to webhooks. Its methods may be called by many goroutines at
// once; Run is called once.
type Deliverer struct {
	store       Store
	desk        Desk
	client      *http.Client
	mark        func(news.LogCursor) string
	maxFailures int
	timeout     time.Duration
	poll        time.Duration
	now         func() time.Time
	logger      *slog.Logger

	holder  string // of the leases: this Deliverer alone
	changed chan struct{}
}

// New makes a Deliverer. It sends nothing until Run is called.
func New(store Store, desk Desk, o Options) *Deliverer {
	d := &Deliverer{
		store: store, desk: desk, mark: o.Mark,
		maxFailures: cmp.Or(o.MaxFailures, defaultMaxFailures),
		timeout:     min(cmp.Or(o.Timeout, maxTimeout), maxTimeout),
		poll:        cmp.Or(o.Poll, defaultPoll),
		logger:      o.Logger,
		holder:      rand.Text(),
		changed:     make(chan struct{}, 1),
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	// As the store keeps it: what other nodes read, and what goes on while this
	// one is suspended.
	d.now = func() time.Time { return news.Instant(now()) }
	if d.logger == nil {
		d.logger = slog.New(slog.DiscardHandler)
	}
	transport := o.Transport
	if transport == nil {
		transport = newTransport(o.AllowPrivate, d.timeout)
	}
	d.client = &http.Client{Transport: transport, CheckRedirect: refuseRedirect}
	return d
}

// Passed hears of lines that were added to the log, so that changes of webhooks
// count at once.
func (d *Deliverer) Passed(lines []news.Line) {
	if !slices.ContainsFunc(lines, func(l news.Line) bool { return l.Doc.Ref().Kind == news.KindWebhook }) {
		return
	}
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

// Run delivers what follows in source until ctx ends, and returns its error. It ends
// when everything that it has begun has ended.
func (d *Deliverer) Run(ctx context.Context, source Source) error {
	turns := map[news.WebhookID]*turn{}
	defer d.client.CloseIdleConnections()
	defer func() { end(turns) }()
	poll := time.NewTicker(d.poll)
	defer poll.Stop()
	failing := false
	for {
		err := d.share(ctx, source, turns)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !failing:
			d.logger.WarnContext(ctx, "webhooks can't be read; trying again", "op", "deliver", "error", err)
		case err == nil && failing:
			d.logger.InfoContext(ctx, "webhooks are read again", "op", "deliver")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.changed:
		case <-poll.C:
		}
	}
}

// share takes turns at the webhooks that nobody delivers to, and ends those at
// webhooks that have changed.
func (d *Deliverer) share(ctx context.Context, source Source, turns map[news.WebhookID]*turn) error {
	active, err := d.active(ctx)
	if err != nil {
		return err
	}
	ended := map[news.WebhookID]*turn{}
	for id, t := range turns {
		if hook := active[id]; hook == nil || hook.Version != t.hook.Version || t.over() {
			ended[id] = t
			delete(turns, id)
		}
	}
	end(ended)
	var keys []string
	for id := range active {
		if turns[id] == nil {
			keys = append(keys, id.LeaseKey())
		}
	}
	leases, err := d.leases(ctx, keys)
	if err != nil {
		return err
	}
	for id, hook := range active {
		held, found := leases[id.LeaseKey()]
		if turns[id] != nil || found && held.Holder != d.holder && d.now().Before(held.Until) {
			continue
		}
		turns[id] = d.take(ctx, source, hook)
	}
	return nil
}

// active finds the webhooks that are to be delivered to.
func (d *Deliverer) active(ctx context.Context) (map[news.WebhookID]*news.Webhook, error) {
	found := map[news.WebhookID]*news.Webhook{}
	for hooks, err := range news.Walk(ctx, d.store, news.Webhooks(news.WebhookActive), news.MaxPage) {
		if err != nil {
			return nil, fmt.Errorf("list the webhooks: %w", err)
		}
		for _, item := range hooks {
			hook := item.(*news.Webhook)
			found[hook.ID] = hook
		}
	}
	return found, nil
}

// end ends turns and waits for them.
func end(turns map[news.WebhookID]*turn) {
	var ending sync.WaitGroup
	for _, t := range turns {
		ending.Go(t.end)
	}
	ending.Wait()
}

// Delivered tells the last line of the log that each of some webhooks has been
// delivered, or that had nothing in it to deliver. Those that nothing is known of
// are left out.
func (d *Deliverer) Delivered(ctx context.Context, ids []news.WebhookID) (map[news.WebhookID]news.Seq, error) {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = id.LeaseKey()
	}
	leases, err := d.leases(ctx, keys)
	if err != nil {
		return nil, err
	}
	delivered := make(map[news.WebhookID]news.Seq, len(leases))
	for _, id := range ids {
		if lease, found := leases[id.LeaseKey()]; found {
			if n, err := readNote(lease.Note); err == nil {
				delivered[id] = n.Seq
			}
		}
	}
	return delivered, nil
}

func (d *Deliverer) leases(ctx context.Context, keys []string) (map[string]news.Lease, error) {
	leases := make(map[string]news.Lease, len(keys))
	for some := range slices.Chunk(keys, news.MaxLeaseKeys) {
		found, err := d.store.Leases(ctx, some)
		if err != nil {
			return nil, fmt.Errorf("read how far webhooks are: %w", err)
		}
		for key, lease := range found {
			leases[key] = lease
		}
	}
	return leases, nil
}
