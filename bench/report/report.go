// Package report collects figures and writes them down.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Yardstick is the server that the others are told in multiples of.
const Yardstick = "limit"

// A Figure is something measured.
type Figure struct {
	Name   string
	Unit   string // empty for a count
	Value  float64
	Ratio  bool // whether it is also told as a multiple of the yardstick's
	Absent bool // whether there is none to tell, for which Value means nothing
}

// A Row is what one server did in one case of a scenario.
type Row struct {
	Scenario string
	Server   string
	Case     string // what makes rows comparable: "1000 readers"
	Figures  []Figure
	Notes    []string // what is remarkable: ends of connections, faults
}

// Count makes a Figure without a unit.
func Count[N int | uint64](name string, n N) Figure { return Figure{Name: name, Value: float64(n)} }

// Time makes a Figure in milliseconds.
func Time(name string, d time.Duration) Figure {
	return Figure{Name: name, Unit: "ms", Value: float64(d) / float64(time.Millisecond)}
}

// Memory makes a Figure in MiB.
func Memory(name string, bytes int64) Figure {
	return Figure{Name: name, Unit: "MiB", Value: float64(bytes) / (1 << 20)}
}

// A Report is all that was measured.
type Report struct{ rows []Row }

// Add adds a row.
func (r *Report) Add(row Row) { r.rows = append(r.rows, row) }

// Rows are the rows, in the order in which they were added.
func (r *Report) Rows() []Row { return r.rows }

// Figure is the value of a figure of the row, 0 for one that it has not.
func (r Row) Figure(name string) float64 {
	for _, f := range r.Figures {
		if f.Name == name {
			return f.Value
		}
	}
	return 0
}

// Median finds the median of a figure over all rows of a server in one case of a
// scenario; ok is false where there is none.
func (r *Report) Median(scenario, server, of, name string) (value float64, ok bool) {
	var values []float64
	for _, row := range r.rows {
		if row.Scenario != scenario || row.Server != server || row.Case != of {
			continue
		}
		for _, f := range row.Figures {
			if f.Name == name && !f.Absent {
				values = append(values, f.Value)
			}
		}
	}
	if len(values) == 0 {
		return 0, false
	}
	slices.Sort(values)
	return values[len(values)/2], true
}

// WriteTables writes a table for each case of each scenario. Where a
// server was measured more than once, the median is told.
func (r *Report) WriteTables(w io.Writer) error {
	type key struct{ scenario, of string }
	var keys []key
	for _, row := range r.rows {
		if k := (key{row.Scenario, row.Case}); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		if _, err := fmt.Fprintf(w, "\n%s, %s\n", k.scenario, k.of); err != nil {
			return err
		}
		if err := r.writeTable(w, k.scenario, k.of); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) writeTable(w io.Writer, scenario, of string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	var told []string
	var notes strings.Builder
	for _, row := range r.rows {
		if row.Scenario != scenario || row.Case != of {
			continue
		}
		for _, note := range row.Notes {
			fmt.Fprintf(&notes, "  %s: %s\n", row.Server, note)
		}
		if slices.Contains(told, row.Server) {
			continue
		}
		if told == nil {
			fmt.Fprintln(table, strings.Join(heads(row), "\t")+"\t")
		}
		told = append(told, row.Server)
		fmt.Fprintln(table, strings.Join(r.cells(row), "\t")+"\t")
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, notes.String())
	return err
}

func heads(row Row) []string {
	out := []string{"server"}
	for _, f := range row.Figures {
		out = append(out, strings.TrimSpace(f.Name+" "+f.Unit))
		if f.Ratio {
			out = append(out, "×"+Yardstick)
		}
	}
	return out
}

func (r *Report) cells(row Row) []string {
	out := []string{row.Server}
	for _, f := range row.Figures {
		value, ok := r.Median(row.Scenario, row.Server, row.Case, f.Name)
		if !ok {
			out = append(out, "–")
		} else {
			out = append(out, short(value))
		}
		if f.Ratio {
			if yard, known := r.Median(row.Scenario, Yardstick, row.Case, f.Name); ok && known && yard > 0 {
				out = append(out, short(value/yard))
			} else {
				out = append(out, "–")
			}
		}
	}
	return out
}

func short(value float64) string {
	decimals := 2
	switch {
	case value == float64(int64(value)) || value >= 1000:
		decimals = 0
	case value >= 100:
		decimals = 1
	}
	return strconv.FormatFloat(value, 'f', decimals, 64)
}

// WriteJSON writes all rows, unrounded, with what they were measured on.
func (r *Report) WriteJSON(w io.Writer) error {
	type row struct {
		Scenario string             `json:"scenario"`
		Server   string             `json:"server"`
		Case     string             `json:"case"`
		Figures  map[string]float64 `json:"figures"`
		Notes    []string           `json:"notes,omitempty"`
	}
	out := struct {
		At     time.Time `json:"at"`
		Go     string    `json:"go"`
		Cores  int       `json:"cores"`
		CPU    string    `json:"cpu"`
		Kernel string    `json:"kernel"`
		Rows   []row     `json:"rows"`
	}{time.Now().UTC(), runtime.Version(), runtime.NumCPU(), processor(), kernel(), nil}
	for _, from := range r.rows {
		to := row{from.Scenario, from.Server, from.Case, map[string]float64{}, from.Notes}
		for _, f := range from.Figures {
			if !f.Absent {
				to.Figures[strings.TrimSpace(f.Name+" "+f.Unit)] = f.Value
			}
		}
		out.Rows = append(out.Rows, to)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // unknown is empty
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func kernel() string {
	text, _ := os.ReadFile("/proc/sys/kernel/osrelease") // unknown is empty
	return strings.TrimSpace(string(text))
}
