package web

import (
	"strings"
	"time"
)

// What the API answers, as far as pages show it.

// The states in which readers meet stories and lines.
const (
	statusPublished = "PUBLISHED"
	statusRetracted = "RETRACTED"
)

type pageInfo struct {
	HasNextPage bool
	EndCursor   string
}

type tagAnswer struct{ Slug, Name, Kind, Description string }

type sectionsAnswer struct {
	Tags struct {
		Nodes []struct {
			tagAnswer
			Stories struct{ Nodes []struct{ ID string } }
		}
	}
}

type sourceAnswer struct{ Name, URL string }

type correctionAnswer struct {
	At         time.Time
	Note, Kind string
}

type imageAnswer struct {
	URL, Alt, Caption, Credit string
	Width, Height             int
	FocalPoint                *struct{ X, Y float64 }
}

type storyAnswer struct {
	ID, Slug, Title, Summary, Language string
	Version                            int
	Breaking                           bool
	Priority                           string
	PublishedAt                        time.Time
	Tags, Authors                      []tagAnswer
	Image                              *imageAnswer

	// Of the story of a story page alone.
	Status, CanonicalURL string
	UpdatedAt            time.Time
	Body                 struct {
		HTML                      string
		WordCount, ReadingMinutes int
	}
	Source      *sourceAnswer
	Corrections []correctionAnswer
	Related     []storyAnswer
}

func (s *storyAnswer) retracted() bool { return s.Status == statusRetracted }

// edition is the language under whose path the story is at home: its own, where there
// is an edition in that, and otherwise a fallback.
func (s *storyAnswer) edition(fallback string) string {
	base, _, _ := strings.Cut(strings.ToLower(s.Language), "-")
	for _, lang := range languages {
		if base == lang {
			return lang
		}
	}
	return fallback
}

type storiesAnswer struct {
	Nodes      []storyAnswer
	PageInfo   pageInfo
	LiveCursor string
}

type entryAnswer struct {
	ID, Headline, Body, Priority, Status string
	Version                              int
	OccurredAt                           time.Time
	Pinned, KeyEvent                     bool
	Story                                *struct{ Slug string }
	Coverage                             *struct{ Slug, Title string }
	Source                               *sourceAnswer
	Corrections                          []correctionAnswer
}

func (e *entryAnswer) retracted() bool { return e.Status == statusRetracted }

type tickerAnswer struct {
	Nodes      []entryAnswer
	PageInfo   pageInfo
	LiveCursor string
}

type coverageAnswer struct {
	Slug, Title, Summary, Status string
	StartsAt, EndsAt             time.Time
	Tags                         []tagAnswer
	Pinned, KeyEvents            []entryAnswer
	Entries                      tickerAnswer
}

type frontAnswer struct {
	Stories      storiesAnswer
	Ticker       tickerAnswer
	Live         struct{ Nodes []coverageAnswer }
	TrendingTags []struct{ Tag tagAnswer }
}

type tickerPageAnswer struct {
	Ticker tickerAnswer
}

type tagPageAnswer struct {
	Tag *struct {
		tagAnswer
		StoryCount int
		Stories    storiesAnswer
	}
	Ticker tickerAnswer
}

type storyPageAnswer struct {
	Story  *storyAnswer
	Newest struct{ LiveCursor string }
}

type coveragesPageAnswer struct {
	Coverages struct {
		Nodes    []coverageAnswer
		PageInfo pageInfo
	}
}

type coveragePageAnswer struct {
	Coverage *coverageAnswer
}
