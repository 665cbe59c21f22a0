//go:build !windows

package mongo_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/mongo"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// uriEnv makes the test program a writer that never ends.
const uriEnv = "DEPECHE_TEST_WRITE_TO"

func TestMain(m *testing.M) {
	if uri := os.Getenv(uriEnv); uri != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(uri))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled commits, and prints each line that has been acknowledged as
// "id version line".
func writeUntilKilled(uri string) error {
	ctx := context.Background()
	s, err := mongo.Open(ctx, mongo.Options{URI: uri})
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		one := storetest.Story(news.StoryID(fmt.Sprintf("story_%d_%d", os.Getpid(), n)))
		two := storetest.Next(one, func(s *news.Story) { s.PreviousSlugs, s.Slug = []string{s.Slug}, s.Slug+"-bis" })
		lines, err := s.Commit(ctx, []news.Change{storetest.Change(one, nil), storetest.Change(two, one)})
		if err != nil {
			return err
		}
		for _, line := range lines {
			ref := line.Doc.Ref()
			fmt.Println(ref.ID, ref.Version, int64(line.Seq))
		}
	}
}

// writer starts a process that writes to uri.
func writer(t *testing.T, uri string) (cmd *exec.Cmd, acknowledged *bufio.Scanner) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), uriEnv+"="+uri)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// TestKilledBetweenLogAndProjection kills a writer whose lines have come into
// the log and whose projection is still on its way, where it is lost.
func TestKilledBetweenLogAndProjection(t *testing.T) {
	for _, who := range []string{"a follower mends", "who opens mends"} {
		t.Run(who, func(t *testing.T) {
			uri := mongotest.Database(t, mongotest.URI(t))
			db := database(t, uri)
			follower := open(t, uri)
			defer func() { follower.Close() }()

			proxy := mongotest.NewProxy(t, uri)
			arrived := make(chan struct{}, 100)
			proxy.On(func(c *mongotest.Command) mongotest.Action {
				if c.Collection == "stories" && (c.Name == "insert" || c.Name == "update") {
					arrived <- struct{}{}
					return mongotest.DropRequest
				}
				return mongotest.Pass
			})
			victim, _ := writer(t, proxy.URI())
			<-arrived
			if err := victim.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = victim.Wait()

			lines, err := follower.Lines(t.Context(), 0, 10)
			if err != nil || len(lines) != 2 {
				t.Fatalf("the log: got %d lines, %v; want 2", len(lines), err)
			}
			// What the log has is to be seen at once, projected or not.
			id := news.StoryID(lines[0].Doc.Ref().ID)
			stories, err := follower.StoriesByID(t.Context(), news.Audience{}, []news.StoryID{id})
			if err != nil || stories[id] == nil || stories[id].Version != 2 {
				t.Errorf("before it is mended: got %v, %v; want version 2", stories[id], err)
			}
			page, err := follower.Stories(t.Context(), news.Audience{}, news.StoryFilter{}, news.Window{First: 5})
			if err != nil || len(page.Items) != 1 || page.At != 2 {
				t.Errorf("before it is mended: the list has %d stories at line %d, %v; want 1 at line 2", len(page.Items), page.At, err)
			}
			if who == "who opens mends" {
				// Nobody had the time to.
				if err := follower.Close(); err != nil {
					t.Fatal(err)
				}
				if _, err := db.Collection("stories").DeleteMany(t.Context(), map[string]any{}); err != nil {
					t.Fatal(err)
				}
				follower = open(t, uri)
				audit(t, db)
				return
			}
			await(t, "the follower to mend the projection", func() bool { return unprojected(t, db) == nil })
		})
	}
}

// TestKilledWriters kills writers at any moment, beside one that lives, and
// looks whether everything that was acknowledged is there, once.
func TestKilledWriters(t *testing.T) {
	kills := 12
	if testing.Short() {
		kills = 2
	}
	uri := mongotest.Database(t, mongotest.URI(t))
	db := database(t, uri)
	s := opened(t, uri)
	acknowledged := make(map[news.Ref]news.Seq)
	for n := range kills {
		victim, out := writer(t, uri)
		for first := true; out.Scan(); first = false {
			if first {
				time.AfterFunc(time.Duration(rand.Int64N(int64(40*time.Millisecond))), func() { _ = victim.Process.Kill() })
			}
			ref := news.Ref{Kind: news.KindStory}
			var seq news.Seq
			if _, err := fmt.Sscan(out.Text(), &ref.ID, &ref.Version, &seq); err != nil {
				t.Fatalf("the writer says %q", out.Text())
			}
			acknowledged[ref] = seq
		}
		_ = victim.Wait()
		entry := storetest.TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_%d", n)))
		if _, err := s.Commit(t.Context(), []news.Change{storetest.Change(entry, nil)}); err != nil {
			t.Fatal(err)
		}
	}
	log := logged(t, s)
	for ref, seq := range acknowledged {
		if log[ref].Seq != seq {
			t.Errorf("%+v was acknowledged as line %d, and is line %d", ref, seq, log[ref].Seq)
		}
	}
	await(t, "the projection to be mended", func() bool { return unprojected(t, db) == nil })
	t.Logf("%d kills, %d lines acknowledged, %d in the log", kills, len(acknowledged)+kills, len(log))
	if len(acknowledged) == 0 {
		t.Error("no line was acknowledged before a kill: the test shows nothing")
	}
}

// await waits until done.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
