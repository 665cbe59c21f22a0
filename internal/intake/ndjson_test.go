package intake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"depeche/internal/desk"
	"depeche/internal/intake"
	"depeche/internal/news"
)

// read brings an archive in and returns what was refused, as "line: reason".
func (r *room) read(archive string, options ...func(*intake.NDJSONOptions)) (intake.Summary, []string, error) {
	r.Helper()
	var refused []string
	o := intake.NDJSONOptions{Report: func(line int, reason string) { refused = append(refused, fmt.Sprintf("%d: %s", line, reason)) }}
	for _, option := range options {
		option(&o)
	}
	sum, err := intake.ImportNDJSON(r.Context(), r.desk, r.store, importer(), strings.NewReader(archive), o)
	if sum.Refused != len(refused) {
		r.Errorf("the summary has %d refused lines, %d were reported", sum.Refused, len(refused))
	}
	return sum, refused, err
}

// takes brings in an archive that must be whole.
func (r *room) takes(archive string) intake.Summary {
	r.Helper()
	sum, refused, err := r.read(archive, strict)
	if err != nil || len(refused) > 0 {
		r.Fatalf("got %v, refused %q", err, refused)
	}
	return sum
}

func strict(o *intake.NDJSONOptions) { o.Strict = true }

func (r *room) export() string {
	r.Helper()
	var out strings.Builder
	if err := intake.Export(r.Context(), r.store, &out); err != nil {
		r.Fatal(err)
	}
	return out.String()
}

func total(counts map[news.Kind]int) (n int) {
	for count := range maps.Values(counts) {
		n += count
	}
	return n
}

func (r *room) story(slug string) *news.Story {
	r.Helper()
	found, err := r.store.StoriesBySlug(r.Context(), news.Audience{Staff: true}, []string{slug})
	if err != nil || found[slug] == nil {
		r.Fatalf("story %s: got %v, %v", slug, found[slug], err)
	}
	return found[slug]
}

func (r *room) tag(slug string) *news.Tag {
	r.Helper()
	found, err := r.store.TagsBySlug(r.Context(), []string{slug})
	if err != nil || found[slug] == nil {
		r.Fatalf("tag %s: got %v, %v", slug, found[slug], err)
	}
	return found[slug]
}

// whole is an archive with everything in it that the format has, as Export
// writes it.
const whole = `{"type":"tag","slug":"politique","name":"Politique","kind":"SECTION","description":"Les lois.","aliases":["Politics","政治"]}
{"type":"tag","slug":"c","name":"C++ & <C#>","code":"medtop:20000763","uri":"http://cv.iptc.org/newscodes/mediatopic/20000763"}
{"type":"tag","slug":"marie-dupont","name":"Marie Dupont","kind":"CONTRIBUTOR"}
{"type":"tag","slug":"paul","name":"Paul","kind":"CONTRIBUTOR"}
{"type":"coverage","slug":"crue","title":"La crue en direct","summary":"Heure par heure.","startsAt":"2025-07-01T06:00:00.000Z","tags":["politique","c"]}
{"type":"coverage","slug":"fini","title":"Fini","status":"ENDED","startsAt":"2025-06-01T06:00:00.000Z","endsAt":"2025-06-02T06:00:00.000Z"}
{"type":"coverage","slug":"bientot","title":"Bientôt","status":"UPCOMING","startsAt":"2025-08-01T06:00:00.000Z"}
{"type":"story","id":"a","slug":"tout","title":"Tout : « l’été » à 50 % <b>&</b>","summary":"Œuvre 🎈","body":"Un *mot*.\n\nDeux \"mots\"\\ & <i>trois</i>.\n\n\tCode","language":"en-GB","priority":"FLASH","breaking":true,"publishedAt":"2025-07-01T10:00:00.123Z","updatedAt":"2025-07-02T10:00:00.000Z","createdAt":"2025-06-30T10:00:00.000Z","tags":["c","politique"],"authors":["paul","marie-dupont"],"image":{"url":"https://example.org/a.jpg?x=1&y=2","alt":"Une crue","caption":"La crue","credit":"Paul","width":1600,"height":900,"focalPoint":{"x":0.1,"y":0.30000000000000004}},"canonicalUrl":"https://example.org/tout","source":{"name":"Agence","url":"https://example.org/"},"corrections":[{"at":"2025-07-02T10:00:00.000Z","note":"Le nom était faux."},{"at":"2025-07-01T11:00:00.000Z","note":"C’était peu clair.","kind":"CLARIFICATION"}]}
{"type":"story","id":"b","slug":"brouillon","title":"Brouillon","createdAt":"2025-07-03T10:00:00.000Z"}
{"type":"story","id":"c","slug":"brouillon-date","title":"Brouillon qui a été public","status":"DRAFT","publishedAt":"2025-07-03T10:00:00.000Z"}
{"type":"story","id":"d","slug":"retire","title":"Retiré","status":"UNPUBLISHED","publishedAt":"2025-07-03T10:00:00.000Z","image":{"url":"https://example.org/b.jpg","alt":"x","credit":"y","focalPoint":{"x":0,"y":1}},"source":{"name":"Sans lien"}}
{"type":"story","id":"e","slug":"jamais-public","title":"Jamais public","status":"UNPUBLISHED","updatedAt":"2025-07-04T10:00:00.000Z","createdAt":"2025-07-03T10:00:00.000Z"}
{"type":"story","id":"f","slug":"demain","title":"Demain","status":"SCHEDULED","createdAt":"2025-07-03T10:00:00.000Z","scheduledFor":"2031-07-03T10:00:00.000Z"}
{"type":"story","id":"g","slug":"sous-embargo","title":"Sous embargo","status":"PUBLISHED","createdAt":"2025-07-03T10:00:00.000Z","embargoedUntil":"2031-07-03T10:00:00.000Z"}
{"type":"story","id":"h","slug":"faux","title":"Faux","status":"RETRACTED","publishedAt":"2025-07-03T10:00:00.000Z","corrections":[{"at":"2025-07-04T10:00:00.000Z","note":"Faux.","kind":"RETRACTION"}]}
{"type":"ticker","id":"t1","headline":"Tout sur une ligne","body":"Un.\n\nDeux.","occurredAt":"2025-07-01T10:00:00.000Z","publishedAt":"2025-07-01T10:00:30.000Z","priority":"URGENT","pinned":true,"keyEvent":true,"tags":["politique"],"story":"tout","coverage":"crue","source":{"name":"Agence"},"corrections":[{"at":"2025-07-01T11:00:00.000Z","note":"Note."}]}
{"type":"ticker","id":"t2","headline":"Peu","occurredAt":"2025-07-01T10:00:00.000Z"}
{"type":"ticker","id":"t3","headline":"Faux","occurredAt":"2025-07-01T10:01:00.000Z","status":"RETRACTED","corrections":[{"at":"2025-07-01T11:00:00.000Z","note":"Faux.","kind":"RETRACTION"}]}
{"type":"ticker","id":"t4","headline":"Dans le direct seulement","occurredAt":"2025-07-01T10:02:00.000Z","pinned":true,"pinnedUntil":"2031-07-03T10:00:00.000Z","coverageOnly":true,"coverage":"crue"}
`

