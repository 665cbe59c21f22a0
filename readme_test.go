package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeOperations runs what the README tells people to paste.
func TestReadmeOperations(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	operations := regexp.MustCompile("(?s)```graphql\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(operations) < 4 {
		t.Fatalf("the README has %d operations, want 4 or more", len(operations))
	}
	r := start(t, "--demo")
	for _, m := range operations {
		if strings.HasPrefix(m[1], "subscription") {
			r.subscribe(m[1], nil)(new(any))
			continue
		}
		if code := r.ask(m[1], nil, new(any)); code != "" {
			t.Errorf("%s is answered %s", m[1], code)
		}
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}
