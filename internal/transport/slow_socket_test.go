package transport_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"depeche/internal/transport"
)

// slow is a socket of somebody whose system takes little of what it does not read.
func (r *room) slow(t testing.TB) *client {
	t.Helper()
	c := r.call(t, websocket.DialOptions{HTTPClient: &http.Client{Transport: shortSighted()}})
	c.say(begin)
	c.expect("connection_ack")
	return c
}

func TestSlowReaderIsSentAway(t *testing.T) {
	for _, row := range []struct {
		why    string
		limits transport.Limits
	}{
		{"messages", transport.Limits{LagMessages: 8, WriteWithin: patience}},
		{"bytes", transport.Limits{LagBytes: 300_000, WriteWithin: patience}},
	} {
		t.Run(row.why, func(t *testing.T) {
			r := openWith(t, options{narrow: true, limits: row.limits})
			slow, quick := r.slow(t), r.ready(t)
			slow.subscribe("1", fat, nil)
			quick.subscribe("1", everything, nil)
			r.await(t, following, 2)
			last := r.overflow(t, row.why)
			// Nobody else is held up by it.
			for line := ""; line != last; {
				line, _ = headline(t, quick.expect("next"))
			}
			var got []string
			cursor := ""
			for {
				f, err := slow.next()
				if err != nil {
					if code := websocket.CloseStatus(err); code != 4512 {
						t.Errorf("closed with %d (%v), want 4512", code, err)
					}
					break
				}
				line, at := headline(t, f)
				got, cursor = append(got, line), at
			}
			gapless(t, got)
			c := r.ready(t)
			c.subscribe("1", strings.Replace(fat, "ticker", `ticker(after: "`+cursor+`")`, 1), nil)
			for got[len(got)-1] != last {
				line, _ := headline(t, c.expect("next"))
				got = append(got, line)
			}
			gapless(t, got)
		})
	}
}

// TestReaderThatNeverReads: it has its time to take something, and no more.
func TestReaderThatNeverReads(t *testing.T) {
	r := openWith(t, options{narrow: true, limits: transport.Limits{WriteWithin: time.Millisecond, LagMessages: 1_000_000, LagBytes: 1 << 30}})
	r.slow(t).subscribe("1", fat, nil)
	quick := r.ready(t)
	quick.subscribe("1", everything, nil)
	r.await(t, following, 2)
	for r.metric(t, following) == 2 {
		r.publishFat(t, "line")
		headline(t, quick.expect("next"))
	}
	r.await(t, sockets, 1)
}

// TestAnswersThatNobodyTakes: who asks and does not read is not kept answers for,
// neither many for one nor some for many.
func TestAnswersThatNobodyTakes(t *testing.T) {
	for _, row := range []struct {
		name   string
		limits transport.Limits
	}{
		{"of one", transport.Limits{AnswerBytes: 64 << 10}},
		{"of all", transport.Limits{AllAnswerBytes: 64 << 10}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.limits.WriteWithin = patience
			r := openWith(t, options{narrow: true, limits: row.limits})
			c := r.slow(t)
			for range 100 {
				if c.conn.Write(c.ctx, websocket.MessageText, []byte(`{"type":"ping","payload":{"x":"`+strings.Repeat("x", 60<<10)+`"}}`)) != nil {
					break // it is closed by now
				}
			}
			r.await(t, `depeche_overflows_total{reason="answers"}`, 1)
			if code, err := c.closed(); code != 4512 {
				t.Errorf("closed with %d (%v), want 4512", code, err)
			}
			r.await(t, sockets, 0)
		})
	}
}
