package document

import "depeche/internal/news"

// DecodeDirectly is Decode without package bson; ok is false where that is needed.
func DecodeDirectly(kind news.Kind, data []byte) (e news.Entity, ok bool) {
	switch kind {
	case news.KindStory:
		return story(data, nil)
	case news.KindTag:
		return tag(data)
	case news.KindTickerEntry:
		return tickerEntry(data)
	case news.KindCoverage:
		return coverage(data)
	}
	return nil, false
}

// DecodeListingDirectly is DecodeListing without package bson.
var DecodeListingDirectly = listing

// DecodeAny is Decode by package bson alone.
var DecodeAny = decodeAny
