// Package document is the form in which every store keeps entities and
// listings: BSON, by the field names of package news.
//
// What is read is what was written, with instants in UTC and cut to whole
// milliseconds, and with empty slices as nil. The package knows no store, and
// refuses what it can't understand with an error rather than a half-read entity.
package document

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"depeche/internal/news"
)

// Encode is the stored form of e, which is no story in brief.
func Encode(e news.Entity) ([]byte, error) {
	if s, ok := e.(*news.Story); ok && s.Brief {
		return nil, fmt.Errorf("encode %s: a story in brief would lose its body", s.ID)
	}
	data, err := bson.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", e, err)
	}
	return data, nil
}

// Decode is the entity of kind that data is the stored form of. It keeps
// nothing of data.
func Decode(kind news.Kind, data []byte) (news.Entity, error) {
	switch kind {
	case news.KindStory:
		if s, ok := story(data, nil); ok {
			return s, nil
		}
	case news.KindTag:
		if t, ok := tag(data); ok {
			return t, nil
		}
	case news.KindTickerEntry:
		if e, ok := tickerEntry(data); ok {
			return e, nil
		}
	case news.KindCoverage:
		if c, ok := coverage(data); ok {
			return c, nil
		}
	}
	return decodeAny(kind, data)
}

// DecodeBrief is Decode for lists: a story comes in brief, without so many bytes
// of body.
func DecodeBrief(kind news.Kind, data []byte) (e news.Entity, body int, err error) {
	if kind != news.KindStory {
		e, err = Decode(kind, data)
		return e, 0, err
	}
	if s, ok := story(data, &body); ok {
		return s, body, nil
	}
	if e, err = decodeAny(kind, data); err != nil {
		return nil, 0, err
	}
	s := e.(*news.Story)
	return s.InBrief(), len(s.Body), nil
}

// decodeAny decodes what package bson understands.
func decodeAny(kind news.Kind, data []byte) (news.Entity, error) {
	var e news.Entity
	switch kind {
	case news.KindStory:
		e = new(news.Story)
	case news.KindTag:
		e = new(news.Tag)
	case news.KindTickerEntry:
		e = new(news.TickerEntry)
	case news.KindCoverage:
		e = new(news.Coverage)
	case news.KindLock:
		e = new(news.Lock)
	case news.KindServiceToken:
		e = new(news.ServiceToken)
	case news.KindWebhook:
		e = new(news.Webhook)
	default:
		return nil, fmt.Errorf("decode entity: there is no kind %q", kind)
	}
	if err := bson.Unmarshal(data, e); err != nil {
		return nil, fmt.Errorf("decode %s: %w", kind, err)
	}
	return e, nil
}

// EncodeListing is the stored form of l; nil's is nil.
func EncodeListing(l *news.Listing) ([]byte, error) {
	if l == nil {
		return nil, nil
	}
	data, err := bson.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("encode listing: %w", err)
	}
	return data, nil
}

// DecodeListing is the listing that data is the stored form of.
func DecodeListing(data []byte) (*news.Listing, error) {
	if data == nil {
		return nil, nil
	}
	if l, ok := listing(data); ok {
		return l, nil
	}
	l := new(news.Listing)
	if err := bson.Unmarshal(data, l); err != nil {
		return nil, fmt.Errorf("decode listing: %w", err)
	}
	return l, nil
}
