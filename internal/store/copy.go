package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"depeche/internal/news"
)

// ErrAnother answers a Copy into a store that holds something else than a
// beginning of the source.
var ErrAnother = errors.New("it holds another newsroom")

const (
	// readLines is how many lines are held beyond a batch: a document may have
	// 2 MB, so there is no telling what they weigh before they are read.
	readLines = 25
	// A batch is committed when it has batchLines or weighs batchBytes.
	batchLines = 500
	batchBytes = 8 << 20
)

// A Progress hears that of so many lines so many are done.
type Progress func(done, of news.Seq)

// Copy appends to a store what it lacks of the log of another one, line by line,
// so that ids, versions, line numbers and, with them, cursors stay what they
// are; its lists follow from the lines. It ends at the head of the source, which
// may move on meanwhile, and returns the number of the last line. How far each
// webhook has been served goes with it, as it was when the copy began.
//
// The target is to be opened with the epoch of the source. It may hold a
// beginning of its log, as a Copy leaves it that did not come to its end; a
// target that holds something else is refused with ErrAnother. Nobody else may
// write to it meanwhile: that is met as an error, after the fact.
//
// What is held at a time is bounded by bytes, not only by lines. The errors name
// the line that is concerned.
func Copy(ctx context.Context, from, to news.Store, progress Progress) (head news.Seq, err error) {
	if head, err = begun(ctx, from, to); err != nil {
		return 0, err
	}
	// Before the lines: a webhook that had been served up to a line that is not
	// copied would miss whatever gets its number in the target.
	places, err := webhookLeases(ctx, from)
	if err != nil {
		return head, fmt.Errorf("read the source: %w", err)
	}
	for {
		batch, err := nextBatch(ctx, from, head)
		if err != nil {
			return head, fmt.Errorf("read the source: %w", err)
		}
		if len(batch) == 0 {
			return head, leave(ctx, to, places)
		}
		if err := commit(ctx, to, batch); err != nil {
			return head, err
		}
		head += news.Seq(len(batch))
		of, err := from.Head(ctx)
		if err != nil {
			return head, fmt.Errorf("read the source: %w", err)
		}
		progress(head, of)
	}
}

// begun is how many lines of from the store to holds already. Errors: ErrAnother.
func begun(ctx context.Context, from, to news.Store) (news.Seq, error) {
	if from.Epoch() != to.Epoch() {
		return 0, fmt.Errorf("the target can't be used: %w: its epoch is %s, not %s", ErrAnother, to.Epoch(), from.Epoch())
	}
	head, err := to.Head(ctx)
	if err != nil || head == 0 {
		return 0, err
	}
	ours, err := from.Lines(ctx, head-1, 1)
	if err != nil {
		return 0, fmt.Errorf("read the source: %w", err)
	}
	theirs, err := to.Lines(ctx, head-1, 1)
	if err != nil {
		return 0, fmt.Errorf("read the target: %w", err)
	}
	if len(ours) == 0 || len(theirs) == 0 {
		return 0, fmt.Errorf("the target can't be used: %w: it has a line %d, and the source has not", ErrAnother, head)
	}
	same, err := sameLine(ours[0], theirs[0])
	if err == nil && !same {
		err = fmt.Errorf("the target can't be used: %w: its line %d is not that of the source", ErrAnother, head)
	}
	return head, err
}

func sameLine(a, b news.Line) (bool, error) {
	left, err := appendLine(nil, a)
	if err != nil {
		return false, err
	}
	right, err := appendLine(nil, b)
	return bytes.Equal(left, right), err
}

// nextBatch reads the lines after after that are committed at once.
func nextBatch(ctx context.Context, from news.Store, after news.Seq) (batch []news.Line, err error) {
	weight := 0
	for len(batch) < batchLines && weight < batchBytes {
		lines, err := from.Lines(ctx, after+news.Seq(len(batch)), readLines)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			form, err := appendLine(nil, l)
			if err != nil {
				return nil, err
			}
			weight += len(form)
		}
		batch = append(batch, lines...)
		if len(lines) < readLines {
			break
		}
	}
	return batch, nil
}

// commit makes batch the next lines of to.
func commit(ctx context.Context, to news.Store, batch []news.Line) error {
	changes := make([]news.Change, len(batch))
	for i, l := range batch {
		changes[i] = l.Change
	}
	lines, err := to.Commit(ctx, changes)
	for i, l := range lines {
		if l.Seq != batch[i].Seq {
			return fmt.Errorf("the target has a line %d by somebody else: nobody may write to it during a copy", batch[i].Seq)
		}
	}
	if err != nil {
		first := batch[min(len(lines), len(batch)-1)]
		ref := first.Doc.Ref()
		return fmt.Errorf("copy line %d (%s, version %d): %w", first.Seq, ref.ID, ref.Version, err)
	}
	return nil
}
