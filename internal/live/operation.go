package live

import (
	"context"

	"depeche/internal/news"
)

// An Operation is what a group executes.
type Operation interface {
	// Wants tells whether a line concerns the operation. It is asked of lines that
	// mean something to the public, by several goroutines at once.
	Wants(news.Line) bool
	// Admit tells whether somebody may begin to follow now. It is not asked for
	// those who go on from a place.
	Admit(context.Context) error
	// Execute makes the payload of an event. There is one call at a time. It is
	// tried again as long as it fails with ErrUnavailable.
	Execute(Event) ([]byte, error)
}

// Open begins an operation, which lasts as long as ctx.
type Open func(ctx context.Context) (Operation, error)

// A Reopener is an Operation that sees lines otherwise once something has happened:
// one that names tags, when a tag is merged. Where the group comes to such a line,
// it executes what is wanted up to there, opens the operation anew, and goes on with
// that. Opening is tried again as long as it fails with ErrUnavailable; any other
// error ends the group.
//
// Readers come back from long ago, so the operation in force is asked of earlier
// lines too, and has to see them as they were to be seen then. A TagTrace does.
type Reopener interface {
	Operation
	// Reopens tells whether the operation has to be opened anew behind a line,
	// whatever that means to the public.
	Reopens(news.Line) bool
}

// An Insider is an Operation of the newsroom's that follows what the newsroom keeps
// for itself. Lines of private kinds come to nobody else.
type Insider interface {
	Operation
	// WantsPrivate is what Wants is for lines of private kinds. Their events have no
	// Kind, and show Line.Doc as it was in that version.
	WantsPrivate(news.Line) bool
}

// wanted says which lines are to become events.
type wanted struct {
	public  func(news.Line) bool // of those that mean something to the public
	private func(news.Line) bool // of those of private kinds; nil: none
	last    func(news.Line) bool // whether a line is to be the last; nil: none
}

func wantedBy(o Operation) wanted {
	w := wanted{public: o.Wants}
	if insider, ok := o.(Insider); ok {
		w.private = insider.WantsPrivate
	}
	return w
}

// upToReopening is what o wants up to the line behind which it is outdated.
func upToReopening(o Operation) wanted {
	w := wantedBy(o)
	if reopener, ok := o.(Reopener); ok {
		w.last = reopener.Reopens
	}
	return w
}

// cut leaves out the lines behind the first that is to be the last.
func (w wanted) cut(lines []news.Line) (upTo []news.Line, cut bool) {
	if w.last == nil {
		return lines, false
	}
	for i, line := range lines {
		if w.last(line) {
			return lines[:i+1], true
		}
	}
	return lines, false
}

// event makes an event of a line that is wanted.
func (w wanted) event(line news.Line) (e Event, ok bool) {
	if line.Doc.Ref().Kind.Private() {
		return Event{Line: line, Public: line.Doc}, w.private != nil && w.private(line)
	}
	kind, ok := line.Event()
	return Event{Line: line, Kind: kind, Public: line.Doc}, ok && w.public(line)
}
