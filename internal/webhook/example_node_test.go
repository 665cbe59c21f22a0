package webhook_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/webhook"
)

// TestExampleOfAReceiver runs the receiver of docs/webhooks.md.
func TestExampleOfAReceiver(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no Node to run the example")
	}
	secret := []byte("32 bytes, as a secret should have")
	program := filepath.Join(t.TempDir(), "receiver.mjs")
	if err := os.WriteFile(program, []byte(block(t, "js")), 0o600); err != nil {
		t.Fatal(err)
	}
	example := exec.CommandContext(t.Context(), node, program)
	example.Env = append(os.Environ(), "PORT=0", "WEBHOOK_SECRET=whsec_"+base64.StdEncoding.EncodeToString(secret))
	example.Stderr = os.Stderr
	stdout, err := example.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := example.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = example.Process.Kill()
		_ = example.Wait() // it ends by the signal
	}()
	said := bufio.NewScanner(stdout)
	says := func() string {
		if !said.Scan() {
			t.Fatalf("the example has ended: %v", said.Err())
		}
		return said.Text()
	}
	port, ok := strings.CutPrefix(says(), "listening on ")
	if !ok {
		t.Fatal("the example does not say where it listens")
	}
	address := "http://127.0.0.1:" + port

	s := newScene()
	hook := s.hook("hook")
	hook.URL, hook.Secret = news.URL(address), secret
	n := run(t, webhook.New(s, s, webhook.Options{Mark: mark, AllowPrivate: true}), s)
	defer n.stop()
	for i, text := range []string{"one", "two", "three"} {
		s.publish(text)
		if got, want := says(), fmt.Sprintf("story.published story_%s epoch-%d", text, i+1); got != want {
			t.Errorf("the example says %q, want %q", got, want)
		}
	}

	post := func(id string, at time.Time, secret []byte, body string) int {
		request, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		webhook.Sign(request.Header, secret, id, at, []byte(body))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	const body = `{"type":"story.updated","cursor":"c","data":{"id":"story_four"}}`
	tests := []struct {
		name   string
		id     string
		at     time.Time
		secret []byte
		body   string
		want   int
	}{
		{"genuine", "msg_1", time.Now(), secret, body, http.StatusNoContent},
		{"again", "msg_1", time.Now(), secret, body, http.StatusNoContent},
		{"another secret", "msg_2", time.Now(), []byte("another"), body, http.StatusUnauthorized},
		{"played again later", "msg_2", time.Now().Add(-6 * time.Minute), secret, body, http.StatusUnauthorized},
		{"of the future", "msg_2", time.Now().Add(6 * time.Minute), secret, body, http.StatusUnauthorized},
		{"too long", "msg_2", time.Now(), secret, string(bytes.Repeat([]byte(" "), 2<<20)), http.StatusRequestEntityTooLarge},
	}
	for _, test := range tests {
		if got := post(test.id, test.at, test.secret, test.body); got != test.want {
			t.Errorf("%s: the example answers %d, want %d", test.name, got, test.want)
		}
	}
	if got, want := says(), "story.updated story_four c"; got != want {
		t.Errorf("the example says %q, want %q", got, want)
	}
}
