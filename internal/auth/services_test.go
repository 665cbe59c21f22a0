package auth_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"depeche/internal/auth"
	"depeche/internal/news"
)

// A tokenLog is a log with service tokens in it.
type tokenLog struct {
	mu     sync.Mutex
	newest map[news.EntityID]news.Line
	looked int
	err    error
	during func(ctx context.Context) // is called in the midst of each reading
}

func (l *tokenLog) Versions(ctx context.Context, id news.EntityID, before, limit int) ([]news.Line, error) {
	l.mu.Lock()
	line, ok := l.newest[id]
	err, during := l.err, l.during
	l.looked++
	l.mu.Unlock()
	if before != 0 || limit != 1 {
		return nil, fmt.Errorf("asked for %d before %d", limit, before)
	}
	if during != nil {
		during(ctx)
	}
	if err != nil || !ok {
		return nil, err
	}
	return []news.Line{line}, nil
}

func (l *tokenLog) wantLooked(t testing.TB, when string, want int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.looked != want {
		t.Errorf("%s: got %d readings of the log, want %d", when, l.looked, want)
	}
}

func lineOf(e news.Entity) news.Line { return news.Line{Change: news.Change{Doc: e}} }

// serviceToken makes one; put is what the log has of it.
func serviceToken(id string) (token *news.ServiceToken, text string) {
	secret := news.ServiceSecret{1, 2, 3}
	return &news.ServiceToken{
		ID: news.ServiceTokenID(id), Version: 1, Status: news.ServiceTokenValid, Name: "wire", Role: news.Editor, Hash: secret.Hash(), CreatedAt: noon,
	}, news.ServiceTokenText(news.ServiceTokenID(id), secret)
}

func revoked(token *news.ServiceToken) *news.ServiceToken {
	c := token.Clone()
	c.Version, c.Status, c.RevokedAt = c.Version+1, news.ServiceTokenRevoked, noon
	return c
}

type services struct {
	*auth.Verifier
	log   *tokenLog
	clock *clock
	known *auth.ServiceTokens
}

func newServices(tokens ...news.Entity) *services {
	s := &services{log: &tokenLog{newest: map[news.EntityID]news.Line{}}, clock: &clock{at: noon}}
	for _, token := range tokens {
		s.log.newest[token.Ref().ID] = lineOf(token)
	}
	s.known = auth.NewServiceTokens(s.log, s.clock.now)
	s.Verifier = &auth.Verifier{Services: s.known}
	return s
}

func (s *services) want(t testing.TB, when, text string, want error) {
	t.Helper()
	who, err := s.Verify(t.Context(), text)
	if !errors.Is(err, want) || err != nil && who != (news.Actor{}) {
		t.Errorf("%s: got %+v, %v, want %v", when, who, err, want)
	}
	wantNoEcho(t, text, err)
}

func TestServiceTokenIsLookedForOnce(t *testing.T) {
	token, text := serviceToken("token_1")
	s := newServices(token)
	for range 3 {
		who, err := s.Verify(t.Context(), text)
		if want := (news.Actor{Name: "wire", Role: news.Editor, Expires: noon.Add(10 * time.Minute)}); err != nil || who != want {
			t.Errorf("got %+v, %v, want %+v", who, err, want)
		}
	}
	s.log.wantLooked(t, "a token that is there", 1)
	s.log.mu.Lock()
	s.log.err = errors.New("no route to 10.0.0.7")
	s.log.mu.Unlock()
	s.want(t, "a known one while the store is away", text, nil)
	_, other := serviceToken("token_2")
	s.want(t, "another one while the store is away", other, news.ErrUnavailable)
	s.log.mu.Lock()
	s.log.err = nil
	s.log.mu.Unlock()
	s.want(t, "another one when it is back", other, news.ErrUnauthenticated)
	s.log.wantLooked(t, "another one", 3)
}

func TestServiceTokenIsRefused(t *testing.T) {
	token, text := serviceToken("token_1")
	gone, goneText := serviceToken("token_2")
	s := newServices(token, revoked(gone), &news.Story{ID: "story_1", Version: 1})
	_, story := serviceToken("story_1")
	for _, row := range []struct{ name, text, says string }{
		{"another secret", news.ServiceTokenText("token_1", news.ServiceSecret{1, 2, 4}), "not known"},
		{"revoked", goneText, "revoked"},
		{"revoked, and another secret", news.ServiceTokenText("token_2", news.ServiceSecret{}), "not known"},
		{"not there", news.ServiceTokenText("token_3", news.ServiceSecret{1, 2, 3}), "not known"},
		{"something else", story, "not known"},
		{"cut", text[:len(text)-1], "malformed"},
		{"the prefix alone", "depeche_", "malformed"},
		{"too long", text + strings.Repeat("x", 16<<10), "longer than"},
	} {
		who, err := s.Verify(t.Context(), row.text)
		if !errors.Is(err, news.ErrUnauthenticated) || !strings.Contains(err.Error(), row.says) || who != (news.Actor{}) {
			t.Errorf("%s: got %+v, %v, want an error that says %q", row.name, who, err, row.says)
		}
		wantNoEcho(t, row.text, err)
	}
	if _, err := (&auth.Verifier{}).Verify(t.Context(), text); !errors.Is(err, news.ErrUnauthenticated) {
		t.Errorf("where there are none: got %v", err)
	}
}

