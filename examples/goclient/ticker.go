package main

import (
	"fmt"
	"io"
)

// A Ticker shows lines, each version of a line once.
type Ticker struct {
	out      io.Writer
	versions map[string]int // that have been shown, by id
}

// NewTicker shows lines on out.
func NewTicker(out io.Writer) *Ticker { return &Ticker{out, map[string]int{}} }

// Apply shows what has become of a line. What is known already, or is older, changes
// nothing: so pages and events may overlap.
func (t *Ticker) Apply(kind EventKind, line TickerLine) {
	known := t.versions[line.Id]
	if line.Version <= known {
		return
	}
	t.versions[line.Id] = line.Version
	fmt.Fprintf(t.out, "%s  %s\n", line.OccurredAt.Local().Format("15:04"), told(kind, line, known > 0))
}

// told is a line in words, and why it is not what it was.
func told(kind EventKind, line TickerLine, known bool) string {
	note := ""
	if len(line.Corrections) > 0 {
		note = " (" + line.Corrections[0].Note + ")"
	}
	switch {
	case line.Status == TickerStatusRetracted || kind == EventKindRemoved:
		return "withdrawn: " + line.Headline + note
	case note != "":
		return "corrected: " + line.Headline + note
	case known:
		return "updated: " + line.Headline
	case line.Priority != PriorityRoutine:
		return string(line.Priority) + ": " + line.Headline
	}
	return line.Headline
}
