package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// languages are those in which there are pages. The first is that of readers who want
// none of them. The names are what the switch between them says.
var languages = [...]string{"fr", "en"}

var languageNames = map[string]string{"fr": "Français", "en": "English"}

var matcher = language.NewMatcher([]language.Tag{language.French, language.English})

// maxAccept bounds what is read of Accept-Language, in bytes.
const maxAccept = 1000

// preferred is the language that Accept-Language likes best (RFC 9110, section
// 12.5.4).
func preferred(accept string) string {
	if accept == "" || len(accept) > maxAccept {
		return languages[0]
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return languages[0]
	}
	_, i, _ := matcher.Match(tags...)
	return languages[i]
}

// words are the texts of the pages in one language, by their keys.
type words map[string]string

// forScripts begins the keys of the texts that scripts say.
const forScripts = "js."

// say is the text of a key, with its placeholders filled as fmt does. A key that is
// not there stands for itself.
func (w words) say(key string, args ...any) string {
	text, ok := w[key]
	switch {
	case !ok:
		return key
	case len(args) == 0:
		return text
	}
	return fmt.Sprintf(text, args...)
}

// scripted are the texts of scripts, without what their keys begin with.
func (w words) scripted() map[string]string {
	m := map[string]string{}
	for key, text := range w {
		if key, ok := strings.CutPrefix(key, forScripts); ok {
			m[key] = text
		}
	}
	return m
}

// readWords reads the texts of all languages, of which each must have the same keys
// with the same placeholders.
func readWords(folder fs.FS) (map[string]words, error) {
	all := map[string]words{}
	for _, lang := range languages {
		name := lang + ".json"
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		var w words
		if err := json.Unmarshal(text, &w); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := sameKeys(all[languages[0]], w); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[lang] = w
	}
	return all, nil
}

// sameKeys compares w with the first words; nil are none.
func sameKeys(first, w words) error {
	if first == nil {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(first)) {
		text, ok := w[key]
		if !ok {
			return fmt.Errorf("it has no %s, as %s.json has", key, languages[0])
		}
		for _, placeholder := range [...]string{"%s", "%d"} {
			if strings.Count(text, placeholder) != strings.Count(first[key], placeholder) {
				return fmt.Errorf("%s has not as many %s as in %s.json", key, placeholder, languages[0])
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w)) {
		if _, ok := first[key]; !ok {
			return fmt.Errorf("it has %s, as %s.json has not", key, languages[0])
		}
	}
	return nil
}
