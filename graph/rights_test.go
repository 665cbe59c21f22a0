package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// A rule is a field, or an argument of one, that only some may ask for: the right
// that it takes, and an operation that succeeds for whoever has it.
type rule struct {
	at   string // Mutation.createStory, Query.stories(status)
	act  desk.Act
	text string
	of   ownership
}

// ownership says what an operation is on, for contributors who have a right to what
// is theirs.
type ownership int

const (
	ofNothing ownership = iota // or of something that is nobody's own
	ofDraft                    // of the contributor
	ofPublic                   // a story of the contributor that is public
)

// ruleTable is all rules of the schema. DRAFT and PUBLIC are stories of the contributor.
func ruleTable() []rule {
	m := func(field string, act desk.Act, input string) rule {
		of := ofNothing
		switch {
		case strings.Contains(input, "DRAFT"):
			of = ofDraft
		case strings.Contains(input, "PUBLIC"):
			of = ofPublic
		}
		return rule{"Mutation." + field, act, "mutation { " + field + "(" + input + ") { __typename } }", of}
	}
	const hook, at = `input: { id: "HOOK", expectedVersion: 1`, `at: { at: "2026-05-01T00:00:00Z" }`
	return []rule{
		m("createStory", desk.CreateStory, `input: { title: "x", language: "fr" }`),
		m("updateStory", desk.UpdateStory, `input: { id: "DRAFT", expectedVersion: 1, title: "x" }`),
		m("updateStory", desk.UpdateStory, `input: { id: "PUBLIC", expectedVersion: 2, title: "x" }`),
		m("publishStory", desk.PublishStory, `input: { id: "DRAFT", expectedVersion: 1 }`),
		m("publishStory", desk.PublishStory, `input: { id: "DRAFT", expectedVersion: 1, `+at+` }`),
		m("publishStory", desk.EmbargoStory, `input: { id: "DRAFT", expectedVersion: 1, embargoedUntil: { at: "2026-05-01T00:00:00Z" } }`),
		m("unscheduleStory", desk.PublishStory, `input: { id: "story_soon", expectedVersion: 2 }`),
		m("embargoStory", desk.EmbargoStory, `input: { id: "DRAFT", expectedVersion: 1, until: { at: "2026-05-01T00:00:00Z" } }`),
		m("unpublishStory", desk.UnpublishStory, `input: { id: "PUBLIC", expectedVersion: 2 }`),
		m("correctStory", desk.CorrectStory, `input: { id: "PUBLIC", expectedVersion: 2, note: "x" }`),
		m("retractStory", desk.RetractStory, `input: { id: "PUBLIC", expectedVersion: 2, note: "x" }`),
		m("restoreStory", desk.RestoreStory, `input: { id: "story_2", expectedVersion: 3, version: 2 }`),
		m("lockStory", desk.LockStory, `input: { id: "DRAFT" }`),
		m("lockStory", desk.LockStory, `input: { id: "PUBLIC" }`),
		{"Mutation.renewStoryLock", desk.LockStory, `mutation { lockStory(input: { id: "DRAFT" }) { held } renewStoryLock(id: "DRAFT") { held } }`, ofDraft},
		m("releaseStoryLock", desk.LockStory, `id: "DRAFT"`),
		m("createPreview", desk.PreviewStory, `input: { id: "DRAFT" }`),

		m("createTag", desk.WriteTags, `input: { name: "x", kind: TOPIC }`),
		m("updateTag", desk.WriteTags, `input: { id: "tag_climat", expectedVersion: 1, name: "x" }`),
		m("deleteTag", desk.WriteTags, `input: { id: "tag_spare", expectedVersion: 1 }`),
		m("restoreTag", desk.WriteTags, `input: { id: "tag_deleted", expectedVersion: 2 }`),
		m("mergeTags", desk.MergeTags, `input: { from: "tag_climat", expectedVersion: 1, into: "tag_budget" }`),
		m("mergeTags", desk.MergeTags, `input: { from: "tag_climat", expectedVersion: 1, into: "tag_budget", dryRun: true }`),
		m("unmergeTag", desk.MergeTags, `input: { id: "tag_merged", expectedVersion: 2 }`),

		m("publishTickerEntry", desk.WriteTicker, `input: { headline: "x" }`),
		m("correctTickerEntry", desk.WriteTicker, `input: { id: "tick_1", expectedVersion: 1, note: "x" }`),
		m("retractTickerEntry", desk.WriteTicker, `input: { id: "tick_1", expectedVersion: 1, note: "x" }`),
		m("pinTickerEntry", desk.WriteTicker, `input: { id: "tick_1", expectedVersion: 1, pinned: true }`),
		m("importTicker", desk.WriteTicker, `input: { text: "09:30 x" }`),
		m("importTicker", desk.WriteTicker, `input: { text: "09:30 x", dryRun: true }`),

		m("createCoverage", desk.WriteCoverages, `input: { title: "x", startsAt: "2026-03-02T09:00:00Z" }`),
		m("updateCoverage", desk.WriteCoverages, `input: { id: "cov_soon", expectedVersion: 1, title: "x" }`),
		m("startCoverage", desk.WriteCoverages, `input: { id: "cov_soon", expectedVersion: 1 }`),
		m("endCoverage", desk.WriteCoverages, `input: { id: "cov_live", expectedVersion: 1 }`),

		m("createServiceToken", desk.ManageTokens, `input: { name: "x", role: EDITOR }`),
		m("revokeServiceToken", desk.ManageTokens, `input: { id: "TOKEN", expectedVersion: 1 }`),
		m("createWebhook", desk.ManageWebhooks, `input: { url: "https://example.org/" }`),
		m("updateWebhook", desk.ManageWebhooks, hook+`, url: "https://example.org/x" }`),
		m("pauseWebhook", desk.ManageWebhooks, hook+`, paused: true }`),
		m("rotateWebhookSecret", desk.ManageWebhooks, hook+` }`),
		m("redeliverWebhook", desk.ManageWebhooks, hook+`, after: "LOG:1" }`),
		m("deleteWebhook", desk.ManageWebhooks, hook+` }`),

		{"Query.storyDiff", desk.SeeRevisions, `{ storyDiff(id: "story_2", from: 2, to: 3) { field } }`, ofNothing},
		{"Query.serviceTokens", desk.ManageTokens, `{ serviceTokens { nodes { name } } }`, ofNothing},
		{"Query.webhooks", desk.ManageWebhooks, `{ webhooks { nodes { url } } }`, ofNothing},
		{"Query.stories(status)", desk.SeeAllStates, `{ stories(filter: { status: [DRAFT] }) { nodes { id } } }`, ofNothing},
		{"Query.stories(status)", desk.SeeAllStates, `{ stories(filter: { status: [PUBLISHED, RETRACTED] }) { nodes { id } } }`, ofNothing},
		{"Tag.stories(status)", desk.SeeAllStates, `{ tag(slug: "paris") { stories(filter: { status: [SCHEDULED] }) { nodes { id } } } }`, ofNothing},
		{"Story.revisions", desk.SeeRevisions, `{ node(id: "story_2") { ... on Story { revisions { nodes { version } } } } }`, ofNothing},
		{"Subscription.storyLock", desk.LockStory, `subscription { storyLock(id: "DRAFT", after: "LOCKED") { lock { holder } } }`, ofDraft},
	}
}

