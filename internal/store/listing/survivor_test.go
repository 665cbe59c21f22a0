package listing_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"depeche/internal/news"
	"depeche/internal/store/listing"
)

// tags are a tag in use for each name, and what is said of the others: the name of
// the tag that they were merged into, or "" for a deleted one.
func tags(inUse []string, gone map[string]string) map[news.TagID]*news.Tag {
	all := make(map[news.TagID]*news.Tag)
	for _, name := range inUse {
		all[news.TagID(name)] = &news.Tag{ID: news.TagID(name)}
	}
	for name, into := range gone {
		t := &news.Tag{ID: news.TagID(name), Status: news.TagMerged, MergedInto: news.TagID(into)}
		if into == "" {
			t.Status = news.TagDeleted
		}
		all[t.ID] = t
	}
	return all
}

func TestSurvivors(t *testing.T) {
	all := tags([]string{"a", "b"}, map[string]string{
		"one": "a", "two": "one", "three": "two", "other": "b",
		"deleted": "", "into deleted": "deleted", "chain to deleted": "into deleted",
		"into nothing": "nobody", "into no name": "", "self": "self",
		"tic": "tac", "tac": "toe", "toe": "tic", "into a round": "tic",
	})
	all["into no name"].Status = news.TagMerged
	for _, tt := range []struct {
		name  string
		found map[string]string // and the survivor; "" where none is
		reads int
	}{
		{"nothing", nil, 0},
		{"in use", map[string]string{"a": "a", "b": "b"}, 0},
		{"deleted", map[string]string{"a": "a", "deleted": ""}, 0},
		{"merged", map[string]string{"one": "a", "b": "b"}, 1},
		{"both ends of a merge", map[string]string{"one": "a", "a": "a"}, 1},
		{"two into one", map[string]string{"one": "a", "two": "a", "other": "b"}, 1},
		{"the whole chain", map[string]string{"three": "a"}, 3},
		{"into a deleted one", map[string]string{"into deleted": "", "chain to deleted": "", "a": "a"}, 1},
		{"into none", map[string]string{"into nothing": "", "into no name": "", "one": "a"}, 1},
		{"into itself", map[string]string{"self": ""}, 1},
		{"a round", map[string]string{"tic": "", "tac": "", "toe": ""}, 1},
		{"a chain into a round", map[string]string{"into a round": ""}, 3},
		{"a chain beside a round", map[string]string{"tic": "", "three": "a"}, 3},
	} {
		found, want, reads := make(map[string]*news.Tag), make(map[string]string), 0
		for name, survivor := range tt.found {
			found[name] = all[news.TagID(name)]
			if survivor != "" {
				want[name] = survivor
			}
		}
		var asked []news.TagID
		err := listing.Survivors(found, func(ids []news.TagID) (map[news.TagID]*news.Tag, error) {
			reads++
			got := make(map[news.TagID]*news.Tag)
			for _, id := range ids {
				if slices.Contains(asked, id) {
					t.Errorf("%s: %s was asked for again", tt.name, id)
				}
				asked = append(asked, id)
				if all[id] != nil {
					got[id] = all[id]
				}
			}
			return got, nil
		})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		got := make(map[string]string)
		for name, tag := range found {
			got[name] = string(tag.ID)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, want)
		}
		if reads != tt.reads {
			t.Errorf("%s: it was read %d times, want %d", tt.name, reads, tt.reads)
		}
	}
}

// TestSurvivorsAmongOthers has tags beside what is no tag, as a node query finds
// them.
func TestSurvivorsAmongOthers(t *testing.T) {
	all := tags([]string{"a"}, map[string]string{"one": "a", "deleted": ""})
	story := &news.Story{ID: "story"}
	found := map[news.EntityID]news.Entity{"one": all["one"], "deleted": all["deleted"], "story": story}
	err := listing.Survivors(found, func([]news.TagID) (map[news.TagID]*news.Tag, error) { return all, nil })
	if err != nil {
		t.Fatal(err)
	}
	if want := (map[news.EntityID]news.Entity{"one": all["a"], "story": story}); !maps.Equal(found, want) {
		t.Errorf("got %v, want %v", found, want)
	}
}

func TestSurvivorsThatCannotBeRead(t *testing.T) {
	found := tags(nil, map[string]string{"one": "a"})
	broken := errors.New("broken")
	err := listing.Survivors(found, func([]news.TagID) (map[news.TagID]*news.Tag, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the reading", err)
	}
}

// TestSurvivorsOfALongChain has a chain as long as nobody would make it.
func TestSurvivorsOfALongChain(t *testing.T) {
	const length = 500
	all := tags([]string{"0"}, nil)
	for n := 1; n <= length; n++ {
		id := news.TagID(fmt.Sprint(n))
		all[id] = &news.Tag{ID: id, Status: news.TagMerged, MergedInto: news.TagID(fmt.Sprint(n - 1))}
	}
	found := maps.Clone(all)
	err := listing.Survivors(found, func(ids []news.TagID) (map[news.TagID]*news.Tag, error) { return all, nil })
	if err != nil {
		t.Fatal(err)
	}
	for id, survivor := range found {
		if survivor.ID != "0" {
			t.Fatalf("%s: got %s, want 0", id, survivor.ID)
		}
	}
	if len(found) != length+1 {
		t.Errorf("got %d tags, want %d", len(found), length+1)
	}
}
