package web

import (
	"io/fs"
	"time"
)

// ReadWords reads the texts of a folder.
func ReadWords(folder fs.FS) error {
	_, err := readWords(folder)
	return err
}

// Say tells a time in each way.
func Say(lang string, zone *time.Location, now, at time.Time) (clock, moment, short string) {
	w := when{lang, zone, func() time.Time { return now }}
	return w.clock(at), w.moment(at), w.short(at)
}

// ReadOperations reads the documents of a folder, and tells the addresses of their
// operations.
func ReadOperations(folder fs.FS) (map[string]string, error) { return readOperations(folder) }

// Preferred is the language of Accept-Language.
func Preferred(accept string) string { return preferred(accept) }

// MaxAnswer bounds an answer of the API.
const MaxAnswer = maxAnswer
