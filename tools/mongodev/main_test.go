package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

const childEnv = "MONGODEV_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// A process is a mongodev.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	uri    string
	temp   string // where it may make its temporary folder
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr *bytes.Buffer
}

// start starts a mongodev and waits for its line.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := launch(t, args...)
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		_ = p.cmd.Wait()
		t.Fatalf("no line: %v: %s", err, p.stderr)
	}
	p.uri = strings.TrimSuffix(line, "\n")
	return p
}

func launch(t *testing.T, args ...string) *process {
	t.Helper()
	// t.TempDir is too long a name for a socket inside.
	temp, err := os.MkdirTemp("", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(program, args...), temp: temp, stderr: new(bytes.Buffer)}
	p.cmd.Env = append(os.Environ(), childEnv+"=1", "TMPDIR="+temp)
	p.cmd.Stderr = p.stderr
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// ends waits for the end of the process, which must be a clean one.
func (p *process) ends() {
	p.t.Helper()
	kill := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	rest, err := io.ReadAll(p.stdout)
	if err := errors.Join(err, p.cmd.Wait()); err != nil || len(rest) > 0 {
		p.t.Errorf("it ends with %v and %q: %s", err, rest, p.stderr)
	}
	if p.stderr.Len() > 0 {
		p.t.Errorf("it complains: %s", p.stderr)
	}
	left, err := os.ReadDir(p.temp)
	if err != nil || len(left) > 0 {
		p.t.Errorf("it leaves %v, %v", left, err)
	}
}

func (p *process) client() *mongo.Client {
	p.t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(p.uri))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel() // else it tells the server, and seeks one that is gone for half a minute
		_ = client.Disconnect(ended)
	})
	return client
}

func TestManyClients(t *testing.T) {
	p := start(t, "--until-stdin-ends")
	var wg sync.WaitGroup
	for n := range 8 {
		client := p.client()
		wg.Go(func() {
			if err := client.Ping(t.Context(), nil); err != nil {
				t.Errorf("ping: %v", err)
			}
			_, err := client.Database("lab").Collection("things").InsertOne(t.Context(), bson.D{{Key: "_id", Value: n}})
			if err != nil {
				t.Errorf("insert %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	count, err := p.client().Database("lab").Collection("things").CountDocuments(t.Context(), bson.D{})
	if err != nil || count != 8 {
		t.Errorf("got %d, %v, want 8 things", count, err)
	}
}

// TestUpdatesAreAtomic has clients replace a document unless it is newer, all
// at once. Of FerretDB alone, the last one wins.
func TestUpdatesAreAtomic(t *testing.T) {
	p := start(t)
	const clients, rounds = 8, 20
	versions := make([]chan int, clients)
	var round, all sync.WaitGroup
	for n := range versions {
		versions[n] = make(chan int)
		things := p.client().Database("lab").Collection("things")
		all.Go(func() {
			for version := range versions[n] {
				filter := bson.D{{Key: "_id", Value: "a"}, {Key: "version", Value: bson.D{{Key: "$lt", Value: version}}}}
				document := bson.D{{Key: "_id", Value: "a"}, {Key: "version", Value: version}}
				_, err := things.ReplaceOne(t.Context(), filter, document, options.Replace().SetUpsert(true))
				if err != nil && !mongo.IsDuplicateKeyError(err) {
					t.Errorf("replace by version %d: %v", version, err)
				}
				round.Done()
			}
		})
	}
	things := p.client().Database("lab").Collection("things")
	for n := range rounds {
		round.Add(clients)
		for i := range versions {
			// The client with the highest version is another one each time.
			versions[i] <- (n+1)*clients - (i+n)%clients
		}
		round.Wait()
		var got struct{ Version int }
		if err := things.FindOne(t.Context(), bson.D{}).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if want := (n + 1) * clients; got.Version != want {
			t.Errorf("version %d is left, want %d", got.Version, want)
		}
	}
	for _, c := range versions {
		close(c)
	}
	all.Wait()
}

// TestWritesWithoutReply sees the answers in step after writes that have none.
func TestWritesWithoutReply(t *testing.T) {
	p := start(t)
	client, err := mongo.Connect(options.Client().ApplyURI(p.uri).SetMaxPoolSize(1))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(context.Background())
	quiet := options.Collection().SetWriteConcern(writeconcern.Unacknowledged())
	for n := range 3 {
		_, err := client.Database("lab").Collection("things", quiet).InsertOne(t.Context(), bson.D{{Key: "_id", Value: n}})
		if err != nil {
			t.Fatal(err)
		}
	}
	count, err := client.Database("lab").Collection("things").CountDocuments(t.Context(), bson.D{})
	if err != nil || count != 3 {
		t.Errorf("got %d, %v, want 3 things", count, err)
	}
}

func TestEndsWithStdin(t *testing.T) {
	p := start(t, "--until-stdin-ends")
	// A client that stays connected must not delay the end.
	if err := p.client().Ping(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := p.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	p.ends()
	if took := time.Since(begin); took >= 3*time.Second { // FerretDB's patience
		t.Errorf("the end takes %v", took)
	}
}

func TestEndsOnSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(fmt.Sprint(signal), func(t *testing.T) {
			p := start(t)
			if err := p.client().Ping(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if err := p.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			p.ends()
		})
	}
}

func TestKeepsDataInFolder(t *testing.T) {
	folder := t.TempDir() + "/a folder"
	p := start(t, "--data", folder)
	things := p.client().Database("lab").Collection("things")
	if _, err := things.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "kept"}}); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.ends()
	p = start(t, "--data", folder)
	things = p.client().Database("lab").Collection("things")
	if err := things.FindOne(t.Context(), bson.D{{Key: "_id", Value: "kept"}}).Err(); err != nil {
		t.Error(err)
	}
}

func TestRefusals(t *testing.T) {
	for name, args := range map[string][]string{
		"not a loopback address": {"--listen", "0.0.0.0:0"},
		"read --listen":          {"--listen", "localhost"},
		"unexpected argument":    {"what"},
		"not defined: -what":     {"--what"},
	} {
		p := launch(t, args...)
		err := p.cmd.Wait()
		if err == nil || !strings.Contains(p.stderr.String(), name) {
			t.Errorf("mongodev %q: %v, %s", args, err, p.stderr)
		}
		if left, _ := os.ReadDir(p.temp); len(left) > 0 {
			t.Errorf("mongodev %q leaves %v", args, left)
		}
	}
}

// TestStrangers sends what is no message of the protocol.
func TestStrangers(t *testing.T) {
	p := start(t)
	if resp, err := http.Get(strings.Replace(p.uri, "mongodb", "http", 1)); err == nil {
		resp.Body.Close()
		t.Error("it answers HTTP")
	}
	if err := p.client().Ping(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
