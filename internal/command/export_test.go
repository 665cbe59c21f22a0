package command

import (
	"io"

	"depeche/internal/intake"
)

// A Progress is a progress for tests.
type Progress struct{ *progress }

// NewProgress is newProgress.
func NewProgress(w io.Writer, size int64, read func() int64) Progress {
	return Progress{newProgress(w, size, read)}
}

// Show is show.
func (p Progress) Show(sum intake.Summary) { p.show(sum) }

// End is end.
func (p Progress) End() { p.end() }
