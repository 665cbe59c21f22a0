package intake_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/intake"
	"depeche/internal/news"
)

const block = `- 11:27Séisme en Iran
- 11:00Gaza : espoir de trêve
- 07:17Trump nomme Sean Duffy
- 16:06Volkswagen fragilisé
`

func TestTickerIsInOrderAndAddsNothingTwice(t *testing.T) {
	r := newRoom(t)
	if got := counts(r.ticker(block)); got != [3]int{4, 0, 0} {
		t.Errorf("added, changed, unchanged: got %v", got)
	}
	want := []string{"07-09 11:27 Séisme en Iran", "07-09 11:00 Gaza : espoir de trêve", "07-09 07:17 Trump nomme Sean Duffy", "07-08 16:06 Volkswagen fragilisé"}
	r.shows(want...)
	// Those who follow the log get the lines in the order in which they came.
	for i, line := range must[[]news.Line](t)(r.store.Lines(t.Context(), 0, 10)) {
		if got := line.Doc.(*news.TickerEntry).Headline; !strings.HasSuffix(want[len(want)-1-i], got) {
			t.Errorf("line %d of the log is %q", i+1, got)
		}
	}
	before := r.head()
	result := r.ticker(block)
	if got := counts(result); got != [3]int{0, 0, 4} {
		t.Errorf("again: got %v", got)
	}
	for i, l := range result.Lines {
		if l.Line != i+1 || l.Entry == nil || l.Entry.Headline != l.Headline || l.Confidence != intake.Inferred {
			t.Errorf("line %d: got %+v", i+1, l)
		}
	}
	if r.head() != before {
		t.Error("the second import has written something")
	}
	r.shows(want...)
}

func TestTickerAnHourLaterAddsOnlyWhatIsNew(t *testing.T) {
	r := newRoom(t)
	r.ticker(block)
	r.now = r.now.Add(time.Hour)
	in := r.page("- 12:40Le Tour à Caen\n- 12:40Le Tour à Rouen\n- 12:05Encore Gaza\n" + strings.ReplaceAll(block, "espoir de trêve", "espoir fragile de trêve"))
	in.At = in.At.Add(time.Hour)
	result := r.tickerPage(in)
	if got := counts(result); got != [3]int{3, 1, 3} {
		t.Errorf("got %v", got)
	}
	r.shows("07-09 12:40 Le Tour à Caen", "07-09 12:40 Le Tour à Rouen", "07-09 12:05 Encore Gaza", "07-09 11:27 Séisme en Iran",
		"07-09 11:00 Gaza : espoir fragile de trêve", "07-09 07:17 Trump nomme Sean Duffy", "07-08 16:06 Volkswagen fragilisé")
	if e := result.Lines[4].Entry; e.Version != 2 || len(e.Corrections) != 0 {
		t.Errorf("the edited line: got %+v", e)
	}
	// A cached page from before does not undo the source's own edit.
	if got := counts(r.ticker(block)); got != [3]int{0, 0, 4} {
		t.Errorf("the older page: got %v", got)
	}
}

func TestTickerKeepsTheOrderOfOneMinute(t *testing.T) {
	r := newRoom(t)
	r.ticker("11:27Un\n11:27Deux\n11:27Trois\n11:26Quatre")
	r.ticker("11:27Zéro\n11:27Un\n11:27Deux\n11:27Trois\n11:26Quatre")
	r.shows("07-09 11:27 Zéro", "07-09 11:27 Un", "07-09 11:27 Deux", "07-09 11:27 Trois", "07-09 11:26 Quatre")
}

// Lines of one minute that are near to each other are matched one to one.
func TestTickerMatchesOneToOne(t *testing.T) {
	r := newRoom(t)
	r.ticker("11:27Explosion à Lyon : 3 morts\n11:27Explosion à Lyon : 5 morts")
	r.shows("07-09 11:27 Explosion à Lyon : 3 morts", "07-09 11:27 Explosion à Lyon : 5 morts")
	result := r.ticker("11:27Explosion à Lyon : 7 morts\n11:27Explosion à Lyon : 3 morts\n11:27Explosion à Lyon : 5 morts")
	if got := counts(result); got != [3]int{1, 0, 2} {
		t.Errorf("got %v", got)
	}
	r.shows("07-09 11:27 Explosion à Lyon : 7 morts", "07-09 11:27 Explosion à Lyon : 3 morts", "07-09 11:27 Explosion à Lyon : 5 morts")
	result = r.ticker("11:27Explosion à Lyon : 7 morts\n11:27Explosion à Lyon : 4 morts\n11:27Explosion à Lyon : 5 morts")
	if got := counts(result); got != [3]int{0, 1, 2} || result.Lines[1].Entry.Headline != "Explosion à Lyon : 4 morts" {
		t.Errorf("got %v", result)
	}
}

