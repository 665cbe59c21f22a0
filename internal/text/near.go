package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxNear is the length in characters up to which Near compares by distance;
// longer texts are near only when they are equal.
const maxNear = 1000

// Near reports whether two headlines of the same minute are one headline before
// and after an edit. It is symmetric, and false when either has no letter, digit
// or symbol to compare.
//
// They are when their folds are equal but for punctuation and spacing. Else all
// of this must hold:
//
//   - No word was exchanged for another: the words of one stand, in order, among
//     those of the other. A number may have changed its value ("3 morts", "5
//     morts"), a word of five letters or more may differ by a typing error (one
//     slip, two from eight letters on; swapped neighbours are one slip), and
//     particles (lower-case words of up to three letters) don't count.
//   - They share a whole word that is neither number nor particle.
//   - The edit distance of the folds, each number counted as one character, is
//     at most a fifth of the longer; or exactly one word was added, and of the
//     others two or more, and all but one, stand unchanged.
//
// Distance alone would merge what a newsroom sends in one minute by template:
// "Wimbledon : Sinner en demi-finale" and "Wimbledon : Alcaraz en demi-finale",
// "Séisme en Iran" and "Séisme en Irak", "Sommet du G7" and "Sommet du G20". A
// wrong merge overwrites a headline, a wrong split shows it twice until an
// editor sees it: where both readings are possible, Near says false.
func Near(a, b string) bool {
	fa, fb := Fold(a), Fold(b)
	if fa == fb {
		return fa != ""
	}
	if ca, cb := compact(fa), compact(fb); ca == cb {
		return ca != ""
	}
	if utf8.RuneCountInString(fa) > maxNear || utf8.RuneCountInString(fb) > maxNear {
		return false
	}
	short, long := words(a), words(b)
	if len(short) > len(long) {
		short, long = long, short
	}
	if !within(short, long) && !within(long, short) {
		return false
	}
	same, telling := shared(short, long)
	if telling == 0 {
		return false
	}
	if len(long) == len(short)+1 && same >= max(2, len(short)-1) {
		return true
	}
	x, y := []rune(joined(short)), []rune(joined(long))
	limit := max(len(x), len(y)) / 5
	return distance(x, y, limit) <= limit
}

// compact drops punctuation and spaces; symbols stay, so "C++" isn't "C".
func compact(fold string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, fold)
}

// word is one word of a headline: a number with its separators ("1 200", "0,8")
// or a run of letters, digits among them when a letter comes first ("G20").
type word struct {
	fold     string
	number   bool
	particle bool
}

// words splits a headline. It reads the text as typed, not its fold, because
// only case tells a particle ("en") from a name ("US").
func words(s string) []word {
	var out []word
	rs := []rune(norm.NFC.String(s))
	for i := 0; i < len(rs); {
		switch {
		case unicode.IsDigit(rs[i]):
			end := numberEnd(rs, i)
			out = append(out, word{fold: Fold(string(rs[i:end])), number: true})
			i = end
		case wordRune(rs[i]):
			end, digits := i, false
			for end < len(rs) && wordRune(rs[end]) {
				digits = digits || unicode.IsNumber(rs[end])
				end++
			}
			for end < len(rs) && (rs[end] == '+' || rs[end] == '#') {
				end++ // C++ and C# are names
			}
			if fold := Fold(string(rs[i:end])); fold != "" {
				small := unicode.IsLower(rs[i]) && !digits && utf8.RuneCountInString(fold) <= 3
				out = append(out, word{fold: fold, particle: small})
			}
			i = end
		default:
			i++
		}
	}
	return out
}

func wordRune(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N) || r == '\u00AD'
}

// numberEnd returns where the number that begins at rs[i] ends. A decimal comma
// or point and a thousands space join its digits, a space only before exactly
// three of them.
func numberEnd(rs []rune, i int) int {
	i = digitsEnd(rs, i)
	for i+1 < len(rs) {
		next := digitsEnd(rs, i+1)
		decimal := (rs[i] == ',' || rs[i] == '.') && next > i+1
		if !decimal && !(unicode.Is(unicode.Zs, rs[i]) && next == i+4) {
			break
		}
		i = next
	}
	return i
}

func digitsEnd(rs []rune, i int) int {
	for i < len(rs) && unicode.IsDigit(rs[i]) {
		i++
	}
	return i
}

// within reports whether every word of short that isn't a particle has its like
// in long, in the same order. Taking the first like each time is enough: it
// leaves the most of long for the rest.
func within(short, long []word) bool {
	for _, w := range short {
		if w.particle {
			continue
		}
		for len(long) > 0 && !alike(w, long[0]) {
			long = long[1:]
		}
		if len(long) == 0 {
			return false
		}
		long = long[1:]
	}
	return true
}

func alike(a, b word) bool {
	if a.number || b.number {
		return a.number && b.number
	}
	if a.fold == b.fold {
		return true
	}
	x, y := []rune(a.fold), []rune(b.fold)
	slips := 0
	switch n := max(len(x), len(y)); {
	case n >= 8:
		slips = 2
	case n >= 5:
		slips = 1
	}
	if slips == 0 || strings.ContainsFunc(a.fold+b.fold, unicode.IsNumber) {
		return false
	}
	return distance(x, y, slips) <= slips
}

// shared counts the words that stand unchanged in both, and among them those
// that tell what the headline is about: no numbers, and in neither a particle.
func shared(a, b []word) (same, telling int) {
	left := make(map[string]int, len(b))
	small := make(map[string]bool)
	for _, w := range b {
		left[w.fold]++
		small[w.fold] = small[w.fold] || w.particle
	}
	for _, w := range a {
		small[w.fold] = small[w.fold] || w.particle
	}
	for _, w := range a {
		if left[w.fold] == 0 {
			continue
		}
		left[w.fold]--
		same++
		if !w.number && !small[w.fold] {
			telling++
		}
	}
	return same, telling
}

func joined(ws []word) string {
	var b strings.Builder
	for i, w := range ws {
		if i > 0 {
			b.WriteByte(' ')
		}
		if w.number {
			b.WriteByte('0')
		} else {
			b.WriteString(w.fold)
		}
	}
	return b.String()
}

// distance is the edit distance of a and b with insertions, deletions,
// substitutions and swaps of neighbours (optimal string alignment). It stops
// when the distance exceeds limit and then returns limit+1, looking only at the
// cells within limit of the diagonal, so it takes O(limit · len(a)).
func distance(a, b []rune, limit int) int {
	over := limit + 1
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return over
	}
	row := func() []int {
		r := make([]int, len(b)+1)
		for j := range r {
			r[j] = min(j, over)
		}
		return r
	}
	before, last, cur := row(), row(), row()
	for i := 1; i <= len(a); i++ {
		from, to := max(1, i-limit), min(len(b), i+limit)
		cur[from-1] = over
		if from == 1 {
			cur[0] = min(i, over)
		}
		best := cur[from-1]
		for j := from; j <= to; j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, cur[j-1]+1)
			if j < i+limit {
				d = min(d, last[j]+1)
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			cur[j] = min(d, over)
			best = min(best, cur[j])
		}
		if best > limit {
			return over
		}
		before, last, cur = last, cur, before
	}
	return last[len(b)]
}
