package cache

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"depeche/internal/news"
)

// notes are what an answer depends on. They are taken by many goroutines at once,
// until they are closed. Nil notes are nobody's.
type notes struct {
	mu     sync.Mutex
	closed bool
	// all is set where it can't be told what the answer depends on: every line may
	// make it untrue, and nobody may get it later.
	all   bool
	until time.Time // zero for ever
	// entities were asked for, or have come out; those that are stories and have
	// come out are here with what they looked like.
	entities map[news.EntityID]*news.Story
	absent   map[slug]struct{}
	lists    map[string]*parts
	related  []related
}

// turned is noted like an entity by what depends on tags that are not in use: which
// of them others stand for, by way of which, and which are deleted, is not known
// here, but they seldom change. No entity has this id.
const turned news.EntityID = ""

// A slug is one of the entities of a kind.
type slug struct {
	kind news.Kind
	slug string
}

// parts are the parts of a list that were read.
type parts struct {
	list
	parts []part
}

// related is a question for the stories that are related to one.
type related struct {
	to    news.StoryID
	found []*news.Story
	limit int
}

type notesKey struct{}

func withNotes(ctx context.Context) (context.Context, *notes) {
	n := &notes{
		entities: make(map[news.EntityID]*news.Story),
		absent:   make(map[slug]struct{}),
		lists:    make(map[string]*parts),
	}
	return context.WithValue(ctx, notesKey{}, n), n
}

// notesOf are those of the execution that ctx belongs to; nil for none.
func notesOf(ctx context.Context) *notes {
	n, _ := ctx.Value(notesKey{}).(*notes)
	return n
}

// take takes a note.
func (n *notes) take(note func()) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		note()
	}
}

func (n *notes) everything() { n.take(func() { n.all = true }) }

func (n *notes) end(t time.Time) {
	n.take(func() {
		if !t.IsZero() && (n.until.IsZero() || t.Before(n.until)) {
			n.until = t
		}
	})
}

// entity notes that e has come out; the caller is within take.
func (n *notes) entity(e news.Entity) {
	story, _ := e.(*news.Story)
	n.entities[e.Ref().ID] = story
}

// asked notes that an entity was asked for; the caller is within take.
func (n *notes) asked(id news.EntityID) {
	if _, known := n.entities[id]; !known {
		// The text of a request must not be kept for an id in it.
		n.entities[news.EntityID(strings.Clone(string(id)))] = nil
	}
}

// turning notes that a tag that was asked for may not be in use.
func (n *notes) turning() { n.take(func() { n.entities[turned] = nil }) }

// part notes a part of a list; the caller is within take.
func (n *notes) part(l list, p part) {
	if len(l.Shelves) == 0 {
		return // nothing is ever in it
	}
	name := l.name()
	known := n.lists[name]
	if known == nil {
		known = &parts{list: l}
		n.lists[name] = known
	}
	if !slices.Contains(known.parts, p) {
		known.parts = append(known.parts, p)
	}
}

// publishedStories is the list of the published stories that carry all of terms.
func publishedStories(terms ...string) news.Selection {
	return news.Selection{
		Kind:    news.KindStory,
		Shelves: []news.Shelf{{Status: string(news.StoryPublished), All: terms}},
	}
}

// close ends the taking of notes, and resolves those that depend on others.
func (n *notes) close() {
	n.take(func() {
		for _, r := range n.related {
			n.relate(r)
		}
		n.related, n.closed = nil, true
	})
}

// relate notes what the stories related to one depend on, beside the one itself
// and those that were found.
func (n *notes) relate(r related) {
	story := n.entities[news.EntityID(r.to)]
	if story == nil { // it was read by nobody, so its tags are not known
		n.part(list{Selection: publishedStories(), tags: true}, part{})
		return
	}
	var terms []string
	for _, tag := range story.Tags {
		if term := tag.Term(); !slices.Contains(terms, term) {
			terms = append(terms, term)
		}
	}
	if len(terms) == 1 {
		// All weigh the same, so they are the newest of one list.
		p := part{}
		if len(r.found) > 0 && len(r.found) >= r.limit {
			p.to = boundAt(r.found[len(r.found)-1])
		}
		n.part(list{Selection: publishedStories(terms...)}, p)
		return
	}
	for _, term := range terms {
		n.part(list{Selection: publishedStories(term)}, part{})
	}
}

// concerned tells whether e makes untrue what the notes are of. The notes have
// been closed.
func (n *notes) concerned(e *effect) bool {
	if n.all {
		return true
	}
	if _, ok := n.entities[e.id]; ok && e.shows() {
		return true
	}
	if _, ok := n.entities[turned]; ok && e.turns() {
		return true
	}
	if e.public(&e.is) {
		for _, s := range e.slugs {
			if _, ok := n.absent[slug{e.kind, s}]; ok {
				return true
			}
		}
	}
	for _, l := range n.lists {
		left, came, otherwise := l.change(e)
		if otherwise {
			return true
		}
		if !left && !came {
			continue
		}
		for i := range l.parts {
			if l.parts[i].concerned(l.Kind, left, came, e.was.at, e.is.at) {
				return true
			}
		}
	}
	return false
}