// draftOfJo is the draft of the contributor that the rules are about, publicOfJo the
// story that is public.
const draftOfJo, publicOfJo = "story_draft_of_jo_zanzibar", "story_of_jo"

// ruled opens a newsroom in which each rule's operation can be executed.
func ruled(t *testing.T) (n *newsroom, names *strings.Replacer) {
	t.Helper()
	n = open(t)
	n.fill(t)
	ctx := t.Context()
	for _, id := range []string{"tag_spare", "tag_deleted", "tag_merged"} {
		_, err := n.desk.CreateTag(ctx, editor, id, news.TagContent{Name: id, Kind: news.TagTopic})
		must(t, err)
	}
	_, err := n.desk.DeleteTag(ctx, editor, "tag_deleted", 1)
	must(t, err)
	_, err = n.desk.MergeTags(ctx, admin, "tag_merged", 1, "tag_budget", false)
	must(t, err)
	for id, who := range map[string]news.Actor{publicOfJo: contributor, "story_soon": editor} {
		_, err = n.desk.CreateStory(ctx, who, id, func(e *desk.StoryEdit) { e.Title, e.Language = id, "fr" })
		must(t, err)
	}
	_, err = n.desk.PublishStory(ctx, editor, publicOfJo, 1, desk.Publication{})
	must(t, err)
	_, err = n.desk.PublishStory(ctx, editor, "story_soon", 1, desk.Publication{At: desk.Moment{At: n.clock().Add(time.Hour)}})
	must(t, err)
	token, _, err := n.desk.CreateServiceToken(ctx, admin, "intake", news.Editor)
	must(t, err)
	hook, err := n.desk.CreateWebhook(ctx, admin, news.WebhookContent{URL: "https://example.org/"})
	must(t, err)
	before, err := n.store.Head(ctx)
	must(t, err)
	_, err = n.desk.LockStory(ctx, editor, draftOfJo, false)
	must(t, err)
	_, err = n.desk.ReleaseLock(ctx, editor, draftOfJo)
	must(t, err)
	n.settle(t)
	return n, strings.NewReplacer("DRAFT\"", draftOfJo+`"`, "PUBLIC\"", publicOfJo+`"`, "TOKEN\"", string(token.ID)+`"`, "HOOK\"", string(hook.ID)+`"`,
		"LOCKED", fmt.Sprint("LOG:", before))
}

var admin = news.Actor{Name: "root", Role: news.Admin}

