package graph_test

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"depeche/graph"
	"depeche/internal/desk"
	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/text"
)

// A newsroom is a whole server but for its transports, with a clock that moves a
// second with every commit.
type newsroom struct {
	store    *counting
	desk     *desk.Desk
	resolver *graph.Resolver
	executor graphql.GraphExecutor
	follower *live.Follower
	hub      *live.Hub
	follow   *graph.Subscriptions

	mu  sync.Mutex
	now time.Time
}

var (
	editor      = news.Actor{Name: "marie", Role: news.Editor}
	contributor = news.Actor{Name: "jo", Role: news.Contributor}
)

// renderer is one for all tests: goldmark counts its own keys without a lock, so
// two can't be made at once.
var renderer = sync.OnceValue(text.NewRenderer)

// open opens a new newsroom where nothing depends on the store.
func open(t testing.TB) *newsroom {
	t.Helper()
	return openIn(t, inSQLite)
}

func openIn(t testing.TB, in storeKind) *newsroom {
	t.Helper()
	store := in.open(t)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	n := &newsroom{store: &counting{Store: store}, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	n.store.committed = n.tick
	n.desk = desk.New(n.store, n.clock)
	var err error
	n.follower, err = live.Follow(t.Context(), n.store, live.Options{MaxBehind: 500})
	must(t, err)
	n.hub = live.NewHub(n.follower, live.HubOptions{Mark: graph.Mark})
	running, stop := context.WithCancel(context.Background())
	var background sync.WaitGroup
	background.Go(func() { n.follower.Run(running) }) //nolint:errcheck // it ends with its context alone
	background.Go(func() { n.hub.Run(running) })      //nolint:errcheck // likewise
	t.Cleanup(func() { stop(); background.Wait() })
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	n.resolver = &graph.Resolver{
		Store: n.store, Desk: n.desk, Text: renderer(), Zone: paris,
		Now: n.clock, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		RequestID: func(context.Context) string { return "REQUEST" },
		Sign:      func(who news.Actor) (string, error) { return "signed for " + string(who.Preview), nil },
		Delivered: n.deliveredTo,
	}
	n.executor = graph.NewExecutor(n.resolver, graph.ExecutorOptions{})
	n.follow = graph.NewSubscriptions(n.resolver, n.executor, n.hub)
	return n
}

// deliveredTo says of every webhook but the paused ones that line 3 was delivered.
func (n *newsroom) deliveredTo(ctx context.Context, ids []news.WebhookID) (map[news.WebhookID]news.Seq, error) {
	n.store.count("Delivered")
	found := map[news.WebhookID]news.Seq{}
	for _, id := range ids {
		versions, err := n.store.Store.Versions(ctx, news.EntityID(id), 0, 1)
		if err != nil {
			return nil, err
		}
		if len(versions) > 0 && versions[0].Doc.(*news.Webhook).Status != news.WebhookPaused {
			found[id] = 3
		}
	}
	return found, nil
}

func (n *newsroom) tick() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.now = n.now.Add(time.Second)
}

func (n *newsroom) clock() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now
}

// settle waits until the follower has read the whole log: what a subscription
// takes of the store then is the same each time.
func (n *newsroom) settle(t testing.TB) {
	t.Helper()
	head, err := n.store.Head(t.Context())
	must(t, err)
	for n.follower.Head() < head {
		must(t, t.Context().Err())
		runtime.Gosched()
	}
}

// secret is in everything that the public must not see.
const secret = "Zanzibar"