func TestExportImportExportIsTheSame(t *testing.T) {
	first := newRoom(t)
	sum := first.takes(whole)
	if sum.Lines != 19 || total(sum.Added) != 19 || total(sum.Known) != 0 || len(sum.Unknown) != 0 {
		t.Errorf("got %+v", sum)
	}
	if got := first.export(); got != whole {
		t.Errorf("got\n%s\nwant\n%s", got, whole)
	}
	before := first.head()
	if sum := first.takes(whole); total(sum.Added) != 0 || total(sum.Known) != 19 || first.head() != before {
		t.Errorf("again: got %+v, head %d after %d", sum, first.head(), before)
	}
}

// What the newsroom has done leaves marks that an archive has no place for
// (versions, former slugs, who did it); the rest goes round.
func TestExportOfALivingNewsroom(t *testing.T) {
	r := newRoom(t)
	r.takes(whole)
	r.newsPage(article, publish)
	s := r.story("tout")
	must[*news.Story](t)(r.desk.UpdateStory(t.Context(), marie(), s.ID, s.Version, func(e *desk.StoryEdit) { e.Slug, e.Body = "tout-neuf", "Autre." }))
	e := r.entry("Séisme en Iran")
	must[*news.TickerEntry](t)(r.desk.RetractTickerEntry(t.Context(), marie(), e.ID, 1, "Faux."))
	once := r.export()
	if !strings.Contains(once, `"story":"tout-neuf"`) {
		t.Error("a line names its story by a former slug")
	}
	second := newRoom(t)
	second.now = r.now.AddDate(1, 0, 0)
	second.takes(once)
	if twice := second.export(); twice != once {
		t.Errorf("got\n%s\nwant\n%s", twice, once)
	}
}

// A store in which something happens while it is exported.
type restless struct {
	news.Store
	happen func()
}

func (s restless) Entities(ctx context.Context, kind news.Kind, after news.EntityID, limit int) ([]news.Entity, error) {
	s.happen()
	return s.Store.Entities(ctx, kind, after, limit)
}

