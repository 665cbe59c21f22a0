package graph

import (
	"github.com/99designs/gqlgen/graphql"

	"depeche/graph/model"
	"depeche/internal/news"
)

// set changes what an edit has where the input says something: null empties it.
func set[T any](to *T, in graphql.Omittable[*T]) {
	if v, ok := in.ValueOK(); ok {
		*to = given(v)
	}
}

// setText is set for optional text.
func setText(to *news.Text, in graphql.Omittable[*string]) {
	if v, ok := in.ValueOK(); ok {
		*to = news.Text(given(v))
	}
}

// setRefs is set for lists of slugs: null empties the list.
func setRefs(to *[]string, in graphql.Omittable[[]string]) {
	if refs, ok := in.ValueOK(); ok {
		*to = nonNil(refs)
	}
}

// setRef is set for one slug: null removes it.
func setRef(to **string, in graphql.Omittable[*string]) {
	if ref, ok := in.ValueOK(); ok {
		s := given(ref)
		*to = &s
	}
}

func setSource(to **news.Source, in graphql.Omittable[*model.SourceInput]) {
	v, ok := in.ValueOK()
	switch {
	case !ok:
	case v == nil:
		*to = nil
	default:
		*to = &news.Source{Name: v.Name, URL: given(v.URL.Value())}
	}
}

func setImage(to **news.Image, in graphql.Omittable[*model.ImageInput]) {
	v, ok := in.ValueOK()
	switch {
	case !ok:
	case v == nil:
		*to = nil
	default:
		image := &news.Image{
			URL: v.URL, Alt: v.Alt, Caption: news.Text(given(v.Caption.Value())), Credit: v.Credit,
			Width: pixels(v.Width.Value()), Height: pixels(v.Height.Value()),
		}
		if p := v.FocalPoint.Value(); p != nil {
			image.FocalPoint = &news.FocalPoint{X: p.X, Y: p.Y}
		}
		*to = image
	}
}

// pixels reads a length that may be left out. One of 0 is none either, but the
// client said it: it is passed on as one that the desk refuses.
func pixels(n *int) news.Pixels {
	if n != nil && *n == 0 {
		return -1
	}
	return news.Pixels(given(n))
}
