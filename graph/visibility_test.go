package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/graph/scalar"
	"depeche/internal/desk"
	"depeche/internal/news"
)

// hide adds to what fill has hidden: text that was public and has been withdrawn,
// and slugs that were given behind the scenes.
func (n *newsroom) hide(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	_, err := n.desk.CreateTag(ctx, editor, "tag_quiet", news.TagContent{Name: "Discret", Kind: news.TagTopic})
	must(t, err)
	_, err = n.desk.UpdateStory(ctx, editor, "story_draft_zanzibar", 1, func(e *desk.StoryEdit) {
		e.Slug = "zanzibar-draft-2"
		e.TagRefs = []string{"discret", "politique", "paris"}
		e.Priority, e.Breaking = news.Flash, true
	})
	must(t, err)

	_, err = n.desk.CreateStory(ctx, editor, "story_taken", func(e *desk.StoryEdit) {
		e.Title, e.Slug, e.Language, e.Priority = "Plain", "taken", "fr", news.Flash
		e.Body, e.TagRefs = secret+" was to be read", []string{"discret", "climat"}
	})
	must(t, err)
	_, err = n.desk.PublishStory(ctx, editor, "story_taken", 1, desk.Publication{})
	must(t, err)
	_, err = n.desk.UpdateStory(ctx, editor, "story_taken", 2, func(e *desk.StoryEdit) { e.Summary = secret })
	must(t, err)
	_, err = n.desk.UnpublishStory(ctx, editor, "story_taken", 3)
	must(t, err)
	_, err = n.desk.UpdateStory(ctx, editor, "story_taken", 4, func(e *desk.StoryEdit) {
		e.Title, e.Slug = secret, "zanzibar-taken"
	})
	must(t, err)

	coverage, story := "debat-budgetaire", "zanzibar-draft"
	_, err = n.desk.PublishTickerEntry(ctx, editor, "tick_taken", true, func(e *desk.TickerEdit) {
		e.Headline, e.Body, e.Priority, e.KeyEvent = "A line", secret, news.Flash, true
		e.CoverageRef, e.StoryRef, e.TagRefs = &coverage, &story, []string{"senat"}
	})
	must(t, err)
	_, err = n.desk.CorrectTickerEntry(ctx, editor, "tick_taken", 1, "Better.", news.Correcting, func(e *desk.TickerEdit) {
		e.Body = "No " + secret
	})
	must(t, err)
	_, err = n.desk.RetractTickerEntry(ctx, editor, "tick_taken", 2, "It was wrong.")
	must(t, err)
	n.hideByTime(t)
	n.hideWhatIsTheNewsroomsOwn(t)
	n.settle(t)
}