func TestExportShowsOneMoment(t *testing.T) {
	r := newRoom(t)
	r.takes(whole)
	n := 0
	store := restless{r.store, func() {
		if n++; n > 12 {
			return
		}
		slug := fmt.Sprintf("nouveau-%d", n)
		tag := must[*news.Tag](t)(r.desk.CreateTag(t.Context(), marie(), "", news.TagContent{Slug: slug, Name: slug, Kind: news.TagTopic}))
		old := r.tag("politique")
		must[*news.Tag](t)(r.desk.UpdateTag(t.Context(), marie(), old.ID, old.Version, func(c *news.TagContent) { c.Slug = "politique-" + slug }))
		found := must[map[news.StoryID]*news.Story](t)(r.store.StoriesByID(t.Context(), news.Audience{Staff: true}, []news.StoryID{"a"}))
		must[*news.Story](t)(r.desk.UpdateStory(t.Context(), marie(), "a", found["a"].Version, func(e *desk.StoryEdit) {
			e.Title, e.Slug, e.TagRefs = slug, slug, []string{string(tag.ID)}
		}))
		must[*news.TickerEntry](t)(r.desk.PublishTickerEntry(t.Context(), marie(), "", false, func(e *desk.TickerEdit) { e.Headline, e.StoryRef = slug, &slug }))
	}}
	var out strings.Builder
	if err := intake.Export(t.Context(), store, &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != whole {
		t.Errorf("got\n%s\nwant\n%s", out.String(), whole)
	}
}

func TestNDJSONMinimal(t *testing.T) {
	r := newRoom(t)
	archive := "\uFEFF" + `{"slug":"x","title":"Un titre","unknown":1,"image":{"url":"https://e.org/a","alt":"a","credit":"c","x":1}}` + "\r\n\n  \n" +
		`{"title":"Sans slug","publishedAt":"2025-07-01T12:00:00+02:00","unknown":2,"endsAt":null}` + "\n" +
		`{"headline":"Une ligne","occurredAt":"2025-07-01T10:00:00.1239Z"}` // and no end of line
	sum, refused, err := r.read(archive)
	if err != nil || len(refused) > 0 || sum.Lines != 3 || sum.Added[news.KindStory] != 2 || sum.Added[news.KindTickerEntry] != 1 {
		t.Errorf("got %+v, %q, %v", sum, refused, err)
	}
	if want := map[string]int{"unknown": 2, "image.x": 1}; !maps.Equal(sum.Unknown, want) {
		t.Errorf("unknown: got %v, want %v", sum.Unknown, want)
	}
	if s := r.story("x"); s.Status != news.StoryDraft || s.Language != "fr" || s.Priority != news.Routine || s.CreatedBy != "" {
		t.Errorf("got %+v", s)
	}
	if s := r.story("sans-slug"); s.Status != news.StoryPublished || !s.PublishedAt.Equal(instant(t, "2025-07-01T10:00:00Z")) || !s.CreatedAt.Equal(s.PublishedAt) {
		t.Errorf("got %+v", s)
	}
	before := r.head()
	if sum, _, err := r.read(archive); err != nil || total(sum.Known) != 3 || r.head() != before {
		t.Errorf("again: got %+v, %v", sum, err)
	}
}

// Each row is a line that is refused, between two that are not.
func TestNDJSONBadLines(t *testing.T) {
	for _, row := range []struct{ name, line, want string }{
		{"not JSON", `hello`, "the line is not JSON: invalid character 'h'"},
		{"cut off", `{"title":"a`, "ends in the middle"},
		{"cut off after a field", `{"title":"a",`, "ends in the middle"},
		{"a list", `[]`, "the line must be a JSON object"},
		{"a string", `"x"`, "the line must be a JSON object"},
		{"two objects", `{"title":"a"}{"title":"b"}`, "goes on after its JSON object"},
		{"not UTF-8", "{\"title\":\"\xff\"}", "the line is not valid UTF-8"},
		{"half a surrogate", `{"title":"\ud800"}`, "title contains the replacement character"},
		{"a NUL", `{"title":"a\u0000b"}`, "title contains a NUL"},
		{"a field twice", `{"title":"a","title":"b"}`, `the line has the field "title" twice`},
		{"a field twice inside", `{"title":"a","source":{"name":"a","name":"b"}}`, `source has the field "name" twice`},
		{"no type", `{"name":"a"}`, "type is missing"},
		{"an unknown type", `{"type":"video","title":"a"}`, `type must be tag, coverage, story or ticker, not "video"`},
		{"a type that is no string", `{"type":1,"title":"a"}`, "type must be a string"},
		{"another case", `{"Title":"a","type":"story"}`, "title is missing"},
		{"no title", `{"type":"story"}`, "title is missing"},
		{"a title that is null", `{"type":"story","title":null}`, "title is missing"},
		{"an empty title", `{"title":" "}`, "title must not be empty"},
		{"a number for a string", `{"title":1}`, "title must be a string"},
		{"a string for a truth", `{"title":"a","breaking":"true"}`, "breaking must be true or false"},
		{"a bad id", `{"title":"a","id":"a b"}`, "id must be 1 to 64 of"},
		{"a bad slug", `{"title":"a","slug":"A"}`, "slug must be"},
		{"a bad date", `{"title":"a","publishedAt":"2025-07-09"}`, `publishedAt must be an RFC 3339 instant such as 2025-07-09T09:27:00Z, not "2025-07-09"`},
		{"a date that there is not", `{"title":"a","publishedAt":"2025-02-30T10:00:00Z"}`, "publishedAt must be an RFC 3339 instant"},
		{"a number for a date", `{"title":"a","publishedAt":1752053220}`, "publishedAt must be a string"},
		{"the year 0", `{"title":"a","updatedAt":"0000-01-01T00:00:00Z"}`, "updatedAt must be an instant of the years 1 to 9999"},
		{"the year 10000", `{"title":"a","updatedAt":"9999-12-31T23:59:59-12:00"}`, "updatedAt must be an instant of the years 1 to 9999"},
		{"published ahead", `{"title":"a","publishedAt":"2031-01-01T00:00:00Z"}`, "publishedAt is more than an hour ahead"},
		{"published without a date", `{"title":"a","status":"PUBLISHED"}`, "publishedAt is missing from a published story"},
		{"scheduled", `{"title":"a","status":"SCHEDULED"}`, "scheduledFor is missing from a scheduled story"},
		{"retracted", `{"title":"a","status":"RETRACTED"}`, "publishedAt is missing from a retracted story"},
		{"an unknown status", `{"title":"a","status":"LOST"}`, "status must be DRAFT"},
		{"an unknown priority", `{"title":"a","priority":"HIGH"}`, "priority must be FLASH"},
		{"an unknown language", `{"title":"a","language":"français"}`, "language must be a language"},
		{"two bodies", `{"title":"a","body":"a","bodyHtml":"b"}`, "bodyHtml can't be given together with body"},
		{"a bad body", `{"title":"a","bodyHtml":"` + strings.Repeat("<blockquote>", 20) + `"}`, "bodyHtml has more than 10"},
		{"an unknown tag", `{"title":"a","tags":["nothing"]}`, `tags[0] names nothing that is there: "nothing"`},
		{"a tag without a name", `{"title":"a","tags":[{"slug":"x"}]}`, "tags[0].name is missing"},
		{"a tag of no kind", `{"title":"a","tags":[{"slug":"x","name":"X","kind":"ODD"}]}`, "tags[0] can't become a tag: kind must be"},
		{"a number for a tag", `{"title":"a","tags":[1]}`, "tags[0] must be a JSON object"},
		{"a string for a list", `{"title":"a","tags":"x"}`, "tags must be a list"},
		{"too many tags", `{"title":"a","tags":["x"` + strings.Repeat(`,"x"`, 30) + `]}`, "tags has more than 30 elements"},
		{"an author that is no string", `{"title":"a","authors":[{}]}`, "authors[0] must be a string"},
		{"an image without a credit", `{"title":"a","image":{"url":"https://e.org/a","alt":"a"}}`, "image.credit is missing"},
		{"half a pixel", `{"title":"a","image":{"url":"https://e.org/a","alt":"a","credit":"c","width":1.5}}`, "image.width must be a whole number"},
		{"a width that is a string", `{"title":"a","image":{"url":"https://e.org/a","alt":"a","credit":"c","width":"5"}}`, "image.width must be a number"},
		{"a negative width", `{"title":"a","image":{"url":"https://e.org/a","alt":"a","credit":"c","width":-5}}`, "image.width must be between"},
		{"a focal point outside", `{"title":"a","image":{"url":"https://e.org/a","alt":"a","credit":"c","focalPoint":{"x":2,"y":0}}}`, "image.focalPoint.x must be between 0 and 1"},
		{"half a focal point", `{"title":"a","image":{"url":"https://e.org/a","alt":"a","credit":"c","focalPoint":{"x":1}}}`, "image.focalPoint.y is missing"},
		{"a number that is none", `{"title":"a","image":{"url":"https://e.org/a","alt":"a","credit":"c","height":1e999}}`, "image.height must be a number"},
		{"an URL of another scheme", `{"title":"a","canonicalUrl":"javascript:x"}`, "canonicalUrl must be an absolute http"},
		{"a source without a name", `{"title":"a","source":{}}`, "source.name is missing"},
		{"a correction without a note", `{"title":"a","corrections":[{"at":"2025-07-01T10:00:00Z"}]}`, "corrections[0].note is missing"},
		{"no headline", `{"type":"ticker","occurredAt":"2025-07-01T10:00:00Z"}`, "headline is missing"},
		{"no instant", `{"headline":"a"}`, "occurredAt is missing"},
		{"an unknown story", `{"headline":"a","occurredAt":"2025-07-01T10:00:00Z","story":"nothing"}`, "story names nothing"},
		{"an unknown coverage", `{"headline":"a","occurredAt":"2025-07-01T10:00:00Z","coverage":"nothing"}`, "coverage names nothing"},
		{"a draft of a line", `{"headline":"a","occurredAt":"2025-07-01T10:00:00Z","status":"DRAFT"}`, "status must be PUBLISHED or RETRACTED"},
		{"a tag without a slug", `{"type":"tag","name":"a"}`, "slug is missing"},
		{"a coverage without a beginning", `{"type":"coverage","slug":"a","title":"a"}`, "startsAt is missing"},
		{"an end before the beginning", `{"type":"coverage","slug":"a","title":"a","startsAt":"2025-07-01T10:00:00Z","endsAt":"2025-07-01T09:00:00Z"}`, "endsAt must not be before"},
		{"an id of another kind", `{"type":"ticker","id":"first","headline":"a","occurredAt":"2025-07-01T10:00:00Z"}`, "id belongs to something of another kind"},
		{"a slug of another story", `{"id":"other","slug":"first","title":"a"}`, `slug "first" belongs to first`},
		{"very long", `{"title":"a","body":"` + strings.Repeat("x", 5<<20) + `"}`, "is longer than 4 MiB"},
		{"too many fields", `{"title":"a"` + manyFields() + `}`, "the line has more than 100 fields"},
		{"deep", `{"title":` + strings.Repeat("[", 20_000), "the line is not JSON"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRoom(t)
			archive := `{"type":"story","id":"first","slug":"first","title":"First"}` + "\n" + row.line + "\n" + `{"title":"Last"}` + "\n"
			sum, refused, err := r.read(archive)
			if err != nil || len(refused) != 1 || !strings.HasPrefix(refused[0], "2: ") || !strings.Contains(refused[0], row.want) {
				t.Errorf("got %q, %v, want line 2 for %q", refused, err, row.want)
			}
			if sum.Lines != 3 || sum.Added[news.KindStory] != 2 {
				t.Errorf("got %+v", sum)
			}
			r.story("last")
		})
	}
}

