package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
)

// An edition is what the pages in one language are made with.
type edition struct {
	when
	words  words
	layout *template.Template
}

// layout is the template of the whole document.
const layout = "layout"

func readEditions(wordsFolder, templates fs.FS, o Options) (map[string]*edition, error) {
	all, err := readWords(wordsFolder)
	if err != nil {
		return nil, fmt.Errorf("read words: %w", err)
	}
	editions := map[string]*edition{}
	for _, lang := range languages {
		e := &edition{when: when{lang, o.Zone, o.Now}, words: all[lang]}
		scripted, err := json.Marshal(e.words.scripted())
		if err != nil {
			return nil, fmt.Errorf("write words: %w", err)
		}
		e.layout, err = template.New(layout).Funcs(template.FuncMap{
			"t": e.words.say, "clock": e.clock, "moment": e.moment, "short": e.short, "stamp": stamp, "json": compactJSON,
			// json.Marshal leaves nothing in it that could end a script.
			"jswords": func() template.JS { return template.JS(scripted) },
		}).ParseFS(templates, "*.html")
		if err != nil {
			return nil, fmt.Errorf("read templates: %w", err)
		}
		// What is wrong with the way in which they hang together shows when they are
		// used for the first time.
		if _, err := e.render(&page{Lang: lang, Trouble: &troubleView{}}); err != nil {
			return nil, fmt.Errorf("read templates: %w", err)
		}
		editions[lang] = e
	}
	return editions, nil
}

// render makes the whole document of a page.
func (e *edition) render(p *page) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(64 << 10)
	if err := e.layout.ExecuteTemplate(&b, layout, p); err != nil {
		return nil, err // it names the template
	}
	return b.Bytes(), nil
}

// compactJSON is a value as JSON in one line.
func compactJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}
