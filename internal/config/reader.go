package config

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestName is that of a newspaper, in characters.
const longestName = 60

// reader are the settings of the reader page.
func (c *Config) reader() []Setting {
	reader := Switch("reader", "Whether / is a newspaper to read. With --reader=false it leads to the playground.", &c.Reader)
	reader.Env, reader.Default = "DEPECHE_READER", "true"
	return []Setting{
		reader,
		{Flag: "site-name", Env: "DEPECHE_SITE_NAME", Value: "NAME", Default: "Dépêche",
			About: "The name of the newspaper, as the reader page shows it.",
			Set:   func(s string) error { c.SiteName = s; return siteName(s) }},
		{Flag: "public-url", Env: "DEPECHE_PUBLIC_URL", Value: "URL",
			About: "Where readers find the reader page, such as https://news.example: what search engines and link previews are told.\n" +
				"Wherever a request came to when it is left out.",
			Set: func(s string) (err error) { c.PublicURL, err = publicURL(s); return err }},
		{Flag: "image-sources", Env: "DEPECHE_IMAGE_SOURCES", Value: "SOURCES", Default: "https:",
			About: "From where, beside the server itself, pictures may be loaded into the reader page: origins, https:, or none,\n" +
				"separated by commas.",
			Set: func(s string) (err error) { c.ImageSources, err = imageSources(s); return err }},
	}
}

func siteName(s string) error {
	if strings.TrimSpace(s) == "" || utf8.RuneCountInString(s) > longestName || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("must have 1 to %d characters in one line, not %q", longestName, s)
	}
	return nil
}

// publicURL reads an origin.
func publicURL(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(s, "?#") {
		return "", fmt.Errorf("must be scheme and host such as https://news.example, not %q", s)
	}
	return u.Scheme + "://" + u.Host, nil
}

// imageSources reads sources of a Content-Security-Policy (CSP 3, section 2.3.1), so
// that none of them can end its directive.
func imageSources(list string) ([]string, error) {
	if list == "none" {
		return nil, nil
	}
	var sources []string
	for source := range strings.SplitSeq(list, ",") {
		source = strings.TrimSpace(source)
		if source != "https:" && (source == "*" || checkOrigin(source) != nil || strings.ContainsAny(source, " ;'\"")) {
			return nil, fmt.Errorf("must be origins such as https://images.example or https://*.images.example, https:, or none, not %q", source)
		}
		sources = append(sources, source)
	}
	return sources, nil
}
