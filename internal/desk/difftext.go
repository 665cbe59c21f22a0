package desk

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// A change is a stretch of one text, and what stands in its place in another: in
// bytes of the texts, or in numbers of their tokens.
type change struct{ fromA, toA, fromB, toB int }

// removed and added are how much a change takes away and brings.
func (c change) removed() int { return c.toA - c.fromA }
func (c change) added() int   { return c.toB - c.fromB }

// diffText tells two texts apart: by paragraphs, what differs there by sentences,
// and what differs there by words. It is the same for the same texts always, however
// busy the machine is: what would take too long stays as coarse as it is.
func diffText(before, after string) []DiffPart {
	return diffBy(before, after, paragraphs, sentences, words)
}

// diffList tells two lists with an item in each line apart.
func diffList(before, after string) []DiffPart { return diffBy(before, after, lines) }

// diffWhole shows one text in the place of another.
func diffWhole(before, after string) []DiffPart { return diffBy(before, after) }

// diffBy tells two texts apart. Each of splits cuts finer than the one before it.
func diffBy(before, after string, splits ...func(string) []string) []DiffPart {
	d := differ{before: before, after: after, steps: maxDiffSteps}
	d.compare(change{0, len(before), 0, len(after)}, splits...)
	return parts(before, after, d.joined())
}

// parts writes out texts between which there are changes.
func parts(before, after string, changes []change) []DiffPart {
	var list []DiffPart
	add := func(kind DiffKind, s string) {
		if s != "" {
			list = append(list, DiffPart{kind, s})
		}
	}
	same := 0
	for _, c := range changes {
		add(DiffSame, before[same:c.fromA])
		add(DiffRemoved, before[c.fromA:c.toA])
		add(DiffAdded, after[c.fromB:c.toB])
		same = c.toA
	}
	add(DiffSame, before[same:])
	return list
}

// maxDiffSteps bounds the work of a diff: 10,000 tokens compared at once, or more of
// them piece by piece.
const maxDiffSteps = 100_000_000

// A differ collects the changes between two texts.
type differ struct {
	before, after string
	steps         int // that may be taken still
	changes       []change
}

// compare finds the changes within a change.
func (d *differ) compare(c change, splits ...func(string) []string) {
	if c.removed() == 0 && c.added() == 0 {
		return
	}
	if c.removed() == 0 || c.added() == 0 || len(splits) == 0 {
		d.changes = append(d.changes, c)
		return
	}
	a, b := splits[0](d.before[c.fromA:c.toA]), splits[0](d.after[c.fromB:c.toB])
	placesA, placesB := places(c.fromA, a), places(c.fromB, b)
	// Single words that two long texts have in common say nothing of what became
	// what; paragraphs and sentences do.
	telling := len(splits) > 1
	for _, c := range d.tokens(a, b, telling) {
		d.compare(change{placesA[c.fromA], placesA[c.toA], placesB[c.fromB], placesB[c.toB]}, splits[1:]...)
	}
}

// places tells where tokens begin in a text, the first one at from, and where the
// last one ends.
func places(from int, tokens []string) []int {
	list := make([]int, 0, len(tokens)+1)
	for _, token := range tokens {
		list = append(list, from)
		from += len(token)
	}
	return append(list, from)
}

// tokens finds the changes between two lists of tokens. Where that would take too
// long, and the tokens are telling, those that are once in each list divide the work.
func (d *differ) tokens(a, b []string, telling bool) []change {
	runesA, runesB := runes(a, b)
	all := trimmed(runesA, runesB, change{0, len(a), 0, len(b)})
	if d.affordable(all) {
		return myers(runesA, runesB, all)
	}
	if !telling {
		return []change{all}
	}
	var list []change
	from := all
	for _, at := range append(anchors(runesA, runesB, all), [2]int{all.toA, all.toB}) {
		between := trimmed(runesA, runesB, change{from.fromA, at[0], from.fromB, at[1]})
		switch {
		case between.removed()+between.added() == 0:
		case d.affordable(between):
			list = append(list, myers(runesA, runesB, between)...)
		default:
			list = append(list, between)
		}
		from.fromA, from.fromB = at[0]+1, at[1]+1
	}
	return list
}

// affordable tells whether there are steps enough to compare two lists of tokens,
// and takes them: at worst their number grows with the square of the lengths.
func (d *differ) affordable(c change) bool {
	n := c.removed() + c.added()
	if n*n > d.steps {
		return false
	}
	d.steps -= n * n
	return true
}

