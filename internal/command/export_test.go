package command

import (
	"context"
	"io"

	"github.com/schollz/progressbar/v3"

	"depeche/internal/intake"
	"depeche/internal/news"
)

// A Progress is a progress for tests.
type Progress struct{ *progress }

// NewProgress is newProgress.
func NewProgress(w io.Writer, size int64, read func() int64) Progress {
	return Progress{newProgress(w, "importing", progressbar.OptionShowBytes(true), size, read)}
}

// Show is show.
func (p Progress) Show(sum intake.Summary) { p.show(sum) }

// End is end.
func (p Progress) End() { p.end() }

// Migrate is migrate.
func Migrate(ctx context.Context, e Env, source, target news.Store) error {
	return migrate(ctx, e, source, target)
}
