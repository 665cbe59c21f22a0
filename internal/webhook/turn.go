package webhook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

const (
	// lease is how long a turn lasts of which nothing is heard. It is kept up at
	// half of it, so that an attempt always ends before the lease does.
	lease = 30 * time.Second
	// saveEvery is how long deliveries may come again after a crash, while one
	// follows the other.
	saveEvery = time.Second
	// leaveWithin is how long the place may take to be kept when a turn ends.
	leaveWithin = 5 * time.Second
	// lookAt is how many lines are looked at at once.
	lookAt = 100
)

// errOver ends a turn at a webhook that somebody else delivers to, or nobody.
var errOver = errors.New("the turn is over")

// A turn is the time in which this process delivers to one version of a webhook.
type turn struct {
	d      *Deliverer
	source Source
	hook   *news.Webhook
	cancel context.CancelFunc
	done   chan struct{}

	note    note
	until   time.Time // when the lease ends
	saved   time.Time // when the note was
	unsaved bool      // something has been delivered since
}

// take begins a turn.
func (d *Deliverer) take(ctx context.Context, source Source, hook *news.Webhook) *turn {
	ctx, cancel := context.WithCancel(ctx)
	t := &turn{d: d, source: source, hook: hook, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(t.done)
		defer cancel()
		err := t.run(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errOver) {
			d.logger.WarnContext(ctx, "deliveries are interrupted", "op", "deliver", "webhook", hook.ID, "error", err)
		}
	}()
	return t
}

// over tells whether the turn has ended by itself.
func (t *turn) over() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// end ends the turn and waits for it.
func (t *turn) end() {
	t.cancel()
	<-t.done
}

// run delivers until ctx ends, the webhook is dead or has changed, or the turn is
// lost. Whatever goes wrong with the store ends it as well: the next poll begins
// another.
func (t *turn) run(ctx context.Context) error {
	if err := t.begin(ctx); err != nil {
		return err
	}
	defer t.leave(ctx)
	for {
		if err := t.rest(ctx); err != nil {
			return err
		}
		more, err := t.deliverSome(ctx)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		if t.unsaved {
			if err := t.save(ctx, lease); err != nil {
				return err
			}
		}
		if err := t.idle(ctx); err != nil {
			return err
		}
	}
}

// begin takes the lease with the note that is in it. A node that leaves a newer note
// at this very moment is written over: what it delivered last comes again then.
func (t *turn) begin(ctx context.Context) error {
	key := t.hook.ID.LeaseKey()
	leases, err := t.d.leases(ctx, []string{key})
	if err != nil {
		return err
	}
	if kept, found := leases[key]; found {
		if t.note, err = readNote(kept.Note); err != nil {
			t.d.logger.WarnContext(ctx, "a webhook begins anew", "op", "deliver", "webhook", t.hook.ID, "error", err)
		}
	}
	var ok bool
	if t.note, ok = t.note.of(t.hook); !ok {
		return errOver // to whoever knows the webhook as it is
	}
	return t.save(ctx, lease)
}

// save keeps the note, and the lease for so long.
func (t *turn) save(ctx context.Context, hold time.Duration) error {
	now := t.d.now()
	mine := news.Lease{Key: t.hook.ID.LeaseKey(), Holder: t.d.holder, Until: now.Add(hold), Note: t.note.bytes()}
	kept, err := t.d.store.TakeLease(ctx, now, mine)
	if err != nil {
		return fmt.Errorf("keep how far a webhook is: %w", err)
	}
	if kept.Holder != t.d.holder {
		t.until = time.Time{}
		return errOver
	}
	t.until, t.saved, t.unsaved = mine.Until, now, false
	return nil
}

// leave lets another node go on at once.
func (t *turn) leave(ctx context.Context) {
	if t.until.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
	defer cancel()
	if err := t.save(ctx, 0); err != nil && !errors.Is(err, errOver) {
		t.d.logger.WarnContext(ctx, "the last deliveries may come again", "op", "deliver", "webhook", t.hook.ID, "error", err)
	}
}

