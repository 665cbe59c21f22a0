package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/webhook"
)

var admin = news.Actor{Name: "ada", Role: news.Admin}

// A newsroom is a real one: a store, a desk, and a clock that a test moves.
type newsroom struct {
	*desk.Desk
	store *sqlite.Store
	ahead atomic.Int64 // of the real time
}

func openNewsroom(t testing.TB) *newsroom {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "depeche.db")})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	n := &newsroom{store: store}
	n.Desk = desk.New(store, n.now)
	return n
}

func (n *newsroom) now() time.Time { return time.Now().Add(time.Duration(n.ahead.Load())) }

// process begins a server's part: it follows the log, and delivers.
func (n *newsroom) process(t testing.TB, store webhook.Store) *node {
	t.Helper()
	d := webhook.New(store, n, webhook.Options{
		Mark: mark, AllowPrivate: true, MaxFailures: 2, Poll: 10 * time.Millisecond, Now: n.now,
	})
	f, err := live.Follow(t.Context(), n.store, live.Options{Seen: d.Passed, Poll: 10 * time.Millisecond})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	following := make(chan struct{})
	go func() {
		defer close(following)
		if err := f.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("the follower ended with %v", err)
		}
	}()
	delivering := run(t, d, f)
	return &node{d, func() { delivering.cancel(); cancel(); <-following }, delivering.done}
}

func (n *newsroom) hook(t testing.TB, address string) *news.Webhook {
	t.Helper()
	w, err := n.CreateWebhook(t.Context(), admin, news.WebhookContent{URL: news.URL(address)})
	must(t, err)
	return w
}

func (n *newsroom) entry(t testing.TB, id, headline string) *news.TickerEntry {
	t.Helper()
	e, err := n.PublishTickerEntry(t.Context(), admin, id, false, func(e *desk.TickerEdit) { e.Headline = headline })
	must(t, err)
	return e
}

// commit adds a version of a story as it is.
func (n *newsroom) commit(t testing.TB, op news.Op, next news.Story, prev *news.Story) *news.Story {
	t.Helper()
	c := news.Change{Op: op, At: news.Instant(n.now()), By: "ada", Doc: &next}
	if prev != nil {
		before := prev.Listing()
		c.Before = &before
	}
	lines, err := n.store.Commit(t.Context(), []news.Change{c})
	must(t, err)
	return lines[0].Doc.(*news.Story)
}

// A server receives deliveries over the network.
type server struct {
	*httptest.Server
	status atomic.Int64 // what it answers
	told   chan attempt
}

func serve(t testing.TB) *server {
	t.Helper()
	s := &server{told: make(chan attempt, 10_000)}
	s.status.Store(http.StatusOK)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the sender has gone
		}
		status := int(s.status.Load())
		w.WriteHeader(status)
		s.told <- attempt{time.Now(), r.URL.Path, r.Header, body}
	}))
	t.Cleanup(s.Close)
	return s
}

