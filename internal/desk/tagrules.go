package desk

import "depeche/internal/news"

// maxCode bounds the code of a tag, in characters.
const maxCode = 60

// code is what a tag is called in a vocabulary, such as medtop:20000763. It may be
// empty.
func (r *rulebook) code(c news.Text) news.Text {
	for i := range len(c) {
		if c[i] <= ' ' || c[i] > '~' || i >= maxCode {
			r.refuse("code", "must be 1 to %d visible ASCII characters without spaces, such as medtop:20000763", maxCode)
			break
		}
	}
	return c
}
