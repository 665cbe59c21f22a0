package web_test

// Answers of an API, as short as they can be.

const (
	sectionsJSON = `{"data": {"tags": {"nodes": [{"slug": "monde", "name": "Monde", "stories": {"nodes": [{"id": "story_1"}]}},
		{"slug": "world", "name": "World", "stories": {"nodes": []}}]}}}`

	floodJSON = `{
		"id": "story_1", "version": 3, "slug": "crue", "title": "La crue est passée", "summary": "Le fleuve baisse.",
		"language": "fr", "breaking": false, "priority": "URGENT", "publishedAt": "2026-11-22T08:00:00.000Z",
		"tags": [{"slug": "monde", "name": "Monde", "kind": "SECTION"}, {"slug": "eau", "name": "L’eau", "kind": "TOPIC"}],
		"authors": [{"slug": "anne-roy", "name": "Anne Roy"}],
		"image": {"url": "https://news.example/pictures/crue.svg", "alt": "Un pont", "caption": "Le pont Vieux", "credit": "A. Roy", "width": 1600, "height": 900, "focalPoint": {"x": 0.5, "y": 0.45}},
		"status": "PUBLISHED", "canonicalUrl": null, "updatedAt": "2026-11-22T09:30:00.000Z",
		"body": {"html": "<p>Le fleuve <em>baisse</em>.</p>", "wordCount": 240, "readingMinutes": 2},
		"source": {"name": "Agence", "url": "https://agence.example/1"},
		"corrections": [{"at": "2026-11-22T09:30:00.000Z", "note": "Le pont est le Vieux.", "kind": "CORRECTION"}],
		"related": []
	}`
	harborJSON = `{
		"id": "story_2", "version": 1, "slug": "harbor", "title": "A harbor at night", "summary": null, "language": "en",
		"breaking": false, "priority": "ROUTINE", "publishedAt": "2026-11-21T20:00:00.000Z", "tags": [], "authors": [], "image": null
	}`
	lineJSON = `{
		"id": "tick_1", "version": 2, "headline": "Le Sénat vote", "body": null, "priority": "FLASH", "status": "PUBLISHED",
		"occurredAt": "2026-11-22T10:00:00.000Z", "pinned": false, "keyEvent": true, "story": {"slug": "crue"},
		"coverage": {"slug": "direct", "title": "En direct"}, "source": {"name": "Agence", "url": null},
		"corrections": [{"at": "2026-11-22T10:05:00.000Z", "note": "C’est le Sénat.", "kind": "CORRECTION"}]
	}`
	withdrawnJSON = `{
		"id": "tick_2", "version": 2, "headline": "Une ligne retirée", "body": null, "priority": "ROUTINE", "status": "RETRACTED",
		"occurredAt": "2026-11-22T09:00:00.000Z", "pinned": false, "keyEvent": false, "story": null, "coverage": null, "source": null,
		"corrections": [{"at": "2026-11-22T10:05:00.000Z", "note": "C’était faux.", "kind": "RETRACTION"}]
	}`
	tickerJSON   = `{"nodes": [` + lineJSON + `, ` + withdrawnJSON + `], "pageInfo": {"hasNextPage": true, "endCursor": "t&2"}, "liveCursor": "L1"}`
	storiesJSON  = `{"nodes": [` + floodJSON + `, ` + harborJSON + `], "pageInfo": {"hasNextPage": true, "endCursor": "s+2"}, "liveCursor": "L2"}`
	coverageJSON = `{"slug": "direct", "title": "La crue en direct", "summary": "Heure par heure.", "status": "ENDED",
		"startsAt": "2026-11-20T06:00:00.000Z", "endsAt": "2026-11-22T11:00:00.000Z",
		"tags": [{"slug": "eau", "name": "L’eau", "kind": "TOPIC"}], "pinned": [], "keyEvents": [], "entries": ` + tickerJSON + `}`
)

func story(flood string) string {
	return `{"data": {"story": ` + flood + `, "newest": {"liveCursor": "L3"}}}`
}

func coverage(c string) string { return `{"data": {"coverage": ` + c + `}}` }

func tag(slug string) string {
	return `{"data": {"tag": {"slug": "` + slug + `", "name": "Monde", "kind": "SECTION", "description": null, "storyCount": 2, "stories": ` + storiesJSON + `},
		"ticker": ` + tickerJSON + `}}`
}

func front(stories string) string {
	return `{"data": {"stories": ` + stories + `, "ticker": ` + tickerJSON + `, "live": {"nodes": [` + coverageJSON + `]},
		"trendingTags": [{"tag": {"slug": "eau", "name": "L’eau"}}]}}`
}

// newsroom answers everything.
func newsroom() *api {
	return &api{answers: map[string]string{
		"Sections": sectionsJSON,
		"Front":    front(storiesJSON), "Story": story(floodJSON), "Tag": tag("monde"), "Coverage": coverage(coverageJSON),
		"Ticker":    `{"data": {"ticker": ` + tickerJSON + `}}`,
		"Coverages": `{"data": {"coverages": {"nodes": [` + coverageJSON + `], "pageInfo": {"hasNextPage": true, "endCursor": "c2"}}}}`,
	}}
}

func failing(code string) *api {
	failed := `{"data": {"story": null}, "errors": [{"message": "it is so", "extensions": {"code": "` + code + `"}}]}`
	a := &api{answers: map[string]string{}}
	for name := range newsroom().answers {
		a.answers[name] = failed
	}
	return a
}