// runes stand for tokens: equal ones for equal ones. There are more than a text can
// have tokens.
func runes(a, b []string) (runesA, runesB []rune) {
	known := make(map[string]rune)
	next := rune(1)
	number := func(tokens []string) []rune {
		list := make([]rune, len(tokens))
		for i, token := range tokens {
			r, ok := known[token]
			if !ok {
				if r = next; r == surrogates {
					r = surrogatesEnd
				}
				known[token], next = r, r+1
			}
			list[i] = r
		}
		return list
	}
	return number(a), number(b)
}

// No rune of a string lies there (RFC 3629, section 3).
const surrogates, surrogatesEnd = 0xD800, 0xE000

// trimmed is c without the tokens that it begins and ends with in both lists.
func trimmed(a, b []rune, c change) change {
	for c.fromA < c.toA && c.fromB < c.toB && a[c.fromA] == b[c.fromB] {
		c.fromA++
		c.fromB++
	}
	for c.fromA < c.toA && c.fromB < c.toB && a[c.toA-1] == b[c.toB-1] {
		c.toA--
		c.toB--
	}
	return c
}

// myers finds the changes within c by the algorithm of Eugene Myers.
func myers(a, b []rune, c change) []change {
	var list []change
	atA, atB := c.fromA, c.fromB
	touch := func() *change {
		if n := len(list); n > 0 && list[n-1].toA == atA && list[n-1].toB == atB {
			return &list[n-1]
		}
		list = append(list, change{atA, atA, atB, atB})
		return &list[len(list)-1]
	}
	// No DiffTimeout: it would have the clock decide what the result is.
	for _, diff := range (&diffmatchpatch.DiffMatchPatch{}).DiffMainRunes(a[c.fromA:c.toA], b[c.fromB:c.toB], false) {
		n := utf8.RuneCountInString(diff.Text)
		switch diff.Type {
		case diffmatchpatch.DiffEqual:
			atA, atB = atA+n, atB+n
		case diffmatchpatch.DiffDelete:
			touch().toA += n
			atA += n
		case diffmatchpatch.DiffInsert:
			touch().toB += n
			atB += n
		}
	}
	return list
}

// anchors pairs the tokens that are once in each list within c: as many of them as
// come in the same order in both.
func anchors(a, b []rune, c change) [][2]int {
	countA, countB, placeB := map[rune]int{}, map[rune]int{}, map[rune]int{}
	for _, r := range a[c.fromA:c.toA] {
		countA[r]++
	}
	for i, r := range b[c.fromB:c.toB] {
		countB[r]++
		placeB[r] = c.fromB + i
	}
	// The longest increasing subsequence of the places in b: ends[n] is the pair that
	// ends the best one of n+1 pairs so far.
	var pairs [][2]int
	var ends, previous []int
	for i := c.fromA; i < c.toA; i++ {
		if countA[a[i]] != 1 || countB[a[i]] != 1 {
			continue
		}
		pair := [2]int{i, placeB[a[i]]}
		n := sort.Search(len(ends), func(n int) bool { return pairs[ends[n]][1] > pair[1] })
		if n == len(ends) {
			ends = append(ends, 0)
		}
		ends[n] = len(pairs)
		before := -1
		if n > 0 {
			before = ends[n-1]
		}
		pairs, previous = append(pairs, pair), append(previous, before)
	}
	var list [][2]int
	if len(ends) > 0 {
		for i := ends[len(ends)-1]; i >= 0; i = previous[i] {
			list = append(list, pairs[i])
		}
	}
	slices.Reverse(list)
	return list
}

// joined makes one change of those that only crumbs lie between: a diff in which
// every second word is the same is read worse than one that shows what was written
// anew.
func (d *differ) joined() []change {
	var list []change
	for _, c := range d.changes {
		for len(list) > 0 && d.crumb(list[len(list)-1], c) {
			last := list[len(list)-1]
			list = list[:len(list)-1]
			c.fromA, c.fromB = last.fromA, last.fromB
		}
		list = append(list, c)
	}
	return list
}

// crumb tells whether what lies between two changes is not worth showing as the
// same: it is within a paragraph, and says nothing or less than either change.
func (d *differ) crumb(before, after change) bool {
	same := d.before[before.toA:after.fromA]
	switch {
	case same == "":
		return true
	case strings.Contains(same, "\n"):
		return false
	case strings.IndexFunc(same, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) < 0:
		return true
	}
	size := func(c change) int { return max(c.removed(), c.added()) }
	return len(same) <= size(before) && len(same) <= size(after)
}
