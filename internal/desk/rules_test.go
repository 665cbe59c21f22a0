package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// A field is a piece of text that somebody gives to the desk.
type field struct {
	name     string
	most     int
	lines    bool // may have several
	optional bool
	give     func(context.Context, *room, string) (string, error) // returns what was kept
}

func fields() []field {
	story := func(edit func(*desk.StoryEdit, string), kept func(*news.Story) string) func(context.Context, *room, string) (string, error) {
		return func(ctx context.Context, r *room, text string) (string, error) {
			s, err := r.CreateStory(ctx, editor, "", func(e *desk.StoryEdit) {
				e.Title, e.Language = "A story", "fr"
				e.Image = &news.Image{URL: "https://example.org/a.jpg", Alt: "alt", Credit: "credit"}
				e.Source = &news.Source{Name: "source"}
				edit(e, text)
			})
			if err != nil {
				return "", err
			}
			return kept(s), nil
		}
	}
	tag := func(edit func(*news.TagContent, string), kept func(*news.Tag) string) func(context.Context, *room, string) (string, error) {
		return func(ctx context.Context, r *room, text string) (string, error) {
			content := news.TagContent{Name: "A tag", Kind: news.TagTopic, Slug: fmt.Sprintf("tag-%d", r.clock().UnixNano())}
			r.advance(time.Second)
			edit(&content, text)
			g, err := r.CreateTag(ctx, editor, "", content)
			if err != nil {
				return "", err
			}
			return kept(g), nil
		}
	}
	ticker := func(edit func(*desk.TickerEdit, string), kept func(*news.TickerEntry) string) func(context.Context, *room, string) (string, error) {
		return func(ctx context.Context, r *room, text string) (string, error) {
			e, err := r.PublishTickerEntry(ctx, editor, "", false, func(e *desk.TickerEdit) {
				e.Headline = "A line"
				edit(e, text)
			})
			if err != nil {
				return "", err
			}
			return kept(e), nil
		}
	}
	coverage := func(edit func(*desk.CoverageEdit, string), kept func(*news.Coverage) string) func(context.Context, *room, string) (string, error) {
		return func(ctx context.Context, r *room, text string) (string, error) {
			c, err := r.CreateCoverage(ctx, editor, "", func(e *desk.CoverageEdit) {
				e.Title, e.Status, e.StartsAt = "A coverage", news.CoverageLive, noon
				edit(e, text)
			})
			if err != nil {
				return "", err
			}
			return kept(c), nil
		}
	}
	note := func(change func(ctx context.Context, r *room, note string) (*news.TickerEntry, error)) func(context.Context, *room, string) (string, error) {
		return func(ctx context.Context, r *room, text string) (string, error) {
			e, err := change(ctx, r, text)
			if err != nil {
				return "", err
			}
			return e.Corrections[0].Note, nil
		}
	}
	return []field{
		{"title", 300, false, false, story(func(e *desk.StoryEdit, s string) { e.Title = s }, func(s *news.Story) string { return s.Title })},
		{"summary", 1000, false, true, story(func(e *desk.StoryEdit, s string) { e.Summary = news.Text(s) }, func(s *news.Story) string { return string(s.Summary) })},
		{"body", 500_000, true, true, story(func(e *desk.StoryEdit, s string) { e.Body = s }, func(s *news.Story) string { return s.Body })},
		{"image.alt", 500, false, false, story(func(e *desk.StoryEdit, s string) { e.Image.Alt = s }, func(s *news.Story) string { return s.Image.Alt })},
		{"image.caption", 1000, false, true, story(func(e *desk.StoryEdit, s string) { e.Image.Caption = news.Text(s) }, func(s *news.Story) string { return string(s.Image.Caption) })},
		{"image.credit", 200, false, false, story(func(e *desk.StoryEdit, s string) { e.Image.Credit = s }, func(s *news.Story) string { return s.Image.Credit })},
		{"source.name", 200, false, false, story(func(e *desk.StoryEdit, s string) { e.Source.Name = s }, func(s *news.Story) string { return s.Source.Name })},
		{"name", 120, false, false, tag(func(c *news.TagContent, s string) { c.Name = s }, func(g *news.Tag) string { return g.Name })},
		{"description", 1000, false, true, tag(func(c *news.TagContent, s string) { c.Description = news.Text(s) }, func(g *news.Tag) string { return string(g.Description) })},
		{"aliases[1]", 120, false, false, tag(func(c *news.TagContent, s string) { c.Aliases = []string{"a", s} }, func(g *news.Tag) string { return g.Aliases[1] })},
		{"headline", 300, false, false, ticker(func(e *desk.TickerEdit, s string) { e.Headline = s }, func(e *news.TickerEntry) string { return e.Headline })},
		{"body", 5000, true, true, ticker(func(e *desk.TickerEdit, s string) { e.Body = news.Text(s) }, func(e *news.TickerEntry) string { return string(e.Body) })},
		{"title", 300, false, false, coverage(func(e *desk.CoverageEdit, s string) { e.Title = s }, func(c *news.Coverage) string { return c.Title })},
		{"summary", 1000, false, true, coverage(func(e *desk.CoverageEdit, s string) { e.Summary = news.Text(s) }, func(c *news.Coverage) string { return string(c.Summary) })},
		{"note", 1000, false, false, note(func(ctx context.Context, r *room, note string) (*news.TickerEntry, error) {
			e, err := r.PublishTickerEntry(ctx, editor, "", false, func(e *desk.TickerEdit) { e.Headline = "A line" })
			if err != nil {
				return nil, err
			}
			return r.CorrectTickerEntry(ctx, editor, e.ID, 1, note, news.Clarifying, func(*desk.TickerEdit) {})
		})},
		{"note", 1000, false, false, note(func(ctx context.Context, r *room, note string) (*news.TickerEntry, error) {
			e, err := r.PublishTickerEntry(ctx, editor, "", false, func(e *desk.TickerEdit) { e.Headline = "A line" })
			if err != nil {
				return nil, err
			}
			return r.RetractTickerEntry(ctx, editor, e.ID, 1, note)
		})},
	}
}