// fill writes the news that the tests are about.
func (n *newsroom) fill(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	for _, tag := range []struct {
		id      string
		content news.TagContent
	}{
		{"tag_politique", news.TagContent{Slug: "politique", Name: "Politique", Kind: news.TagSection, Description: "La vie publique."}},
		{"tag_senat", news.TagContent{Slug: "senat", Name: "Sénat", Kind: news.TagOrganisation, Aliases: []string{"Haute Assemblée"}}},
		{"tag_budget", news.TagContent{Slug: "budget", Name: "Budget", Kind: news.TagTopic}},
		{"tag_paris", news.TagContent{Slug: "paris", Name: "Paris", Kind: news.TagPlace}},
		{"tag_climat", news.TagContent{Slug: "climat", Name: "Climat", Kind: news.TagTopic}},
		{"tag_marie", news.TagContent{Slug: "marie-curiel", Name: "Marie Curiel", Kind: news.TagContributor}},
		{"tag_jo", news.TagContent{Slug: "jo-lund", Name: "Jo Lund", Kind: news.TagContributor}},
	} {
		_, err := n.desk.CreateTag(ctx, editor, tag.id, tag.content)
		must(t, err)
	}
	for _, s := range []struct {
		id       string
		language string
		title    string
		priority news.Priority
		tags     []string
		authors  []string
	}{
		{"story_1", "fr", "Le Sénat vote le budget", news.Urgent, []string{"politique", "senat", "budget"}, []string{"marie-curiel"}},
		{"story_2", "fr", "Paris prépare ses berges", news.Routine, []string{"paris", "climat"}, []string{"marie-curiel", "jo-lund"}},
		{"story_3", "en", "Senate passes the budget", news.Urgent, []string{"senat", "budget"}, []string{"jo-lund"}},
		{"story_4", "fr-CA", "Le climat au cœur des débats", news.Routine, []string{"politique", "climat"}, nil},
		{"story_5", "en-GB", "Paris: river bathing opens early", news.Alert, []string{"paris"}, []string{"jo-lund"}},
	} {
		made, err := n.desk.CreateStory(ctx, editor, s.id, func(e *desk.StoryEdit) {
			e.Title, e.Language, e.Priority = s.title, s.language, s.priority
			e.Summary = news.Text("En bref : " + s.title + ".")
			e.Body = "**" + s.title + "** : un premier paragraphe.\n\nEt un deuxième, avec un [lien](https://example.org/)."
			e.Breaking = s.priority == news.Alert
			e.TagRefs, e.AuthorRefs = s.tags, s.authors
		})
		must(t, err)
		_, err = n.desk.PublishStory(ctx, editor, made.ID, made.Version, desk.Publication{})
		must(t, err)
	}
	_, err := n.desk.UpdateStory(ctx, editor, "story_2", 2, func(e *desk.StoryEdit) {
		e.Image = &news.Image{
			URL: "https://example.org/berges.jpg", Alt: "Les berges", Caption: "Au matin", Credit: "Depeche",
			Width: 1600, Height: 900, FocalPoint: &news.FocalPoint{X: 0.25, Y: 0.5},
		}
		e.CanonicalURL = "https://example.org/berges"
		e.Source = &news.Source{Name: "Agence", URL: "https://example.org/"}
	})
	must(t, err)
	hidden := func(id, by, slug string) *news.Story {
		who := editor
		if by == contributor.Name {
			who = contributor
		}
		made, err := n.desk.CreateStory(ctx, who, id, func(e *desk.StoryEdit) {
			e.Title, e.Language, e.Slug = secret+" "+id, "fr", slug
			e.Summary, e.Body = secret, secret
			e.TagRefs = []string{"politique", "paris"}
		})
		must(t, err)
		return made
	}
	hidden("story_draft_zanzibar", editor.Name, "zanzibar-draft")
	hidden("story_draft_of_jo_zanzibar", contributor.Name, "zanzibar-draft-of-jo")
	gone := hidden("story_gone", editor.Name, "gone")
	_, err = n.desk.PublishStory(ctx, editor, gone.ID, 1, desk.Publication{})
	must(t, err)
	_, err = n.desk.UnpublishStory(ctx, editor, gone.ID, 2)
	must(t, err)

	for _, c := range []struct {
		id, slug, title string
		status          news.CoverageStatus
		after           time.Duration
	}{
		{"cov_soon", "elections", "Élections", news.CoverageUpcoming, 48 * time.Hour},
		{"cov_live", "debat-budgetaire", "Débat budgétaire", news.CoverageLive, -time.Hour},
		{"cov_over", "crue", "La crue", news.CoverageEnded, -72 * time.Hour},
	} {
		_, err := n.desk.CreateCoverage(ctx, editor, c.id, func(e *desk.CoverageEdit) {
			e.Slug, e.Title, e.Status = c.slug, c.title, c.status
			e.StartsAt = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(c.after)
			if c.status == news.CoverageEnded {
				e.EndsAt = e.StartsAt.Add(5 * time.Hour)
			}
			e.TagRefs = []string{"politique"}
		})
		must(t, err)
	}
	for i, e := range []struct {
		id, headline string
		priority     news.Priority
		coverage     string
		story        string
		pinned, key  bool
		tags         []string
	}{
		{"tick_1", "La séance est ouverte", news.Routine, "debat-budgetaire", "", false, false, []string{"senat"}},
		{"tick_2", "Premier amendement adopté", news.Urgent, "debat-budgetaire", "", false, true, []string{"senat", "budget"}},
		{"tick_3", "Paris : circulation difficile", news.Routine, "", "", false, false, []string{"paris"}},
		{"tick_4", "FLASH : le budget est voté", news.Flash, "debat-budgetaire", "le-senat-vote-le-budget", true, true, []string{"senat", "budget"}},
		{"tick_5", "Une ligne de trop", news.Alert, "", "", false, false, nil},
		{"tick_6", "Un brouillon derrière", news.Routine, "", "zanzibar-draft", false, false, nil},
		{"tick_7", "Météo : pluie", news.Routine, "", "", false, false, []string{"climat"}},
	} {
		coverage, story := e.coverage, e.story
		_, err := n.desk.PublishTickerEntry(ctx, editor, e.id, e.pinned, func(x *desk.TickerEdit) {
			x.Headline, x.Priority, x.KeyEvent, x.TagRefs = e.headline, e.priority, e.key, e.tags
			x.CoverageRef, x.StoryRef = &coverage, &story
			x.OccurredAt = time.Date(2026, 3, 2, 8, 10*i/2*2, 0, 0, time.UTC)
			x.Body = news.Text("Corps de " + e.id)
		})
		must(t, err)
	}
	_, err = n.desk.CorrectTickerEntry(ctx, editor, "tick_2", 1, "L’amendement portait le numéro 12.", news.Correcting, func(e *desk.TickerEdit) {
		e.Headline = "L’amendement 12 est adopté"
	})
	must(t, err)
	_, err = n.desk.RetractTickerEntry(ctx, editor, "tick_5", 1, "Cette ligne était fausse.")
	must(t, err)
	n.adopt(t)
}

