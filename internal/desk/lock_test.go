package desk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

var second = news.Actor{Name: "paul", Role: news.Editor}

// wantHeld wants err to say that the lock of a story is somebody's; nobody's where
// holder is empty.
func wantHeld(t testing.TB, err error, holder string) {
	t.Helper()
	var held *news.HeldError
	if !errors.As(err, &held) || held.Holder != holder || !errors.Is(err, news.ErrConflict) {
		t.Errorf("got %v, want it held by %q", err, holder)
	}
}

func (r *room) locked(t testing.TB, who news.Actor, id news.StoryID, steal bool) desk.HeldLock {
	t.Helper()
	l, err := r.LockStory(t.Context(), who, id, steal)
	must(t, err)
	if l.Status != news.LockHeld || l.Holder != who.Name || l.Story != id || l.ID != news.LockOf(id) {
		t.Errorf("%s locks %s: got %+v", who.Name, id, l.Lock)
	}
	return l
}

// leases counts the leases that are kept for the first versions of a lock.
func (r *room) leases(t testing.TB, id news.StoryID) int {
	t.Helper()
	var keys []string
	for version := range 20 {
		keys = append(keys, fmt.Sprintf("lock:%s:%d", id, version))
	}
	found, err := r.store.Leases(t.Context(), keys)
	must(t, err)
	return len(found)
}

func TestLifeOfALock(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.draft(t, editor, "story", "A")
	l, err := r.LockOn(ctx, editor, "story")
	must(t, err)
	if l.Version != 0 || l.Status != news.LockFree || !l.Until.IsZero() || l.Story != "story" {
		t.Errorf("nobody has ever locked it: got %+v", l)
	}
	_, err = r.RenewLock(ctx, editor, "story")
	wantHeld(t, err, "")
	_, err = r.ReleaseLock(ctx, editor, "story")
	must(t, err)

	l = r.locked(t, editor, "story", false)
	if l.Version != 1 || l.Since != noon || l.Until != noon.Add(time.Minute) || l.From != "" {
		t.Errorf("locked: got %+v until %v", l.Lock, l.Until)
	}
	r.advance(20 * time.Second)
	l = r.locked(t, editor, "story", false) // in a second window
	if l.Version != 1 || l.Since != noon || l.Until != noon.Add(80*time.Second) {
		t.Errorf("locked again: got %+v until %v", l.Lock, l.Until)
	}
	r.advance(20 * time.Second)
	l, err = r.RenewLock(ctx, editor, "story")
	must(t, err)
	if l.Version != 1 || l.Until != noon.Add(100*time.Second) {
		t.Errorf("renewed: got %+v until %v", l.Lock, l.Until)
	}

	_, err = r.LockStory(ctx, second, "story", false)
	wantHeld(t, err, "marie")
	_, err = r.RenewLock(ctx, second, "story")
	wantHeld(t, err, "marie")
	_, err = r.ReleaseLock(ctx, second, "story")
	wantHeld(t, err, "marie")
	seen, err := r.LockOn(ctx, second, "story")
	must(t, err)
	if *seen.Lock != *l.Lock || seen.Until != l.Until {
		t.Errorf("the other sees %+v until %v, want %+v until %v", seen.Lock, seen.Until, l.Lock, l.Until)
	}

	l = r.locked(t, second, "story", true)
	if l.Version != 2 || l.From != "marie" || l.Since != r.clock() {
		t.Errorf("stolen: got %+v", l.Lock)
	}
	_, err = r.RenewLock(ctx, editor, "story")
	wantHeld(t, err, "paul")
	_, err = r.ReleaseLock(ctx, editor, "story")
	wantHeld(t, err, "paul")
	if l := r.locked(t, second, "story", true); l.Version != 2 || l.From != "marie" {
		t.Errorf("who holds it steals it: got %+v", l.Lock)
	}

	r.advance(time.Second)
	l, err = r.ReleaseLock(ctx, second, "story")
	must(t, err)
	if l.Version != 3 || l.Status != news.LockFree || l.Holder != "paul" || l.From != "" || l.Since != r.clock() || !l.Until.IsZero() {
		t.Errorf("released: got %+v", l)
	}
	_, err = r.ReleaseLock(ctx, second, "story")
	must(t, err)
	_, err = r.RenewLock(ctx, second, "story")
	wantHeld(t, err, "")
	if l := r.locked(t, editor, "story", true); l.From != "" || l.Version != 4 {
		t.Errorf("nobody held it: got %+v", l.Lock)
	}
	want := []string{"LOCKED by marie", "STOLEN by paul", "UNLOCKED by paul", "LOCKED by marie"}
	if got := r.ops(t, "lock_story"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if n := r.leases(t, "story"); n != 1 {
		t.Errorf("%d leases are kept, want that of the holder", n)
	}
}

func TestALockFallsWithoutASignOfLife(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	for _, id := range []string{"freed", "taken", "revived", "kept"} {
		r.draft(t, editor, id, id)
		r.locked(t, editor, news.StoryID(id), false)
	}
	r.advance(30 * time.Second)
	_, err := r.RenewLock(ctx, editor, "kept")
	must(t, err)
	head := r.lines(t)
	next, err := desk.DueLocks(r.Desk, ctx)
	must(t, err)
	if next != noon.Add(time.Minute) || r.lines(t) != head {
		t.Errorf("next: got %v, on %d lines", next, r.lines(t)-head)
	}

	r.advance(30 * time.Second)
	l, err := r.LockOn(ctx, second, "freed")
	must(t, err)
	if l.Status != news.LockFree || !l.Until.IsZero() {
		t.Errorf("without a holder: got %+v", l)
	}
	if l := r.locked(t, second, "taken", false); l.Version != 2 || l.From != "" {
		t.Errorf("taken over: got %+v", l.Lock)
	}
	_, err = r.RenewLock(ctx, editor, "taken")
	wantHeld(t, err, "paul")
	_, err = r.RenewLock(ctx, editor, "revived") // nobody has taken it meanwhile
	must(t, err)

	next, err = desk.DueLocks(r.Desk, ctx)
	must(t, err)
	if next != noon.Add(90*time.Second) {
		t.Errorf("next: got %v", next)
	}
	for id, want := range map[string][]string{
		"freed": {"LOCKED by marie", "UNLOCKED by schedule"}, "taken": {"LOCKED by marie", "LOCKED by paul"},
		"revived": {"LOCKED by marie"}, "kept": {"LOCKED by marie"},
	} {
		if got := r.ops(t, news.EntityID("lock_"+id)); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", id, got, want)
		}
	}
	_, err = r.RenewLock(ctx, editor, "freed")
	wantHeld(t, err, "")
	if n := r.leases(t, "freed") + r.leases(t, "taken"); n != 1 {
		t.Errorf("%d leases are kept, want 1", n)
	}
	r.advance(time.Hour)
	next, err = desk.DueLocks(r.Desk, ctx)
	must(t, err)
	if !next.IsZero() {
		t.Errorf("nobody holds anything: next is %v", next)
	}
}