func TestLengthsCountCharacters(t *testing.T) {
	r := open(t)
	for i, f := range fields() {
		t.Run(fmt.Sprintf("%s %d", f.name, i), func(t *testing.T) {
			// A letter and an accent of its own are one character when composed.
			longest := strings.Repeat("e\u0301", f.most)
			kept, err := f.give(t.Context(), r, "  "+longest+" \n")
			if want := strings.Repeat("é", f.most); err != nil || kept != want {
				t.Errorf("the longest text: got %d bytes, %v, want %d", len(kept), err, len(want))
			}
			_, err = f.give(t.Context(), r, longest+"e")
			wantInvalid(t, err, f.name)
			_, err = f.give(t.Context(), r, " \n\u200b ")
			if f.optional {
				must(t, err)
			} else {
				wantInvalid(t, err, f.name)
			}
		})
	}
}

func TestTextThatNobodyCanSeeIsRefused(t *testing.T) {
	var lone string
	must(t, json.Unmarshal([]byte(`"a\ud83d b"`), &lone)) // as a lone surrogate arrives
	r := open(t)
	for _, bad := range []struct{ name, text string }{
		{"NUL", "a\x00b"},
		{"a control", "a\x1bb"},
		{"the replacement character", "a\ufffdb"},
		{"a lone surrogate", lone},
		{"invalid UTF-8", "a\xffb"},
		{"an override of direction", "a\u202eb"},
		{"an isolate of direction", "a\u2066b"},
		{"a byte order mark", "a\ufeffb"},
		{"a noncharacter", "a\ufffeb"},
	} {
		for _, f := range fields() {
			head := r.lines(t)
			_, err := f.give(t.Context(), r, bad.text)
			if err == nil {
				t.Errorf("%s with %s is taken", f.name, bad.name)
				continue
			}
			wantInvalid(t, err, f.name)
			if f.name != "note" && r.lines(t) != head {
				t.Errorf("%s with %s was refused and written", f.name, bad.name)
			}
		}
	}
	for _, f := range fields() {
		_, err := f.give(t.Context(), r, "a\nb\tc")
		if f.lines {
			must(t, err)
		} else {
			wantInvalid(t, err, f.name)
		}
	}
}

