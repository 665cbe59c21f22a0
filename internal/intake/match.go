package intake

import (
	"context"
	"slices"
	"sort"
	"time"

	"depeche/internal/intake/page"
	"depeche/internal/news"
	"depeche/internal/text"
)

// A line is a TickerLine that is being matched.
type line struct {
	TickerLine
	id   news.TickerEntryID // to be, where the line is new
	twin *line              // the line below that is the same to the letter
}

// lineUp makes lines of the entries of a page. All are Added for now.
func lineUp(entries []page.Entry) []*line {
	lines := make([]*line, len(entries))
	rank := 0
	for i, e := range slices.Backward(entries) {
		l := &line{TickerLine: TickerLine{
			Line: e.Line, Outcome: Added, OccurredAt: e.OccurredAt, Confidence: e.Confidence, Headline: e.Headline,
		}}
		lines[i] = l
		below := i + 1
		for ; below < len(entries) && entries[below].OccurredAt.Equal(e.OccurredAt); below++ {
			if entries[below].Headline == e.Headline {
				l.twin, l.Outcome, l.id = lines[below], Unchanged, lines[below].id
			}
		}
		if below == i+1 {
			rank = 0
		}
		if l.twin == nil {
			l.id = lineID(e.OccurredAt, rank, e.Headline)
			rank++
		}
	}
	return lines
}

// match finds the entries that lines are there as, and sets the outcomes.
func match(ctx context.Context, store Archive, lines []*line, zone *time.Location) error {
	var ids []news.TickerEntryID
	for _, l := range lines {
		ids = append(ids, l.id)
	}
	// An editor may have moved an entry to another minute.
	byID, err := store.TickerEntriesByID(ctx, ids)
	if err != nil {
		return err
	}
	taken := make(map[news.TickerEntryID]bool)
	take := func(l *line, e *news.TickerEntry, outcome Outcome) {
		l.Entry, l.Outcome = e, outcome
		taken[e.ID] = true
	}
	var open []*line
	for _, l := range lines {
		switch e := byID[l.id]; {
		case l.twin != nil:
		case e != nil:
			take(l, e, Unchanged)
		default:
			open = append(open, l)
		}
	}
	if len(open) == 0 {
		return nil
	}
	there, err := entriesBetween(ctx, store, lines[len(lines)-1].OccurredAt.Add(-time.Hour), lines[0].OccurredAt.Add(time.Hour+time.Minute))
	if err != nil {
		return err
	}
	// Certain matches come first for all lines, so that an uncertain one takes
	// nobody's place.
	for _, pass := range []struct {
		when func(*line, *time.Location) (time.Time, bool)
		like func(context.Context, Archive, *line, *news.TickerEntry) (Outcome, error)
	}{
		{asRead, equal}, {asRead, equalOnce}, {otherwise, equal}, {otherwise, equalOnce}, {asRead, near},
	} {
		var still []*line
		for _, l := range open {
			if at, ok := pass.when(l, zone); ok {
				for _, e := range within(there, at, time.Minute) {
					if taken[e.ID] {
						continue
					}
					outcome, err := pass.like(ctx, store, l, e)
					if err != nil {
						return err
					}
					if outcome != "" {
						take(l, e, outcome)
						break
					}
				}
			}
			if l.Entry == nil {
				still = append(still, l)
			}
		}
		open = still
	}
	return daysOff(ctx, store, lines, zone)
}

func asRead(l *line, _ *time.Location) (time.Time, bool) { return l.OccurredAt, true }

// otherwise is the other instant at which the clock showed an ambiguous time. A
// page that was taken before the clock was put back had only one reading.
func otherwise(l *line, zone *time.Location) (time.Time, bool) {
	if l.Confidence != Ambiguous {
		return time.Time{}, false
	}
	const clock = "2006-01-02 15:04"
	for _, shift := range []time.Duration{-time.Hour, time.Hour, -time.Hour / 2, time.Hour / 2} {
		at := l.OccurredAt.Add(shift)
		if at.In(zone).Format(clock) == l.OccurredAt.In(zone).Format(clock) {
			return at, true
		}
	}
	return time.Time{}, false
}

