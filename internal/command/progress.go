package command

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"depeche/internal/intake"
)

// everyLines is how often a command says where it is when nobody watches it on a
// terminal.
const everyLines = 10_000

// A progress shows how far a command has come: by a bar on a terminal, else by a
// line now and then.
type progress struct {
	w    io.Writer
	bar  *progressbar.ProgressBar // nil: no terminal
	read func() int64             // where the bar is to be
	next int                      // lines at which to speak again
}

// newProgress shows on w that something is being done, and how much of size read
// says is done; size is -1 where it is not known. unit says what is counted.
func newProgress(w io.Writer, doing string, unit progressbar.Option, size int64, read func() int64) *progress {
	p := &progress{w: w, read: read, next: everyLines}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && size != 0 {
		p.bar = progressbar.NewOptions64(size,
			progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(doing),
			unit, progressbar.OptionSetWidth(30),
			progressbar.OptionSetSpinnerChangeInterval(0), // it moves when something has been read
			progressbar.OptionSetRenderBlankState(true))
	}
	return p
}

// show says where an import is.
func (p *progress) show(sum intake.Summary) {
	p.step(sum.Lines, "%d lines read: %d added, %d known, %d refused", sum.Lines, total(sum.Added), total(sum.Known), sum.Refused)
}

// step says where the command is, after so many lines: the text where there is
// no bar.
func (p *progress) step(lines int, format string, args ...any) {
	if p.bar != nil {
		_ = p.bar.Set64(p.read()) // what can't be shown is no reason to stop
		return
	}
	if lines >= p.next {
		fmt.Fprintf(p.w, format+"\n", args...)
		p.next = lines - lines%everyLines + everyLines
	}
}

// grow says that there is more to be done than was thought.
func (p *progress) grow(size int64) {
	if p.bar != nil {
		p.bar.ChangeMax64(size)
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
