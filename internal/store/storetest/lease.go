package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"depeche/internal/news"
)

// leaseOf is a lease whose time is a minute past noon.
func leaseOf(key, holder, note string) news.Lease {
	return news.Lease{Key: key, Holder: holder, Until: Noon().Add(time.Minute), Note: []byte(note)}
}

// take takes a lease and compares what is kept then with want.
func (l *lab) take(now time.Time, lease, want news.Lease) {
	l.t.Helper()
	got, err := l.store.TakeLease(l.t.Context(), now, lease)
	if err != nil {
		l.t.Fatalf("%s takes %q: %v", lease.Holder, lease.Key, err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("%s takes %q (-want +got):\n%s", lease.Holder, lease.Key, diff)
	}
	l.wantLeases([]string{lease.Key}, want)
}

// wantLeases compares what is kept under keys with want.
func (l *lab) wantLeases(keys []string, want ...news.Lease) {
	l.t.Helper()
	got, err := l.store.Leases(l.t.Context(), keys)
	if err != nil {
		l.t.Fatalf("leases of %q: %v", keys[:min(3, len(keys))], err)
	}
	kept := make(map[string]news.Lease)
	for _, lease := range want {
		kept[lease.Key] = lease
	}
	if diff := cmp.Diff(kept, got, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("leases of %d keys, %q… (-want +got):\n%s", len(keys), keys[:min(3, len(keys))], diff)
	}
}

func (l *lab) drop(key, holder string) {
	l.t.Helper()
	if err := l.store.DropLease(l.t.Context(), key, holder); err != nil {
		l.t.Fatalf("%s drops %q: %v", holder, key, err)
	}
}

func testLeases(t *testing.T, l *lab) {
	l.put(Tag("tag_a"))
	l.wantLeases(nil)
	l.wantLeases([]string{"hook", ""})
	anna, otto := leaseOf("hook", "anna", "here"), leaseOf("hook", "otto", "there")
	l.take(Noon(), anna, anna)
	l.take(Noon(), otto, anna)
	other := leaseOf("other", "otto", "")
	l.take(Noon(), other, other)
	l.wantLeases([]string{"hook", "nobody", "other", "hook"}, anna, other)

	// Who holds it goes on, with another note, and for as long as it says.
	for _, until := range []time.Time{Noon().Add(time.Hour), Noon().Add(time.Second), Noon().Add(-time.Hour)} {
		anna.Until, anna.Note = until, []byte(until.String())
		l.take(Noon(), anna, anna)
	}
	// By now it is over.
	l.take(Noon(), otto, otto)
	l.take(Noon(), anna, otto)
	anna = leaseOf("hook", "anna", "back")
	l.take(Noon(), anna, otto)
	l.take(otto.Until, anna, anna)

	l.drop("hook", "otto")
	l.drop("nobody", "anna")
	l.wantLeases([]string{"hook"}, anna)
	l.drop("hook", "anna")
	l.drop("hook", "anna")
	l.wantLeases([]string{"hook", "other"}, other)
	otto.Until = Noon().Add(-24 * time.Hour) // one that is over when it is taken
	l.take(Noon(), otto, otto)
	l.checkAll() // they are no part of the log
}

func testLeasesExpire(t *testing.T, l *lab) {
	const ms = time.Millisecond
	anna, otto := leaseOf("hook", "anna", "1"), leaseOf("hook", "otto", "2")
	otto.Until = Noon().Add(time.Hour)
	for _, tt := range []struct {
		name string
		now  time.Time
		want news.Lease
	}{
		{"long before", Noon().Add(-24 * time.Hour), anna},
		{"a millisecond before", anna.Until.Add(-ms), anna},
		{"within that millisecond", anna.Until.Add(-1), anna},
		{"at its time", anna.Until, otto},
		{"at its time, elsewhere", anna.Until.In(time.FixedZone("", 3600)), otto},
		{"long after", anna.Until.Add(24 * time.Hour), otto},
	} {
		t.Run(tt.name, func(t *testing.T) {
			on := *l
			on.t = t
			on.take(Noon(), anna, anna)
			on.take(tt.now, otto, tt.want)
			on.drop("hook", tt.want.Holder)
			on.wantLeases([]string{"hook"})
		})
	}
	// Instants are cut to whole milliseconds, in UTC.
	fine := anna
	fine.Until = anna.Until.Add(ms - 1).In(time.FixedZone("", 3600))
	l.take(Noon(), fine, anna)
	l.take(anna.Until, otto, otto)
}

// testOneHolder has many take the same leases at once. Each goes to one of them,
// of which all others hear.
func testOneHolder(t *testing.T, l *lab) {
	const n = 10
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprintf("key %d", i))
	}
	round := func(name string, now, until time.Time) map[string]news.Lease {
		t.Helper()
		var mu sync.Mutex
		heard := make(map[string]news.Lease)
		holders := make(map[string]int)
		inParallel(func(writer int) {
			for i := range n {
				key := keys[(i+writer)%n]
				mine := news.Lease{Key: key, Holder: fmt.Sprintf("%s, writer %d", name, writer), Until: until, Note: []byte{byte(writer)}}
				got, err := l.store.TakeLease(t.Context(), now, mine)
				if err != nil {
					t.Errorf("%s: %v", mine.Holder, err)
					return
				}
				mu.Lock()
				if got.Holder == mine.Holder {
					holders[key]++
				}
				if known, ok := heard[key]; ok && !cmp.Equal(known, got) {
					t.Errorf("%s: %v is kept under %s, and %v", name, known, key, got)
				}
				heard[key] = got
				mu.Unlock()
			}
		})
		for _, key := range keys {
			if holders[key] != 1 {
				t.Errorf("%s: %d have taken %s, want 1", name, holders[key], key)
			}
		}
		kept, err := l.store.Leases(t.Context(), keys)
		if diff := cmp.Diff(heard, kept); diff != "" || err != nil {
			t.Errorf("%s: %v (-heard +kept):\n%s", name, err, diff)
		}
		return kept
	}
	round("first", Noon(), Noon().Add(time.Minute))
	kept := round("second", Noon().Add(time.Minute), Noon().Add(time.Hour))
	for _, key := range keys[:5] {
		l.drop(key, kept[key].Holder)
		l.wantLeases([]string{key})
	}
}

