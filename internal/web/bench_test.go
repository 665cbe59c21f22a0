package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// BenchmarkPage makes whole pages out of answers that are there, without compression.
// Again are those of an answer that is known.
func BenchmarkPage(b *testing.B) {
	a := newsroom()
	text := strings.Repeat("<p>Le fleuve baisse depuis ce matin, et les rues sèchent l’une après l’autre.</p>", 20)
	a.answers["Story"] = story(strings.Replace(strings.Replace(floodJSON, "<p>Le fleuve <em>baisse</em>.</p>", text, 1), `"related": []`, `"related": [`+strings.Repeat(harborJSON+",", 3)+harborJSON+`]`, 1))
	stories := `{"nodes": [` + strings.Repeat(floodJSON+",", 12) + harborJSON + `], "pageInfo": {"hasNextPage": true, "endCursor": "s2"}, "liveCursor": "L2"}`
	a.answers["Front"] = strings.ReplaceAll(front(stories), `"nodes": [`+lineJSON, `"nodes": [`+strings.Repeat(lineJSON+",", 28)+lineJSON)
	s := newSite(b, a)
	for _, row := range []struct{ name, path, tag string }{
		{"story", "/fr/story/crue", ""}, {"front", "/fr", ""}, {"story/again", "/fr/story/crue", `W/"1"`}, {"front/again", "/fr", `W/"1"`},
	} {
		b.Run(row.name, func(b *testing.B) {
			if a.head = (http.Header{}); row.tag != "" {
				a.head.Set("ETag", row.tag)
			}
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				a.asked = nil
				got := read(s, row.path)
				if size = got.Body.Len(); got.Code != 200 {
					b.Fatalf("got %d", got.Code)
				}
			}
			b.ReportMetric(float64(size), "B/page")
		})
	}
}
