package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/webhook"
)

// A scene is a newsroom in memory, whose log, webhooks and outages a test decides
// on: what a Deliverer reads, keeps and reports.
type scene struct {
	mu        sync.Mutex
	lines     []live.Event // as they were made
	gone      map[news.EntityID]bool
	withdrawn news.Seq
	changed   chan struct{} // closed and replaced when there are lines
	hooks     map[news.WebhookID]*news.Webhook
	leases    map[string]news.Lease
	writes    int // of leases
	refusals  int // of leases that somebody else has
	failed    []string
	outage    error // what everything answers while it is set
	tags      map[news.TagID]*news.Tag
	stories   map[news.StoryID]*news.Story
	coverages map[news.CoverageID]*news.Coverage
}

func newScene() *scene {
	return &scene{
		gone: map[news.EntityID]bool{}, changed: make(chan struct{}),
		hooks: map[news.WebhookID]*news.Webhook{}, leases: map[string]news.Lease{},
	}
}

// hook makes a webhook that begins at the head.
func (s *scene) hook(id news.WebhookID, kinds ...news.Kind) *news.Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks[id] = &news.Webhook{
		ID: id, Version: 1, Status: news.WebhookActive, Begun: 1, From: news.Seq(len(s.lines)),
		WebhookContent: news.WebhookContent{URL: "https://receiver.example/" + news.URL(id), Kinds: kinds},
		Secret:         []byte("secret of " + id), CreatedAt: time.Now(),
	}
	return s.hooks[id]
}

// change makes a new version of a webhook.
func (s *scene) change(id news.WebhookID, change func(*news.Webhook)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.hooks[id].Clone()
	next.Version++
	change(next)
	s.hooks[id] = next
}

// publish adds a public story with this text, and returns its line.
func (s *scene) publish(text string) news.Seq {
	return s.add(&news.Story{
		ID: news.StoryID("story_" + text), Version: 1, Status: news.StoryPublished,
		StoryContent: news.StoryContent{Slug: text, Title: "title " + text, Language: "fr"},
	})
}

func (s *scene) add(e news.Entity) news.Seq {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq := news.Seq(len(s.lines) + 1)
	s.lines = append(s.lines, live.Event{
		Line: news.Line{Seq: seq, Change: news.Change{At: time.UnixMilli(int64(seq)).UTC(), Doc: e}},
		Kind: news.EventPublished, Public: e,
	})
	close(s.changed)
	s.changed = make(chan struct{})
	return seq
}

// withdraw takes a story back.
func (s *scene) withdraw(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone[news.EntityID("story_"+text)] = true
	s.withdrawn++
}

func (s *scene) Events(_ context.Context, after news.Seq, limit int, wanted func(news.Line) bool) (events []live.Event, through news.Seq, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	through = min(after+news.Seq(limit), news.Seq(len(s.lines)))
	for _, e := range s.lines[after:through] {
		if s.gone[e.Doc.Ref().ID] {
			e.Kind, e.Public = news.EventRemoved, e.Doc.(*news.Story).Tombstone()
		}
		if wanted(e.Line) {
			events = append(events, e)
		}
	}
	return events, through, s.outage
}

func (s *scene) Wait(ctx context.Context, after news.Seq) error {
	for {
		s.mu.Lock()
		head, changed := news.Seq(len(s.lines)), s.changed
		s.mu.Unlock()
		if head > after {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *scene) Withdrawn() news.Seq {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.withdrawn
}

func (s *scene) Cursor(seq news.Seq) news.LogCursor {
	return news.LogCursor{Epoch: "epoch", Seq: seq}
}

func (s *scene) Listed(_ context.Context, sel news.Selection, w news.Window) (page news.Page[news.Entity], err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.hooks)) {
		hook := s.hooks[id]
		if sel.Holds(hook.Listing()) && (w.After == nil || news.EntityID(id) > w.After.ID) {
			page.Items = append(page.Items, hook)
		}
	}
	if page.HasNext = len(page.Items) > w.First; page.HasNext {
		page.Items = page.Items[:w.First]
	}
	return page, s.outage
}

func (s *scene) TakeLease(_ context.Context, now time.Time, l news.Lease) (news.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := news.CheckLease(l); err != nil || s.outage != nil {
		return news.Lease{}, errors.Join(err, s.outage)
	}
	if kept, found := s.leases[l.Key]; found && kept.Holder != l.Holder && kept.Until.After(now) {
		s.refusals++
		return kept, nil
	}
	s.leases[l.Key] = l
	s.writes++
	return l, nil
}

func (s *scene) Leases(_ context.Context, keys []string) (map[string]news.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string]news.Lease{}
	for _, key := range keys {
		if l, ok := s.leases[key]; ok {
			found[key] = l
		}
	}
	return found, errors.Join(news.CheckLeaseKeys(keys), s.outage)
}

