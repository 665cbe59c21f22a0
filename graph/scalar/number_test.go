package scalar_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"depeche/graph/scalar"
	"depeche/internal/news"
)

func TestUnmarshalInt(t *testing.T) {
	for _, row := range []struct {
		value any
		want  string // the number, or what is wrong with it
	}{
		{1, "1"}, {int64(-5), "-5"}, {int32(7), "7"}, {float64(3), "3"}, {json.Number("0"), "0"},
		{json.Number("2147483647"), "2147483647"}, {json.Number("-2147483648"), "-2147483648"},
		{json.Number("1.0"), "1"}, {json.Number("1e2"), "100"}, {json.Number("-0"), "0"},
		{json.Number("2147483648"), "must be from -2147483648 to 2147483647"},
		{json.Number("-2147483649"), "must be from"}, {int64(math.MaxInt64), "must be from"}, {3e9, "must be from"},
		{json.Number("1e999"), "must be from"}, {json.Number("99999999999999999999"), "must be from"}, {math.Inf(-1), "must be from"},
		{json.Number("1.5"), "must be a whole number"}, {0.5, "must be a whole number"}, {math.NaN(), "must be a whole number"},
		{json.Number("x"), "must be a whole number"}, {"1", "must be a whole number"}, {true, "must be a whole number"},
		{nil, "must be a whole number"}, {[]any{1}, "must be a whole number"}, {map[string]any{}, "must be a whole number"},
	} {
		n, err := scalar.UnmarshalInt(row.value)
		got := fmt.Sprint(n)
		if err != nil {
			got = err.Error()
			if !errors.Is(err, news.ErrInvalid) {
				t.Errorf("%v: got %v, want an invalid input", row.value, err)
			}
		}
		if (err == nil) != !strings.HasPrefix(row.want, "must") || !strings.Contains(got, row.want) {
			t.Errorf("%T %v: got %s, want %s", row.value, row.value, got, row.want)
		}
	}
}

func TestMarshalInt(t *testing.T) {
	for _, row := range []struct {
		n    int
		want string
	}{{0, "0"}, {math.MaxInt32, "2147483647"}, {math.MinInt32, "-2147483648"}, {math.MaxInt32 + 1, "null"}, {math.MinInt32 - 1, "null"}} {
		if got := written(scalar.MarshalInt(row.n)); got != row.want {
			t.Errorf("got %s, want %s", got, row.want)
		}
		if got := string(scalar.AppendInt(nil, row.n)); got != row.want {
			t.Errorf("got %s, want %s", got, row.want)
		}
	}
	if got := written(scalar.MarshalPixels(0)); got != "null" {
		t.Errorf("got %s, want null", got)
	}
}

func written(m graphql.Marshaler) string {
	var b strings.Builder
	m.MarshalGQL(&b)
	return b.String()
}

func TestUnmarshalString(t *testing.T) {
	if s, err := scalar.UnmarshalString("5"); s != "5" || err != nil {
		t.Errorf("got %q, %v", s, err)
	}
	for _, v := range []any{5, int64(5), 5.5, json.Number("5"), true, nil, []any{"x"}, map[string]any{}} {
		if s, err := scalar.UnmarshalString(v); !errors.Is(err, news.ErrInvalid) {
			t.Errorf("%T %v: got %q, %v, want an invalid input", v, v, s, err)
		}
		if s, err := scalar.UnmarshalText(v); v != nil && !errors.Is(err, news.ErrInvalid) {
			t.Errorf("%T %v: got %q, %v, want an invalid input", v, v, s, err)
		}
	}
	if s, err := scalar.UnmarshalText(nil); s != "" || err != nil {
		t.Errorf("null: got %q, %v", s, err)
	}
	if p, err := scalar.UnmarshalPixels(nil); p != 0 || err != nil {
		t.Errorf("null: got %d, %v", p, err)
	}
}
