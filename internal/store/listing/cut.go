package listing

import (
	"slices"

	"depeche/internal/news"
)

// A Cut is what has to be read of a list to show a window of it: the first
// Limit places Within, from the upper end Down or from the lower end up, and
// whether there is anything Above and Below. Either is nil where it need not be
// looked at.
type Cut struct {
	Within       Span
	Down         bool
	Limit        int
	Above, Below *Span

	ascending bool // the list as it is shown
	backwards bool // it is read against its order
}

// CutOf is the cut that shows w of the list of sel. w has been checked.
func CutOf(sel news.Selection, w news.Window) Cut {
	// Places ascend. Where the list descends, After bounds it from above.
	c := Cut{ascending: ByName(sel.Kind), backwards: w.Last > 0}
	c.Down, c.Limit = c.ascending == c.backwards, max(w.First, w.Last)+1
	upper, lower := w.After, w.Before
	if c.ascending {
		upper, lower = lower, upper
	}
	whole := Whole(sel)
	c.Within = whole
	if upper != nil {
		p := placeOf(*upper)
		above := whole.From(p)
		c.Within, c.Above = c.Within.Until(p), &above
	}
	if lower != nil {
		p := placeOf(*lower).behind()
		below := whole.Until(p)
		c.Within, c.Below = c.Within.From(p), &below
	}
	return c
}

// Page makes a page of what has been found Within, as it was read, up to Limit,
// and whether anything was found above and below it: what is shown, in the order
// of the list, and whether the list goes on on either side.
func Page[P any](c Cut, found []P, above, below bool) (shown []P, previous, next bool) {
	if len(found) == c.Limit {
		found = found[:c.Limit-1]
		above, below = above || !c.Down, below || c.Down
	}
	if c.backwards {
		slices.Reverse(found)
	}
	if c.ascending {
		return found, below, above
	}
	return found, above, below
}