func manyFields() string {
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, `,"f%d":1`, i)
	}
	return b.String()
}

func TestNDJSONStrict(t *testing.T) {
	for _, row := range []struct {
		name, line, want string
		stories          int // that are in
	}{
		{"a bad line", `{"title":1}`, "line 2: title must be a string", 1},
		{"an unknown field", `{"title":"b","colour":"red"}`, "line 2: colour is a field that the format does not have", 1},
		{"a rule of the desk", `{"title":"b","priority":"HIGH"}`, "line 2: priority must be", 2}, // the rest of the batch
		{"an unknown tag", `{"headline":"b","occurredAt":"2025-07-01T10:00:00Z","story":"a","tags":["x"]}`, "line 2: tags[0] names nothing", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRoom(t)
			sum, refused, err := r.read(`{"title":"a"}`+"\n"+row.line+"\n"+`{"title":"c"}`, strict)
			if !errors.Is(err, intake.ErrRefused) || !strings.Contains(err.Error(), row.want) || len(refused) != 1 {
				t.Errorf("got %v, refused %q", err, refused)
			}
			if sum.Added[news.KindStory] != row.stories || len(r.stories()) != row.stories {
				t.Errorf("got %+v, %d stories, want %d", sum, len(r.stories()), row.stories)
			}
		})
	}
}

