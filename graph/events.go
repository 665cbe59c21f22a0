package graph

import (
	"depeche/graph/model"
	"depeche/graph/scalar"
	"depeche/internal/live"
	"depeche/internal/news"
)

func storyEvent(cursor scalar.Cursor, e live.Event) *model.StoryEvent {
	return &model.StoryEvent{Cursor: cursor, Kind: e.Kind, At: e.At, Story: e.Public.(*news.Story)}
}

func tickerEvent(cursor scalar.Cursor, e live.Event) *model.TickerEvent {
	return &model.TickerEvent{Cursor: cursor, Kind: e.Kind, At: e.At, Entry: e.Public.(*news.TickerEntry)}
}

func coverageEvent(cursor scalar.Cursor, e live.Event) *model.CoverageEvent {
	return &model.CoverageEvent{Cursor: cursor, Kind: e.Kind, At: e.At, Update: e.Public}
}

func breakingNews(cursor scalar.Cursor, e live.Event) *model.BreakingNews {
	b := &model.BreakingNews{Cursor: cursor, Kind: e.Kind, At: e.At, Item: e.Public}
	switch item := e.Public.(type) {
	case *news.Story:
		b.Priority, b.Headline = item.Priority, item.Title
	case *news.TickerEntry:
		b.Priority, b.Headline = item.Priority, item.Headline
	}
	return b
}
