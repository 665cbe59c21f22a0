package scalar

import (
	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/news"
)

// MarshalString writes a string.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads a string, and takes nothing else for one (GraphQL, section
// 3.5.3). Errors: news.ErrInvalid.
func UnmarshalString(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", news.Invalid("String", "must be a string")
	}
	return s, nil
}

// MarshalText writes optional text: null where there is none.
func MarshalText(t news.Text) graphql.Marshaler {
	if t == "" {
		return graphql.Null
	}
	return MarshalString(string(t))
}

// UnmarshalText reads text; null is none. Errors: news.ErrInvalid.
func UnmarshalText(v any) (news.Text, error) {
	if v == nil {
		return "", nil
	}
	s, err := UnmarshalString(v)
	return news.Text(s), err
}
