// Package event is the event that all servers under test send: in shape and size
// that of depeche's subscription to the ticker.
package event

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Query is the subscription that readers make.
const Query = `subscription($after: Cursor) { ticker(after: $after) { cursor kind at entry { id headline priority occurredAt version tags { slug name } } } }`

// QueryWithBody is Query with the body of entries, for events that are larger.
const QueryWithBody = `subscription($after: Cursor) { ticker(after: $after) { cursor kind at entry { id headline body priority occurredAt version tags { slug name } } } }`

// What the tags of every event are.
const (
	TagSlug, TagName           = "national-assembly", "National Assembly"
	OtherTagSlug, OtherTagName = "budget", "Budget"
)

const layout = "2006-01-02T15:04:05.000Z"

// Time is a time as events give it.
func Time(t time.Time) string { return t.UTC().Format(layout) }

// ID is an id as long as depeche's.
func ID(number uint64) string { return fmt.Sprintf("tick_%026d", number) }

// Cursor is the place of an event, about as long as depeche's cursors.
func Cursor(number uint64) string { return fmt.Sprintf("%042d", number) }

// Number is the event that a cursor is the place of; 0, the beginning, for none.
func Number(cursor string) uint64 {
	number, err := strconv.ParseUint(cursor, 10, 64)
	if err != nil {
		return 0
	}
	return number
}

// Payload is the answer of GraphQL for an event.
func Payload(number uint64, headline, body string, at time.Time) []byte {
	var withBody string
	if body != "" {
		withBody = `"body":` + quote(body) + `,`
	}
	when := Time(at)
	return fmt.Appendf(nil, `{"data":{"ticker":{"cursor":"%s","kind":"PUBLISHED","at":"%s","entry":{"id":"%s","headline":%s,%s"priority":"ROUTINE","occurredAt":"%s","version":1,`+
		`"tags":[{"slug":"%s","name":"%s"},{"slug":"%s","name":"%s"}]}}}}`,
		Cursor(number), when, ID(number), quote(headline), withBody, when, TagSlug, TagName, OtherTagSlug, OtherTagName)
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string is always JSON
	}
	return string(quoted)
}

// Split parts what is posted to publish an event: a headline, and in the lines
// after it a body.
func Split(posted string) (headline, body string) {
	headline, body, _ = strings.Cut(posted, "\n")
	return headline, body
}