// equip makes what the newsroom has for itself: two service tokens, then two webhooks.
func (n *newsroom) equip(t testing.TB) {
	t.Helper()
	for _, name := range []string{"intake", "archive"} {
		_, _, err := n.desk.CreateServiceToken(t.Context(), admin, name, news.Editor)
		must(t, err)
	}
	for _, url := range []news.URL{"https://example.org/a", "https://example.org/b"} {
		_, err := n.desk.CreateWebhook(t.Context(), admin, news.WebhookContent{URL: url, Kinds: []news.Kind{news.KindStory}})
		must(t, err)
	}
	_, err := n.desk.LockStory(t.Context(), editor, "story_1", false)
	must(t, err)
}

// adopt brings in a story from long before the others, with a life of its own.
func (n *newsroom) adopt(t testing.TB) {
	t.Helper()
	at := time.Date(2026, 2, 25, 10, 0, 0, 0, time.UTC)
	adopted, err := n.desk.Adopt(t.Context(), editor, []news.Entity{&news.Story{
		ID: "story_old", Status: news.StoryPublished,
		StoryContent: news.StoryContent{
			Slug: "la-crue-de-fevrier", Title: "La crue de février", Language: "fr", Priority: news.Flash,
			Body: "## La nuit\n\n| heure | niveau |\n| --- | --- |\n| 21 h | 5,40 m |\n\nIl pleut ~~peu~~ beaucoup.",
			Tags: []news.TagID{"tag_climat", "tag_paris"},
		},
		CreatedAt: at.Add(-time.Hour), PublishedAt: at, UpdatedAt: at.Add(time.Hour),
		Corrections: []news.Correction{
			{At: at.Add(time.Hour), Note: "Le niveau était de 5,40 m.", Kind: news.Correcting},
			{At: at.Add(time.Minute), Note: "« La nuit » : du 24 au 25.", Kind: news.Clarifying},
		},
	}})
	must(t, err)
	must(t, adopted[0].Err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