// expected is the code that an operation is refused with, empty where it is not.
func (r rule) expected(t *testing.T, who news.Actor, now time.Time) string {
	t.Helper()
	i := slices.IndexFunc(desk.Rights(), func(right desk.Right) bool { return right.Act == r.act })
	if i < 0 {
		t.Fatalf("the table of rights does not know who may %s", r.act)
	}
	right := desk.Rights()[i]
	rank := func(role news.Role) int { return slices.Index(news.Roles(), role) }
	switch {
	case who.Name == "", !who.Expires.IsZero() && !now.Before(who.Expires):
		return "UNAUTHENTICATED"
	case rank(who.Role) < rank(right.Least):
		return "FORBIDDEN"
	case !right.Own || who.Role != news.Contributor:
		return ""
	case r.of == ofPublic:
		return "FORBIDDEN"
	case r.of == ofDraft && who.Name != contributor.Name:
		return "NOT_FOUND"
	}
	return ""
}

// TestRights walks every mutation, and every field and argument with a rule, as
// everybody that there is, and holds what happens against the table of rights.
func TestRights(t *testing.T) {
	n, names := ruled(t)
	everybody := actors()
	everybody["nobody"] = news.Actor{}
	everybody["bearer of a preview"] = news.Actor{Name: "preview", Role: news.Reader, Preview: draftOfJo}
	everybody["empress"] = news.Actor{Name: "sissi", Role: "EMPRESS"} // a role that there is not
	for _, rule := range ruleTable() {
		text := names.Replace(rule.text)
		t.Run(strings.Trim(text, "{} "), func(t *testing.T) {
			for name, who := range everybody {
				want := rule.expected(t, who, n.clock())
				in := n
				if want == "" && !strings.HasPrefix(rule.at, "Query.") {
					in = n.without(t, inSQLite, nil) // it is changed
				}
				head, err := in.store.Head(t.Context())
				must(t, err)
				got := codesOf(t, in.run(t, operation{text: text, who: who})[0])
				if want == "" && len(got) > 0 || want != "" && !slices.Equal(got, []string{want}) {
					t.Errorf("as %s it is answered with %v, want %q", name, got, want)
				}
				after, err := in.store.Head(t.Context())
				must(t, err)
				if want != "" && after != head {
					t.Errorf("as %s it is refused, and the log has %d lines more", name, after-head)
				}
			}
		})
	}
}

// codesOf are the codes of the errors of an answer, each once.
func codesOf(t *testing.T, answer json.RawMessage) []string {
	t.Helper()
	var r reply
	must(t, json.Unmarshal(answer, &r))
	var codes []string
	for _, e := range r.Errors {
		if code := fmt.Sprint(e.Extensions["code"]); !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

// TestRightsAreWalkedAll fails when the schema or the table of rights has something
// that the walk has not.
func TestRightsAreWalkedAll(t *testing.T) {
	at, acts := map[string]bool{}, map[desk.Act]bool{desk.ImportArchive: true} // which is no part of the schema
	for _, rule := range ruleTable() {
		at[rule.at], acts[rule.act] = true, true
	}
	all := schema()
	for _, f := range all.Mutation.Fields {
		if !at["Mutation."+f.Name] {
			t.Errorf("nobody walks the mutation %s: which right does it take?", f.Name)
		}
	}
	for _, right := range desk.Rights() {
		if !acts[right.Act] {
			t.Errorf("nobody walks anything that takes the right to %s", right.Act)
		}
	}
	// What answers with lists of what is the newsroom's own, or takes a filter by
	// status, has a rule.
	for _, def := range all.Types {
		if !ours(def) || def.Kind != ast.Object || def == all.Mutation {
			continue
		}
		for _, f := range def.Fields {
			name := def.Name + "." + f.Name
			own := slices.Contains([]string{"RevisionConnection", "FieldDiff", "ServiceTokenConnection", "WebhookConnection", "StoryLockEvent"}, f.Type.Name())
			if own && !at[name] {
				t.Errorf("nobody walks %s", name)
			}
			if filter := f.Arguments.ForName("filter"); filter != nil && filter.Type.Name() == "StoryFilter" && def != all.Subscription && !at[name+"(status)"] {
				t.Errorf("nobody walks the status in the filter of %s", name)
			}
		}
	}
}

// TestLocksAreSeenByThoseWhoMayLock asks for the lock of stories: who may not know
// gets none, without an error.
func TestLocksAreSeenByThoseWhoMayLock(t *testing.T) {
	n, names := ruled(t)
	for _, of := range []ownership{ofDraft, ofPublic} {
		story := map[ownership]string{ofDraft: `DRAFT"`, ofPublic: `PUBLIC"`}[of]
		r := rule{act: desk.LockStory, of: of}
		text := names.Replace(`{ node(id: "` + story + `) { ... on Story { lock { holder } } } }`)
		_, err := n.desk.LockStory(t.Context(), editor, news.StoryID(strings.TrimSuffix(names.Replace(story), `"`)), false)
		must(t, err)
		for name, who := range actors() {
			answer := n.run(t, operation{text: text, who: who})[0]
			if codes := codesOf(t, answer); len(codes) > 0 {
				t.Errorf("as %s %s is refused with %v", name, text, codes)
			}
			want := r.expected(t, who, n.clock()) == ""
			if got := strings.Contains(string(answer), editor.Name); got != want {
				t.Errorf("as %s %s is answered with %s, want the lock: %v", name, text, answer, want)
			}
		}
	}
}