func TestHugeTextIsRefusedFast(t *testing.T) {
	r := open(t)
	for _, f := range fields() {
		for _, unit := range []string{"a", "e\u0301", "\u0344", "\ufdfa"} {
			huge := strings.Repeat(unit, 7<<20/len(unit))
			began := time.Now()
			_, err := f.give(t.Context(), r, huge)
			wantInvalid(t, err, f.name)
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("7 MB of %q in %s took %v", unit, f.name, took)
			}
			// It is not even looked at.
			if want := fmt.Sprintf("%s is longer than %d characters", f.name, f.most); err.Error() != want {
				t.Errorf("got %.200s, want %s", err, want)
			}
		}
	}
}

func TestRulesOfAStory(t *testing.T) {
	r := open(t)
	r.tag(t, "topic", news.TagTopic)
	r.tag(t, "writer", news.TagContributor)
	image := func(change func(*news.Image)) func(*desk.StoryEdit) {
		return func(e *desk.StoryEdit) {
			e.Image = &news.Image{URL: "https://example.org/a.jpg", Alt: "a", Credit: "c"}
			change(e.Image)
		}
	}
	focus := func(x, y float64) func(*desk.StoryEdit) {
		return image(func(i *news.Image) { i.FocalPoint = &news.FocalPoint{X: x, Y: y} })
	}
	address := func(u string) func(*desk.StoryEdit) { return func(e *desk.StoryEdit) { e.CanonicalURL = news.URL(u) } }
	language := func(l string) func(*desk.StoryEdit) { return func(e *desk.StoryEdit) { e.Language = l } }
	slug := func(s string) func(*desk.StoryEdit) { return func(e *desk.StoryEdit) { e.Slug = s } }
	tags := func(refs ...string) func(*desk.StoryEdit) { return func(e *desk.StoryEdit) { e.TagRefs = refs } }
	authors := func(refs ...string) func(*desk.StoryEdit) { return func(e *desk.StoryEdit) { e.AuthorRefs = refs } }
	many := func(n int) []string {
		refs := make([]string, n)
		for i := range refs {
			refs[i] = "writer"
		}
		return refs
	}
	for _, c := range []struct {
		name  string
		edit  func(*desk.StoryEdit)
		field string // what is refused; empty: nothing
	}{
		{"a plain story", func(*desk.StoryEdit) {}, ""},

		{"https", address("https://example.org/a?b=c#d"), ""},
		{"http", address("http://example.org"), ""},
		{"scheme in capitals", address("HTTPS://EXAMPLE.ORG/"), ""},
		{"no scheme", address("example.org"), "canonicalUrl"},
		{"a path", address("/a"), "canonicalUrl"},
		{"no host", address("https:///a"), "canonicalUrl"},
		{"a port and no host", address("https://:443/"), "canonicalUrl"},
		{"javascript", address("javascript:alert(1)"), "canonicalUrl"},
		{"data", address("data:text/html,x"), "canonicalUrl"},
		{"ftp", address("ftp://example.org/"), "canonicalUrl"},
		{"two lines", address("https://example.org/\na"), "canonicalUrl"},
		{"broken escape", address("https://example.org/%zz"), "canonicalUrl"},
		{"as long as may be", address("https://example.org/" + strings.Repeat("a", 1980)), ""},
		{"too long", address("https://example.org/" + strings.Repeat("a", 1981)), "canonicalUrl"},
		{"huge", address("https://example.org/" + strings.Repeat("a", 5<<20)), "canonicalUrl"},

		{"a region", language("en-GB"), ""},
		{"a script", language("zh-Hant-TW"), ""},
		{"no language", language(""), "language"},
		{"undetermined", language("und"), "language"},
		{"undetermined in a region", language("und-FR"), "language"},
		{"a name", language("English"), "language"},
		{"an unknown one", language("qq"), "language"},
		{"a letter", language("f"), "language"},
		{"huge language", language(strings.Repeat("a", 5<<20)), "language"},

		{"a slug of one letter", slug("a"), ""},
		{"a slug of 120", slug(strings.Repeat("a", 120)), ""},
		{"a slug of 121", slug(strings.Repeat("a", 121)), "slug"},
		{"capitals in a slug", slug("A"), "slug"},
		{"two hyphens", slug("a--b"), "slug"},
		{"a hyphen at the end", slug("a-"), "slug"},
		{"an accent in a slug", slug("é"), "slug"},

		{"a priority that is none", func(e *desk.StoryEdit) { e.Priority = "HIGH" }, "priority"},
		{"no priority", func(e *desk.StoryEdit) { e.Priority = "" }, ""},

		{"corners", focus(0, 1), ""},
		{"left of it", focus(-0.001, 0), "image.focalPoint.x"},
		{"right of it", focus(1.001, 0), "image.focalPoint.x"},
		{"above it", focus(0, -1), "image.focalPoint.y"},
		{"no number", focus(math.NaN(), 0), "image.focalPoint.x"},
		{"no number below", focus(0, math.NaN()), "image.focalPoint.y"},
		{"endless", focus(0, math.Inf(1)), "image.focalPoint.y"},
		{"no picture", image(func(i *news.Image) { i.URL = "" }), "image.url"},
		{"the widest", image(func(i *news.Image) { i.Width = 100_000 }), ""},
		{"wider", image(func(i *news.Image) { i.Width = 100_001 }), "image.width"},
		{"negative", image(func(i *news.Image) { i.Height = -1 }), "image.height"},

		{"a source without a name", func(e *desk.StoryEdit) { e.Source = &news.Source{URL: "https://example.org"} }, "source.name"},
		{"a source with a bad address", func(e *desk.StoryEdit) { e.Source = &news.Source{Name: "a", URL: "x"} }, "source.url"},

		{"tags twice and by both names", tags("topic", "writer", "topic"), ""},
		{"an unknown tag", tags("topic", "nope"), "tags[1]"},
		{"an empty tag", tags(""), "tags[0]"},
		{"a tag of 5 MB", tags(strings.Repeat("a", 5<<20)), "tags[0]"},
		{"30 tags", tags(many(30)...), ""},
		{"31 tags", tags(many(31)...), "tags"},
		{"20 authors", authors(many(20)...), ""},
		{"21 authors", authors(many(21)...), "authors"},
		{"an author who is none", authors("writer", "topic"), "authors[1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			head := r.lines(t)
			began := time.Now()
			s, err := r.CreateStory(t.Context(), editor, "", func(e *desk.StoryEdit) {
				e.Title, e.Language = c.name, "fr"
				c.edit(e)
			})
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			if c.field == "" {
				must(t, err)
				if s.Version != 1 || r.lines(t) != head+1 {
					t.Errorf("got %+v on %d lines", s, r.lines(t)-head)
				}
				return
			}
			wantInvalid(t, err, c.field)
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			if r.lines(t) != head {
				t.Error("it was refused and written")
			}
		})
	}
}

