package cache_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"depeche/internal/cache"
	"depeche/internal/news"
)

// A node serves one store from a cache of its own.
type node struct {
	cache    *cache.Cache
	store    news.Store
	followed atomic.Int64 // the line up to which it has heard of the log

	mu    sync.Mutex
	acked map[news.Seq]bool // the lines that were committed here, and whose commit has returned
}

func newNode(m *memory) *node {
	c := cache.New(cache.Options{Bytes: 48 << 10}) // little enough that some have to make room
	return &node{cache: c, store: c.Over(m), acked: make(map[news.Seq]bool)}
}

// known is the line up to which the node knows of all there are.
func (n *node) known() news.Seq {
	n.mu.Lock()
	defer n.mu.Unlock()
	known := news.Seq(n.followed.Load())
	for n.acked[known+1] {
		known++
	}
	return known
}

func (n *node) commit(ctx context.Context, changes []news.Change) error {
	lines, err := n.store.Commit(ctx, changes)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, line := range lines {
		n.acked[line.Seq] = true
	}
	return err
}

// follow hands the lines that there are to the cache.
func (n *node) follow(ctx context.Context, m *memory, most int) error {
	lines, err := m.Lines(ctx, news.Seq(n.followed.Load()), most)
	if err != nil || len(lines) == 0 {
		return err
	}
	n.cache.Passed(lines)
	n.followed.Store(int64(lines[len(lines)-1].Seq))
	return nil
}

// given is an answer that a reader got.
type given struct {
	question int
	from, to news.Seq // what the node knew when it was asked, and what there was when it answered
	body     string
	outcome  cache.Outcome
}

// TestNodesAtOnce has writers and readers on two nodes of one store at once. Each
// answer has to be what a reading would have found in some moment from the line on
// that the node knew when it was asked.
func TestNodesAtOnce(t *testing.T) {
	seed := rand.Uint64()
	defer func() {
		if t.Failed() {
			t.Logf("the seed was %d", seed)
		}
	}()
	const (
		asked = 40
		lines = 900
	)
	var (
		ctx       = t.Context()
		m         = newMemory()
		nodes     = []*node{newNode(m), newNode(m)}
		r         = newNewsroom(seed)
		questions []question
		writing   sync.WaitGroup
		others    sync.WaitGroup
		done      = make(chan struct{})
	)
	for range lines / 3 { // what was there before, and hints where to look
		if _, err := m.Commit(ctx, []news.Change{r.change()}); err != nil {
			t.Fatal(err)
		}
	}
	for range asked {
		questions = append(questions, r.question(1))
	}
	for _, n := range nodes {
		n.followed.Store(int64(m.head()))
		others.Go(func() {
			for r := rand.New(rand.NewPCG(seed, 1)); ; {
				if err := n.follow(ctx, m, 1+r.IntN(5)); err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	var mu sync.Mutex      // of r, so that the writers make one history
	var written [3][]given // to the writers, after what they wrote
	asking := func(list *[]given, n *node, i int) {
		g := given{question: (len(*list)*7 + i) % asked, from: n.known()}
		g.body, g.outcome = ask(ctx, n.cache, n.store, questions[g.question])
		g.to = m.head()
		*list = append(*list, g)
	}
	for i := range written {
		n := nodes[i/2]
		writing.Go(func() {
			for {
				mu.Lock()
				ch := r.change()
				before := m.get(ch.Doc.Ref().ID)
				err := n.commit(ctx, []news.Change{ch})
				if err != nil {
					r.revert(ch, before)
				}
				mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				for range 3 {
					asking(&written[i], n, i)
				}
				if m.head() >= lines {
					return
				}
			}
		})
	}
	var answers [4][]given
	for i := range answers {
		n := nodes[i%2]
		others.Go(func() {
			for {
				asking(&answers[i], n, i)
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writing.Wait()
	close(done)
	others.Wait()
	checkGiven(t, m, questions, slices.Concat(slices.Concat(answers[:]...), slices.Concat(written[:]...)))
	for _, n := range nodes {
		for n.followed.Load() < int64(m.head()) {
			if err := n.follow(ctx, m, 100); err != nil {
				t.Fatal(err)
			}
		}
		for _, q := range questions {
			if a := n.cache.Get(q.key()); a != nil && string(a.Body) != fresh(ctx, m, q) {
				t.Errorf("%s: %s is kept when all is quiet, want %s", q.name, a.Body, fresh(ctx, m, q))
			}
		}
		t.Logf("%+v", n.cache.Stats())
	}
}

// checkGiven compares what was given with what there was, line by line.
func checkGiven(t *testing.T, m *memory, questions []question, answers []given) {
	t.Helper()
	slices.SortFunc(answers, func(a, b given) int { return int(a.from - b.from) })
	past := newMemory()
	var (
		open     []given // that are not known to be right yet
		outcomes [cache.Stale + 1]int
	)
	for _, line := range m.lines {
		past.enter(line)
		for len(answers) > 0 && answers[0].from <= line.Seq {
			outcomes[answers[0].outcome]++
			open, answers = append(open, answers[0]), answers[1:]
		}
		truth := make(map[int]string)
		open = slices.DeleteFunc(open, func(g given) bool {
			if _, ok := truth[g.question]; !ok {
				truth[g.question] = fresh(t.Context(), past, questions[g.question])
			}
			if truth[g.question] == g.body {
				return true
			}
			if g.to <= line.Seq {
				t.Errorf("%s: asked after line %d and answered by line %d, %v: got %s, which it was at none of them; want such as %s",
					questions[g.question].name, g.from, g.to, g.outcome, g.body, truth[g.question])
				return true
			}
			return false
		})
	}
	t.Logf("by outcome %v; %d are open", outcomes, len(open))
}

func (m *memory) get(id news.EntityID) news.Entity {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.state[id]
}
