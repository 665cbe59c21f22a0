package intake_test

import (
	"bytes"
	"strings"
	"testing"

	"depeche/internal/intake"
)

func lineSeeds() []string {
	return append(strings.Split(strings.TrimSpace(whole), "\n"),
		`{"title":"a","tags":[{"slug":"x","name":"X","kind":"PLACE","aliases":["y"]},"x"],"section":"S","authors":["A"],"bodyHtml":"<p>a</p>"}`,
		`{"headline":"a","occurredAt":"2025-07-01T12:00:00+02:00","endsAt":null}`,
		`{"title":"a","title":"b"}`, `{"title":1}`, `{"title":"\ud800"}`, `{}`, `[]`, ``, `{"type":"story","title":"","id":""}`,
		`{"title":"a","image":{"url":"","alt":"","credit":"","width":1e3,"focalPoint":{"x":-0,"y":1e-300}}}`,
		`{"type":"tag","slug":"","name":"\u2028"}`, `{"title":"a","publishedAt":"9999-12-31T23:59:59.999999999Z"}`,
	)
}

// FuzzLine holds that no line brings the decoder down, and that what it accepts
// is the same after it has gone round.
func FuzzLine(f *testing.F) {
	for _, seed := range lineSeeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		once, err := intake.Recode(line)
		if err != nil {
			return
		}
		twice, err := intake.Recode(once)
		if err != nil {
			t.Fatalf("%q became %q: %v", line, once, err)
		}
		if !bytes.Equal(once, twice) {
			t.Errorf("%q became\n%q, then\n%q", line, once, twice)
		}
	})
}

// FuzzArchive holds that any archive leaves a newsroom that goes round, and that
// bringing it in again adds nothing.
func FuzzArchive(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(packed(f, whole)))
	f.Add([]byte(packed(f, whole)[:300]))
	f.Add([]byte(strings.Join(lineSeeds(), "\n")))
	for _, seed := range lineSeeds() {
		f.Add([]byte(seed + "\n" + seed))
	}
	f.Fuzz(func(t *testing.T, archive []byte) {
		first := newRoom(t)
		sum, _, err := first.read(string(archive))
		// Tags that are made as needed have no lines of their own.
		if done := total(sum.Known) + sum.Refused + total(sum.Added); err == nil && done < sum.Lines {
			t.Errorf("got %+v", sum)
		}
		head := first.head()
		if _, _, _ = first.read(string(archive)); first.head() != head {
			t.Error("a second import has added something")
		}
		once := first.export()
		second := newRoom(t)
		second.takes(once)
		if twice := second.export(); twice != once {
			t.Errorf("got\n%s\nwant\n%s", twice, once)
		}
	})
}