func TestWhatIsKeptIsNormal(t *testing.T) {
	r := open(t)
	r.tag(t, "topic", news.TagTopic)
	s, err := r.CreateStory(t.Context(), editor, "", func(e *desk.StoryEdit) {
		e.Title, e.Language, e.TagRefs = " L\u2019e\u0301te\u0301 ", "FR-ca", []string{"topic", "topic"}
		e.Body = "a\r\nb\rc\u2028d"
	})
	must(t, err)
	if s.Title != "L’été" || s.Slug != "l-ete" || s.Language != "fr-CA" || s.Body != "a\nb\nc\nd" || len(s.Tags) != 1 || s.Priority != news.Routine {
		t.Errorf("got %+v", s.StoryContent)
	}
}

func TestTimesOfALine(t *testing.T) {
	r := open(t)
	for _, c := range []struct {
		name string
		at   time.Time
		want time.Time // zero: it is refused
	}{
		{"now when it is left out", time.Time{}, noon},
		{"an hour ahead", noon.Add(time.Hour), noon.Add(time.Hour)},
		{"more than an hour ahead", noon.Add(time.Hour + time.Millisecond), time.Time{}},
		{"a mistyped year", noon.AddDate(100, 0, 0), time.Time{}},
		{"long ago", time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)},
		{"before the year 1", time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), time.Time{}},
		{"in another zone, to the nanosecond", time.Date(2026, 3, 2, 12, 30, 0, 1_999_999, time.FixedZone("", 3600)), time.Date(2026, 3, 2, 11, 30, 0, 1_000_000, time.UTC)},
	} {
		e, err := r.PublishTickerEntry(t.Context(), editor, "", false, func(e *desk.TickerEdit) {
			e.Headline, e.OccurredAt = c.name, c.at
		})
		if c.want.IsZero() {
			wantInvalid(t, err, "occurredAt")
			continue
		}
		must(t, err)
		if e.OccurredAt != c.want {
			t.Errorf("%s: got %v, want %v", c.name, e.OccurredAt, c.want)
		}
	}
}

