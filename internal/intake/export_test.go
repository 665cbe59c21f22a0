package intake

import (
	"bytes"

	"depeche/internal/news"
)

// What has no door of its own for tests of every corner.
var (
	Markdown = markdown
	FromHTML = fromHTML
)

// Recode writes a line as Export would if it were brought in as it is.
func Recode(line []byte) ([]byte, error) {
	rec, err := decodeRecord(line)
	if err != nil {
		return nil, err
	}
	var tags []string
	for _, ref := range rec.tags {
		tags = append(tags, ref.slug)
	}
	var encoded any
	switch e := rec.entity.(type) {
	case *news.Tag:
		encoded = encodeTag(e)
	case *news.Coverage:
		encoded = encodeCoverage(e, tags)
	case *news.Story:
		encoded = encodeStory(e, tags, rec.authors)
	case *news.TickerEntry:
		encoded = encodeTicker(e, tags, rec.story, rec.coverage)
	}
	var b bytes.Buffer
	err = writeLine(&b, encoded)
	return b.Bytes(), err
}
