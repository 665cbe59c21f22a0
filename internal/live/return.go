package live

import "depeche/internal/news"

// A Return tells of a reader who has been here before how far it got. The zero
// Return is one who has not.
type Return struct {
	// EventID is the place that an event stream gives back (Last-Event-ID). It
	// counts more than what the operation says.
	EventID string
	// Served is how far the reader is known to have been served. It goes on from
	// there, unless it has got further by itself; nil when nothing is known.
	Served *news.Seq
	// Doubtful says that it may have been somebody else who was served: what the
	// operation says counts more then, where it says something.
	Doubtful bool
}