// wants what comes next.
func (s *server) wants(t testing.TB, want ...string) (came []attempt) {
	t.Helper()
	for _, want := range want {
		a := <-s.told
		if got := a.told(); got != want {
			t.Fatalf("it is told %q, want %q", got, want)
		}
		came = append(came, a)
	}
	return came
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNewsroomIsTold(t *testing.T) {
	n, s := openNewsroom(t), serve(t)
	n.entry(t, "tick_0", "before there was a webhook")
	w := n.hook(t, s.URL)
	p := n.process(t, n.store)
	defer p.stop()

	// What happens while nothing is sent counts when it is: a line that has been
	// retracted by then is told of as such.
	var came []attempt
	tells := func(err error, want string) {
		t.Helper()
		must(t, err)
		came = append(came, s.wants(t, want)...)
	}
	n.entry(t, "tick_1", "one")
	tells(nil, "ticker_entry.published one")
	_, err := n.CorrectTickerEntry(t.Context(), admin, "tick_1", 1, "a note", news.Correcting, func(e *desk.TickerEdit) { e.Headline = "two" })
	tells(err, "ticker_entry.corrected two")
	_, err = n.RetractTickerEntry(t.Context(), admin, "tick_1", 2, "it was wrong")
	tells(err, "ticker_entry.removed two")
	_, err = n.CreateTag(t.Context(), admin, "tag_1", news.TagContent{Name: "Sénat", Kind: news.TagTopic})
	tells(err, "tag.published senat")
	_, err = n.CreateStory(t.Context(), admin, "story_1", func(e *desk.StoryEdit) { e.Title, e.Language, e.TagRefs = "A story", "fr", []string{"senat"} })
	must(t, err) // a draft
	_, err = n.CreateCoverage(t.Context(), admin, "cov_1", func(e *desk.CoverageEdit) {
		e.Title, e.Status, e.StartsAt = "A vote", news.CoverageUpcoming, n.now()
	})
	tells(err, "coverage.published a-vote")
	for _, a := range came {
		if err := webhook.Verify(w.Secret, a.header, a.body, n.now(), time.Minute); err != nil {
			t.Errorf("%s: %v", a.told(), err)
		}
	}
}

// TestNothingHiddenIsEverTold has stories with a marked word in every state that
// readers may not see, and lines about them, and sends it all again and again.
func TestNothingHiddenIsEverTold(t *testing.T) {
	const marker = "xyzzy"
	n, s := openNewsroom(t), serve(t)
	w := n.hook(t, s.URL)
	at := news.Instant(n.now())
	story := func(id news.StoryID, version int, status news.StoryStatus, words string) news.Story {
		made := news.Story{
			ID: id, Version: version, Status: status, CreatedBy: "ada", CreatedAt: at, UpdatedAt: at,
			StoryContent: news.StoryContent{
				Slug: string(id), Title: words, Summary: news.Text(words), Body: words, Language: "fr", Priority: news.Flash,
			},
		}
		switch status {
		case news.StoryPublished, news.StoryUnpublished, news.StoryRetracted:
			made.PublishedAt = at
		}
		return made
	}
	line := func(id, about, body string) {
		t.Helper()
		_, err := n.PublishTickerEntry(t.Context(), admin, id, false, func(e *desk.TickerEdit) {
			e.Headline, e.Body = "line "+id, news.Text(body)
			if about != "" {
				e.StoryRef = &about
			}
		})
		must(t, err)
	}

	// What has never been public.
	n.commit(t, news.OpCreated, story("hidden_draft", 1, news.StoryDraft, marker), nil)
	scheduled := story("hidden_scheduled", 1, news.StoryScheduled, marker)
	scheduled.Schedule = &news.Schedule{At: at.Add(time.Hour)}
	n.commit(t, news.OpScheduled, scheduled, nil)
	embargoed := story("hidden_embargo", 1, news.StoryPublished, marker)
	embargoed.EmbargoedUntil, embargoed.PublishedAt = at.Add(time.Hour), time.Time{}
	n.commit(t, news.OpPublished, embargoed, nil)
	line("1", "hidden_draft", "")
	line("2", "hidden_scheduled", "")
	line("3", "hidden_embargo", "")

	// What has been.
	down := n.commit(t, news.OpPublished, story("down", 1, news.StoryPublished, marker), nil)
	next := story("down", 2, news.StoryUnpublished, marker)
	next.WithdrawnIn = 2
	n.commit(t, news.OpUnpublished, next, down)

	back := n.commit(t, news.OpPublished, story("back", 1, news.StoryPublished, marker), nil)
	next = story("back", 2, news.StoryUnpublished, marker)
	next.WithdrawnIn = 2
	back = n.commit(t, news.OpUnpublished, next, back)
	next = story("back", 3, news.StoryPublished, "clean")
	next.WithdrawnIn = 2
	n.commit(t, news.OpPublished, next, back)

	retracted := n.commit(t, news.OpPublished, story("retracted", 1, news.StoryPublished, marker), nil)
	next = story("retracted", 2, news.StoryRetracted, "")
	next.Title, next.WithdrawnIn = "a title", 2
	n.commit(t, news.OpRetracted, next, retracted)

	line("4", "", marker)
	_, err := n.RetractTickerEntry(t.Context(), admin, "4", 1, "it was wrong")
	must(t, err)

	p := n.process(t, n.store)
	defer p.stop()
	for range 3 {
		came := s.wants(t,
			"ticker_entry.published line 1", "ticker_entry.published line 2", "ticker_entry.published line 3",
			"story.removed down", "story.removed down",
			"story.removed back", "story.removed back", "story.published back",
			"story.removed retracted", "story.removed retracted",
			"ticker_entry.removed line 4", "ticker_entry.removed line 4",
		)
		for _, a := range came {
			if body := string(a.body); strings.Contains(body, marker) || strings.Contains(body, "hidden") || strings.Contains(body, "ada") {
				t.Errorf("it was told %s", body)
			}
		}
		w, err = n.RedeliverWebhook(t.Context(), admin, w.ID, w.Version, 0)
		must(t, err)
	}
}

func TestDeadReceiverComesBack(t *testing.T) {
	n, s := openNewsroom(t), serve(t)
	s.status.Store(http.StatusGone)
	w := n.hook(t, s.URL)
	p := n.process(t, n.store)
	defer p.stop()
	n.entry(t, "tick_1", "one")
	first := s.wants(t, "ticker_entry.published one")[0]
	dead := awaitVersion(t, n.store, w.ID, 2)
	if dead.Status != news.WebhookDead || !strings.Contains(string(dead.Failure), "410") {
		t.Fatalf("it is %+v", dead)
	}
	n.entry(t, "tick_2", "two")
	s.status.Store(http.StatusOK)
	_, err := n.RedeliverWebhook(t.Context(), admin, w.ID, 2, w.From)
	must(t, err)
	again := s.wants(t, "ticker_entry.published one", "ticker_entry.published two")[0]
	if was, is := first.header.Get("webhook-id"), again.header.Get("webhook-id"); was != is {
		t.Errorf("it came as %s and again as %s", was, is)
	}
}

// awaitVersion waits until a webhook has come to a version.
func awaitVersion(t testing.TB, store *sqlite.Store, id news.WebhookID, version int) *news.Webhook {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	grown := make(chan struct{}, 1)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() {
		_ = store.Watch(ctx, func() { // it ends with its context
			select {
			case grown <- struct{}{}:
			default:
			}
		})
	})
	for {
		line, err := store.Version(t.Context(), news.EntityID(id), version)
		if err == nil {
			return line.Doc.(*news.Webhook)
		}
		if !errors.Is(err, news.ErrNotFound) {
			t.Fatal(err)
		}
		select {
		case <-grown:
		case <-time.After(10 * time.Millisecond): // it may have grown before it was watched
		}
	}
}

