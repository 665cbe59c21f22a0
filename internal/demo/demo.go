// Package demo is a made-up newsroom to look around in: stories in French and
// English, coverages, a ticker of a few days, and a wire that goes on by itself.
// Its times are told relative to one instant and are moved to now when it is
// loaded, its pictures are drawings that the server itself has. All of it is invented.
package demo

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"depeche/internal/desk"
	"depeche/internal/intake"
	"depeche/internal/news"
)

//go:embed tags.ndjson coverages.ndjson stories.ndjson ticker.ndjson wire.ndjson
var files embed.FS

// what refers to something comes behind it.
func archives() []string {
	return []string{"tags.ndjson", "coverages.ndjson", "stories.ndjson", "ticker.ndjson"}
}

// reference is the now of the files.
func reference() time.Time { return time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC) }

// newsroom is who does everything in the demo.
func newsroom() news.Actor { return news.Actor{Name: "demo", Role: news.Editor} }

// elsewhere is where the pictures are in the files.
const elsewhere = "https://demo.invalid"

// Load puts the newsroom into a store. What is there already stays as it is. Its
// pictures are at base, scheme and host of the server, under the path of Pictures.
func Load(ctx context.Context, d *desk.Desk, store news.Store, base string) error {
	ahead := d.Now().Sub(reference())
	for _, name := range archives() {
		text, err := files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		text = bytes.ReplaceAll(text, []byte(elsewhere), []byte(base))
		var refused []error
		_, err = intake.ImportNDJSON(ctx, d, store, newsroom(), io.Reader(bytes.NewReader(moved(text, ahead))), intake.NDJSONOptions{
			Strict: true,
			Report: func(line int, reason string) { refused = append(refused, fmt.Errorf("line %d: %s", line, reason)) },
		})
		if err = errors.Join(append(refused, err)...); err != nil {
			return fmt.Errorf("load %s: %w", name, err)
		}
	}
	return nil
}

// moved adds a duration to every instant in a text.
func moved(text []byte, by time.Duration) []byte {
	instant := regexp.MustCompile(`"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"`)
	return instant.ReplaceAllFunc(text, func(quoted []byte) []byte {
		t, err := time.Parse(`"`+time.RFC3339+`"`, string(quoted))
		if err != nil {
			return quoted
		}
		return []byte(t.Add(by).UTC().Format(`"` + time.RFC3339Nano + `"`))
	})
}
