package intake_test

import (
	"strings"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/intake"
	"depeche/internal/news"
	"depeche/internal/text"
)

const article = `- 11:27Séisme en Iran
- 16:06Volkswagen fragilisé
Suivez-nous sur Facebook
L’IA *en commun*
1. Premier [paragraphe](x).
Second & dernier.
`

func (r *room) newsPage(text string, edits ...func(*intake.NewsPage)) intake.PageResult {
	r.Helper()
	in := intake.NewsPage{TickerPage: r.page(text)}
	for _, edit := range edits {
		edit(&in)
	}
	result, err := intake.ImportPage(r.Context(), r.desk, r.store, importer(), in)
	if err != nil {
		r.Fatal(err)
	}
	return result
}

func publish(in *intake.NewsPage) { in.Publish = true }

// stories are all that there are, whole, by id.
func (r *room) stories() []*news.Story {
	r.Helper()
	found, err := r.store.Entities(r.Context(), news.KindStory, "", news.MaxPage)
	if err != nil {
		r.Fatal(err)
	}
	stories := make([]*news.Story, len(found))
	for i, e := range found {
		stories[i] = e.(*news.Story)
	}
	return stories
}

func TestPage(t *testing.T) {
	r := newRoom(t)
	result := r.newsPage(article)
	if got := counts(result.Ticker); got != [3]int{2, 0, 0} || len(result.Ticker.Refused) != 0 {
		t.Errorf("ticker: got %+v", result.Ticker)
	}
	s := result.Article.Story
	if result.Article.Outcome != intake.Added || result.Article.Paragraphs != 2 || result.Article.Published {
		t.Errorf("got %+v", result.Article)
	}
	if s.Title != "L’IA *en commun*" || s.Slug != "l-ia-en-commun" || s.Status != news.StoryDraft || s.Language != "fr" || !s.PublishedAt.IsZero() {
		t.Errorf("got %+v", s)
	}
	if got, want := text.NewRenderer().Render(s.Body).Text, "1. Premier [paragraphe](x).\n\nSecond & dernier."; got != want {
		t.Errorf("the text reads %q, want %q", got, want)
	}
	before := r.head()
	again := r.newsPage(article)
	if again.Article.Outcome != intake.Unchanged || again.Article.Story.ID != s.ID || r.head() != before {
		t.Errorf("again: got %+v, head %d after %d", again.Article, r.head(), before)
	}
}

func TestPageAnHourLater(t *testing.T) {
	r := newRoom(t)
	r.newsPage(article)
	before := r.head()
	r.now = r.now.Add(time.Hour)
	result := r.newsPage("- 12:40Le Tour à Caen\n"+article, func(in *intake.NewsPage) { in.At = in.At.Add(time.Hour) })
	if got := counts(result.Ticker); got != [3]int{1, 0, 2} || result.Article.Outcome != intake.Unchanged || r.head() != before+1 {
		t.Errorf("got %+v, %+v", result.Ticker, result.Article)
	}
}

func TestPageOptions(t *testing.T) {
	r := newRoom(t)
	must[*news.Tag](t)(r.desk.CreateTag(t.Context(), marie(), "", news.TagContent{Slug: "ia", Name: "IA", Kind: news.TagTopic}))
	s := r.newsPage(article, publish, func(in *intake.NewsPage) {
		in.Language, in.TagRefs, in.Source = "en", []string{"ia"}, &news.Source{Name: "Agence"}
	}).Article.Story
	if s.Status != news.StoryPublished || !s.PublishedAt.Equal(r.now) || s.Language != "en" || len(s.Tags) != 1 || s.Source == nil {
		t.Errorf("got %+v", s)
	}
}

func TestPageDryRun(t *testing.T) {
	r := newRoom(t)
	result := r.newsPage(article, publish, func(in *intake.NewsPage) { in.DryRun = true })
	if result.Ticker.Added != 2 || result.Article.Outcome != intake.Added || result.Article.Story != nil || r.head() != 0 {
		t.Errorf("got %+v, %+v", result.Ticker, result.Article)
	}
}

