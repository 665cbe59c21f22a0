package web

import (
	"bytes"
	"sync"
)

const (
	// maxMade is how many pages a generation of madePages has.
	maxMade = 64
	// maxMadePage is the length of the longest that is kept, in bytes.
	maxMadePage = 256 << 10
)

// madePages are the pages that were made last, by all that they go by: the API's
// answer, which its ETag names, the address and the day. So a page that many want is
// made once for each answer. They may be used by many goroutines at once.
type madePages struct {
	mu           sync.Mutex
	newer, older map[string]madePage // those of older have been wanted less lately
}

type madePage struct {
	body   []byte // nobody may change it
	status int
}

// A madeError says that the page is there already.
type madeError struct{ madePage }

func (*madeError) Error() string { return "the page has been made before" }

func (m *madePages) find(key string) (madePage, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.newer[key]
	if !ok {
		if p, ok = m.older[key]; ok {
			m.add(key, p)
		}
	}
	return p, ok
}

func (m *madePages) put(key string, p madePage) {
	if len(p.body) > maxMadePage {
		return
	}
	p.body = bytes.Clone(p.body) // without the room at its end
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(key, p)
}

func (m *madePages) add(key string, p madePage) {
	if len(m.newer) >= maxMade || m.newer == nil {
		m.newer, m.older = make(map[string]madePage, maxMade), m.newer
	}
	m.newer[key] = p
}
