package live_test

import (
	"testing"
	"testing/synctest"

	"depeche/internal/live"
	"depeche/internal/news"
)

// TestPayloadsAreBounded has a reader take when it is some payloads behind: as long
// as its group has them, it need not be caught up.
func TestPayloadsAreBounded(t *testing.T) {
	const large = 20 << 10 // of which a group's least bytes are three
	for _, row := range []struct {
		name    string
		options live.HubOptions
		padding int
		behind  int
		kept    bool
	}{
		{"one", live.HubOptions{Payloads: 1}, 0, 1, true},
		{"more than twice one", live.HubOptions{Payloads: 1}, 0, 3, false},
		{"as many as are kept", live.HubOptions{Payloads: 8}, 0, 8, true},
		{"more than twice as many", live.HubOptions{Payloads: 8}, 0, 17, false},
		{"as many bytes as are kept", live.HubOptions{PayloadBytes: 1}, large, 3, true},
		{"more than twice as many bytes", live.HubOptions{PayloadBytes: 1}, large, 7, false},
		{"one that is larger than all", live.HubOptions{PayloadBytes: 1}, 10 * large, 1, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			// The list is cut now and then, so it is looked at in every state.
			for before := range 20 {
				synctest.Test(t, func(t *testing.T) {
					log := &memoryLog{}
					h := serve(t, log, live.Options{}, row.options)
					o := &operation{t: t, padding: row.padding}
					c := join(t, h, "all", o, nil)
					for i := range before {
						log.commit(news.OpPublished, entry(i))
						synctest.Wait()
					}
					c.idle = true
					for i := range row.behind {
						log.commit(news.OpPublished, entry(100+i))
						synctest.Wait()
					}
					c.idle = false
					c.take()
					synctest.Wait()
					c.mustHave(t, "a slow reader", fromTo(1, news.Seq(before+row.behind)))
					s := h.Stats()
					caughtUp := s.FromPayloads.Load()+s.FromRing.Load()+s.FromStore.Load() > 0
					if caughtUp == row.kept {
						t.Errorf("after %d payloads, who was %d behind was caught up: %v", before, row.behind, caughtUp)
					}
				})
			}
		})
	}
}

func TestRoomIsRespected(t *testing.T) {
	for _, from := range []string{"payloads", "a page"} {
		t.Run(from, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &memoryLog{}
				h := serve(t, log, live.Options{}, live.HubOptions{})
				o, c := &operation{t: t, padding: 1000}, &client{idle: true}
				if from == "payloads" {
					c.join(t, h, "all", o, nil)
				}
				for i := range 20 {
					log.commit(news.OpPublished, entry(i))
				}
				synctest.Wait()
				if from == "a page" {
					c.join(t, h, "all", o, place(0))
					c.take()
					synctest.Wait()
				}
				for _, row := range []struct{ room, want int }{{1, 1}, {1000, 1}, {3500, 3}, {-1, 1}, {0, 1}, {1 << 30, 13}} {
					list, more, err := c.sub.Take(row.room)
					if err != nil || len(list) != row.want {
						t.Errorf("room of %d: took %d payloads, %v, want %d", row.room, len(list), err, row.want)
					}
					if at := c.sub.At(); len(list) > 0 && (at != list[len(list)-1].Seq || !more && at < 20) {
						t.Errorf("room of %d: is at line %d, more: %v", row.room, at, more)
					}
				}
				if list, more, err := c.sub.Take(1); len(list) > 0 || more || err != nil {
					t.Errorf("at the head: took %d payloads, more: %v, %v", len(list), more, err)
				}
			})
		})
	}
}

func TestLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		o, c := &operation{t: t}, &client{idle: true}
		mustLag := func(name string, want int) {
			t.Helper()
			messages, bytes := c.sub.Lag()
			if messages != want || (bytes > 0) != (want > 0) {
				t.Errorf("%s: %d messages of %d bytes, want %d messages", name, messages, bytes, want)
			}
		}
		for i := range 5 {
			log.commit(news.OpPublished, entry(i))
		}
		synctest.Wait()
		c.join(t, h, "all", o, place(0))
		mustLag("who has just come", 0)
		c.one(t)
		synctest.Wait()
		mustLag("who is being caught up", 0)
		c.take()
		mustLag("at the head", 0)
		for i := range 10 {
			log.commit(news.OpPublished, entry(10+i))
		}
		synctest.Wait()
		mustLag("who does not take", 10)
		c.one(t)
		_, before := c.sub.Lag()
		list, _, _ := c.sub.Take(1)
		if _, bytes := c.sub.Lag(); before-bytes != len(list[0].JSON) {
			t.Errorf("a payload of %d bytes lessened the lag by %d", len(list[0].JSON), before-bytes)
		}
		mustLag("who has taken two", 8)
		c.take()
		mustLag("who has taken all", 0)
	})
}