func (s *scene) FailWebhook(_ context.Context, id news.WebhookID, expected int, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outage != nil {
		return s.outage
	}
	if current := s.hooks[id]; current.Version != expected {
		return &news.ConflictError{ID: news.EntityID(id), Current: current.Version}
	}
	next := s.hooks[id].Clone()
	next.Version++
	next.Status, next.Failure = news.WebhookDead, news.Text(reason)
	s.hooks[id] = next
	s.failed = append(s.failed, reason)
	return nil
}

func (s *scene) StoriesByID(_ context.Context, who news.Audience, ids []news.StoryID) (map[news.StoryID]*news.Story, error) {
	found := maps.Clone(s.stories)
	maps.DeleteFunc(found, func(id news.StoryID, story *news.Story) bool {
		return !slices.Contains(ids, id) || !story.VisibleTo(who)
	})
	return found, nil
}

func (s *scene) TagsByID(context.Context, []news.TagID) (map[news.TagID]*news.Tag, error) {
	return s.tags, nil
}

func (s *scene) CoveragesByID(context.Context, []news.CoverageID) (map[news.CoverageID]*news.Coverage, error) {
	return s.coverages, nil
}

func (s *scene) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outage = err
}

// failures are the reasons for which webhooks were given up.
func (s *scene) failures() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.failed)
}

// leaseWrites is how often a lease has been kept.
func (s *scene) leaseWrites() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

func (s *scene) leaseRefusals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusals
}

// An attempt is a request as it came to a receiver.
type attempt struct {
	at     time.Time
	url    string
	header http.Header
	body   []byte
}

// told is what an attempt says, such as "story.published one".
func (a attempt) told() string {
	var p struct {
		Type string
		Data struct{ Slug, Headline string }
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		return err.Error()
	}
	return p.Type + " " + p.Data.Slug + p.Data.Headline
}

// A receiver answers in the place of the network, and remembers what came.
type receiver struct {
	mu       sync.Mutex
	attempts []attempt
	// answer answers the attempt that came as the nth, from 1; nil: all with 204.
	answer func(n int, a attempt, r *http.Request) (*http.Response, error)
}

func (r *receiver) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	a := attempt{time.Now(), request.URL.String(), request.Header, body}
	r.mu.Lock()
	r.attempts = append(r.attempts, a)
	n, answer := len(r.attempts), r.answer
	r.mu.Unlock()
	if answer == nil {
		return status(http.StatusNoContent), nil
	}
	return answer(n, a, request)
}

func (r *receiver) answers(answer func(n int, a attempt, r *http.Request) (*http.Response, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// all is what has come.
func (r *receiver) all() []attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.attempts)
}

// told is what has been told, in order.
func (r *receiver) told() []string {
	var told []string
	for _, a := range r.all() {
		told = append(told, a.told())
	}
	return told
}

func status(code int, header ...string) *http.Response {
	r := &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil))}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func always(code int, header ...string) func(int, attempt, *http.Request) (*http.Response, error) {
	return func(int, attempt, *http.Request) (*http.Response, error) { return status(code, header...), nil }
}

// A node is a process that delivers.
type node struct {
	*webhook.Deliverer
	cancel context.CancelFunc
	done   chan struct{}
}

// start has a node deliver what store has to r, until it is stopped or the test ends.
func start(t *testing.T, s *scene, store webhook.Store, r http.RoundTripper, o webhook.Options) *node {
	t.Helper()
	o.Transport, o.Mark = r, mark
	return run(t, webhook.New(store, s, o), s)
}

// run has a Deliverer deliver until it is stopped.
func run(t testing.TB, d *webhook.Deliverer, source webhook.Source) *node {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	n := &node{d, cancel, make(chan struct{})}
	go func() {
		defer close(n.done)
		if err := d.Run(ctx, source); !errors.Is(err, context.Canceled) {
			t.Errorf("the deliverer ended with %v", err)
		}
	}()
	return n
}

func (n *node) stop() {
	n.cancel()
	<-n.done
}

// quiet keeps what servers say of broken connections out of the test.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func mark(c news.LogCursor) string {
	b, _ := json.Marshal(c.Seq)
	return string(c.Epoch) + "-" + string(b)
}

// after lets time pass, and what happens in it come to rest.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// changed has all that deliver look at the webhooks again.
func changed(nodes ...*node) {
	for _, n := range nodes {
		n.Passed([]news.Line{{Change: news.Change{Doc: &news.Webhook{}}}})
	}
	synctest.Wait()
}

func wantTold(t *testing.T, r *receiver, want ...string) {
	t.Helper()
	for i, text := range want {
		if !strings.Contains(text, ".") {
			want[i] = "story.published " + text
		}
	}
	if got := r.told(); !slices.Equal(got, want) {
		t.Errorf("the receiver was told\n%q\nwant\n%q", got, want)
	}
}