func TestManyLocksFall(t *testing.T) {
	r := open(t)
	for i := range 120 {
		id := news.StoryID(fmt.Sprint("story", i))
		r.draft(t, editor, string(id), string(id))
		r.locked(t, editor, id, false)
	}
	r.advance(time.Hour)
	head := r.lines(t)
	_, err := desk.DueLocks(r.Desk, t.Context())
	must(t, err)
	if n := r.lines(t) - head; n != 120 {
		t.Errorf("%d locks have fallen, want 120", n)
	}
}

func TestOneOfSeveralGetsTheLock(t *testing.T) {
	r := open(t)
	r.draft(t, editor, "story", "A")
	for round, steal := range []bool{false, true} {
		errs := make([]error, 8)
		together(len(errs), func(i int) {
			_, errs[i] = r.LockStory(t.Context(), news.Actor{Name: fmt.Sprint("editor", round, i), Role: news.Editor}, "story", steal)
		})
		l, err := r.LockOn(t.Context(), editor, "story")
		must(t, err)
		won := 0
		for i, err := range errs {
			var held *news.HeldError
			switch {
			case err == nil:
				won++
			case !errors.As(err, &held) || held.Holder == "":
				t.Errorf("editor %d got %v", i, err)
			}
		}
		if won == 0 || !steal && won != 1 || l.Until.IsZero() {
			t.Errorf("%d got the lock (steal: %v), which is %+v", won, steal, l)
		}
	}
	// In several windows of one editor.
	r.draft(t, editor, "mine", "B")
	together(8, func(int) {
		_, err := r.LockStory(t.Context(), editor, "mine", false)
		if err != nil {
			t.Error(err)
		}
	})
	if ops := r.ops(t, "lock_mine"); len(ops) != 1 {
		t.Errorf("got %v", ops)
	}
}