func TestTickerTakesALineThatIsThereTwiceOnce(t *testing.T) {
	r := newRoom(t)
	for range 2 {
		result := r.ticker("11:27Séisme en Iran\n11:27Autre\n11:27Séisme en Iran")
		if result.Lines[0].Entry == nil || result.Lines[0].Entry != result.Lines[2].Entry || result.Lines[0].Outcome != intake.Unchanged {
			t.Errorf("got %+v", result.Lines)
		}
	}
	r.shows("07-09 11:27 Autre", "07-09 11:27 Séisme en Iran")
}

func TestTickerUndoesNoEditor(t *testing.T) {
	correct := func(r *room, headline string, edit func(*desk.TickerEdit)) {
		e := r.entry(headline)
		must[*news.TickerEntry](r)(r.desk.CorrectTickerEntry(r.Context(), marie(), e.ID, e.Version, "Erreur.", news.Correcting, edit))
	}
	for _, row := range []struct {
		name string
		do   func(*room)
		want string
	}{
		{"corrected", func(r *room) {
			correct(r, "Séisme en Iran", func(e *desk.TickerEdit) { e.Headline = "Séisme en Irak" })
		}, "07-09 11:27 Séisme en Irak"},
		{"corrected beyond recognition", func(r *room) {
			correct(r, "Séisme en Iran", func(e *desk.TickerEdit) { e.Headline = "La terre a tremblé à Bam" })
		}, "07-09 11:27 La terre a tremblé à Bam"},
		{"moved to another minute", func(r *room) {
			correct(r, "Séisme en Iran", func(e *desk.TickerEdit) { e.OccurredAt = e.OccurredAt.Add(-time.Minute) })
		}, "07-09 11:26 Séisme en Iran"},
		{"moved and corrected", func(r *room) {
			correct(r, "Séisme en Iran", func(e *desk.TickerEdit) {
				e.Headline, e.OccurredAt = "La terre a tremblé à Bam", e.OccurredAt.Add(-time.Minute)
			})
		}, "07-09 11:26 La terre a tremblé à Bam"},
		{"retracted", func(r *room) {
			e := r.entry("Séisme en Iran")
			must[*news.TickerEntry](r)(r.desk.RetractTickerEntry(r.Context(), marie(), e.ID, e.Version, "Faux."))
		}, "!07-09 11:27 Séisme en Iran"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRoom(t)
			r.ticker(block)
			row.do(r)
			before := r.head()
			if got := counts(r.ticker(block)); got != [3]int{0, 0, 4} {
				t.Errorf("got %v", got)
			}
			if r.head() != before {
				t.Error("the import has written something")
			}
			r.shows(row.want, "07-09 11:00 Gaza : espoir de trêve", "07-09 07:17 Trump nomme Sean Duffy", "07-08 16:06 Volkswagen fragilisé")
		})
	}
}

// The same holds for lines that an editor wrote, and not an import.
func TestTickerKnowsTheLinesOfEditors(t *testing.T) {
	r := newRoom(t)
	publish := func(at, headline string) *news.TickerEntry {
		return must[*news.TickerEntry](t)(r.desk.PublishTickerEntry(t.Context(), marie(), "", false, func(e *desk.TickerEdit) {
			e.Headline, e.OccurredAt = headline, instant(t, at)
		}))
	}
	publish("2025-07-09T09:27:41Z", "Séisme en Iran")
	e := publish("2025-07-09T09:00:00Z", "Gaza : espoir de trêve")
	must[*news.TickerEntry](t)(r.desk.CorrectTickerEntry(t.Context(), marie(), e.ID, 1, "Précision.", news.Clarifying, func(e *desk.TickerEdit) {
		e.Headline = "Proche-Orient : vers une trêve"
	}))
	e = publish("2025-07-09T05:17:00Z", "Trump nomme Sean Dufy")
	must[*news.TickerEntry](t)(r.desk.RetractTickerEntry(t.Context(), marie(), e.ID, 1, "Faux."))
	if got := counts(r.ticker(block)); got != [3]int{1, 0, 3} {
		t.Errorf("got %v", got)
	}
	r.shows("07-09 11:27 Séisme en Iran", "07-09 11:00 Proche-Orient : vers une trêve", "!07-09 07:17 Trump nomme Sean Dufy", "07-08 16:06 Volkswagen fragilisé")
}

