package config_test

import (
	"slices"
	"strings"
	"testing"

	"depeche/internal/config"
)

func TestReader(t *testing.T) {
	c := config.Default()
	if !c.Reader || c.SiteName != "Dépêche" || c.PublicURL != "" || !slices.Equal(c.ImageSources, []string{"https:"}) {
		t.Errorf("by default: got %+v", c)
	}
	c, err := config.Parse(
		[]string{"--reader=false", "--site-name", "Le Courrier", "--public-url=https://news.example:8443/"},
		[]string{"DEPECHE_IMAGE_SOURCES=https://images.example, https://*.cdn.example"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Reader || c.SiteName != "Le Courrier" || c.PublicURL != "https://news.example:8443" ||
		!slices.Equal(c.ImageSources, []string{"https://images.example", "https://*.cdn.example"}) {
		t.Errorf("got %+v", c)
	}
	if c, err := config.Parse([]string{"--image-sources=none"}, nil); err != nil || len(c.ImageSources) != 0 {
		t.Errorf("got %q and %v, want no sources", c.ImageSources, err)
	}
}

func TestReaderRefused(t *testing.T) {
	for _, row := range []struct{ given, says string }{
		{"--reader=perhaps", "--reader must be true or false"},
		{"--site-name= ", "--site-name must have 1 to 60 characters"},
		{"--site-name=a\nb", "--site-name must have"},
		{"--site-name=" + strings.Repeat("é", 61), "--site-name must have"},
		{"--public-url=news.example", "--public-url must be scheme and host"},
		{"--public-url=https://news.example/paper", "--public-url must be"},
		{"--public-url=https://me@news.example", "--public-url must be"},
		{"--public-url=https://news.example?", "--public-url must be"},
		{"--public-url=ftp://news.example", "--public-url must be"},
		{"--image-sources=*", "--image-sources must be origins"},
		{"--image-sources=images.example", "--image-sources must be"},
		{"--image-sources=https://a.example;script-src", "--image-sources must be"},
		{"--image-sources=https://a.example 'unsafe-inline'", "--image-sources must be"},
		{"--image-sources=https:,none", "--image-sources must be"},
	} {
		if _, err := config.Parse([]string{row.given}, nil); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%q: got %v, want %s", row.given, err, row.says)
		}
	}
}