func testKeysOfLeases(t *testing.T, l *lab) {
	var want []news.Lease
	var keys []string
	for i, key := range []string{
		"a", "A", "á", "a\u0301", "a ", " a", "a.b", "$a", `"'\%_*?`, "a\x00b", "null", "0", "a\n", "\ufffd", "🗞", "lock:story_a:1",
		strings.Repeat("x", news.MaxLeaseKey), strings.Repeat("é", news.MaxLeaseKey/2),
	} {
		lease := leaseOf(key, key, "")
		switch i % 3 {
		case 0:
			lease.Note = []byte("\x00\xff'\"\x00")
		case 1:
			lease.Note = []byte(strings.Repeat("\x00é\xfe", news.MaxLeaseNote/4))
		}
		keys, want = append(keys, key), append(want, lease)
		l.take(Noon(), lease, lease)
	}
	l.wantLeases([]string{"b", "%", "a%", "_", "a\x00", "a\x00c", "e", "á ", "LOCK:story_a:1"})
	l.wantLeases(keys, want...)
	for i, key := range keys {
		l.take(Noon(), leaseOf(key, "somebody else", ""), want[i])
		l.drop(key, key)
	}
	l.wantLeases(keys)
}

func testLimitsOfLeases(t *testing.T, l *lab) {
	long := strings.Repeat("x", news.MaxLeaseKey+1)
	for _, tt := range []struct {
		name, field string
		lease       news.Lease
	}{
		{"no key", "key", leaseOf("", "anna", "")},
		{"a long key", "key", leaseOf(long, "anna", "")},
		{"a key that is no text", "key", leaseOf("a\xff", "anna", "")},
		{"no holder", "holder", leaseOf("hook", "", "")},
		{"a long holder", "holder", leaseOf("hook", long, "")},
		{"a holder that is no text", "holder", leaseOf("hook", "a\xff", "")},
		{"a long note", "note", leaseOf("hook", "anna", strings.Repeat("x", news.MaxLeaseNote+1))},
	} {
		_, err := l.store.TakeLease(t.Context(), Noon(), tt.lease)
		wantInvalid(t, tt.name, err, tt.field)
	}
	l.wantLeases([]string{"hook"})

	var keys []string
	for i := range news.MaxLeaseKeys + 1 {
		keys = append(keys, fmt.Sprintf("key %d", i))
	}
	_, err := l.store.Leases(t.Context(), keys)
	wantInvalid(t, "too many keys", err, "keys")
	last := leaseOf(keys[news.MaxLeaseKeys-1], "anna", "")
	l.take(Noon(), last, last)
	l.wantLeases(keys[:news.MaxLeaseKeys], last)
}

func testLeasesOfReopenedStore(t *testing.T, l *lab) {
	l.put(Tag("tag_a"))
	anna, otto := leaseOf("hook", "anna", "here"), leaseOf("other", "otto", "")
	l.take(Noon(), anna, anna)
	l.take(Noon(), otto, otto)
	l.drop("other", "otto")
	l.reopen()
	l.wantLeases([]string{"hook", "other"}, anna)
	l.take(Noon(), leaseOf("hook", "otto", ""), anna)
	l.checkAll()
}