func TestTickerOfAnotherDayIsRefused(t *testing.T) {
	lines := func(from, to int) string {
		var b strings.Builder
		for i := from; i >= to; i-- {
			fmt.Fprintf(&b, "- %02d:%02dNouvelle numéro %d\n", i/60, i%60, i)
		}
		return b.String()
	}
	for _, row := range []struct {
		name string
		text string
		at   string
		want string // what the error says; empty: none is due
	}{
		{"the day after", lines(605, 600), "2025-07-10T10:00:00Z", "lines 1 to 6 of the page, 6 are there already, -1 days off"},
		{"three days after", lines(605, 600), "2025-07-12T10:00:00Z", "-3 days off"},
		{"the day before", lines(605, 600), "2025-07-08T10:00:00Z", "+1 days off"},
		{"with newer lines on top", lines(640, 600), "2025-07-10T10:00:00Z", "lines 36 to 41 of the page, 6 are there"},
		{"below a silence", "- 09:30Après le silence\n" + lines(605, 600), "2025-07-11T10:00:00Z", "lines 2 to 7 of the page, 6 are there already, -1 days off"},
		{"an anchor before the newest line", lines(605, 600), "2025-07-09T08:04:00Z", "+1 days off"},
		{"two headlines that come back every day", lines(640, 604), "2025-07-10T10:00:00Z", ""},
		{"headlines that come back among others", "- 10:05Nouvelle numéro 605\n- 10:04A\n- 10:03B\n- 10:02Nouvelle numéro 602\n- 10:01C\n- 10:00Nouvelle numéro 600", "2025-07-10T10:00:00Z", ""},
		{"the same day", lines(640, 600), "2025-07-09T10:00:00Z", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRoom(t)
			r.now = instant(t, "2025-07-13T00:00:00Z")
			r.ticker(lines(605, 600))
			before := r.head()
			in := r.page(row.text)
			in.At = instant(t, row.at)
			_, err := intake.ImportTicker(t.Context(), r.desk, r.store, importer(), in)
			if row.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var invalid *news.InvalidError
			if !errors.As(err, &invalid) || invalid.Field != "at" || !strings.Contains(invalid.Reason, row.want) {
				t.Errorf("got %v, want an error that says %q", err, row.want)
			}
			if r.head() != before {
				t.Error("something was written")
			}
		})
	}
}

// While the clock shows the hour from two to three for the first time, its times
// have one reading; an hour later they have two.
func TestTickerInTheNightTheClocksGoBack(t *testing.T) {
	r := newRoom(t)
	r.now = instant(t, "2025-10-26T12:00:00Z")
	take := func(at, text string) intake.TickerResult {
		in := r.page(text)
		in.At = instant(t, at)
		return r.tickerPage(in)
	}
	take("2025-10-26T02:45:00+02:00", "02:40Un\n02:10Deux\n01:50Trois")
	e := r.entry("Deux")
	must[*news.TickerEntry](t)(r.desk.CorrectTickerEntry(t.Context(), marie(), e.ID, e.Version, "Erreur.", news.Correcting, func(e *desk.TickerEdit) { e.Headline = "Tout autre" }))
	result := take("2025-10-26T02:50:00+01:00", "02:48Neuf\n02:40Un\n02:10Deux\n01:50Trois")
	if got := counts(result); got != [3]int{1, 0, 3} || result.Lines[1].Confidence != intake.Ambiguous {
		t.Errorf("got %+v", result)
	}
	r.shows("10-26 02:48 Neuf", "10-26 02:40 Un", "10-26 02:10 Tout autre", "10-26 01:50 Trois")
}