func TestServiceTokensFollowTheLog(t *testing.T) {
	token, text := serviceToken("token_1")
	s := newServices(token)
	s.want(t, "a good one", text, nil)
	s.known.Passed([]news.Line{lineOf(&news.Story{ID: "x"}), lineOf(revoked(token))})
	s.want(t, "one that was revoked", text, news.ErrUnauthenticated)
	s.known.Passed([]news.Line{lineOf(token)})
	s.want(t, "one that was revoked, when its first line comes late", text, news.ErrUnauthenticated)

	late, lateText := serviceToken("token_2")
	s.want(t, "one that is not there yet", lateText, news.ErrUnauthenticated)
	s.known.Passed([]news.Line{lineOf(late)})
	s.want(t, "one that has come", lateText, nil)
	s.log.wantLooked(t, "all in all", 2)
}

// TestServiceTokenIsRevokedWhileItIsLookedFor: the log had it as good when it was read.
func TestServiceTokenIsRevokedWhileItIsLookedFor(t *testing.T) {
	token, text := serviceToken("token_1")
	s := newServices(token)
	s.log.during = func(context.Context) { s.known.Passed([]news.Line{lineOf(revoked(token))}) }
	s.want(t, "in the meantime", text, news.ErrUnauthenticated)
	s.want(t, "afterwards", text, news.ErrUnauthenticated)

	made, madeText := serviceToken("token_2")
	s.log.during = func(context.Context) { s.known.Passed([]news.Line{lineOf(made)}) }
	s.want(t, "one that is made in the meantime", madeText, nil)
}

func TestServiceTokensOfAllTogether(t *testing.T) {
	token, text := serviceToken("token_1")
	s := newServices(token)
	const many = 20
	reading, go_on := make(chan struct{}), make(chan struct{})
	s.log.during = func(ctx context.Context) {
		close(reading)
		<-go_on
		must(t, ctx.Err())
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.Verify(ctx, text) }) //nolint:errcheck // it is gone
	<-reading
	cancel() // who asked first has lost interest
	for range many {
		wg.Go(func() { s.want(t, "of many", text, nil) })
	}
	if _, err := s.Verify(ctx, text); !errors.Is(err, news.ErrUnavailable) {
		t.Errorf("one whose time is over: got %v", err)
	}
	close(go_on)
	wg.Wait()
	s.log.wantLooked(t, "of all together", 1)
}

// TestTokensThatAreMadeUp: they cost the store so much and no more, and those that are
// known nothing.
func TestTokensThatAreMadeUp(t *testing.T) {
	token, text := serviceToken("token_1")
	s := newServices(token)
	s.want(t, "the good one", text, nil)
	unavailable := 0
	for i := range 1000 {
		_, err := s.Verify(t.Context(), news.ServiceTokenText(news.ServiceTokenID(fmt.Sprintf("token_x%d", i)), news.ServiceSecret{}))
		switch {
		case errors.Is(err, news.ErrUnavailable):
			unavailable++
		case !errors.Is(err, news.ErrUnauthenticated):
			t.Fatalf("got %v", err)
		}
	}
	s.log.wantLooked(t, "at once", 100)
	if unavailable != 901 {
		t.Errorf("%d are told to come back, want 901", unavailable)
	}
	s.want(t, "the good one in the midst of it", text, nil)
	first := news.ServiceTokenText("token_x0", news.ServiceSecret{})
	s.want(t, "one that has been tried", first, news.ErrUnauthenticated)
	s.log.wantLooked(t, "one that has been tried", 100)
	s.clock.advance(10 * time.Second)
	s.want(t, "one that was tried a while ago", first, news.ErrUnauthenticated)
	s.log.wantLooked(t, "one that was tried a while ago", 101)
}

// TestMemoryIsBounded: what has to make room is looked for again.
func TestMemoryIsBounded(t *testing.T) {
	s := newServices()
	var texts []string
	for i := range 10_001 {
		token, text := serviceToken(fmt.Sprintf("token_%d", i))
		s.log.newest[token.Ref().ID] = lineOf(token)
		s.known.Passed([]news.Line{lineOf(token)})
		texts = append(texts, text)
	}
	for _, text := range texts {
		s.want(t, "one of many", text, nil)
	}
	if s.log.looked < 1 || s.log.looked > 100 {
		t.Errorf("got %d readings of the log, want few", s.log.looked)
	}
}

// Listed gives two tokens a page, so that there are several.
func (l *tokenLog) Listed(_ context.Context, sel news.Selection, w news.Window) (news.Page[news.Entity], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []news.Entity
	for _, line := range l.newest {
		if sel.Holds(line.Doc.Listing()) {
			list = append(list, line.Doc)
		}
	}
	slices.SortFunc(list, func(a, b news.Entity) int { return cmp.Compare(b.Ref().ID, a.Ref().ID) })
	if w.After != nil {
		list = slices.DeleteFunc(list, func(e news.Entity) bool { return e.Ref().ID >= w.After.ID })
	}
	page := news.Page[news.Entity]{Items: list[:min(2, len(list))]}
	page.HasNext = len(list) > len(page.Items)
	return page, l.err
}

// TestNobodyLocksServicesOut: whoever tries tokens that nobody knows costs those
// nothing who have one.
func TestNobodyLocksServicesOut(t *testing.T) {
	var tokens []news.Entity
	var texts []string
	for i := range 5 {
		token, text := serviceToken(fmt.Sprintf("token_%d", i))
		tokens, texts = append(tokens, token), append(texts, text)
	}
	s := newServices(tokens...)
	if err := s.known.Load(t.Context(), s.log); err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		_, text := serviceToken(fmt.Sprintf("token_made_up_%d", i))
		if _, err := s.Verify(t.Context(), text); err == nil {
			t.Fatal("a token that is not there is good")
		}
	}
	for i, text := range texts {
		if who, err := s.Verify(t.Context(), text); err != nil || who.Role != news.Editor {
			t.Errorf("token %d: got %+v, %v", i, who, err)
		}
	}
	s.log.err = errors.New("away")
	if err := s.known.Load(t.Context(), s.log); err == nil {
		t.Error("what can't be read is no error")
	}
}