// TestALockThatGoesMeanwhile has somebody else be faster with a lock, at each step of
// taking and of keeping it.
func TestALockThatGoesMeanwhile(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.draft(t, editor, "story", "A")
	other := desk.New(r.store, r.clock)
	w := r.watch()
	steals := func() {
		_, err := other.LockStory(ctx, second, "story", true)
		must(t, err)
	}
	w.lease = steals
	_, err := r.LockStory(ctx, editor, "story", false)
	wantHeld(t, err, "paul")
	r.locked(t, editor, "story", true)
	w.lease = steals
	_, err = r.RenewLock(ctx, editor, "story")
	wantHeld(t, err, "paul")
	r.locked(t, editor, "story", true)
	w.lease = func() {
		_, err := other.ReleaseLock(ctx, editor, "story") // in a second window
		must(t, err)
	}
	_, err = r.RenewLock(ctx, editor, "story")
	wantHeld(t, err, "")
	if n := r.leases(t, "story"); n != 0 {
		t.Errorf("%d leases are kept of a lock that is free", n)
	}

	// Whoever has given a sign of life has the lock, also before it is in the log.
	w.before = func([]news.Change) error {
		w.before = nil
		_, err := other.LockStory(ctx, second, "story", true)
		wantHeld(t, err, "marie")
		return nil
	}
	r.locked(t, editor, "story", false)
	if l, err := r.LockOn(ctx, second, "story"); err != nil || l.Holder != "marie" || l.Until.IsZero() {
		t.Errorf("got %+v, %v", l, err)
	}
}

func TestWhoMayLock(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	kim := news.Actor{Name: "kim", Role: news.Contributor}
	reader := news.Actor{Name: "lea", Role: news.Reader}
	r.draft(t, contributor, "draft", "A draft of jo's")
	r.draft(t, contributor, "public", "A story of jo's")
	r.locked(t, contributor, "public", false)
	_, err := r.PublishStory(ctx, editor, "public", 1, desk.Publication{})
	must(t, err)
	for _, c := range []struct {
		who   news.Actor
		story news.StoryID
		want  error
	}{
		{contributor, "draft", nil},
		{kim, "draft", news.ErrNotFound},
		{reader, "draft", news.ErrForbidden},
		{contributor, "public", news.ErrForbidden},
		{kim, "public", news.ErrForbidden},
		{editor, "nope", news.ErrNotFound},
		{editor, "lock_draft", news.ErrNotFound},
		{contributor, "nope", news.ErrNotFound},
		{news.Actor{}, "draft", news.ErrUnauthenticated},
	} {
		for _, call := range []struct { // in this order: only what is held can be renewed
			name string
			do   func(context.Context, news.Actor, news.StoryID) (desk.HeldLock, error)
		}{
			{"LockStory", func(ctx context.Context, who news.Actor, id news.StoryID) (desk.HeldLock, error) {
				return r.LockStory(ctx, who, id, false)
			}},
			{"RenewLock", r.RenewLock},
			{"LockOn", r.LockOn},
		} {
			if _, err := call.do(ctx, c.who, c.story); !errors.Is(err, c.want) {
				t.Errorf("%s of %s as %q: got %v, want %v", call.name, c.story, c.who.Name, err, c.want)
			}
		}
	}
	// The lock on what has been published meanwhile can be let go of.
	l, err := r.ReleaseLock(ctx, contributor, "public")
	must(t, err)
	if l.Status != news.LockFree {
		t.Errorf("got %+v", l.Lock)
	}
	_, err = r.ReleaseLock(ctx, kim, "draft")
	wantIs(t, err, news.ErrNotFound)

	// The author of a draft may have it back.
	r.locked(t, editor, "draft", true)
	_, err = r.LockStory(ctx, contributor, "draft", false)
	wantHeld(t, err, "marie")
	r.locked(t, contributor, "draft", true)
}

func TestALongName(t *testing.T) {
	r := open(t)
	r.draft(t, editor, "story", "A")
	long := news.Actor{Name: strings.Repeat("é", 500), Role: news.Editor}
	r.locked(t, long, "story", false)
	r.locked(t, long, "story", false)
	_, err := r.LockStory(t.Context(), editor, "story", false)
	wantHeld(t, err, long.Name)
}

// Nobody takes the id of what the newsroom keeps for itself.
func TestPrivateIDs(t *testing.T) {
	r := open(t)
	r.draft(t, editor, "story", "A")
	for _, id := range []string{"lock_story", "lock_", "token_1", "hook_1"} {
		_, err := r.CreateStory(t.Context(), contributor, id, func(e *desk.StoryEdit) { e.Title, e.Language = "A", "fr" })
		wantInvalid(t, err, "id")
		_, err = r.CreateTag(t.Context(), editor, id, news.TagContent{Name: "A", Kind: news.TagTopic})
		wantInvalid(t, err, "id")
	}
	r.draft(t, editor, "locksmith", "B")
	r.locked(t, editor, "story", false)
}
