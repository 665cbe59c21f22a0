package auth

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"depeche/internal/news"
)

const (
	// serviceFor is how long somebody is who they are by a service token: what is
	// open has to say it again then, since it may have been revoked.
	serviceFor = 10 * time.Minute
	// lookWithin is how long it may take to find a token in the store.
	lookWithin = 5 * time.Second
	// absentFor is how long a token that is not there is not looked for again. It may
	// have been made on another node just now.
	absentFor = 10 * time.Second

	maxKnown  = 10_000 // service tokens in memory: about 5 MB
	maxAbsent = 10_000
	// Anybody can make up tokens that nobody knows. They cost the store no more than
	// this.
	lookupsPerSecond = 50
	lookupsAtOnce    = 100
)

// Versions is the part of a news.Log where service tokens are found.
type Versions interface {
	// Versions is as in news.Log.
	Versions(ctx context.Context, id news.EntityID, before, limit int) ([]news.Line, error)
}

// ServiceTokens know the service tokens of a newsroom: those that were loaded, and
// those that were looked for when they were first used. The log keeps them true. They may be used by many
// goroutines at once.
type ServiceTokens struct {
	log   Versions
	now   func() time.Time
	limit *rate.Limiter

	mu      sync.Mutex
	known   map[news.ServiceTokenID]*news.ServiceToken // revoked ones too
	absent  map[news.ServiceTokenID]time.Time          // not there when they were looked for
	looking map[news.ServiceTokenID]*lookup
}

// A lookup finds a token in the store, for all who want it at once.
type lookup struct {
	done chan struct{}
	err  error // to be read when it is done: why it could not be found out
}

// NewServiceTokens makes the ServiceTokens of the newsroom whose log this is. now is
// the clock; the log has to be followed with Passed before the first token is verified.
func NewServiceTokens(log Versions, now func() time.Time) *ServiceTokens {
	return &ServiceTokens{
		log: log, now: now, limit: rate.NewLimiter(lookupsPerSecond, lookupsAtOnce),
		known: map[news.ServiceTokenID]*news.ServiceToken{}, absent: map[news.ServiceTokenID]time.Time{},
		looking: map[news.ServiceTokenID]*lookup{},
	}
}

// Load reads the newest service tokens, as many as are kept. Whoever has one of them
// then has nothing to do with who tries tokens that nobody knows. It is to be called
// once, when the log is followed.
func (s *ServiceTokens) Load(ctx context.Context, store news.Lister) error {
	loaded := 0
	for tokens, err := range news.Walk(ctx, store, news.ServiceTokens(), news.MaxPage) {
		if err != nil {
			return fmt.Errorf("read the service tokens: %w", err)
		}
		s.mu.Lock()
		for _, item := range tokens {
			if token, ok := item.(*news.ServiceToken); ok {
				s.note(token)
			}
		}
		s.mu.Unlock()
		if loaded += len(tokens); loaded >= maxKnown {
			break
		}
	}
	return nil
}

// Passed takes note of lines of the log, in order: a token that one of them revokes is
// refused from then on.
func (s *ServiceTokens) Passed(lines []news.Line) {
	for _, line := range lines {
		if token, ok := line.Doc.(*news.ServiceToken); ok {
			s.mu.Lock()
			s.note(token)
			s.mu.Unlock()
		}
	}
}

// note keeps a token, unless a newer version of it is known. The caller holds s.mu.
func (s *ServiceTokens) note(token *news.ServiceToken) {
	delete(s.absent, token.ID)
	if was := s.known[token.ID]; was == nil || was.Version < token.Version {
		s.known[token.ID] = token
		makeRoom(s.known, maxKnown, token.ID)
	}
}

// verify tells who the bearer of a service token is, as Verifier.Verify does.
func (s *ServiceTokens) verify(ctx context.Context, text string) (news.Actor, error) {
	id, secret, ok := news.ReadServiceToken(text)
	if !ok {
		return news.Actor{}, refused("the service token is malformed")
	}
	token, err := s.find(ctx, id)
	switch {
	case err != nil:
		return news.Actor{}, err
	case !token.Holds(secret):
		return news.Actor{}, errNotKnown
	case token.Status != news.ServiceTokenValid:
		return news.Actor{}, refused("the service token has been revoked")
	}
	return news.Actor{Name: token.Name, Role: token.Role, Expires: s.now().Add(serviceFor)}, nil
}

const errNotKnown = refusal("the service token is not known")

// find is the newest version of a token as far as is known here. Errors: errNotKnown,
// ErrUnavailable.
func (s *ServiceTokens) find(ctx context.Context, id news.ServiceTokenID) (*news.ServiceToken, error) {
	for {
		s.mu.Lock()
		if token := s.known[id]; token != nil {
			s.mu.Unlock()
			return token, nil
		}
		if until, ok := s.absent[id]; ok && s.now().Before(until) {
			s.mu.Unlock()
			return nil, errNotKnown
		}
		l := s.looking[id]
		if l == nil {
			l = &lookup{done: make(chan struct{})}
			id = news.ServiceTokenID(strings.Clone(string(id))) // not all that it came with
			s.looking[id] = l
			s.mu.Unlock()
			s.look(ctx, id, l)
		} else {
			s.mu.Unlock()
		}
		select {
		case <-l.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for a service token: %w", news.ErrUnavailable)
		}
		if l.err != nil {
			return nil, l.err
		}
	}
}

// look finds a token in the store. Who waits for it does not lose it when the one who
// does it loses interest.
func (s *ServiceTokens) look(ctx context.Context, id news.ServiceTokenID, l *lookup) {
	l.err = fmt.Errorf("look for a service token: %w", news.ErrUnavailable) // unless it comes to an end
	defer func() {
		s.mu.Lock()
		delete(s.looking, id)
		s.mu.Unlock()
		close(l.done)
	}()
	if !s.limit.AllowN(s.now(), 1) {
		l.err = fmt.Errorf("look for a service token: too many are tried that nobody knows: %w", news.ErrUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookWithin)
	defer cancel()
	newest, err := s.log.Versions(ctx, news.EntityID(id), 0, 1)
	if err != nil {
		l.err = fmt.Errorf("look for a service token: %w (%w)", news.ErrUnavailable, err)
		return
	}
	l.err = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(newest) > 0 {
		if token, ok := newest[0].Doc.(*news.ServiceToken); ok {
			s.note(token)
		}
	}
	if s.known[id] == nil { // nor has it been heard of meanwhile
		s.absent[id] = s.now().Add(absentFor)
		makeRoom(s.absent, maxAbsent, id)
	}
}

// makeRoom forgets one of those that are kept where they are too many, but not the one
// that has just come.
func makeRoom[V any](kept map[news.ServiceTokenID]V, most int, newest news.ServiceTokenID) {
	if len(kept) <= most {
		return
	}
	for id := range kept {
		if id != newest {
			delete(kept, id)
			return
		}
	}
}
