package scalar

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/news"
)

// MarshalInt writes a whole number: null where it does not fit into 32 bits, which
// is as much as an Int may have (GraphQL, section 3.5.1).
func MarshalInt(n int) graphql.Marshaler {
	if !fits(int64(n)) {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) {
		io.WriteString(w, strconv.Itoa(n)) //nolint:errcheck // the caller looks at w
	})
}

// UnmarshalInt reads a whole number of 32 bits. JSON knows one kind of number, so
// 1.0 is 1 there; "1" is a string. Errors: news.ErrInvalid.
func UnmarshalInt(v any) (int, error) {
	switch v := v.(type) {
	case int:
		return inRange(int64(v))
	case int32:
		return int(v), nil
	case int64:
		return inRange(v)
	case float64:
		return wholeFloat(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return inRange(n)
		}
		// What is too much for a float64 is infinite, and out of range.
		f, err := v.Float64()
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			break
		}
		return wholeFloat(f)
	}
	return 0, news.Invalid("Int", "must be a whole number")
}

func wholeFloat(f float64) (int, error) {
	if f < math.MinInt32 || f > math.MaxInt32 {
		return 0, outOfRange()
	}
	if f != math.Trunc(f) {
		return 0, news.Invalid("Int", "must be a whole number")
	}
	return int(f), nil
}

func inRange(n int64) (int, error) {
	if !fits(n) {
		return 0, outOfRange()
	}
	return int(n), nil
}

func outOfRange() error {
	return news.Invalid("Int", "must be from %d to %d", math.MinInt32, math.MaxInt32)
}

func fits(n int64) bool { return n >= math.MinInt32 && n <= math.MaxInt32 }

// MarshalPixels writes a length: null where it is not known.
func MarshalPixels(p news.Pixels) graphql.Marshaler {
	if p == 0 {
		return graphql.Null
	}
	return MarshalInt(int(p))
}

// UnmarshalPixels reads a length; null is none. Errors: news.ErrInvalid.
func UnmarshalPixels(v any) (news.Pixels, error) {
	if v == nil {
		return 0, nil
	}
	n, err := UnmarshalInt(v)
	return news.Pixels(n), err
}