func TestNDJSONRecognises(t *testing.T) {
	for _, row := range []struct {
		name  string
		first string
		then  string
		known bool
	}{
		{"an id", `{"id":"x","title":"A"}`, `{"id":"x","title":"Other"}`, true},
		{"another id of the same title", `{"id":"x","title":"A"}`, `{"id":"y","title":"A"}`, false},
		{"a slug", `{"slug":"x","title":"A"}`, `{"slug":"x","title":"B"}`, true},
		{"a slug of one with an id", `{"id":"x","slug":"x","title":"A"}`, `{"slug":"x","title":"B"}`, true},
		{"a title", `{"title":"L’été"}`, `{"title":"L'été"}`, true},
		{"a title of the same publication", `{"title":"Météo","publishedAt":"2025-07-01T10:00:00Z"}`, `{"title":"Météo","publishedAt":"2025-07-01T10:00:00Z"}`, true},
		{"a title of another publication", `{"title":"Météo","publishedAt":"2025-07-01T10:00:00Z"}`, `{"title":"Météo","publishedAt":"2025-07-02T10:00:00Z"}`, false},
		{"a line", `{"headline":"A","occurredAt":"2025-07-01T10:00:00Z"}`, `{"headline":" A ","occurredAt":"2025-07-01T12:00:00+02:00"}`, true},
		{"a line of one with an id", `{"id":"x","headline":"A","occurredAt":"2025-07-01T10:00:00Z"}`, `{"headline":"A","occurredAt":"2025-07-01T10:00:00Z"}`, true},
		{"another line", `{"headline":"A","occurredAt":"2025-07-01T10:00:00Z"}`, `{"headline":"B","occurredAt":"2025-07-01T10:00:00Z"}`, false},
		{"a line of another instant", `{"headline":"A","occurredAt":"2025-07-01T10:00:00Z"}`, `{"headline":"A","occurredAt":"2025-07-01T10:00:00.001Z"}`, false},
		{"a tag", `{"type":"tag","slug":"x","name":"A"}`, `{"type":"tag","slug":"x","name":"B","kind":"PLACE"}`, true},
		{"a coverage", `{"type":"coverage","slug":"x","title":"A","startsAt":"2025-07-01T10:00:00Z"}`, `{"type":"coverage","slug":"x","title":"B","startsAt":"2025-07-01T10:00:00Z"}`, true},
		{"a slug of another kind", `{"type":"tag","slug":"x","name":"A"}`, `{"slug":"x","title":"A"}`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			for name, archives := range map[string][]string{"in one": {row.first + "\n" + row.then}, "in two": {row.first, row.then}} {
				r := newRoom(t)
				added, knew := 0, 0
				for _, archive := range archives {
					sum := r.takes(archive)
					added, knew = added+total(sum.Added), knew+total(sum.Known)
				}
				want := [2]int{2, 0}
				if row.known {
					want = [2]int{1, 1}
				}
				if got := [2]int{added, knew}; got != want {
					t.Errorf("%s: added and known: got %v, want %v", name, got, want)
				}
				before := r.head()
				r.takes(row.first + "\n" + row.then)
				if r.head() != before {
					t.Errorf("%s: a second import has added something", name)
				}
			}
		})
	}
}