// hideByTime hides stories that wait for their time, and one that was retracted,
// which is there for everybody, but for its text.
func (n *newsroom) hideByTime(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	later := desk.Moment{At: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
	for _, s := range []struct {
		id, title, slug string
		at              desk.Publication
	}{
		{"story_soon_zanzibar", secret, "zanzibar-soon", desk.Publication{At: later}},
		{"story_held_zanzibar", secret, "zanzibar-held", desk.Publication{EmbargoedUntil: &later}},
		{"story_both_zanzibar", secret, "zanzibar-both", desk.Publication{At: later, EmbargoedUntil: &later}},
		{"story_back", "Plain", "back", desk.Publication{}},
		{"story_retracted", "Plain", "retracted", desk.Publication{}},
	} {
		_, err := n.desk.CreateStory(ctx, editor, s.id, func(e *desk.StoryEdit) {
			e.Title, e.Slug, e.Language, e.Priority, e.Breaking = s.title, s.slug, "fr", news.Flash, true
			e.Summary, e.Body, e.TagRefs, e.AuthorRefs = secret, secret, []string{"discret", "politique", "paris"}, []string{"jo-lund"}
			e.Image = &news.Image{URL: "https://example.org/zanzibar.jpg", Alt: secret, Caption: secret, Credit: secret}
			e.Source = &news.Source{Name: secret}
		})
		must(t, err)
		_, err = n.desk.PublishStory(ctx, editor, news.StoryID(s.id), 1, s.at)
		must(t, err)
	}
	for _, id := range []news.StoryID{"story_back", "story_retracted"} {
		_, err := n.desk.CorrectStory(ctx, editor, id, 2, "Changed.", news.Correcting, func(e *desk.StoryEdit) {
			e.Summary, e.Source = "Not "+secret, nil
		})
		must(t, err)
		_, err = n.desk.RetractStory(ctx, editor, id, 3, "It was wrong.")
		must(t, err)
	}
	_, err := n.desk.RestoreStory(ctx, editor, "story_back", 4, 2)
	must(t, err)
}

// hideWhatIsTheNewsroomsOwn hides tags that are no more, and what has no readers.
func (n *newsroom) hideWhatIsTheNewsroomsOwn(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	_, err := n.desk.CreateTag(ctx, editor, "tag_deleted_zanzibar", news.TagContent{
		Slug: "zanzibar-tag", Name: secret, Kind: news.TagTopic, Aliases: []string{secret}, Code: "medtop:zanzibar",
	})
	must(t, err)
	_, err = n.desk.DeleteTag(ctx, editor, "tag_deleted_zanzibar", 1)
	must(t, err)
	_, err = n.desk.CreateTag(ctx, editor, "tag_merged", news.TagContent{
		Slug: "merged", Name: "Silence", Kind: news.TagTopic, Description: secret, Code: "medtop:zanzibar", URI: "https://example.org/zanzibar",
	})
	must(t, err)
	_, err = n.desk.UpdateStory(ctx, editor, "story_draft_zanzibar", 2, func(e *desk.StoryEdit) { e.TagRefs = []string{"merged", "politique"} })
	must(t, err)
	_, err = n.desk.MergeTags(ctx, admin, "tag_merged", 1, "tag_quiet", false)
	must(t, err)
	for _, story := range []news.StoryID{"story_draft_zanzibar", "story_1"} {
		_, err = n.desk.LockStory(ctx, news.Actor{Name: secret, Role: news.Editor}, story, false)
		must(t, err)
	}
	_, _, err = n.desk.CreateServiceToken(ctx, admin, secret, news.Editor)
	must(t, err)
	_, err = n.desk.CreateWebhook(ctx, admin, news.WebhookContent{URL: "https://zanzibar.example.org/", Description: secret})
	must(t, err)
}

// hiddenThings are what readers must not find a trace of, beside what is of a
// private kind.
func hiddenThings() []news.EntityID {
	return []news.EntityID{
		"story_draft_zanzibar", "story_draft_of_jo_zanzibar", "story_gone", "story_taken",
		"story_soon_zanzibar", "story_held_zanzibar", "story_both_zanzibar", "story_back", "tag_deleted_zanzibar",
	}
}

// without makes a newsroom with the same history but for some entities, as if
// they had never been; where there are such, what is of a private kind is left out
// as well.
func (n *newsroom) without(t testing.TB, in storeKind, ids []news.EntityID) *newsroom {
	t.Helper()
	twin := openIn(t, in)
	for after := news.Seq(0); ; {
		lines, err := n.store.Lines(t.Context(), after, 1000)
		must(t, err)
		if len(lines) == 0 {
			break
		}
		var changes []news.Change
		for _, line := range lines {
			after = line.Seq
			if ref := line.Doc.Ref(); !slices.Contains(ids, ref.ID) && (ids == nil || !ref.Kind.Private()) {
				changes = append(changes, line.Change)
			}
		}
		_, err = twin.store.Commit(t.Context(), changes)
		must(t, err)
	}
	twin.mu.Lock()
	twin.now = n.clock()
	twin.mu.Unlock()
	twin.settle(t)
	return twin
}

// crawl is a crawler that asks for the hidden things by every name they have.
func (n *newsroom) crawl(t *testing.T) *crawler {
	t.Helper()
	slugs := []string{
		`"le-senat-vote-le-budget"`, `"zanzibar-draft"`, `"zanzibar-draft-2"`, `"zanzibar-draft-of-jo"`,
		`"gone"`, `"taken"`, `"zanzibar-taken"`, `"nope"`, `"politique"`, `"discret"`, `"debat-budgetaire"`,
		`"zanzibar-soon"`, `"zanzibar-held"`, `"zanzibar-both"`, `"back"`, `"retracted"`, `"zanzibar-tag"`, `"merged"`,
	}
	var ids, places []string
	for _, id := range hiddenThings() {
		ids = append(ids, fmt.Sprintf("%q", id))
		versions, err := n.store.Store.Versions(t.Context(), id, 0, 1)
		must(t, err)
		places = append(places, fmt.Sprintf("%q", scalar.OfPage(news.CursorOf(versions[0].Doc))))
	}
	places = append(places, fmt.Sprintf("%q", scalar.OfRevision("story_1", 2)))
	for _, kind := range news.PrivateKinds() {
		private, err := n.store.Store.Entities(t.Context(), kind, "", 10)
		must(t, err)
		if len(private) == 0 {
			t.Fatalf("there is no %s to be hidden", kind)
		}
		for _, e := range private {
			ids = append(ids, fmt.Sprintf("%q", e.Ref().ID))
		}
	}
	ids = append(ids, `"story_1"`, `"story_retracted"`, `"tag_quiet"`, `"tag_merged"`, `"cov_live"`, `"tick_6"`, `"tick_taken"`, `"nope"`)
	instants := []string{`"2026-03-02T09:00:00Z"`, `"2026-03-02T09:00:18Z"`, `"2026-03-02T09:00:40Z"`}
	lists := []string{
		`["politique"]`, `["discret"]`, `["merged"]`, `["paris", "politique"]`, `["zanzibar-draft"]`, `["story_draft_zanzibar"]`,
		`["zanzibar-tag"]`, `["tag_deleted_zanzibar"]`,
	}
	return &crawler{
		schema: schema(),
		words: map[string][]string{
			"slug": slugs, "id": ids, "ids": {"[" + strings.Join(ids, ", ") + "]"}, "tags": lists,
			"first": {"1", "20"}, "last": {"1", "20"}, "after": places, "before": places, "withinHours": {"1", "720"},
			"language": {`"fr"`}, "namePrefix": {`"zan"`, `"d"`}, "coverage": {`"debat-budgetaire"`, `"zanzibar-draft"`},
			"code": {`"medtop:zanzibar"`}, "from": {"1", "2"}, "to": {"1", "2"},
			"publishedAfter": instants, "publishedBefore": instants, "occurredAfter": instants, "occurredBefore": instants,
		},
		ids: []string{
			"story_1", "story_4", "story_retracted", "tag_politique", "tag_quiet", "tag_paris", "tag_climat", "cov_live", "tick_6", "tick_taken",
		},
		refused: []string{"Story.revisions"},
	}
}

// checkRan wants an operation to have been executed: an error without a path
// means that it was refused as a whole, and has asked for nothing.
func checkRan(t *testing.T, asked, answer string) {
	t.Helper()
	if strings.Contains(answer, `"message"`) && !strings.Contains(answer, `"path"`) {
		t.Errorf("%.200s… was refused: %s", asked, answer)
	}
}

// TestHiddenThingsMakeNoDifference asks everything in a newsroom with hidden
// stories and in its twin without them. Whoever may not see them gets the same
// answers: no word, count, place or error tells that something is there. The
// twins are in SQLite, so both stores answer everything alike, too.
func TestHiddenThingsMakeNoDifference(t *testing.T) {
	inEachStore(t, func(t *testing.T, in storeKind) {
		n := openIn(t, in)
		n.fill(t)
		n.hide(t)
		public := n.without(t, inSQLite, hiddenThings())
		ofJo := n.without(t, inSQLite, slices.DeleteFunc(hiddenThings(), func(id news.EntityID) bool { return id == "story_draft_of_jo_zanzibar" }))
		queries := n.crawl(t).queries(t)
		if len(queries) < 200 {
			t.Fatalf("there are only %d queries", len(queries))
		}
		twins := map[string]*newsroom{
			"": public, "reader with a token": public, "another contributor": public, "expired editor": public, "contributor": ofJo,
		}
		for as, twin := range twins {
			if !in.meets(as) {
				continue
			}
			t.Run("as "+as, func(t *testing.T) {
				for _, text := range queries {
					op := operation{text: text, as: as, who: actors()[as]}
					got, want := n.comparable(t, op), twin.comparable(t, op)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("%s\nis answered otherwise where something is hidden (-without +with):\n%s", text, diff)
					}
					checkRan(t, text, got)
					if twin == public {
						noMarker(t, text, got)
					}
				}
			})
		}
		// The test would see it: an editor gets other answers.
		op := operation{text: "{ stories { nodes { id } } }", who: editor}
		if cmp.Equal(n.comparable(t, op), public.comparable(t, op)) {
			t.Error("the newsroom and its twin are the same for an editor too")
		}
	})
}

