package transport

import (
	"cmp"
	"time"
)

// Limits are what requests and open connections may take. Zero fields take their
// defaults.
type Limits struct {
	ExecuteWithin  time.Duration // for a query or a mutation: 30 s
	BodyBytes      int           // of a request of nobody in particular: 128 KiB
	KnownBodyBytes int           // of a request with a token: 4 MiB
	Rate           int           // operations a second that a client may begin; 0 is no limit

	Connections           int // WebSockets and event streams open at once: 50,000
	ConnectionsPerAddress int // of them, from one address; 0 is no limit, unlike for the others
	Handshakes            int // of them, that have not introduced themselves: 10,000

	InitWithin     time.Duration // for connection_init after the upgrade: 10 s
	WriteWithin    time.Duration // for a peer to take something of what is written: 10 s
	PingEvery      time.Duration // a connection at rest is asked for a sign of life, or given one: 25 s
	PongWithin     time.Duration // for the answer to that: 20 s
	AckEvery       time.Duration // at most this often a reader is asked what has arrived: 15 s
	MessageWithin  time.Duration // for a message that has begun to be complete: 30 s
	DrainWithin    time.Duration // for a reader to say what has arrived when the server ends: 2 s
	LagMessages    int           // events that a reader who does not take them may have waiting: 256
	LagBytes       int           // their size: 1 MiB
	InputBytes     int           // of incomplete messages of all connections: 64 MiB
	RetryLeast     time.Duration // after which an event stream that has ended is opened again: 1 s
	RetrySpread    time.Duration // and up to so much later, by chance: 2 s
	AnswerBytes    int           // bytes of answers that a reader who does not take them may have waiting: 4 MiB
	AllAnswerBytes int           // of all readers together, over sockets and as much over HTTP: 64 MiB
	Executions     int           // of queries and mutations at a time: 32
	HereWithin     time.Duration // for a reader to show that it is there, when it seems to have come back: 1 s
}

const (
	maxMessage       = 1 << 20 // of what a client sends over a WebSocket
	maxOperations    = 100     // that run on one connection at a time
	maxSubscriptions = 50      // of them, that follow something
	maxID            = 256     // bytes of the id of one: it comes again with each event
)

// fairShare is what one connection may hold of something that is used up: who holds
// little is not made to pay for those who hold much.
func fairShare(all int) int { return min(max(all/1024, 16<<10), all/2) }

func (l Limits) withDefaults() Limits {
	l.ExecuteWithin = cmp.Or(l.ExecuteWithin, 30*time.Second)
	l.BodyBytes = cmp.Or(l.BodyBytes, 128<<10)
	// The largest story is 500,000 characters, which JSON may escape to six bytes each.
	l.KnownBodyBytes = cmp.Or(l.KnownBodyBytes, 4<<20)
	l.Connections = cmp.Or(l.Connections, 50_000)
	l.Handshakes = cmp.Or(l.Handshakes, 10_000)
	l.InitWithin = cmp.Or(l.InitWithin, 10*time.Second)
	l.WriteWithin = cmp.Or(l.WriteWithin, 10*time.Second)
	l.PingEvery = cmp.Or(l.PingEvery, 25*time.Second)
	l.PongWithin = cmp.Or(l.PongWithin, 20*time.Second)
	l.AckEvery = cmp.Or(l.AckEvery, 15*time.Second)
	l.MessageWithin = cmp.Or(l.MessageWithin, 30*time.Second)
	l.DrainWithin = cmp.Or(l.DrainWithin, 2*time.Second)
	l.LagMessages = cmp.Or(l.LagMessages, 256)
	l.LagBytes = cmp.Or(l.LagBytes, 1<<20)
	l.InputBytes = cmp.Or(l.InputBytes, 64<<20)
	l.RetryLeast = cmp.Or(l.RetryLeast, time.Second)
	l.RetrySpread = cmp.Or(l.RetrySpread, 2*time.Second)
	l.AnswerBytes = cmp.Or(l.AnswerBytes, 4<<20)
	l.AllAnswerBytes = cmp.Or(l.AllAnswerBytes, 64<<20)
	l.Executions = cmp.Or(l.Executions, 32)
	l.HereWithin = cmp.Or(l.HereWithin, time.Second)
	return l
}
