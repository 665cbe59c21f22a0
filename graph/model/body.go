package model

import (
	"sync"

	"depeche/internal/text"
)

// A StoryBody is the text of a story, rendered when a form of it is asked for
// and then only once.
type StoryBody struct {
	Markdown string
	rendered func() text.Rendered
}

// NewStoryBody makes the body of a Markdown text.
func NewStoryBody(markdown string, render func(string) text.Rendered) *StoryBody {
	return &StoryBody{
		Markdown: markdown,
		rendered: sync.OnceValue(func() text.Rendered { return render(markdown) }),
	}
}

// HTML is the body as sanitised HTML.
func (b *StoryBody) HTML() string { return b.rendered().HTML }

// Text is the body as plain text.
func (b *StoryBody) Text() string { return b.rendered().Text }

// WordCount is the number of words.
func (b *StoryBody) WordCount() int { return b.rendered().Words }

// ReadingMinutes is how long the body takes to read.
func (b *StoryBody) ReadingMinutes() int { return b.rendered().Minutes }