// A line that came without an id is known after an editor has changed it.
func TestNDJSONUndoesNoEditor(t *testing.T) {
	const archive = `{"headline":"A","occurredAt":"2025-07-01T10:00:00Z"}` + "\n" + `{"title":"A"}`
	for _, row := range []struct {
		name string
		edit func(*desk.TickerEdit)
	}{
		{"the headline", func(e *desk.TickerEdit) { e.Headline = "Autre" }},
		{"the instant", func(e *desk.TickerEdit) { e.OccurredAt = e.OccurredAt.AddDate(0, 0, -1) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRoom(t)
			r.takes(archive)
			e := r.entry("A")
			must[*news.TickerEntry](t)(r.desk.CorrectTickerEntry(t.Context(), marie(), e.ID, 1, "Note.", news.Correcting, row.edit))
			s := r.story("a")
			must[*news.Story](t)(r.desk.UpdateStory(t.Context(), marie(), s.ID, 1, func(e *desk.StoryEdit) { e.Slug, e.Title = "autre", "Autre" }))
			before := r.head()
			if r.takes(archive); r.head() != before {
				t.Error("the import has written something")
			}
		})
	}
	t.Run("in an archive that has grown", func(t *testing.T) {
		r := newRoom(t)
		r.takes(archive)
		e := r.entry("A")
		must[*news.TickerEntry](t)(r.desk.CorrectTickerEntry(t.Context(), marie(), e.ID, 1, "Note.", news.Correcting, func(e *desk.TickerEdit) {
			e.OccurredAt = e.OccurredAt.AddDate(0, 0, -1)
		}))
		sum := r.takes(`{"headline":"B","occurredAt":"2025-07-01T09:00:00Z"}` + "\n" + archive)
		if sum.Added[news.KindTickerEntry] != 1 || sum.Known[news.KindTickerEntry] != 1 {
			t.Errorf("got %+v", sum)
		}
	})
	t.Run("a line of an editor's own", func(t *testing.T) {
		r := newRoom(t)
		e := must[*news.TickerEntry](t)(r.desk.PublishTickerEntry(t.Context(), marie(), "", false, func(e *desk.TickerEdit) {
			e.Headline, e.OccurredAt = "A", instant(t, "2025-07-01T10:00:00Z")
		}))
		must[*news.TickerEntry](t)(r.desk.CorrectTickerEntry(t.Context(), marie(), e.ID, 1, "Note.", news.Correcting, func(e *desk.TickerEdit) { e.Headline = "Autre" }))
		if sum := r.takes(archive); sum.Added[news.KindTickerEntry] != 0 {
			t.Errorf("got %+v", sum)
		}
	})
}