// An article that is there already, by what has become of it and what comes.
func TestPageAgain(t *testing.T) {
	changed := strings.ReplaceAll(article, "Second", "Deuxième")
	edit := func(r *room, s *news.Story, f func(*desk.StoryEdit)) {
		must[*news.Story](r)(r.desk.UpdateStory(r.Context(), marie(), s.ID, s.Version, f))
	}
	for _, row := range []struct {
		name   string
		do     func(*room, *news.Story) // to the story of the first import
		text   string
		edits  []func(*intake.NewsPage)
		want   intake.Outcome
		status news.StoryStatus
		body   string // what it contains at last
	}{
		{"changed while a draft", func(*room, *news.Story) {}, changed, nil, intake.Changed, news.StoryDraft, "Deuxième"},
		{"an older page after a change", func(r *room, _ *news.Story) { r.newsPage(changed) }, article, nil, intake.Unchanged, news.StoryDraft, "Deuxième"},
		{"changed after an editor's work", func(r *room, s *news.Story) {
			edit(r, s, func(e *desk.StoryEdit) { e.Body = "Tout autre." })
		}, changed, nil, intake.Differing, news.StoryDraft, "Tout autre."},
		{"the same after an editor's work", func(r *room, s *news.Story) {
			edit(r, s, func(e *desk.StoryEdit) { e.Title, e.Slug, e.Body = "Autrement dit", "autrement-dit", "Tout autre." })
		}, article, []func(*intake.NewsPage){publish}, intake.Unchanged, news.StoryDraft, "Tout autre."},
		{"changed after its publication", func(r *room, s *news.Story) {
			must[*news.Story](r)(r.desk.PublishStory(r.Context(), marie(), s.ID, s.Version, desk.Publication{}))
		}, changed, nil, intake.Differing, news.StoryPublished, "Second"},
		{"to be published at last", func(*room, *news.Story) {}, article, []func(*intake.NewsPage){publish}, intake.Unchanged, news.StoryPublished, "Second"},
		{"changed and to be published", func(*room, *news.Story) {}, changed, []func(*intake.NewsPage){publish}, intake.Changed, news.StoryPublished, "Deuxième"},
		{"unpublished by an editor", func(r *room, s *news.Story) {
			s = must[*news.Story](r)(r.desk.PublishStory(r.Context(), importer(), s.ID, s.Version, desk.Publication{}))
			must[*news.Story](r)(r.desk.UnpublishStory(r.Context(), marie(), s.ID, s.Version))
		}, article, []func(*intake.NewsPage){publish}, intake.Unchanged, news.StoryUnpublished, "Second"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRoom(t)
			row.do(r, r.newsPage(article).Article.Story)
			if got := r.newsPage(row.text, row.edits...).Article.Outcome; got != row.want {
				t.Errorf("outcome: got %s, want %s", got, row.want)
			}
			stories := r.stories()
			if len(stories) != 1 || stories[0].Status != row.status || !strings.Contains(stories[0].Body, row.body) {
				t.Errorf("got %d stories, the first %+v", len(stories), stories[0])
			}
		})
	}
}

// Another story that happens to have the slug is another story.
func TestPageUnderATakenSlug(t *testing.T) {
	r := newRoom(t)
	must[*news.Story](t)(r.desk.CreateStory(t.Context(), marie(), "", func(e *desk.StoryEdit) {
		e.Title, e.Slug, e.Language = "Tout autre chose", "l-ia-en-commun", "fr"
	}))
	for _, want := range []intake.Outcome{intake.Added, intake.Unchanged} {
		result := r.newsPage(article).Article
		if result.Outcome != want || result.Story.Slug != "l-ia-en-commun-2" {
			t.Errorf("got %s, slug %s", result.Outcome, result.Story.Slug)
		}
	}
}

func TestPageLosesNothing(t *testing.T) {
	r := newRoom(t)
	result := r.newsPage("- 11:27Séisme\n- 24:10Impossible\nTitre \u202eretourné\nUn\nDeux")
	var lines []int
	for _, refused := range result.Ticker.Refused {
		lines = append(lines, refused.Line)
	}
	if result.Article != nil || len(lines) != 4 || lines[0] != 2 || lines[1] != 3 || lines[2] != 4 || lines[3] != 5 {
		t.Errorf("got %+v", result)
	}
	if result := r.newsPage("Un titre seul"); result.Article.Story == nil || len(result.Ticker.Lines) != 0 {
		t.Errorf("an article alone: got %+v", result)
	}
}

// FuzzMarkdown holds that a reader sees the paragraphs as they were pasted.
func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{
		"Un * deux_trois_ `x` [a](http://b.fr) ![i](j) <b>c</b> &amp; &eacute; ~~d~~ \\ e|f", "# titre", "- liste", "+ liste", "1. liste",
		"1) liste", "2025. Une année", "---", "===", "> cité", "- 1. - x", "http://a_b_c.fr", "<http://a.fr>", "\\", "fin\\", "a  b",
		"|a|b|", "***", "___", "1", ".", "#", "=", "```", "~~~", "&#39;", "[x]: http://y", "[^1]", ":---|:---", "12345678901. x", "* * *",
	} {
		f.Add(seed, "suite")
	}
	md := text.NewRenderer()
	f.Fuzz(func(t *testing.T, one, two string) {
		var paragraphs []string
		for _, p := range []string{one, two} {
			if p, err := text.Line(p); err == nil && p != "" {
				paragraphs = append(paragraphs, p)
			}
		}
		space := func(s string) string {
			return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
		}
		got := md.Render(intake.Markdown(paragraphs)).Text
		want := strings.Join(paragraphs, "\n\n")
		if space(got) != space(want) {
			t.Errorf("%q reads %q", paragraphs, got)
		}
	})
}
