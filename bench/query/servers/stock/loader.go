package stock

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"depeche/bench/query/servers/stock/graph"
)

// wait is how long the loader waits for more stories. It is shorter than its
// default of 16 ms, which would be all that a latency shows.
const wait = time.Millisecond

type loaderKey struct{}

// withLoader gives each request a loader of tags of its own.
func withLoader(db *sql.DB, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		loader := dataloader.NewBatchedLoader(batch(db), dataloader.WithWait[string, []*graph.Tag](wait))
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), loaderKey{}, loader)))
	})
}

// tagsOf are the tags of a story, by the loader of the request.
func tagsOf(ctx context.Context, story string) ([]*graph.Tag, error) {
	loader := ctx.Value(loaderKey{}).(*dataloader.Loader[string, []*graph.Tag])
	return loader.Load(ctx, story)()
}

// batch reads the tags of many stories.
func batch(db *sql.DB) dataloader.BatchFunc[string, []*graph.Tag] {
	return func(ctx context.Context, stories []string) []*dataloader.Result[[]*graph.Tag] {
		tags, err := readTags(ctx, db, stories)
		results := make([]*dataloader.Result[[]*graph.Tag], len(stories))
		for i, id := range stories {
			results[i] = &dataloader.Result[[]*graph.Tag]{Data: tags[id], Error: err}
		}
		return results
	}
}

func readTags(ctx context.Context, db *sql.DB, stories []string) (map[string][]*graph.Tag, error) {
	args := make([]any, len(stories))
	for i, id := range stories {
		args[i] = id
	}
	rows, err := db.QueryContext(ctx, `
		SELECT st.story_id, t.id, t.slug, t.name, t.kind FROM story_tags st JOIN tags t ON t.id = st.tag_id
		WHERE st.story_id IN (?`+strings.Repeat(", ?", len(stories)-1)+`) ORDER BY st.story_id, st.position`, args...)
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	defer rows.Close()
	tags := make(map[string][]*graph.Tag, len(stories))
	for rows.Next() {
		var story string
		var t graph.Tag
		if err := rows.Scan(&story, &t.ID, &t.Slug, &t.Name, &t.Kind); err != nil {
			return nil, fmt.Errorf("read a tag: %w", err)
		}
		tags[story] = append(tags[story], &t)
	}
	return tags, rows.Err()
}
