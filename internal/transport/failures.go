package transport

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"depeche/internal/news"
)

// failuresPerSecond bounds how many failed authentications are logged.
const failuresPerSecond = 10

// failures logs failed authentications: so many a second, so that nobody can fill the
// log, and of the others how many there were. Nothing of a token is ever in it. Safe
// for many goroutines.
type failures struct {
	logger *slog.Logger
	now    func() time.Time

	mu     sync.Mutex
	since  time.Time // when the second began
	told   int       // in it
	untold int
}

// A failed is an authentication that did not succeed.
type failed struct {
	err     error
	request string     // its id
	way     string     // how it came
	peer    string     // the address at the other end of the connection, with its port
	from    netip.Addr // the client's, as clientAddress tells it
	known   bool       // from is
}

// tell logs a failed authentication, or counts it.
func (f *failures) tell(who failed) {
	if !f.may() {
		return
	}
	message := "an authentication failed"
	if errors.Is(who.err, news.ErrUnavailable) {
		message = "an authentication can't be checked"
	}
	args := []any{"op", "authenticate", "requestId", who.request, "way", who.way, "peer", who.peer}
	if who.known {
		args = append(args, "from", who.from)
	}
	f.logger.WarnContext(context.Background(), message, append(args, "reason", who.err)...)
}

// may tells whether one more may be logged.
func (f *failures) may() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin()
	if f.told >= failuresPerSecond {
		f.untold++
		return false
	}
	f.told++
	return true
}

// begin begins a new second where the last one is over. The caller holds f.mu.
func (f *failures) begin() {
	if now := f.now(); now.Sub(f.since) >= time.Second || now.Before(f.since) {
		f.since, f.told = now, 0
	}
}

// tick says how many were not logged, if there are any. It is called every now and then.
func (f *failures) tick() {
	f.mu.Lock()
	untold := f.untold
	f.untold = 0
	f.mu.Unlock()
	if untold > 0 {
		f.logger.Warn("more authentications failed than are logged one by one", "op", "authenticate", "more", untold)
	}
}
