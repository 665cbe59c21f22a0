package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/news"
	"depeche/internal/webhook"
)

func TestEventsComeOnceAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.publish("before")
		s.hook("hook")
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		var want []string
		for i := range 250 { // more than are looked at at once
			s.publish(fmt.Sprint(i))
			want = append(want, fmt.Sprint(i))
		}
		synctest.Wait()
		wantTold(t, r, want...)
		s.publish("late")
		synctest.Wait()
		wantTold(t, r, append(want, "late")...)
		if got, want := r.all()[0].header.Get("webhook-id"), "hook_2_2"; got != want { // the second line, of the second millisecond
			t.Errorf("the first event has the id %s, want %s", got, want)
		}
		for _, a := range r.all() {
			if err := webhook.Verify([]byte("secret of hook"), a.header, a.body, a.at, 0); err != nil {
				t.Errorf("%s: %v", a.told(), err)
			}
		}
	})
}

func TestFailureHoldsBackWhatFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook")
		r.answers(func(n int, a attempt, _ *http.Request) (*http.Response, error) {
			if n == 2 || n == 3 {
				return status(http.StatusInternalServerError), nil
			}
			return status(http.StatusOK), nil
		})
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		for _, text := range []string{"one", "two", "three"} {
			s.publish(text)
		}
		after(time.Minute)
		wantTold(t, r, "one", "two", "two", "two", "three")
		ids := map[string]bool{}
		for _, a := range r.all() {
			ids[a.header.Get("webhook-id")] = true
		}
		if len(ids) != 3 {
			t.Errorf("three events came under the ids %v", ids)
		}
	})
}

func TestWaitsGrowUntilTheWebhookIsDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{answer: always(http.StatusBadGateway)}
		s.hook("hook")
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		s.publish("one")
		s.publish("two")
		after(72 * time.Hour)
		attempts := r.all()
		if len(attempts) != 36 {
			t.Fatalf("there were %d attempts, want 36", len(attempts))
		}
		want := time.Second
		for i := 1; i < len(attempts); i++ {
			got := attempts[i].at.Sub(attempts[i-1].at)
			if got < want*8/10 || got > want*12/10+time.Millisecond {
				t.Errorf("attempt %d came after %v, want about %v", i+1, got, want)
			}
			want = min(2*want, time.Hour)
		}
		if took := attempts[35].at.Sub(attempts[0].at); took < 18*time.Hour || took > 30*time.Hour {
			t.Errorf("it took %v, want about a day", took)
		}
		if got, want := s.failures(), []string{"36 attempts in a row have failed; the last: the receiver answered 502"}; !slices.Equal(got, want) {
			t.Errorf("it was given up for\n%q\nwant\n%q", got, want)
		}
	})
}

func TestSuccessEndsARowOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook")
		r.answers(func(n int, _ attempt, _ *http.Request) (*http.Response, error) {
			if n%3 != 0 { // every event fails twice
				return status(http.StatusNotFound), nil
			}
			return status(http.StatusOK), nil
		})
		n := start(t, s, s, r, webhook.Options{MaxFailures: 3})
		defer n.stop()
		for i := range 5 {
			s.publish(fmt.Sprint(i))
		}
		after(time.Minute)
		if got := len(r.all()); got != 15 || len(s.failures()) > 0 {
			t.Errorf("there were %d attempts, and %q; want 15, and nothing given up", got, s.failures())
		}
	})
}

func TestReceiverSaysWhenToComeBack(t *testing.T) {
	tests := []struct {
		name     string
		code     int
		header   string
		from, to time.Duration
	}{
		{"seconds", 429, "120", 120 * time.Second, 121 * time.Second},
		{"date", 503, "Sat, 01 Jan 2000 00:10:00 GMT", 10 * time.Minute, 601 * time.Second}, // the bubble's clock begins at midnight
		{"longer than allowed", 503, "999999999999999999999999", time.Hour, time.Hour + time.Second},
		{"shorter than the wait", 429, "0", 800 * time.Millisecond, 1201 * time.Millisecond},
		{"another status", 500, "120", 800 * time.Millisecond, 1201 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, r := newScene(), &receiver{}
				s.hook("hook")
				r.answers(func(n int, _ attempt, _ *http.Request) (*http.Response, error) {
					if n == 1 {
						return status(test.code, "Retry-After", test.header), nil
					}
					return status(http.StatusOK), nil
				})
				s.publish("one")
				n := start(t, s, s, r, webhook.Options{})
				defer n.stop()
				after(2 * time.Hour)
				all := r.all()
				if len(all) != 2 {
					t.Fatalf("there were %d attempts, want 2", len(all))
				}
				if got := all[1].at.Sub(all[0].at); got < test.from || got > test.to {
					t.Errorf("the second came after %v, want %v to %v", got, test.from, test.to)
				}
			})
		})
	}
}

func TestReceiverThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{answer: always(http.StatusGone)}
		s.hook("hook")
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		s.publish("one")
		after(time.Hour)
		wantTold(t, r, "one")
		if got := s.failures(); len(got) != 1 || !strings.Contains(got[0], "410") {
			t.Errorf("it was given up for %q, want once for the 410", got)
		}
	})
}

func TestReceiverThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook")
		r.answers(func(_ int, _ attempt, request *http.Request) (*http.Response, error) {
			<-request.Context().Done()
			return nil, request.Context().Err()
		})
		n := start(t, s, s, r, webhook.Options{MaxFailures: 1})
		defer n.stop()
		s.publish("one")
		began := time.Now()
		for len(s.failures()) == 0 {
			after(time.Second)
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("it was waited for %v, want 10 s", took)
		}
		if got := s.failures(); !strings.Contains(got[0], "no answer came in time") {
			t.Errorf("it was given up for %q", got)
		}
	})
}

// A dripping body never ends; reading it ends with its request.
type dripping struct{ ctx context.Context }

func (d dripping) Read([]byte) (int, error) {
	<-d.ctx.Done()
	return 0, d.ctx.Err()
}

func (d dripping) Close() error { return nil }

func TestAnswerThatDoesNotEndIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook")
		r.answers(func(_ int, _ attempt, request *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: dripping{request.Context()}}, nil
		})
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		s.publish("one")
		s.publish("two")
		after(time.Minute)
		wantTold(t, r, "one", "two")
		all := r.all()
		if got := all[1].at.Sub(all[0].at); got != time.Second {
			t.Errorf("the second came after %v, want a second", got)
		}
	})
}

func TestKindsThatAreNotWantedAreNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook", news.KindTickerEntry, news.KindTag)
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		synctest.Wait()
		writes := s.leaseWrites()
		for range 10 {
			s.publish("one")
			synctest.Wait()
		}
		if got := s.leaseWrites() - writes; got > 0 {
			t.Errorf("the place was kept %d times though nothing was delivered", got)
		}
		s.add(&news.TickerEntry{ID: "tick", Version: 1, Status: news.TickerPublished, TickerContent: news.TickerContent{Headline: "line"}})
		synctest.Wait()
		wantTold(t, r, "ticker_entry.published line")
		got, err := n.Delivered(t.Context(), []news.WebhookID{"hook", "unknown"})
		if err != nil || len(got) != 1 || got["hook"] != 11 {
			t.Errorf("delivered are %v, %v; want hook up to 11", got, err)
		}
	})
}

func TestNothingWithdrawnIsSent(t *testing.T) {
	t.Run("while an attempt is waited for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, r := newScene(), &receiver{}
			s.hook("hook")
			r.answers(func(n int, _ attempt, _ *http.Request) (*http.Response, error) {
				if n == 1 {
					return status(http.StatusInternalServerError), nil
				}
				return status(http.StatusOK), nil
			})
			n := start(t, s, s, r, webhook.Options{})
			defer n.stop()
			s.publish("one")
			synctest.Wait()
			s.withdraw("one")
			after(time.Minute)
			wantTold(t, r, "one", "story.removed one")
			if body := string(r.all()[1].body); strings.Contains(body, "title one") {
				t.Errorf("the withdrawn title was sent: %s", body)
			}
		})
	})
	t.Run("while the one before is sent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, r := newScene(), &receiver{}
			s.hook("hook")
			r.answers(func(n int, _ attempt, _ *http.Request) (*http.Response, error) {
				if n == 1 {
					s.withdraw("two")
				}
				return status(http.StatusOK), nil
			})
			s.publish("one")
			s.publish("two")
			n := start(t, s, s, r, webhook.Options{})
			defer n.stop()
			synctest.Wait()
			wantTold(t, r, "one", "story.removed two")
		})
	})
}

func TestChangesOfAWebhookCountAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook")
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		s.publish("one")
		synctest.Wait()
		wantTold(t, r, "one")

		s.change("hook", func(w *news.Webhook) { w.Status = news.WebhookPaused })
		changed(n)
		s.publish("two")
		after(time.Hour)
		wantTold(t, r, "one")

		s.change("hook", func(w *news.Webhook) {
			w.Status, w.Secret, w.URL = news.WebhookActive, []byte("new secret"), "https://elsewhere.example/"
		})
		changed(n)
		wantTold(t, r, "one", "two")
		a := r.all()[1]
		if err := webhook.Verify([]byte("new secret"), a.header, a.body, a.at, 0); err != nil || a.url != "https://elsewhere.example/" {
			t.Errorf("it was sent to %s, and %v with the new secret", a.url, err)
		}

		s.change("hook", func(w *news.Webhook) { w.Status = news.WebhookDeleted })
		changed(n)
		s.publish("three")
		after(time.Hour)
		wantTold(t, r, "one", "two")
	})
}

func TestChangesAreFoundWithoutAWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		n := start(t, s, s, r, webhook.Options{Poll: 5 * time.Second})
		defer n.stop()
		synctest.Wait()
		s.hook("hook")
		s.publish("one")
		after(6 * time.Second)
		wantTold(t, r, "one")
	})
}

func TestChangeOfAWebhookGivesItAFreshTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{answer: always(http.StatusNotFound)}
		s.hook("hook")
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		s.publish("one")
		after(10 * time.Hour) // an hour lies between attempts by now
		before := len(r.all())
		r.answers(nil)
		s.change("hook", func(w *news.Webhook) { w.URL = "https://elsewhere.example/" })
		changed(n)
		if got := len(r.all()); got != before+1 {
			t.Errorf("there were %d attempts at once, want 1", got-before)
		}
	})
}

func TestDeadWebhookIsRedelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook")
		n := start(t, s, s, r, webhook.Options{MaxFailures: 2})
		defer n.stop()
		s.publish("one")
		s.publish("two")
		synctest.Wait()
		r.answers(always(http.StatusForbidden))
		s.publish("three")
		after(time.Hour)
		s.publish("four")
		after(time.Hour)
		wantTold(t, r, "one", "two", "three", "three")

		r.answers(nil)
		s.change("hook", func(w *news.Webhook) { w.Status, w.From, w.Begun = news.WebhookActive, 1, w.Version })
		changed(n)
		wantTold(t, r, "one", "two", "three", "three", "two", "three", "four")
		all := r.all()
		if was, is := all[1].header.Get("webhook-id"), all[4].header.Get("webhook-id"); was != is {
			t.Errorf("an event came as %s and again as %s", was, is)
		}
	})
}

func TestPlaceOutlivesTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook")
		n := start(t, s, s, r, webhook.Options{})
		s.publish("one")
		synctest.Wait()
		n.stop()
		s.publish("two")
		n = start(t, s, s, r, webhook.Options{})
		synctest.Wait() // at once: the lease was given back
		wantTold(t, r, "one", "two")

		r.answers(always(http.StatusInternalServerError))
		s.publish("three")
		after(5 * time.Hour)
		n.stop()
		failed := len(r.all())
		last := r.all()[failed-1].at
		n = start(t, s, s, r, webhook.Options{})
		defer n.stop()
		after(2 * time.Hour)
		if got := r.all()[failed].at.Sub(last); got < 40*time.Minute {
			t.Errorf("the next attempt came %v after the last, in another process; want about an hour", got)
		}
	})
}

func TestRequestUnderWayIsFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook")
		slow := func(takes time.Duration) {
			r.answers(func(_ int, _ attempt, request *http.Request) (*http.Response, error) {
				select {
				case <-time.After(takes):
					return status(http.StatusOK), nil
				case <-request.Context().Done():
					return nil, request.Context().Err()
				}
			})
		}
		slow(time.Second)
		n := start(t, s, s, r, webhook.Options{})
		s.publish("one")
		synctest.Wait()
		n.stop()
		n = start(t, s, s, r, webhook.Options{})
		after(time.Minute)
		wantTold(t, r, "one")

		slow(5 * time.Second)
		s.publish("two")
		synctest.Wait()
		began := time.Now()
		n.stop()
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("the end took %v, want the 2 s that a request is given", took)
		}
	})
}

func TestOutageOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook")
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		s.publish("one")
		synctest.Wait()
		s.fail(news.ErrUnavailable)
		s.publish("two")
		after(time.Minute)
		wantTold(t, r, "one")
		s.fail(nil)
		after(6 * time.Second)
		wantTold(t, r, "one", "two")
	})
}

// A cut is the store as a process sees it that may lose it.
type cut struct {
	*scene
	off bool // written while the bubble rests
}

func (c *cut) TakeLease(ctx context.Context, now time.Time, l news.Lease) (news.Lease, error) {
	if c.off {
		return news.Lease{}, news.ErrUnavailable
	}
	return c.scene.TakeLease(ctx, now, l)
}

func TestOneOfTwoNodesDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene()
		s.hook("hook")
		first, second := &receiver{}, &receiver{}
		dying := &cut{scene: s}
		one := start(t, s, dying, first, webhook.Options{})
		synctest.Wait()
		two := start(t, s, s, second, webhook.Options{})
		defer two.stop()
		for i := range 100 {
			s.publish(fmt.Sprint(i))
			after(time.Second)
		}
		if len(first.all()) != 100 || len(second.all()) != 0 {
			t.Fatalf("one node sent %d and the other %d, want 100 and none", len(first.all()), len(second.all()))
		}
		if s.leaseRefusals() > 0 {
			t.Error("the other node did not see that the lease is taken before it wrote")
		}

		dying.off = true // what it does now reaches nobody
		one.stop()
		s.publish("last")
		after(time.Second)
		wantTold(t, second)
		after(40 * time.Second)
		wantTold(t, second, "last")
	})
}

func TestNodeGoesOnFromTheLastKeptPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene()
		s.hook("hook")
		for i := range 100 {
			s.publish(fmt.Sprintf("%02d", i))
		}
		first, second := &receiver{}, &receiver{}
		dying := &cut{scene: s}
		first.answers(func(n int, _ attempt, _ *http.Request) (*http.Response, error) {
			time.Sleep(100 * time.Millisecond)
			return status(http.StatusOK), nil
		})
		one := start(t, s, dying, first, webhook.Options{})
		time.Sleep(4550 * time.Millisecond) // in the middle of a second, and of the backlog
		synctest.Wait()
		dying.off = true
		one.stop()
		two := start(t, s, s, second, webhook.Options{})
		defer two.stop()
		after(time.Minute)
		told, again := first.told(), second.told()
		if len(told)+len(again) < 100 || len(told)+len(again) > 112 {
			t.Errorf("%d were sent before and %d after, want all and at most a second's again", len(told), len(again))
		}
		if want := fmt.Sprintf("story.published %02d", 100-len(again)); again[0] != want || !slices.IsSorted(again) {
			t.Errorf("the other node begins with %s, want %s and all that follow in order", again[0], want)
		}
	})
}

func TestNodeThatHasLostItsTurnSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook")
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		s.publish("one")
		synctest.Wait()
		s.mu.Lock()
		taken := s.leases["webhook:hook"]
		taken.Holder, taken.Until = "another node", time.Now().Add(24*time.Hour)
		s.leases["webhook:hook"] = taken
		s.mu.Unlock()
		after(16 * time.Second) // it looks when half of its time is over
		s.publish("two")
		after(time.Hour)
		wantTold(t, r, "one")
		s.mu.Lock()
		defer s.mu.Unlock()
		if got := s.leases["webhook:hook"]; got.Holder != "another node" {
			t.Errorf("the lease went to %s", got.Holder)
		}
	})
}

// A stale store lists webhooks as they were a while ago, as a node does that has
// just not heard of a change.
type stale struct {
	*scene
	was *news.Webhook
}

func (s *stale) Listed(context.Context, news.Selection, news.Window) (news.Page[news.Entity], error) {
	return news.Page[news.Entity]{Items: []news.Entity{s.was}}, nil
}

func TestNodeBehindDoesNotBringBackAnEarlierPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene()
		was := s.hook("hook")
		s.publish("one")
		s.publish("two")
		s.change("hook", func(w *news.Webhook) { w.From, w.Begun = 1, 2 })
		first, second := &receiver{}, &receiver{}
		one := start(t, s, s, first, webhook.Options{})
		synctest.Wait()
		one.stop()
		wantTold(t, first, "two")
		two := start(t, s, &stale{s, was}, second, webhook.Options{})
		defer two.stop()
		after(time.Minute)
		wantTold(t, second)
	})
}

func TestBrokenNoteBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.hook("hook")
		s.leases["webhook:hook"] = news.Lease{Key: "webhook:hook", Holder: "somebody", Note: []byte("{")}
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		s.publish("one")
		synctest.Wait()
		wantTold(t, r, "one")
	})
}

func TestManyWebhooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		for i := range 250 {
			s.hook(news.WebhookID(fmt.Sprintf("hook_%03d", i)))
		}
		r.answers(func(_ int, a attempt, _ *http.Request) (*http.Response, error) {
			if strings.HasSuffix(a.url, "7") { // which hold up nobody else
				return nil, errors.New("no network")
			}
			return status(http.StatusOK), nil
		})
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		s.publish("one")
		s.publish("two")
		synctest.Wait()
		if got := len(r.all()); got != 25+2*225 {
			t.Errorf("%d requests were made, want 475", got)
		}
	})
}
