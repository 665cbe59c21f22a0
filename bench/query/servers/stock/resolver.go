package stock

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"depeche/bench/query/servers/stock/graph"
)

// A resolver answers from the plain database.
type resolver struct{ db *sql.DB }

func (r resolver) Query() graph.QueryResolver { return query{r} }
func (r resolver) Story() graph.StoryResolver { return story{r} }
func (r resolver) Tag() graph.TagResolver     { return tag{r} }

type query struct{ resolver }

func (r query) Stories(ctx context.Context, first *int, after *string) (*graph.StoryConnection, error) {
	return r.page(ctx, "stories s", "s.", nil, first, after)
}

func (r query) Story(ctx context.Context, slug string) (*graph.Story, error) {
	stories, err := r.stories(ctx, "SELECT "+columns+" FROM stories s WHERE slug = ?", slug)
	if err != nil || len(stories) == 0 {
		return nil, err
	}
	return stories[0], nil
}

func (r query) Tag(ctx context.Context, slug string) (*graph.Tag, error) {
	var t graph.Tag
	err := r.db.QueryRowContext(ctx, "SELECT id, slug, name, kind FROM tags WHERE slug = ?", slug).Scan(&t.ID, &t.Slug, &t.Name, &t.Kind)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a tag: %w", err)
	}
	return &t, nil
}

type tag struct{ resolver }

func (r tag) Stories(ctx context.Context, obj *graph.Tag, first *int, after *string) (*graph.StoryConnection, error) {
	return r.page(ctx, "story_tags t JOIN stories s ON s.id = t.story_id", "t.", &obj.ID, first, after)
}

type story struct{ resolver }

func (r story) Body(ctx context.Context, obj *graph.Story) (*graph.StoryBody, error) {
	var body graph.StoryBody
	if err := r.db.QueryRowContext(ctx, "SELECT body_html FROM stories WHERE id = ?", obj.ID).Scan(&body.HTML); err != nil {
		return nil, fmt.Errorf("read a body: %w", err)
	}
	return &body, nil
}

func (r story) Tags(ctx context.Context, obj *graph.Story) ([]*graph.Tag, error) {
	return tagsOf(ctx, obj.ID)
}

// candidates is how many of the newest stories of each tag may be related to one.
const candidates = 20

func (r story) Related(ctx context.Context, obj *graph.Story, first *int) ([]*graph.Story, error) {
	tags, err := tagsOf(ctx, obj.ID)
	if err != nil || len(tags) == 0 {
		return []*graph.Story{}, err
	}
	var newest []string
	var args []any
	for _, t := range tags {
		newest = append(newest, "SELECT * FROM (SELECT story_id FROM story_tags WHERE tag_id = ? ORDER BY published_at DESC LIMIT ?)")
		args = append(args, t.ID, candidates)
	}
	args = append(args, obj.ID, *first)
	return r.stories(ctx, "SELECT "+columns+" FROM ("+strings.Join(newest, " UNION ALL ")+") c JOIN stories s ON s.id = c.story_id"+
		" WHERE s.id <> ? GROUP BY s.id ORDER BY count(*) DESC, s.published_at DESC LIMIT ?", args...)
}

// page reads a page of stories, newest first, of a tag where there is one. The
// table of the alias has the date by which it goes.
func (r resolver) page(ctx context.Context, from, alias string, tag *int64, first *int, after *string) (*graph.StoryConnection, error) {
	id := alias + "id"
	where := []string{"true"}
	var args []any
	if tag != nil {
		id = alias + "story_id"
		where = append(where, "t.tag_id = ?")
		args = append(args, *tag)
	}
	if after != nil {
		at, last, err := place(*after)
		if err != nil {
			return nil, err
		}
		where = append(where, "("+alias+"published_at, "+id+") < (?, ?)")
		args = append(args, at, last)
	}
	stories, err := r.stories(ctx, "SELECT "+columns+" FROM "+from+" WHERE "+strings.Join(where, " AND ")+
		" ORDER BY "+alias+"published_at DESC, "+id+" DESC LIMIT ?", append(args, *first+1)...)
	if err != nil {
		return nil, err
	}
	info := &graph.PageInfo{HasNextPage: len(stories) > *first}
	stories = stories[:min(*first, len(stories))]
	if len(stories) > 0 {
		last := stories[len(stories)-1]
		end := base64.RawURLEncoding.EncodeToString([]byte(last.PublishedAt + " " + last.ID))
		info.EndCursor = &end
	}
	return &graph.StoryConnection{Nodes: stories, PageInfo: info}, nil
}

// place reads a cursor.
func place(cursor string) (at, id string, err error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", "", fmt.Errorf("read a cursor: %w", err)
	}
	at, id, _ = strings.Cut(string(text), " ")
	return at, id, nil
}

const columns = "s.id, s.slug, s.title, s.summary, s.published_at, s.priority, s.image_url, s.image_alt, s.image_credit"

func (r resolver) stories(ctx context.Context, statement string, args ...any) ([]*graph.Story, error) {
	rows, err := r.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("read stories: %w", err)
	}
	defer rows.Close()
	stories := []*graph.Story{}
	for rows.Next() {
		s := &graph.Story{Image: &graph.Image{}}
		if err := rows.Scan(&s.ID, &s.Slug, &s.Title, &s.Summary, &s.PublishedAt, &s.Priority, &s.Image.URL, &s.Image.Alt, &s.Image.Credit); err != nil {
			return nil, fmt.Errorf("read a story: %w", err)
		}
		stories = append(stories, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read stories: %w", err)
	}
	return stories, nil
}
