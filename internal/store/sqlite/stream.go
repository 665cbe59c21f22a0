package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"depeche/internal/news"
	"depeche/internal/store/listing"
)

// Bounds of one list query. The API takes up to 20 tags, which makes 60 streams
// or 25 terms at most.
const (
	maxStreams = 256
	maxTerms   = 64
)

// A stream is the places that are listed under all of some terms, the rarest
// first. Its postings are walked and the others probed.
type stream []term

// A term is a row of terms.
type term struct {
	name  string
	id, n int64
}

// plan finds the streams whose union is sel. Streams that hold nothing are left
// out. Errors: news.ErrTooComplex.
func plan(ctx context.Context, m *moment, sel news.Selection) ([]stream, error) {
	one := []string{""}
	if len(sel.Any) > 0 {
		one = slices.Compact(slices.Sorted(slices.Values(sel.Any)))
	}
	if len(sel.Shelves)*len(one) > maxStreams {
		return nil, fmt.Errorf("%w: more than %d alternatives", news.ErrTooComplex, maxStreams)
	}
	var named [][]string
	for _, shelf := range sel.Shelves {
		if len(shelf.All) >= maxTerms {
			return nil, fmt.Errorf("%w: more than %d conditions", news.ErrTooComplex, maxTerms)
		}
		for _, extra := range one {
			var names []string
			for _, t := range append([]string{extra}, shelf.All...) {
				// The term of all is said by any other.
				if t != "" || len(shelf.All) == 0 {
					names = append(names, termOf(sel.Kind, shelf.Status, t))
				}
			}
			slices.Sort(names)
			named = append(named, slices.Compact(names))
		}
	}
	terms, err := lookUp(ctx, m, slices.Concat(named...))
	if err != nil {
		return nil, err
	}
	var streams []stream
	for _, names := range named {
		var s stream
		for _, name := range names {
			s = append(s, terms[name])
		}
		slices.SortFunc(s, func(a, b term) int { return cmp.Compare(a.n, b.n) })
		if s[0].n > 0 {
			streams = append(streams, s)
		}
	}
	return streams, nil
}

// lookUp reads the terms of names that there are.
func lookUp(ctx context.Context, m *moment, names []string) (map[string]term, error) {
	found := make(map[string]term, len(names))
	// The terms that are kept are of now; in a transaction those of the moment
	// count.
	if m.quiet {
		names = known(m.store.cache, terms, names, func(name string, t term) { found[name] = t })
	}
	if len(names) == 0 {
		return found, nil
	}
	err := m.quick(ctx, `
		SELECT t.term, t.id, t.n FROM json_each(?) j CROSS JOIN terms t ON t.term = j.value`,
		[]any{jsonOf(names)}, func(rows *sql.Rows) error {
			var t term
			err := rows.Scan(&t.name, &t.id, &t.n)
			found[t.name] = t
			m.keep(key{terms, t.name}, fact{value: t, size: nameSize + len(t.name)})
			return err
		})
	return found, err
}

// walk returns the first limit places of the union of streams within s, from
// its upper end down or from its lower end up.
func walk(ctx context.Context, m *moment, streams []stream, s listing.Span, down bool, limit int) ([]listing.Place, error) {
	var places []listing.Place
	for _, st := range streams {
		found, err := walkOne(ctx, m, st, s, down, limit)
		if err != nil {
			return nil, err
		}
		places = append(places, found...)
	}
	if len(streams) > 1 {
		slices.SortFunc(places, func(a, b listing.Place) int {
			if down {
				a, b = b, a
			}
			return a.Compare(b)
		})
		places = slices.Compact(places) // what carries two of Any is in two streams
	}
	return places[:min(limit, len(places))], nil
}

// walkOne is walk for one stream. What it returns may be shared, and is not to be
// changed.
func walkOne(ctx context.Context, m *moment, st stream, s listing.Span, down bool, limit int) ([]listing.Place, error) {
	// The newest of one term are what front pages show. The list of stories stands
	// for all that are ordered by time.
	top := m.quiet && down && len(st) == 1 && s == listing.Whole(news.Selection{Kind: news.KindStory})
	if top {
		if known := m.store.cache.newest(st[0]); known.all || len(known.places) >= limit {
			return known.places[:min(limit, len(known.places))], nil
		}
	}
	query := m.query
	if len(st) == 1 {
		query = m.quick // nothing is probed: each row is one of the page
	}
	places := make([]listing.Place, 0, limit)
	var p listing.Place
	dest := []any{&p.Ms, &p.ID}
	if s.Named {
		dest[0] = &p.Name
	}
	err := query(ctx, st.text(down), st.args(s, limit), func(rows *sql.Rows) error {
		err := rows.Scan(dest...)
		places = append(places, p)
		return err
	})
	if err == nil && top {
		size := nameSize + len(st[0].name) + placeSize*len(places)
		for _, p := range places {
			size += len(p.ID)
		}
		// What was made for more than there is must not be kept along.
		m.keep(key{newestOf, st[0].name}, fact{value: newest{slices.Clone(places), len(places) < limit}, size: size})
	}
	return places, err
}

// occupied tells whether any of streams has a place within s; nothing is within
// nil.
func occupied(ctx context.Context, m *moment, streams []stream, s *listing.Span) (bool, error) {
	if s == nil {
		return false, nil
	}
	for i := range streams {
		places, err := walk(ctx, m, streams[i:i+1], *s, true, 1)
		if err != nil || len(places) > 0 {
			return len(places) > 0, err
		}
	}
	return false, nil
}

// text is the query that walks the stream. It depends on nothing but the number
// of terms and the direction, so there are few of them to prepare.
func (st stream) text(down bool) string {
	var b strings.Builder
	b.WriteString(`SELECT p.key, p.id FROM postings p
		WHERE p.term = ? AND (p.key, p.id) >= (?, ?) AND (p.key, p.id) < (?, ?)`)
	for range st[1:] {
		b.WriteString(`
		AND EXISTS (SELECT 1 FROM postings q WHERE q.term = ? AND q.key = p.key AND q.id = p.id)`)
	}
	if down {
		b.WriteString(` ORDER BY p.key DESC, p.id DESC LIMIT 0 + ?`)
	} else {
		b.WriteString(` ORDER BY p.key, p.id LIMIT 0 + ?`)
	}
	return b.String()
}

func (st stream) args(s listing.Span, limit int) []any {
	lo, hi := bound(s.Lo, s.Named), bound(s.Hi, s.Named)
	if s.Endless {
		hi = [2]any{aboveNames, ""}
	}
	args := []any{st[0].id, lo[0], lo[1], hi[0], hi[1]}
	for _, t := range st[1:] {
		args = append(args, t.id)
	}
	return append(args, limit)
}

// aboveNames is above every name: the byte occurs in no UTF-8.
const aboveNames = "\xff"

// bound is a place as the table of postings orders it, by key and id.
func bound(p listing.Place, named bool) [2]any {
	if p.After {
		p.ID += "\x00" // the lowest id above it
	}
	if named {
		return [2]any{p.Name, p.ID}
	}
	return [2]any{p.Ms, p.ID}
}