func TestTimesOfACoverage(t *testing.T) {
	r := open(t)
	never := time.Time{}
	for _, c := range []struct {
		name         string
		status       news.CoverageStatus
		starts, ends time.Time
		want         time.Time // its end
		field        string
	}{
		{"open", news.CoverageLive, noon, never, never, ""},
		{"an end in the future", news.CoverageUpcoming, noon, noon.AddDate(1, 0, 0), noon.AddDate(1, 0, 0), ""},
		{"an end at its start", news.CoverageEnded, noon, noon, noon, ""},
		{"an end before its start", news.CoverageLive, noon, noon.Add(-time.Millisecond), never, "endsAt"},
		{"over, with no end", news.CoverageEnded, noon.Add(-time.Hour), never, noon, ""},
		{"over before it began", news.CoverageEnded, noon.Add(time.Hour), never, noon.Add(time.Hour), ""},
		{"no start", news.CoverageLive, never, never, never, "startsAt"},
		{"the year 10000", news.CoverageLive, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), never, never, "startsAt"},
		{"no status", "", noon, never, never, "status"},
		{"an unknown status", "PAUSED", noon, never, never, "status"},
	} {
		got, err := r.CreateCoverage(t.Context(), editor, "", func(e *desk.CoverageEdit) {
			e.Title, e.Status, e.StartsAt, e.EndsAt = c.name, c.status, c.starts, c.ends
		})
		if c.field != "" {
			wantInvalid(t, err, c.field)
			continue
		}
		must(t, err)
		if got.EndsAt != c.want {
			t.Errorf("%s: ends %v, want %v", c.name, got.EndsAt, c.want)
		}
	}
}

func TestRulesOfATag(t *testing.T) {
	r := open(t)
	aliases := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = "alias"
		}
		return list
	}
	for _, c := range []struct {
		name    string
		content news.TagContent
		field   string
	}{
		{"a kind that is none", news.TagContent{Name: "x", Kind: "THING"}, "kind"},
		{"no kind", news.TagContent{Name: "x"}, "kind"},
		{"50 aliases", news.TagContent{Name: "x", Kind: news.TagTopic, Aliases: aliases(50)}, ""},
		{"51 aliases", news.TagContent{Name: "y", Kind: news.TagTopic, Aliases: aliases(51)}, "aliases"},
		{"no letter to make a slug of", news.TagContent{Name: "!?", Kind: news.TagTopic}, "slug"},
		{"the slug of another", news.TagContent{Name: "X", Kind: news.TagPlace}, "slug"},
		{"a bad slug", news.TagContent{Name: "z", Slug: "Z", Kind: news.TagTopic}, "slug"},
	} {
		_, err := r.CreateTag(t.Context(), editor, "", c.content)
		if c.field == "" {
			must(t, err)
			continue
		}
		wantInvalid(t, err, c.field)
	}
	r.tag(t, "writer", news.TagContributor)
	_, err := r.UpdateTag(t.Context(), editor, "writer", 1, func(c *news.TagContent) { c.Kind = news.TagPerson })
	wantInvalid(t, err, "kind")
}

func TestIDsOfTheCallersMaking(t *testing.T) {
	r := open(t)
	for _, id := range []string{"a b", "é", "a/b", strings.Repeat("a", 65), strings.Repeat("a", 5<<20)} {
		_, err := r.CreateStory(t.Context(), editor, id, func(e *desk.StoryEdit) { e.Title, e.Language = "A", "fr" })
		wantInvalid(t, err, "id")
		_, err = r.CreateTag(t.Context(), editor, id, news.TagContent{Name: "A", Kind: news.TagTopic})
		wantInvalid(t, err, "id")
		_, err = r.PublishTickerEntry(t.Context(), editor, id, false, func(e *desk.TickerEdit) { e.Headline = "A" })
		wantInvalid(t, err, "id")
		_, err = r.CreateCoverage(t.Context(), editor, id, func(e *desk.CoverageEdit) {
			e.Title, e.Status, e.StartsAt = "A", news.CoverageLive, noon
		})
		wantInvalid(t, err, "id")
	}
	s := r.draft(t, editor, strings.Repeat("a", 64), "The longest id")
	if len(s.ID) != 64 {
		t.Errorf("got %q", s.ID)
	}
}