func TestTickerDryRun(t *testing.T) {
	r := newRoom(t)
	r.ticker("11:00Gaza : espoir de trêve")
	before := r.head()
	in := r.page("11:27Séisme en Iran\n11:27Séisme en Iran\n11:00Gaza : espoir fragile de trêve\n24:00Faux")
	in.DryRun = true
	result := r.tickerPage(in)
	if r.head() != before {
		t.Error("a dry run has written something")
	}
	if got := counts(result); !result.DryRun || got != [3]int{1, 1, 1} || len(result.Refused) != 1 || result.Refused[0].Line != 4 {
		t.Errorf("got %+v", result)
	}
	if result.Lines[0].Entry != nil || result.Lines[2].Entry == nil || result.Lines[2].Entry.Headline != "Gaza : espoir de trêve" {
		t.Errorf("got %+v", result.Lines)
	}
	missing := "nowhere"
	in.Coverage = &missing
	if _, err := intake.ImportTicker(t.Context(), r.desk, r.store, importer(), in); !errors.Is(err, news.ErrInvalid) {
		t.Errorf("an unknown coverage: got %v", err)
	}
}

func TestTickerGivesEveryLineWhatThePageSays(t *testing.T) {
	r := newRoom(t)
	tag := must[*news.Tag](t)(r.desk.CreateTag(t.Context(), marie(), "", news.TagContent{Slug: "iran", Name: "Iran", Kind: news.TagPlace}))
	coverage := must[*news.Coverage](t)(r.desk.CreateCoverage(t.Context(), marie(), "", func(e *desk.CoverageEdit) {
		e.Slug, e.Title, e.Status, e.StartsAt = "seisme", "Séisme", news.CoverageLive, r.now
	}))
	in := r.page(block)
	slug := "seisme"
	in.Coverage, in.TagRefs, in.Priority, in.Source = &slug, []string{"iran"}, news.Urgent, &news.Source{Name: "Agence"}
	for _, l := range r.tickerPage(in).Lines {
		e := l.Entry
		if e.Coverage != coverage.ID || !slices.Equal(e.Tags, []news.TagID{tag.ID}) || e.Priority != news.Urgent || e.Source.Name != "Agence" {
			t.Errorf("got %+v", e)
		}
	}
}

func TestTickerRefuses(t *testing.T) {
	for _, row := range []struct {
		name  string
		edit  func(*intake.TickerPage)
		field string
	}{
		{"an empty text", func(p *intake.TickerPage) { p.Text = " \n" }, "text"},
		{"a text that is too long", func(p *intake.TickerPage) { p.Text = strings.Repeat("é", 1_000_001) }, "text"},
		{"too many lines", func(p *intake.TickerPage) { p.Text = strings.Repeat("11:27Séisme\n", 2001) }, "text"},
		{"no instant", func(p *intake.TickerPage) { p.At = time.Time{} }, "at"},
		{"no zone", func(p *intake.TickerPage) { p.Zone = nil }, "timezone"},
		{"an instant ahead", func(p *intake.TickerPage) { p.At = p.At.AddDate(0, 0, 3) }, "at"},
		{"an unknown tag", func(p *intake.TickerPage) { p.TagRefs = []string{"nothing"} }, "tags[0]"},
		{"a source without a name", func(p *intake.TickerPage) { p.Source = &news.Source{} }, "source.name"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRoom(t)
			in := r.page(block)
			row.edit(&in)
			_, err := intake.ImportTicker(t.Context(), r.desk, r.store, importer(), in)
			var invalid *news.InvalidError
			if !errors.As(err, &invalid) || invalid.Field != row.field {
				t.Errorf("got %v, want an error of %s", err, row.field)
			}
			if r.head() != 0 {
				t.Error("something was written")
			}
		})
	}
	r := newRoom(t)
	reader := news.Actor{Name: "paul", Role: news.Reader}
	if _, err := intake.ImportTicker(t.Context(), r.desk, r.store, reader, r.page(block)); !errors.Is(err, news.ErrForbidden) {
		t.Errorf("a reader: got %v", err)
	}
}

// A client that gave up waiting may ask again while the first import runs.
func TestTickerImportedTwiceAtTheSameTime(t *testing.T) {
	r := newRoom(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { r.ticker(block) })
	}
	all.Wait()
	r.shows("07-09 11:27 Séisme en Iran", "07-09 11:00 Gaza : espoir de trêve", "07-09 07:17 Trump nomme Sean Duffy", "07-08 16:06 Volkswagen fragilisé")
}

// Hundreds of lines of one minute are bounded work too.
func TestTickerOfManyLines(t *testing.T) {
	r := newRoom(t)
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "11:27Nouvelle %d sur 500\n", i)
	}
	for _, want := range [][3]int{{500, 0, 0}, {0, 0, 500}} {
		if got := counts(r.ticker(b.String())); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
