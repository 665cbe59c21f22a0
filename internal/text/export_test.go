package text

// Sanitise is the last thing that Render does to its HTML.
func (m *Markdown) Sanitise(html string) string { return plainQuotes(m.policy.Sanitize(html)) }
