package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"depeche/internal/live"
	"depeche/internal/news"
)

// A payload is the body of a delivery. docs/webhooks.md describes it.
type payload struct {
	Type   string  `json:"type"`
	Cursor string  `json:"cursor"`
	At     instant `json:"at"`
	Data   any     `json:"data"`
}

// payload writes an event as the public may see it by now. What the entity refers to
// is looked up for that: it may not be public, or have gone since.
func (d *Deliverer) payload(ctx context.Context, at news.LogCursor, e live.Event) ([]byte, error) {
	data, err := d.data(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("write line %d: %w", e.Seq, err)
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // it is no HTML
	err = encoder.Encode(payload{
		Type:   strings.ToLower(string(e.Public.Ref().Kind) + "." + string(e.Kind)),
		Cursor: d.mark(at), At: instant(e.At), Data: data,
	})
	if err != nil {
		return nil, fmt.Errorf("write line %d: %w", e.Seq, err)
	}
	return bytes.TrimSuffix(body.Bytes(), []byte("\n")), nil
}

func (d *Deliverer) data(ctx context.Context, e live.Event) (any, error) {
	switch public := e.Public.(type) {
	case *news.Story:
		return d.story(ctx, public)
	case *news.TickerEntry:
		return d.tickerEntry(ctx, public)
	case *news.Coverage:
		return d.coverage(ctx, public)
	case *news.Tag:
		return d.tag(ctx, public, e.Kind == news.EventRemoved)
	}
	return nil, fmt.Errorf("there is no form for a %T", e.Public)
}