// comparable is the answer to an operation without the places of the log, where
// hidden lines count, and with its errors in order.
func (n *newsroom) comparable(t *testing.T, op operation) string {
	t.Helper()
	raw := string(n.run(t, op)[0])
	// Two logs differ from the first letters of their cursors on.
	ours := string(scalar.OfLog(n.follower.Cursor(0)))[:30]
	var text strings.Builder
	for {
		before, after, found := strings.Cut(raw, ours)
		text.WriteString(before)
		if !found {
			break
		}
		text.WriteString("LOG")
		raw = after[strings.IndexByte(after, '"'):]
	}
	if !strings.Contains(text.String(), `"errors"`) {
		return text.String()
	}
	var answer struct {
		Data   json.RawMessage
		Errors []json.RawMessage
	}
	must(t, json.Unmarshal([]byte(text.String()), &answer))
	slices.SortFunc(answer.Errors, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
	return fmt.Sprintf("%s %s", answer.Errors, answer.Data)
}

var quoted = regexp.MustCompile(`"[^"]+"`)

// noMarker wants nothing hidden in an answer. What was asked for may come back.
func noMarker(t *testing.T, asked, answer string) {
	t.Helper()
	rest := strings.ReplaceAll(answer, `\"`, "")
	for _, word := range quoted.FindAllString(asked, -1) {
		rest = strings.ReplaceAll(rest, strings.Trim(word, `"`), "")
	}
	if i := strings.Index(strings.ToLower(rest), strings.ToLower(secret)); i >= 0 {
		t.Errorf("%s\nis answered with something hidden: …%s…", asked, rest[max(0, i-80):min(len(rest), i+80)])
	}
}

// TestWithdrawnTextIsInNoEvent catches up from the beginning of the log with
// every subscription.
func TestWithdrawnTextIsInNoEvent(t *testing.T) {
	inEachStore(t, func(t *testing.T, in storeKind) {
		n := openIn(t, in)
		n.fill(t)
		n.hide(t)
		const end = "FIN"
		ctx := t.Context()
		coverage := "debat-budgetaire"
		_, err := n.desk.PublishTickerEntry(ctx, editor, "", false, func(e *desk.TickerEdit) {
			e.Headline, e.Priority, e.CoverageRef, e.TagRefs = end, news.Flash, &coverage, []string{"senat"}
		})
		must(t, err)
		_, err = n.desk.CreateStory(ctx, editor, "story_end", func(e *desk.StoryEdit) {
			e.Title, e.Language, e.Priority, e.Breaking = end, "fr", news.Flash, true
			e.TagRefs = []string{"politique", "climat", "discret"}
		})
		must(t, err)
		_, err = n.desk.PublishStory(ctx, editor, "story_end", 1, desk.Publication{})
		must(t, err)
		n.settle(t)

		cases := map[string][]struct {
			args    string
			events  int // up to the end otherwise
			refused string
		}{
			"ticker": {
				{args: ``}, {args: `filter: { tags: ["senat"] }`}, {args: `filter: { coverage: "debat-budgetaire" }`},
				{args: `filter: { minPriority: FLASH }`}, {args: `filter: { occurredAfter: "2026-03-02T09:00:00Z" }`},
				{args: `filter: { coverage: "zanzibar-draft" }`, refused: "INVALID_ARGUMENT"},
			},
			"stories": {
				{args: ``}, {args: `filter: { tags: ["politique"] }`}, {args: `filter: { tags: ["discret"] }`},
				{args: `filter: { tags: ["paris", "climat"], tagsMode: ANY }`}, {args: `filter: { language: "fr" }`},
				{args: `filter: { breaking: true }`}, {args: `filter: { minPriority: ALERT }`},
				{args: `filter: { publishedAfter: "2026-03-02T09:00:15Z" }`},
				{args: `filter: { tags: ["zanzibar-draft"] }`, refused: "INVALID_ARGUMENT"},
				{args: `filter: { status: [UNPUBLISHED] }`, refused: "INVALID_ARGUMENT"},
			},
			"story": {
				{args: `slug: "gone"`, events: 2}, {args: `slug: "taken"`, events: 3}, {args: `slug: "back"`, events: 3},
				{args: `slug: "retracted"`, events: 3},
				{args: `slug: "zanzibar-soon"`, refused: "NOT_FOUND"}, {args: `slug: "zanzibar-held"`, refused: "NOT_FOUND"},
				{args: `slug: "zanzibar-draft"`, refused: "NOT_FOUND"}, {args: `slug: "zanzibar-draft-2"`, refused: "NOT_FOUND"},
				{args: `slug: "zanzibar-taken"`, refused: "NOT_FOUND"}, {args: `slug: "zanzibar-draft-of-jo"`, refused: "NOT_FOUND"},
			},
			"coverage":     {{args: `slug: "debat-budgetaire"`}, {args: `slug: "zanzibar-draft"`, refused: "NOT_FOUND"}},
			"breakingNews": {{args: ``}, {args: `minPriority: FLASH`}, {args: `minPriority: ROUTINE`}},
			"storyLock": {
				{args: `id: "story_draft_zanzibar"`, refused: "UNAUTHENTICATED NOT_FOUND"},
				{args: `id: "story_1"`, refused: "UNAUTHENTICATED FORBIDDEN"},
			},
		}
		c := n.crawl(t)
		var fields []string
		for _, f := range c.schema.Subscription.Fields {
			fields = append(fields, f.Name)
		}
		if want := slices.Sorted(maps.Keys(cases)); !cmp.Equal(slices.Sorted(slices.Values(fields)), want) {
			t.Errorf("the schema has the subscriptions %v, the test %v", fields, want)
		}
		for _, f := range c.schema.Subscription.Fields {
			for _, row := range cases[f.Name] {
				for _, as := range []string{"", "another contributor", "expired editor"} {
					if !in.meets(as) {
						continue
					}
					text := fmt.Sprintf(`subscription { %s(%s after: "LOG:0")%s }`, f.Name, row.args, c.selection(f.Type, 2))
					op := operation{text: text, as: as, who: actors()[as], events: row.events}
					if row.events == 0 && row.refused == "" {
						op.until = end
					}
					got := n.run(t, op)
					for _, event := range got {
						checkRan(t, text, string(event))
						noMarker(t, row.args, string(event))
					}
					codes := codesOf(t, got[0])
					if row.refused != "" && (len(codes) != 1 || !strings.Contains(row.refused, codes[0])) {
						t.Errorf("%s(%s) is answered with %s, want %s", f.Name, row.args, got[0], row.refused)
					}
					if row.refused == "" && strings.Contains(string(got[0]), `"errors"`) {
						t.Errorf("%s(%s) is answered with %s", f.Name, row.args, got[0])
					}
				}
			}
		}
	})
}

// TestHiddenAndAbsentAreRefusedAlike tries every mutation on what is hidden from
// those who may not see it.
func TestHiddenAndAbsentAreRefusedAlike(t *testing.T) {
	inEachStore(t, func(t *testing.T, in storeKind) {
		n := openIn(t, in)
		n.fill(t)
		n.hide(t)
		on := func(input string) string { return `(input: { id: "ID", expectedVersion: 1` + input + ` })` }
		const moment = `{ at: "2026-05-01T00:00:00Z" }`
		cases := map[string]string{
			"createStory":        `(input: { title: "x", language: "fr", tags: ["ID"] })`,
			"updateStory":        on(`, title: "x"`),
			"publishStory":       on(``),
			"unpublishStory":     on(``),
			"createTag":          `(input: { name: "ID", kind: TOPIC })`,
			"updateTag":          on(`, name: "x"`),
			"createCoverage":     `(input: { title: "x", startsAt: "2026-03-02T09:00:00Z", tags: ["ID"] })`,
			"updateCoverage":     on(`, title: "x"`),
			"publishTickerEntry": `(input: { headline: "x", story: "ID" })`,
			"correctTickerEntry": on(`, note: "x", story: "ID"`),
			"retractTickerEntry": on(`, note: "x"`),
			"pinTickerEntry":     on(`, pinned: true`),
			"importTicker":       `(input: { text: "09:30 x", coverage: "ID" })`,

			"unscheduleStory": on(``),
			"embargoStory":    on(`, until: ` + moment),
			"correctStory":    on(`, note: "x", tags: ["ID"]`),
			"retractStory":    on(`, note: "x"`),
			"restoreStory":    on(`, version: 1`),
			"lockStory":       `(input: { id: "ID" })`,
			"renewStoryLock":  `(id: "ID")`, "releaseStoryLock": `(id: "ID")`,
			"createPreview": `(input: { id: "ID" })`,
			"mergeTags":     `(input: { from: "ID", expectedVersion: 1, into: "ID" })`,
			"unmergeTag":    on(``), "deleteTag": on(``), "restoreTag": on(``),
			"startCoverage": on(``), "endCoverage": on(``),
			"createServiceToken":  `(input: { name: "ID", role: READER })`,
			"revokeServiceToken":  on(``),
			"createWebhook":       `(input: { url: "https://example.org/ID" })`,
			"updateWebhook":       on(`, description: "x"`),
			"pauseWebhook":        on(`, paused: true`),
			"rotateWebhookSecret": on(``),
			"redeliverWebhook":    on(`, after: "LOG:1"`),
			"deleteWebhook":       on(``),
		}
		hidden := []string{"zanzibar-draft", "zanzibar-taken", "zanzibar-soon", "zanzibar-held", "zanzibar-tag"}
		for _, id := range hiddenThings() {
			hidden = append(hidden, string(id))
		}
		for _, f := range schema().Mutation.Fields {
			args, ok := cases[f.Name]
			if !ok {
				t.Errorf("the mutation %s is not tested", f.Name)
				continue
			}
			selection := " { __typename }"
			for _, as := range []string{"", "reader with a token", "expired editor", "another contributor"} {
				ask := func(id string) string {
					text := "mutation { " + f.Name + strings.ReplaceAll(args, "ID", id) + selection + " }"
					return strings.ReplaceAll(n.comparable(t, operation{text: text, who: actors()[as]}), id, "ID")
				}
				want := ask("absent")
				if !strings.Contains(want, `"code"`) {
					t.Errorf("%s as %q is answered with %s", f.Name, as, want)
				}
				for _, id := range hidden {
					if diff := cmp.Diff(want, ask(id)); diff != "" {
						t.Errorf("%s as %q tells %s from what is absent (-absent +hidden):\n%s", f.Name, as, id, diff)
					}
				}
			}
		}
	})
}

// An id and a slug are used once, so a contributor learns that one is taken, and
// nothing else.
func TestATakenNameTellsNothingElse(t *testing.T) {
	inEachStore(t, func(t *testing.T, in storeKind) {
		n := openIn(t, in)
		n.fill(t)
		n.hide(t)
		for _, input := range []string{
			`id: "story_draft_zanzibar"`, `id: "story_taken"`, `slug: "zanzibar-draft"`, `slug: "zanzibar-draft-2"`, `slug: "taken"`,
		} {
			text := `mutation { createStory(input: { ` + input + `, title: "x", language: "fr" }) { id } }`
			got := n.comparable(t, operation{text: text, who: actors()["another contributor"]})
			noMarker(t, input, got)
			if !strings.Contains(got, `"code"`) || strings.Contains(got, "currentVersion") || strings.Contains(got, "belongs to") {
				t.Errorf("%s is answered with %s", input, got)
			}
		}
	})
}
