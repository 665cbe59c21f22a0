package load

import (
	"fmt"
	"testing"
)

func TestFind(t *testing.T) {
	var f finder
	for _, row := range []struct {
		name, event, cursor string
		number              uint64
		ok                  bool
	}{
		{"an event", `{"cursor":"abc","headline":"` + Headline(7, 123) + `"}`, "abc", 7, true},
		{"alike", `{"cursor":"abd","headline":"` + Headline(8, 124) + `"}`, "abd", 8, true},
		{"in another order", `{"headline":"` + Headline(9, 125) + `","cursor":"abcdef"}`, "abcdef", 9, true},
		{"no cursor", `{"headline":"` + Headline(10, 126) + `"}`, "", 10, true},
		{"a cursor without an end", `{"headline":"` + Headline(11, 127) + `","cursor":"abc`, "", 11, true},
		{"another headline", `{"cursor":"abc","headline":"The chamber adopts"}`, "", 0, false},
		{"cut short", `{"headline":"` + Headline(12, 128)[:20], "", 0, false},
		{"no number", `{"headline":"wire x0000012 0000000000000000128 "}`, "", 0, false},
	} {
		number, at, cursor, ok := f.find([]byte(row.event))
		if number != row.number || ok && at != int64(row.number)+116 || string(cursor) != row.cursor || ok != row.ok {
			t.Errorf("%s: got %d at %d, %q, %t", row.name, number, at, cursor, ok)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add(fmt.Sprintf(`{"cursor":"abc","headline":"%s"}`, Headline(1, 2)), 3, 4)
	f.Add(`"cursor":"`, 0, 0)
	f.Fuzz(func(_ *testing.T, event string, headline, cursor int) {
		find := finder{max(headline, 0), max(cursor, 0)}
		find.find([]byte(event))
	})
}
