package newsroom

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// WriteArchive writes all tags and n stories as an archive that depeche imports.
func WriteArchive(w io.Writer, n int) error {
	buffered := bufio.NewWriter(w)
	encoder := json.NewEncoder(buffered)
	g := newGenerator(uint64(n))
	for i := range Tags {
		if err := encoder.Encode(g.tag(i)); err != nil {
			return fmt.Errorf("write a tag: %w", err)
		}
	}
	for i := range n {
		if err := encoder.Encode(g.story(i)); err != nil {
			return fmt.Errorf("write a story: %w", err)
		}
	}
	return buffered.Flush()
}
