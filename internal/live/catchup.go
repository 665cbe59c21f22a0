package live

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"depeche/internal/news"
)

const (
	// pageLines is how many lines of the log a catch-up makes payloads of at once.
	pageLines = 64
	// pageBytes is how large a page grows, roughly: a reader that does not take it
	// holds on to it.
	pageBytes = 256 << 10
	// groupPages is how many pages a group keeps for the next who come.
	groupPages = 16
)

// A page is the payloads of lines of the log that lie back. It is never changed.
type page struct {
	list    []Payload
	from    news.Seq // everything wanted of the lines behind this one ...
	through news.Seq // ... up to here is in list
	asOf    news.Seq // the head of the log when the first of them was made
}

// outdated tells whether the page may show what has been withdrawn since.
func (p *page) outdated(f *Follower) bool { return f.newestWithdrawal() > p.asOf }

// pages are those that a group has made of late: of readers who come back
// together, the first pays for all.
type pages struct {
	mu    sync.Mutex // held while a page is made, so that it is made once
	byNo  map[news.Seq]*page
	order []news.Seq // the last used is the last
}

// page finds or makes the page that has the line after a place. It does not reach
// further than the group has gone: how the operation sees what lies behind that is
// not known yet.
func (g *group) page(ctx context.Context, at news.Seq) (*page, error) {
	g.pages.mu.Lock()
	defer g.pages.mu.Unlock()
	no := at / pageLines
	f := g.hub.follower
	p := g.pages.byNo[no]
	if p != nil && p.from <= at && at < p.through && !p.outdated(f) {
		g.pages.use(no)
		g.hub.stats.FromPayloads.Add(1)
		return p, nil
	}
	for {
		grown := page{from: at, through: at}
		switch {
		case p == nil || p.outdated(f):
		case p.from <= at:
			grown = *p // which ends before
		default:
			// Readers come from all over the page, so it is made whole.
			grown = page{from: no * pageLines, through: no * pageLines}
		}
		if err := g.grow(ctx, &grown, min((no+1)*pageLines, g.recent.Load().through)); err != nil {
			return nil, err
		}
		if p = &grown; !p.outdated(f) {
			g.pages.keep(no, p, g.hub.groupBytes())
			return p, nil
		}
		// Something was withdrawn while it was made.
	}
}

// grow adds the payloads of the lines behind a page, up to the given one.
func (g *group) grow(ctx context.Context, p *page, upTo news.Seq) error {
	r, err := g.hub.follower.read(ctx, p.through, int(upTo-p.through), wantedBy(g.operation()))
	if err != nil {
		return err
	}
	p.list = slices.Clip(p.list)
	for _, e := range r.events {
		made, err := g.execute(e)
		if err != nil {
			return err
		}
		p.list = added(p.list, made)
		if size(p.list) >= pageBytes {
			r.through = e.Seq
			break
		}
	}
	p.through = r.through
	if p.asOf == 0 { // what was there already is as old as it was
		p.asOf = r.head
	}
	if r.fromStore {
		g.hub.stats.FromStore.Add(1)
	} else {
		g.hub.stats.FromRing.Add(1)
	}
	return nil
}

func (c *pages) use(no news.Seq) {
	if i := slices.Index(c.order, no); i >= 0 {
		c.order = slices.Delete(c.order, i, i+1)
	}
	c.order = append(c.order, no)
}

// keep remembers a page, and forgets those not used for the longest time.
func (c *pages) keep(no news.Seq, p *page, bytes int) {
	if c.byNo == nil {
		c.byNo = map[news.Seq]*page{}
	}
	c.byNo[no] = p
	c.use(no)
	for len(c.order) > 1 && (len(c.order) > groupPages || c.size() > bytes) {
		delete(c.byNo, c.order[0])
		c.order = c.order[1:]
	}
}

func (c *pages) size() int {
	sum := 0
	for _, p := range c.byNo {
		sum += size(p.list)
	}
	return sum
}

// catchUp works for the readers who are behind, a page each in turn.
func (h *Hub) catchUp(ctx context.Context) {
	for {
		s, ok := h.behind.pop(ctx)
		if !ok {
			return
		}
		if s.left.Load() {
			continue
		}
		var p *page
		err := s.g.guard(func() (err error) {
			p, err = s.g.page(s.g.ctx, s.at)
			return err
		})
		switch {
		case errors.Is(err, news.ErrUnavailable):
			time.AfterFunc(h.follower.poll, func() { h.behind.push(s) })
			continue
		case err != nil:
			if ended := s.g.failure(); ended != nil {
				err = ended // which this one follows from
			}
			s.lost.Store(&err)
		default:
			// Twice: who was let in at the limit is not ended for what happens while
			// it catches up.
			if head := h.follower.Head(); head-s.at > 2*news.Seq(h.follower.maxBehind) {
				err := h.follower.expired(head, s.at)
				s.lost.Store(&err)
			} else {
				s.backlog.Store(p)
			}
		}
		s.queued.Store(false)
		s.reader.Wake()
	}
}
