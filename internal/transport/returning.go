package transport

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

// An identity is what a reader says again when it comes back: stock clients send
// the very same message.
type identity struct {
	id      string
	payload []byte
	who     news.Actor
}

// key names the reader of a log. again is false for one whose operation ids are not
// its own alone: other than the random UUIDs of stock clients, many count from 1.
func (i identity) key(log string) (key live.PlaceKey, again bool) {
	if !isUUID(i.id) {
		return key, false
	}
	h := sha256.New()
	for _, part := range [][]byte{[]byte(log), []byte(i.id), i.payload, []byte(i.who.Name), []byte(i.who.Role)} {
		h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		h.Write(part)
	}
	copy(key[:], h.Sum(nil))
	return key, true
}

// isUUID tells whether text is a UUID in its usual form (RFC 9562, section 4).
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range []byte(text) {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
				return false
			}
		}
	}
	return true
}

// Here implements live.Holder: it asks for a sign of life, and ends the connection
// when there is none. A phone that changes its network comes back on a new
// connection long before the old one is found to be dead.
func (k *socket) Here(ctx context.Context) bool {
	k.conn.Lock()
	if k.conn.Ended() {
		k.conn.Unlock()
		k.conn.Cut(errReplaced)
		return false
	}
	k.say(k.ping(nil, time.Now()))
	asked := k.pings
	k.conn.Unlock()
	const look = 10 * time.Millisecond
	for waited := time.Duration(0); waited < k.c.limits.HereWithin && ctx.Err() == nil; waited += look {
		pause(ctx, look)
		k.conn.Lock()
		answered, ended := k.pongs >= asked, k.conn.Ended()
		k.conn.Unlock()
		if answered && !ended {
			return true
		}
		if ended {
			break
		}
	}
	k.conn.Cut(errReplaced)
	return false
}