func TestNDJSONTags(t *testing.T) {
	r := newRoom(t)
	sum := r.takes(`{"type":"tag","slug":"marie","name":"Marie Curie","kind":"PERSON"}
{"type":"tag","slug":"mdupont","name":"Marie Dupont","kind":"CONTRIBUTOR"}
{"type":"tag","slug":"monde","name":"Le Monde","kind":"TOPIC"}
{"title":"a","tags":["marie",{"slug":"iran","name":"Iran","kind":"PLACE"},{"slug":"marie","name":"Ignored"},"iran"],"section":"Politique","authors":["marie dupont","Marie","mdupont","Zoé Ö"]}
{"title":"b","tags":["iran"],"section":"politique","authors":["marie","zoe-o"]}
{"title":"c","section":"Monde"}
`)
	if sum.Added[news.KindTag] != 7 || sum.Added[news.KindStory] != 3 {
		t.Errorf("got %+v", sum)
	}
	slugs := func(ids []news.TagID) (all []string) {
		found := must[map[news.TagID]*news.Tag](t)(r.store.TagsByID(t.Context(), ids))
		for _, id := range ids {
			all = append(all, found[id].Slug)
		}
		return all
	}
	for _, row := range []struct {
		story         string
		tags, authors []string
	}{
		{"a", []string{"marie", "iran", "politique"}, []string{"mdupont", "marie-2", "zoe-o"}},
		{"b", []string{"iran", "politique"}, []string{"marie-2", "zoe-o"}},
		{"c", []string{"monde"}, nil},
	} {
		s := r.story(row.story)
		if tags, authors := slugs(s.Tags), slugs(s.Authors); !slices.Equal(tags, row.tags) || !slices.Equal(authors, row.authors) {
			t.Errorf("%s: got tags %q, authors %q, want %q, %q", row.story, tags, authors, row.tags, row.authors)
		}
	}
	for slug, want := range map[string]news.TagContent{
		"iran":      {Slug: "iran", Name: "Iran", Kind: news.TagPlace},
		"marie":     {Slug: "marie", Name: "Marie Curie", Kind: news.TagPerson},
		"marie-2":   {Slug: "marie-2", Name: "Marie", Kind: news.TagContributor},
		"zoe-o":     {Slug: "zoe-o", Name: "Zoé Ö", Kind: news.TagContributor},
		"politique": {Slug: "politique", Name: "Politique", Kind: news.TagSection},
	} {
		if got := r.tag(slug).TagContent; got.Name != want.Name || got.Kind != want.Kind {
			t.Errorf("%s: got %+v", slug, got)
		}
	}
}

// Also one that has only just been read.
func TestNDJSONAuthorByTheNameOfATagOfTheArchive(t *testing.T) {
	r := newRoom(t)
	sum := r.takes(`{"type":"tag","slug":"mdupont","name":"Marie Dupont","kind":"CONTRIBUTOR"}` + "\n" + `{"title":"a","authors":["Marie Dupont"]}`)
	if sum.Added[news.KindTag] != 1 {
		t.Errorf("got %+v", sum)
	}
}

// A section more than the tags have room for would not go round.
func TestNDJSONSectionIsOneOfTheTags(t *testing.T) {
	r := newRoom(t)
	var tags []string
	for i := range 30 {
		tags = append(tags, fmt.Sprintf(`{"slug":"t%d","name":"t%d"}`, i, i))
	}
	_, refused, err := r.read(`{"title":"a","section":"S","tags":[` + strings.Join(tags, ",") + `]}`)
	if err != nil || len(refused) != 1 || !strings.Contains(refused[0], "tags may be at most 30") {
		t.Errorf("got %q, %v", refused, err)
	}
}

func packed(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNDJSONPacked(t *testing.T) {
	r := newRoom(t)
	r.takes(packed(t, "\uFEFF"+whole))
	if got := r.export(); got != whole {
		t.Errorf("got\n%s", got)
	}
}

// stories is an archive of n stories with ids, about 3 kB each.
func stories(n int) iter.Seq[string] {
	body := strings.Repeat("Le Sénat a adopté mardi, après trois heures de débat, un texte très attendu. ", 34)
	return func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprintf(`{"id":"s%07d","title":"Histoire numéro %d","publishedAt":"2025-07-0%dT10:%02d:00Z","tags":[{"slug":"t%d","name":"T%d"}],"authors":["Auteur %d"],"body":"%d. %s"}`+"\n",
				i, i, 1+i%8, i%60, i%40, i%40, i%25, i, body)) {
				return
			}
		}
	}
}