// A dying store is that of a process that is killed: nothing that it does reaches
// anybody any more.
type dying struct {
	*sqlite.Store
	dead atomic.Bool
}

func (d *dying) TakeLease(ctx context.Context, now time.Time, l news.Lease) (news.Lease, error) {
	if d.dead.Load() {
		return news.Lease{}, news.ErrUnavailable
	}
	return d.Store.TakeLease(ctx, now, l)
}

func TestAnotherProcessGoesOn(t *testing.T) {
	n, s := openNewsroom(t), serve(t)
	w := n.hook(t, s.URL)
	killed := &dying{Store: n.store}
	first := n.process(t, killed)
	n.entry(t, "tick_0", "0")
	s.wants(t, "ticker_entry.published 0")
	second := n.process(t, n.store)
	var want []string
	for i := 1; i <= 50; i++ {
		n.entry(t, fmt.Sprintf("tick_%d", i), fmt.Sprint(i))
		want = append(want, fmt.Sprintf("ticker_entry.published %d", i))
	}
	s.wants(t, want...)
	killed.dead.Store(true)
	first.stop()
	n.entry(t, "tick_51", "51")
	n.ahead.Add(int64(31 * time.Second)) // its lease has ended

	seen := map[string]bool{}
	var told []string
	for len(told) == 0 || told[len(told)-1] != "ticker_entry.published 51" {
		a := <-s.told
		told = append(told, a.told())
		seen[a.header.Get("webhook-id")] = true
	}
	// What came again is the end of what had come.
	if again := told[:len(told)-1]; !slices.Equal(again, want[len(want)-len(again):]) {
		t.Errorf("it is told %q", told)
	}
	n.entry(t, "tick_52", "52")
	s.wants(t, "ticker_entry.published 52")
	second.stop()

	// Restarted, it goes on behind the last one.
	third := n.process(t, n.store)
	defer third.stop()
	n.entry(t, "tick_53", "53")
	s.wants(t, "ticker_entry.published 53")
	third.stop()
	delivered, err := third.Delivered(t.Context(), []news.WebhookID{w.ID})
	head, headErr := n.store.Head(t.Context())
	if err != nil || headErr != nil || delivered[w.ID] != head {
		t.Errorf("delivered is %v, %v, %v; want all %d", delivered, err, headErr, head)
	}
}

// BenchmarkDeliveries tells how many events a second go to one receiver that answers
// at once, from a log that is there already.
func BenchmarkDeliveries(b *testing.B) {
	n, s := openNewsroom(b), serve(b)
	n.hook(b, s.URL)
	for i := range b.N {
		n.entry(b, fmt.Sprintf("tick_%d", i), "A line of the ticker, as long as most of them are")
	}
	b.ResetTimer()
	p := n.process(b, n.store)
	for range b.N {
		<-s.told
	}
	b.StopTimer()
	p.stop()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}