// keep keeps the lease up when half of it has passed.
func (t *turn) keep(ctx context.Context) error {
	if t.spare() > 0 {
		return nil
	}
	return t.save(ctx, lease)
}

// spare is how long the lease need not be kept up.
func (t *turn) spare() time.Duration { return t.until.Sub(t.d.now()) - lease/2 }

// rest waits until the next attempt is due.
func (t *turn) rest(ctx context.Context) error {
	for {
		if err := t.keep(ctx); err != nil {
			return err
		}
		wait := t.note.Next.Sub(t.d.now())
		if wait <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(min(wait, t.spare()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// idle waits for lines.
func (t *turn) idle(ctx context.Context) error {
	for {
		if err := t.keep(ctx); err != nil {
			return err
		}
		within, cancel := context.WithTimeout(ctx, t.spare())
		err := t.source.Wait(within, t.note.Seq)
		expired := within.Err() != nil
		cancel()
		if err == nil || ctx.Err() != nil || !expired {
			return err
		}
	}
}

// deliverSome delivers what follows the place, as far as all goes well. more tells
// that there may be more to deliver, or a failure to rest after.
func (t *turn) deliverSome(ctx context.Context) (more bool, err error) {
	withdrawn := t.source.Withdrawn()
	events, through, err := t.source.Events(ctx, t.note.Seq, lookAt, t.wants)
	if err != nil {
		return false, err
	}
	for _, e := range events {
		if t.source.Withdrawn() != withdrawn {
			return true, nil // the others may show what is not public any more
		}
		if err := t.keep(ctx); err != nil {
			return false, err
		}
		if ok, err := t.deliver(ctx, e); !ok {
			return true, err
		}
		if t.d.now().Sub(t.saved) >= saveEvery {
			if err := t.save(ctx, lease); err != nil {
				return false, err
			}
		}
	}
	more = through > t.note.Seq || len(events) > 0
	t.note.Seq = through
	return more, nil
}

func (t *turn) wants(l news.Line) bool {
	return len(t.hook.Kinds) == 0 || slices.Contains(t.hook.Kinds, l.Doc.Ref().Kind)
}

// deliver makes one attempt at an event, and tells whether it was acknowledged.
func (t *turn) deliver(ctx context.Context, e live.Event) (ok bool, err error) {
	body, err := t.d.payload(ctx, t.source.Cursor(e.Seq), e)
	if err != nil {
		return false, err
	}
	failed := t.d.post(ctx, t.hook, messageID(t.hook.ID, e.Line), body)
	if failed == nil {
		t.note.Seq, t.note.Failures, t.note.Next = e.Seq, 0, time.Time{}
		t.unsaved = true
		return true, nil
	}
	if err := ctx.Err(); err != nil {
		return false, err // which is not the receiver's fault
	}
	t.note.Failures++
	t.note.Next = news.Instant(t.d.now().Add(max(failed.wait, backOff(t.note.Failures))))
	if failed.gone || t.note.Failures >= t.d.maxFailures {
		return false, t.fail(ctx, failed)
	}
	t.d.logger.WarnContext(ctx, "a delivery failed", "op", "deliver", "webhook", t.hook.ID,
		"line", e.Seq, "why", failed.why, "failures", t.note.Failures, "next", t.note.Next)
	return false, t.save(ctx, lease)
}

// fail ends the webhook, and the turn with it.
func (t *turn) fail(ctx context.Context, failed *failure) error {
	why := failed.why
	if !failed.gone {
		why = fmt.Sprintf("%d attempts in a row have failed; the last: %s", t.note.Failures, failed.why)
	}
	t.d.logger.WarnContext(ctx, "a webhook is dead", "op", "deliver", "webhook", t.hook.ID, "why", why)
	err := t.d.desk.FailWebhook(ctx, t.hook.ID, t.hook.Version, why)
	if err == nil || errors.Is(err, news.ErrConflict) || errors.Is(err, news.ErrNotFound) {
		return errOver // it is in another version by now
	}
	return fmt.Errorf("end a webhook that has failed: %w", err)
}
