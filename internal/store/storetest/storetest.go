// Package storetest is the contract of news.Store as tests. Every store runs
// all of it; there is no list of exceptions, and what only one store does does
// not exist.
//
// It keeps its data small and uses nothing but news.Store, so it runs as well
// against a store behind a network. Its sample entities serve other tests too.
package storetest

import (
	"testing"

	"depeche/internal/news"
)

// A Harness opens the store under test.
type Harness struct {
	// Open opens the store whose name is dir, an empty folder at first that the
	// store may use. Where there is none, Open makes an empty one. The store is
	// closed before it is opened again, and after the test. Open fails tb on an
	// error.
	Open func(tb testing.TB, dir string) news.Store
}

// Run tests that the stores of h keep the contract.
func Run(t *testing.T, h Harness) {
	for _, part := range []struct {
		name string
		test func(*testing.T, *lab)
	}{
		{"commit returns lines", testCommitReturnsLines},
		{"commit of nothing", testCommitOfNothing},
		{"version conflicts", testVersionConflicts},
		{"a failed commit leaves no trace", testFailedCommitLeavesNoTrace},
		{"a batch is committed up to its first error", testPartialBatch},
		{"a batch of versions of one entity", testBatchOfVersions},
		{"a batch of rivals for a slug", testBatchOfRivals},
		{"slugs belong for ever", testSlugsBelongForEver},
		{"slugs of each kind are apart", testSlugsOfKinds},

		{"parallel commits", testParallelCommits},
		{"one winner for each version", testOneWinner},
		{"a tail sees every line once", testTail},
		{"pages reflect their line", testPagesReflectTheirLine},

		{"lines", testLines},
		{"limits of long reads", testLimitsOfLongReads},
		{"versions", testVersions},
		{"versions of an entity", testVersionsOf},
		{"limits of versions", testLimitsOfVersions},
		{"watch wakes", testWatchWakes},
		{"watch ends", testWatchEnds},
		{"epoch", testEpoch},

		{"values come back", testValues},
		{"instants are UTC milliseconds", testInstants},
		{"text comes back", testText},
		{"huge documents", testHugeDocuments},
		{"a reopened store", testReopen},
		{"a context that has ended", testEndedContext},
		{"a closed store", testClosed},

		{"places are taken once", testPlacesAreTakenOnce},
		{"places are replaced", testPlacesAreReplaced},
		{"rivals for places", testRivalsForPlaces},
		{"places expire", testPlacesExpire},
		{"keys of places", testKeysOfPlaces},
		{"one taker for each place", testOneTaker},
		{"places of a reopened store", testPlacesOfReopenedStore},
		{"limits of places", testLimitsOfPlaces},

		{"leases", testLeases},
		{"leases expire", testLeasesExpire},
		{"one holder of each lease", testOneHolder},
		{"keys of leases", testKeysOfLeases},
		{"limits of leases", testLimitsOfLeases},
		{"leases of a reopened store", testLeasesOfReopenedStore},

		{"by id", testByID},
		{"by slug", testBySlug},
		{"entities", testEntities},
		{"lists are in brief", testBrief},
		{"visibility", testVisibility},
		{"nothing leaks to the public", testNothingLeaks},
		{"the life of a story", testLife},
		{"private kinds", testPrivateKinds},
		{"entries of a coverage alone", testCoverageOnly},

		{"merged tags", testMergedTags},
		{"one merge of a tag", testOneMerge},
		{"unsettled tags", testUnsettled},
		{"tag uses", testTagUses},
		{"tag codes", testTagCodes},
		{"rankings of merged tags", testRankingsOfMergedTags},

		{"what waits", testWaiting},
		{"what is listed", testListed},
		{"ends of pins", testEndsOfPins},

		{"empty lists", testEmptyLists},
		{"windows that can't be used", testBadWindows},
		{"every window", testEveryWindow},
		{"walking lists", testWalkingLists},
		{"lists that change while they are walked", testChangingLists},
		{"cursors of places that are gone", testVanishedPlaces},
		{"each filter", testEachFilter},
		{"filters at random", testRandomFilters},

		{"story counts", testStoryCounts},
		{"trending tags", testTrendingTags},
		{"related stories", testRelatedStories},
		{"related stories of a common tag", testRelatedBound},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, newLab(t, h)) })
	}
}

// A lab is a store under test beside the model of what it should hold.
type lab struct {
	t     *testing.T
	h     Harness
	dir   string
	store news.Store
	model *model
}

func newLab(t *testing.T, h Harness) *lab {
	l := &lab{t: t, h: h, dir: t.TempDir(), model: newModel()}
	l.open()
	return l
}

func (l *lab) open() {
	l.t.Helper()
	store := l.h.Open(l.t, l.dir)
	l.t.Cleanup(func() {
		if err := store.Close(); err != nil {
			l.t.Errorf("close: %v", err)
		}
	})
	l.store = store
}

// reopen closes the store and opens it again.
func (l *lab) reopen() {
	l.t.Helper()
	if err := l.store.Close(); err != nil {
		l.t.Fatalf("close: %v", err)
	}
	l.open()
}

// put commits entities as they are, in one batch.
func (l *lab) put(entities ...news.Entity) []news.Line {
	l.t.Helper()
	return l.commit(l.model.changes(entities...)...)
}

// commit commits changes and enters them in the model.
func (l *lab) commit(changes ...news.Change) []news.Line {
	l.t.Helper()
	lines, err := l.store.Commit(l.t.Context(), changes)
	if err != nil {
		l.t.Fatalf("commit: %v", err)
	}
	l.model.enter(lines...)
	return lines
}
