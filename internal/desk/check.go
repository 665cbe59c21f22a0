package desk

import (
	"context"

	"depeche/internal/news"
)

// CheckTickerEntry tells what PublishTickerEntry would publish of edit, and
// publishes nothing. Errors: as PublishTickerEntry, without ErrConflict.
func (d *Desk) CheckTickerEntry(ctx context.Context, who news.Actor, edit func(*TickerEdit)) (news.TickerContent, error) {
	if err := d.Authorize(who, WriteTicker); err != nil {
		return news.TickerContent{}, err
	}
	var e TickerEdit
	edit(&e)
	if _, err := d.newLine(&e); err != nil {
		return news.TickerContent{}, err
	}
	return d.tickerContent(ctx, &rulebook{}, e)
}
