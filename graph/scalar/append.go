package scalar

import (
	"strconv"
	"time"

	"depeche/internal/news"
)

// The Append functions write what the Marshal functions of the same names write,
// at the end of dst: the generated way for queries has no marshalers. Where there
// is nothing they write null.

// AppendString writes a string as gqlgen does: only what JSON demands is escaped,
// and bytes that are no UTF-8 are left as they are.
func AppendString(dst []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '\t':
			dst = append(dst, `\t`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '"', '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
	}
	return append(append(dst, s[start:]...), '"')
}

// AppendInt writes a whole number; null where it does not fit into 32 bits.
func AppendInt(dst []byte, n int) []byte {
	if !fits(int64(n)) {
		return append(dst, "null"...)
	}
	return strconv.AppendInt(dst, int64(n), 10)
}

// AppendBoolean writes true or false.
func AppendBoolean(dst []byte, b bool) []byte { return strconv.AppendBool(dst, b) }

// AppendID writes an id.
func AppendID(dst []byte, id string) []byte { return AppendString(dst, id) }

// AppendStoryID writes an id.
func AppendStoryID(dst []byte, id news.StoryID) []byte { return AppendID(dst, string(id)) }

// AppendTagID writes an id.
func AppendTagID(dst []byte, id news.TagID) []byte { return AppendID(dst, string(id)) }

// AppendTickerEntryID writes an id.
func AppendTickerEntryID(dst []byte, id news.TickerEntryID) []byte { return AppendID(dst, string(id)) }

// AppendCoverageID writes an id.
func AppendCoverageID(dst []byte, id news.CoverageID) []byte { return AppendID(dst, string(id)) }

// AppendServiceTokenID writes an id.
func AppendServiceTokenID(dst []byte, id news.ServiceTokenID) []byte {
	return AppendID(dst, string(id))
}

// AppendWebhookID writes an id.
func AppendWebhookID(dst []byte, id news.WebhookID) []byte { return AppendID(dst, string(id)) }

// AppendText writes optional text.
func AppendText(dst []byte, t news.Text) []byte {
	if t == "" {
		return append(dst, "null"...)
	}
	return AppendString(dst, string(t))
}

// AppendURL writes a URL.
func AppendURL(dst []byte, u news.URL) []byte { return AppendText(dst, news.Text(u)) }

// AppendCursor writes a cursor.
func AppendCursor(dst []byte, c Cursor) []byte { return AppendText(dst, news.Text(c)) }

// AppendPixels writes a length.
func AppendPixels(dst []byte, p news.Pixels) []byte {
	if p == 0 {
		return append(dst, "null"...)
	}
	return AppendInt(dst, int(p))
}

// AppendDateTime writes an instant in UTC with milliseconds.
func AppendDateTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	return append(t.UTC().AppendFormat(dst, dateTimeLayout), '"')
}
