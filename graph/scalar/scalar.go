// Package scalar is how the schema's scalars look on the wire: ids, instants,
// URLs, cursors and optional text. Bad input is answered with the errors of
// package news, so that clients get a code with it.
package scalar

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/news"
)

// MarshalID writes an id.
func MarshalID(id string) graphql.Marshaler { return graphql.MarshalString(id) }

// UnmarshalID reads an id: a string or, as GraphQL has it, a whole number.
func UnmarshalID(v any) (string, error) { return graphql.UnmarshalID(v) }

// MarshalStoryID writes an id.
func MarshalStoryID(id news.StoryID) graphql.Marshaler { return MarshalID(string(id)) }

// UnmarshalStoryID reads an id.
func UnmarshalStoryID(v any) (news.StoryID, error) { return idAs[news.StoryID](v) }

// MarshalTagID writes an id.
func MarshalTagID(id news.TagID) graphql.Marshaler { return MarshalID(string(id)) }

// UnmarshalTagID reads an id.
func UnmarshalTagID(v any) (news.TagID, error) { return idAs[news.TagID](v) }

// MarshalTickerEntryID writes an id.
func MarshalTickerEntryID(id news.TickerEntryID) graphql.Marshaler { return MarshalID(string(id)) }

// UnmarshalTickerEntryID reads an id.
func UnmarshalTickerEntryID(v any) (news.TickerEntryID, error) { return idAs[news.TickerEntryID](v) }

// MarshalCoverageID writes an id.
func MarshalCoverageID(id news.CoverageID) graphql.Marshaler { return MarshalID(string(id)) }

// UnmarshalCoverageID reads an id.
func UnmarshalCoverageID(v any) (news.CoverageID, error) { return idAs[news.CoverageID](v) }

// MarshalServiceTokenID writes an id.
func MarshalServiceTokenID(id news.ServiceTokenID) graphql.Marshaler { return MarshalID(string(id)) }

// UnmarshalServiceTokenID reads an id.
func UnmarshalServiceTokenID(v any) (news.ServiceTokenID, error) { return idAs[news.ServiceTokenID](v) }

// MarshalWebhookID writes an id.
func MarshalWebhookID(id news.WebhookID) graphql.Marshaler { return MarshalID(string(id)) }

// UnmarshalWebhookID reads an id.
func UnmarshalWebhookID(v any) (news.WebhookID, error) { return idAs[news.WebhookID](v) }

func idAs[T ~string](v any) (T, error) {
	id, err := UnmarshalID(v)
	return T(id), err
}

const dateTimeLayout = "2006-01-02T15:04:05.000Z"

// MarshalDateTime writes an instant in UTC with milliseconds: null where it is zero.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) {
		io.WriteString(w, `"`+t.UTC().Format(dateTimeLayout)+`"`) //nolint:errcheck // the caller looks at w
	})
}

// UnmarshalDateTime reads an RFC 3339 instant of the years 1 to 9999.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, news.Invalid("DateTime", "must be a string such as \"2025-07-09T09:27:00Z\"")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, news.Invalid("DateTime", "%s is not RFC 3339, such as \"2025-07-09T09:27:00Z\"", quoteShort(s))
	}
	t = news.Instant(t)
	if t.Year() < 1 || t.Year() > 9999 || t.IsZero() {
		return time.Time{}, news.Invalid("DateTime", "%s is out of range", quoteShort(s))
	}
	return t, nil
}

// MarshalURL writes a URL: null where there is none.
func MarshalURL(u news.URL) graphql.Marshaler { return MarshalText(news.Text(u)) }

// UnmarshalURL reads an absolute http or https URL.
func UnmarshalURL(v any) (news.URL, error) {
	s, ok := v.(string)
	if !ok {
		return "", news.Invalid("URL", "must be a string such as \"https://example.org/\"")
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", news.Invalid("URL", "%s is not an absolute http or https URL", quoteShort(s))
	}
	return news.URL(s), nil
}

// quoteShort quotes what somebody sent, for an error: enough to find it, never
// so much that the answer grows with it.
func quoteShort(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return strconv.Quote(string(runes[:most])) + fmt.Sprintf("… (%d characters)", len(runes))
	}
	return strconv.Quote(s)
}
