package newsroom

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // the driver
)

// Schema is the plain tables: published stories, and what they are filed under in
// the order of the newsroom. The date of the story is in story_tags as well, so
// that a page of a tag is one walk along an index.
const Schema = `
CREATE TABLE tags (
	id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, kind TEXT NOT NULL
);
CREATE TABLE stories (
	id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, title TEXT NOT NULL, summary TEXT,
	published_at TEXT NOT NULL, priority TEXT NOT NULL,
	image_url TEXT, image_alt TEXT, image_credit TEXT,
	body_html TEXT NOT NULL
);
CREATE TABLE story_tags (
	story_id TEXT NOT NULL REFERENCES stories, position INTEGER NOT NULL,
	tag_id INTEGER NOT NULL REFERENCES tags, published_at TEXT NOT NULL,
	PRIMARY KEY (story_id, position)
) WITHOUT ROWID;
`

// indexes are made when the rows are there.
const indexes = `
CREATE INDEX stories_by_date ON stories (published_at, id);
CREATE INDEX stories_of_tag ON story_tags (tag_id, published_at, story_id);
ANALYZE;
`

// WritePlain makes the database of n stories, less the drafts, at path.
func WritePlain(ctx context.Context, path string, n int) (err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=journal_mode(wal)&_pragma=synchronous(off)")
	if err != nil {
		return fmt.Errorf("open the plain database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, Schema); err != nil {
		return fmt.Errorf("make the plain tables: %w", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("fill the plain tables: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it is committed, or there is an error already
	if err := fill(ctx, tx, n); err != nil {
		return fmt.Errorf("fill the plain tables: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("fill the plain tables: %w", err)
	}
	if _, err := db.ExecContext(ctx, indexes); err != nil {
		return fmt.Errorf("index the plain tables: %w", err)
	}
	return nil
}

func fill(ctx context.Context, tx *sql.Tx, n int) error {
	prepare := func(statement string) *sql.Stmt {
		s, err := tx.PrepareContext(ctx, statement)
		if err != nil {
			panic(err) // the statements fit the schema
		}
		return s
	}
	insertTag := prepare(`INSERT INTO tags (id, slug, name, kind) VALUES (?, ?, ?, ?)`)
	insertStory := prepare(`INSERT INTO stories VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	insertLink := prepare(`INSERT INTO story_tags SELECT ?, ?, id, ? FROM tags WHERE slug = ?`)
	g := newGenerator(uint64(n))
	for i := range Tags {
		t := g.tag(i)
		if _, err := insertTag.ExecContext(ctx, i+1, t.Slug, t.Name, t.Kind); err != nil {
			return err
		}
	}
	for i := range n {
		s := g.story(i)
		if s.PublishedAt == "" {
			continue
		}
		if _, err := insertStory.ExecContext(ctx, s.ID, s.Slug, s.Title, s.Summary, s.PublishedAt, s.Priority,
			s.Image.URL, s.Image.Alt, s.Image.Credit, s.HTML()); err != nil {
			return err
		}
		for position, tag := range s.Tags {
			if _, err := insertLink.ExecContext(ctx, s.ID, position, s.PublishedAt, tag); err != nil {
				return err
			}
		}
	}
	return nil
}
