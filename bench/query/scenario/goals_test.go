package scenario_test

import (
	"bytes"
	"strings"
	"testing"

	"depeche/bench/query/scenario"
	"depeche/bench/report"
)

func TestGoals(t *testing.T) {
	e := &scenario.Env{Size: scenario.Size{Stories: []int{1000}, Operations: []string{"front page"}}}
	r := &report.Report{}
	for server, rate := range map[string]float64{scenario.Limit: 1000, scenario.Depeche: 690, scenario.Uncached: 80, scenario.Stock: 10, scenario.Mercurius: 81} {
		r.Add(report.Row{Scenario: "reads", Server: server, Case: "front page by POST, 1000 stories", Figures: []report.Figure{{Name: "requests/s", Value: rate}}})
	}
	met := map[string]bool{}
	for _, g := range e.Goals(r) {
		met[g.What] = g.Met()
	}
	want := map[string]bool{
		"a hit reaches 70 % of the limit's requests a second": false,
		"without its cache ahead of Mercurius":                false,
		"without its cache 7 times the plain gqlgen server":   true,
	}
	if len(met) != len(want) {
		t.Errorf("got the goals %v, want %v", met, want)
	}
	for what, ok := range want {
		if met[what] != ok {
			t.Errorf("%s: got %t, want %t", what, met[what], ok)
		}
	}
	var out bytes.Buffer
	if err := scenario.WriteGoals(&out, e.Goals(r)); err != nil || strings.Count(out.String(), "NO\n") != 2 || strings.Count(out.String(), "yes\n") != 1 {
		t.Errorf("got %v and\n%s, want one yes and two NO", err, &out)
	}
}
