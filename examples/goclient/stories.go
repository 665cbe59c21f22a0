package main

import (
	"context"
	"iter"

	"github.com/Khan/genqlient/graphql"
)

// storiesAPage is how many stories are read at a time; the server allows 100.
const storiesAPage = 50

// Stories reads all stories in a language, or all there are when it is empty, newest
// first and a page at a time: the next page is asked for when it is needed. A story that
// is published meanwhile comes before the first page; none is repeated or left out by
// it. The last pair has the error, if there is one.
func Stories(ctx context.Context, client graphql.Client, language string) iter.Seq2[StoryCard, error] {
	return func(yield func(StoryCard, error) bool) {
		for after := ""; ; {
			page, err := StoriesPage(ctx, client, language, storiesAPage, after)
			if err != nil {
				yield(StoryCard{}, err)
				return
			}
			for _, story := range page.Stories.Nodes {
				if !yield(story, nil) {
					return
				}
			}
			if !page.Stories.PageInfo.HasNextPage {
				return
			}
			after = page.Stories.PageInfo.EndCursor
		}
	}
}
