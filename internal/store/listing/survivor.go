package listing

import "depeche/internal/news"

// Gone tells whether e is a tag that is not in use, so that Survivors has something
// to do.
func Gone(e news.Entity) bool {
	t, ok := e.(*news.Tag)
	return ok && t.Status != news.TagInUse
}

// Survivors puts, for each merged tag among what was found, the tag that stands for
// it, at the end of the chain where that was merged too. It takes out tags that
// were deleted, and merged ones that nothing stands for: whose chain ends in a
// deleted tag or in none, or leads back to itself. What is no tag stays as it is.
//
// read finds tags by their ids as they are, merged and deleted ones too. It has to
// show the moment that found belongs to, and is called only where something among
// found was merged, at most once for each link of the longest chain, for other tags
// each time.
func Survivors[K comparable, E news.Entity](found map[K]E, read func([]news.TagID) (map[news.TagID]*news.Tag, error)) error {
	var links map[K]news.TagID // what each merged tag leads to next
	for key, e := range found {
		if !Gone(e) {
			continue
		}
		delete(found, key)
		if t := news.Entity(e).(*news.Tag); t.Status == news.TagMerged {
			if links == nil {
				links = make(map[K]news.TagID)
			}
			links[key] = t.MergedInto
		}
	}
	known := make(map[news.TagID]*news.Tag) // nil: there is none
	// A chain that does not come to its end within all known tags goes round.
	for length := 1; len(links) > 0; length++ {
		var ids []news.TagID
		for _, id := range links {
			if _, ok := known[id]; !ok {
				known[id] = nil
				ids = append(ids, id)
			}
		}
		if length > len(known) {
			return nil
		}
		if len(ids) > 0 {
			tags, err := read(ids)
			if err != nil {
				return err
			}
			for _, id := range ids {
				known[id] = tags[id]
			}
		}
		for key, id := range links {
			t := known[id]
			if t != nil && t.Status == news.TagMerged {
				links[key] = t.MergedInto
				continue
			}
			delete(links, key)
			if t != nil && t.Status == news.TagInUse {
				found[key] = news.Entity(t).(E)
			}
		}
	}
	return nil
}
