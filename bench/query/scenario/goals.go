package scenario

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"depeche/bench/report"
)

// A Goal is something that is wanted, and what came of it.
type Goal struct {
	What  string  // is wanted, in words
	Case  string  // where
	Value float64 // that was measured
	ByCPU float64 // Value by processor time in the place of the clock; 0 where that means nothing
	Limit float64
	Least bool // whether Limit is the least that will do, and not the most
}

// Met tells whether it was reached.
func (g Goal) Met() bool {
	if g.Least {
		return g.Value >= g.Limit
	}
	return g.Value <= g.Limit
}

// The figures that most goals are about.
const (
	rate       = "requests/s"
	perRequest = "CPU/request"
)

// maxMemory is 150 MB, in MiB as reports have it.
const maxMemory = 150e6 / (1 << 20)

// Goals are those for which r has the figures.
func (e *Env) Goals(r *report.Report) []Goal {
	var goals []Goal
	// share adds the goal that a figure of a is within a multiple of that of b.
	share := func(what, scenario, figure, a, caseA, b, caseB string, limit float64, least bool) {
		of, known := r.Median(scenario, a, caseA, figure)
		to, yard := r.Median(scenario, b, caseB, figure)
		if !known || !yard || to == 0 {
			return
		}
		g := Goal{What: what, Case: caseA, Value: of / to, Limit: limit, Least: least}
		if figure == rate {
			used, known := r.Median(scenario, a, caseA, perRequest)
			yard, _ := r.Median(scenario, b, caseB, perRequest)
			if known && used > 0 {
				g.ByCPU = yard / used
			}
		}
		goals = append(goals, g)
	}
	for _, stories := range e.Size.Stories {
		for _, operation := range e.Size.Operations {
			posted := of(question{operation, post}.String(), stories)
			for _, at := range []string{posted, of(question{operation, get}.String(), stories)} {
				share("a hit reaches 70 % of the limit's requests a second", "reads", rate, Depeche, at, Limit, at, 0.7, true)
				share("p99 of hits is within 1.5 times the limit's", "reads", "p99", Depeche, at, Limit, at, 1.5, false)
				share("the same at half the limit's rate", "reads", "p99 at half", Depeche, at, Limit, at, 1.5, false)
			}
			share("without its cache ahead of Mercurius", "reads", rate, Uncached, posted, Mercurius, posted, 1, true)
			if operation == "front page" {
				share("without its cache 7 times the plain gqlgen server", "reads", rate, Uncached, posted, Stock, posted, 7, true)
			}
			if first := e.Size.Stories[0]; stories != first {
				small := of(question{operation, post}.String(), first)
				for _, server := range []string{Depeche, Uncached} {
					share(fmt.Sprintf("%s: at least 1/1.2 of the requests a second at %d stories", server, first), "reads", rate, server, posted, server, small, 1/1.2, true)
				}
			}
			share("60 % of the limit's requests a second while it publishes", "writes", rate, Depeche, posted, Limit, posted, 0.6, true)
			if stale, known := r.Median("writes", Depeche, posted, "stale"); known {
				goals = append(goals, Goal{What: "no stale front page after a publication", Case: posted, Value: stale})
			}
		}
	}
	pages := of("many pages", slices.Max(e.Size.Stories))
	if peak, known := r.Median("memory", Depeche, pages, "RSS peak"); known {
		goals = append(goals, Goal{What: "memory is under 150 MB (143 MiB) at its peak", Case: pages, Value: peak, Limit: maxMemory})
	}
	crowd := of(fmt.Sprintf("%d readers", e.Size.Stampede), slices.Min(e.Size.Stories))
	if made, known := r.Median("stampede", Depeche, crowd, "made"); known {
		goals = append(goals, Goal{What: "one answer is made for all who ask at once", Case: crowd, Value: made, Limit: 1})
	}
	return goals
}

// WriteGoals writes goals as a table.
func WriteGoals(w io.Writer, goals []Goal) error {
	if len(goals) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\ngoal\tcase\tmeasured\tby CPU\twanted\t")
	for _, g := range goals {
		sign, met := "≤", "yes"
		if g.Least {
			sign = "≥"
		}
		if !g.Met() {
			met = "NO"
		}
		cpu := "–"
		if g.ByCPU > 0 {
			cpu = fmt.Sprintf("%.2f", g.ByCPU)
		}
		fmt.Fprintf(table, "%s\t%s\t%.2f\t%s\t%s %.2f\t%s\n", g.What, g.Case, g.Value, cpu, sign, g.Limit, met)
	}
	return table.Flush()
}