func equal(_ context.Context, _ Archive, l *line, e *news.TickerEntry) (Outcome, error) {
	if e.Headline == l.Headline {
		return Unchanged, nil
	}
	return "", nil
}

func equalOnce(ctx context.Context, store Archive, l *line, e *news.TickerEntry) (Outcome, error) {
	if had, err := hadHeadline(ctx, store, e, l.Headline); err != nil || !had {
		return "", err
	}
	return Unchanged, nil
}

func near(_ context.Context, _ Archive, l *line, e *news.TickerEntry) (Outcome, error) {
	switch {
	case !text.Near(e.Headline, l.Headline):
		return "", nil
	case e.Status == news.TickerRetracted:
		return Unchanged, nil
	}
	return Changed, nil
}

// hadHeadline tells whether an entry once had a headline that an editor or its
// source has replaced.
func hadHeadline(ctx context.Context, store Archive, e *news.TickerEntry, headline string) (bool, error) {
	versions, err := earlier(ctx, store, e.Ref())
	return slices.ContainsFunc(versions, func(v news.Line) bool {
		was, ok := v.Doc.(*news.TickerEntry)
		return ok && was.Headline == headline
	}), err
}

const (
	maxDaysOff = 3 // how many days the days of a page are checked for being off
	minDaysOff = 3 // how many lines it takes: single headlines come back every day
)

// daysOff refuses a page when a run of its lines is there already, to the
// letter and the minute, but on other days: the page was taken on another day
// than was said, or the ticker was silent for longer than a page can show.
func daysOff(ctx context.Context, store Archive, lines []*line, zone *time.Location) error {
	fresh := 0
	for _, l := range lines {
		if l.Outcome == Added {
			fresh++
		}
	}
	if fresh < minDaysOff {
		return nil
	}
	const reach = (maxDaysOff + 1) * 24 * time.Hour // a day may have 25 hours
	there, err := entriesBetween(ctx, store, lines[len(lines)-1].OccurredAt.Add(-reach), lines[0].OccurredAt.Add(reach))
	if err != nil {
		return err
	}
	for days := -maxDaysOff; days <= maxDaysOff; days++ {
		first, last, found := -1, -1, 0
		for i, l := range lines {
			at := l.OccurredAt.In(zone).AddDate(0, 0, days)
			if l.Outcome == Added && slices.ContainsFunc(within(there, at, time.Minute), func(e *news.TickerEntry) bool {
				return e.Headline == l.Headline
			}) {
				if found == 0 {
					first = i
				}
				last, found = i, found+1
			}
		}
		if found >= minDaysOff && 2*found > last-first+1 {
			return news.Invalid("at", "does not fit: of the lines %d to %d of the page, %d are there already, %+d days off. "+
				"Say when the page was taken; or, where the ticker was silent for a day, leave those lines out",
				lines[first].Line, lines[last].Line, found, days)
		}
	}
	return nil
}

// maxAround bounds the stored entries that one page is compared with.
const maxAround = 50_000

// entriesBetween reads the entries that occurred in [from, to), newest first.
func entriesBetween(ctx context.Context, store news.Reading, from, to time.Time) ([]*news.TickerEntry, error) {
	var all []*news.TickerEntry
	w := news.Window{First: news.MaxPage}
	for {
		p, err := store.TickerEntries(ctx, news.TickerFilter{OccurredAfter: from, OccurredBefore: to}, w)
		if err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if !p.HasNext {
			return all, nil
		}
		if len(all) > maxAround {
			return nil, news.Invalid("text", "spans a time with more than %d ticker entries; import it in parts", maxAround)
		}
		after := news.CursorOf(p.Items[len(p.Items)-1])
		w.After = &after
	}
}

// within is the part of entries, which are sorted newest first, that occurred in
// [at, at+d).
func within(entries []*news.TickerEntry, at time.Time, d time.Duration) []*news.TickerEntry {
	first := sort.Search(len(entries), func(i int) bool { return entries[i].OccurredAt.Before(at.Add(d)) })
	last := sort.Search(len(entries), func(i int) bool { return entries[i].OccurredAt.Before(at) })
	return entries[first:last]
}