// What came before the cut is in, and the error says where it was.
func TestNDJSONCutOff(t *testing.T) {
	archive := strings.Join(slices.Collect(stories(700)), "")
	gz := packed(t, archive)
	for _, row := range []struct {
		name    string
		archive string
		err     string // empty: none, but the last line is refused
	}{
		{"packed", gz[:len(gz)/2], "unpack the archive at line "},
		{"in the checksum", gz[:len(gz)-4], "unpack the archive at line 701: it is cut off"},
		{"in the header", gz[:5], "unpack the archive: it is cut off"},
		{"plain", archive[:len(archive)/2], ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRoom(t)
			sum, refused, err := r.read(row.archive)
			if row.err == "" {
				if err != nil || len(refused) != 1 || !strings.Contains(refused[0], "the file may be cut off") {
					t.Errorf("got %q, %v", refused, err)
				}
			} else if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), row.err) || len(refused) > 0 {
				t.Errorf("got %v, refused %q", err, refused)
			}
			if got, want := sum.Added[news.KindStory], sum.Lines-sum.Refused; got != want {
				t.Errorf("%d lines were read and %d stories are in", want, got)
			}
			again, _, err := r.read(archive)
			if err != nil || sum.Added[news.KindStory]+again.Added[news.KindStory] != 700 {
				t.Errorf("the whole archive then: got %+v, %v", again, err)
			}
		})
	}
}

// A reader that ends a context when so much has been read.
type ending struct {
	io.Reader
	left int
	end  func()
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if e.left -= n; e.left < 0 {
		e.end()
	}
	return n, err
}

// The end of the context lets a batch come to its end; the next import goes on.
func TestNDJSONEndsAtABatchAndGoesOn(t *testing.T) {
	r := newRoom(t)
	ctx, cancel := context.WithCancel(t.Context())
	archive := strings.Join(slices.Collect(stories(1200)), "")
	in := &ending{strings.NewReader(archive), len(archive) / 2, cancel}
	sum, err := intake.ImportNDJSON(ctx, r.desk, r.store, importer(), in, intake.NDJSONOptions{})
	if !errors.Is(err, context.Canceled) || sum.Added[news.KindStory] == 0 || sum.Added[news.KindStory] != sum.Lines || sum.Lines >= 1200 {
		t.Errorf("got %+v, %v", sum, err)
	}
	before := sum.Added[news.KindStory]
	if sum := r.takes(archive); sum.Known[news.KindStory] != before || sum.Added[news.KindStory] != 1200-before {
		t.Errorf("then: got %+v", sum)
	}
}

// A store that fails at a commit.
type failing struct {
	news.Store
	after int
}

func (s *failing) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	if s.after -= len(changes); s.after < 0 {
		return nil, news.ErrUnavailable
	}
	return s.Store.Commit(ctx, changes)
}

func TestNDJSONTellsWhatIsInWhenTheStoreFails(t *testing.T) {
	r := newRoom(t)
	store := &failing{r.store, 800}
	d := desk.New(store, r.desk.Now)
	archive := strings.Join(slices.Collect(stories(1200)), "")
	sum, err := intake.ImportNDJSON(t.Context(), d, store, importer(), strings.NewReader(archive), intake.NDJSONOptions{})
	if !errors.Is(err, news.ErrUnavailable) || sum.Added[news.KindStory] != 500 {
		t.Errorf("got %+v, %v", sum, err)
	}
}

// A store that does not see what others have just written.
type late struct{ news.Store }

func (late) Nodes(context.Context, news.Audience, []news.EntityID) (map[news.EntityID]news.Entity, error) {
	return nil, nil
}

func (late) StoriesBySlug(context.Context, news.Audience, []string) (map[string]*news.Story, error) {
	return nil, nil
}

func TestNDJSONWhenAnotherImportIsFaster(t *testing.T) {
	r := newRoom(t)
	const archive = `{"id":"x","title":"A"}`
	r.takes(archive)
	sum, err := intake.ImportNDJSON(t.Context(), r.desk, late{r.store}, importer(), strings.NewReader(archive), intake.NDJSONOptions{})
	if err != nil || sum.Known[news.KindStory] != 1 || total(sum.Added) != 0 {
		t.Errorf("got %+v, %v", sum, err)
	}
}

func TestNDJSONOfAReader(t *testing.T) {
	r := newRoom(t)
	_, err := intake.ImportNDJSON(t.Context(), r.desk, r.store, news.Actor{Name: "x", Role: news.Contributor}, strings.NewReader(whole), intake.NDJSONOptions{})
	if !errors.Is(err, news.ErrForbidden) || r.head() != 0 {
		t.Errorf("got %v", err)
	}
}

func TestNDJSONDemo(t *testing.T) {
	r := newRoom(t)
	r.now = instant(t, "2026-01-16T12:00:00Z")
	for _, name := range []string{"tags", "coverages", "stories", "ticker"} {
		archive, err := os.ReadFile(filepath.Join("..", "demo", name+".ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		r.takes(string(archive))
	}
	once := r.export()
	second := newRoom(t)
	second.now = r.now
	if second.takes(once); second.export() != once {
		t.Error("the demo does not go round")
	}
}
