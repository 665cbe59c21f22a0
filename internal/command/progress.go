package command

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"depeche/internal/intake"
)

// everyLines is how often an import says where it is when nobody watches it on a
// terminal.
const everyLines = 10_000

// A progress shows how far an import has come: by a bar on a terminal, else by a
// line now and then.
type progress struct {
	w    io.Writer
	bar  *progressbar.ProgressBar // nil: no terminal
	read func() int64             // bytes so far
	next int                      // lines at which to speak again
}

// newProgress shows on w how far the size bytes of an input have been read; size
// is -1 where it is not known.
func newProgress(w io.Writer, size int64, read func() int64) *progress {
	p := &progress{w: w, read: read, next: everyLines}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && size != 0 {
		p.bar = progressbar.NewOptions64(size,
			progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("importing"),
			progressbar.OptionShowBytes(true), progressbar.OptionSetWidth(30),
			progressbar.OptionSetSpinnerChangeInterval(0), // it moves when something has been read
			progressbar.OptionSetRenderBlankState(true))
	}
	return p
}

// show says where the import is.
func (p *progress) show(sum intake.Summary) {
	if p.bar != nil {
		_ = p.bar.Set64(p.read()) // what can't be shown is no reason to stop
		return
	}
	if sum.Lines >= p.next {
		fmt.Fprintf(p.w, "%d lines read: %d added, %d known, %d refused\n", sum.Lines, total(sum.Added), total(sum.Known), sum.Refused)
		p.next = sum.Lines - sum.Lines%everyLines + everyLines
	}
}

// say writes a line that is to stay.
func (p *progress) say(format string, args ...any) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}

// end leaves the last state of the bar on the terminal.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Set64(p.read())
		_ = p.bar.Exit()
		fmt.Fprintln(p.w)
	}
}
