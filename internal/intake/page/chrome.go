package page

import (
	"strings"
	"unicode"

	"depeche/internal/text"
)

// maxChrome is the length in bytes up to which a line can be furniture. Folding
// a page pasted without line breaks to compare it would be work for nothing.
const maxChrome = 1000

// knownChrome are lines of news sites that never are a headline or a paragraph.
func knownChrome() []string {
	lines := []string{
		"Fil info", "Le fil info", "Fil d’actualité", "L’actu en continu", "L’info en continu", "Dernières infos",
		"Les dernières infos", "Dernières nouvelles", "En direct", "Direct", "Latest news", "Breaking news", "Live",
		"Publicité", "Partager", "Partager cet article", "Imprimer", "Commenter", "Lire la suite", "Lire plus",
		"Lire aussi", "À lire aussi", "Voir plus", "Voir tout", "Afficher plus", "Charger plus", "Haut de page",
		"Retour en haut", "Abonnez-vous", "Abonnez-vous à notre newsletter", "Inscrivez-vous à notre newsletter",
		"Advertisement", "Share this article", "Read more", "Load more", "Back to top", "Subscribe to our newsletter",
	}
	for _, site := range []string{
		"Facebook", "Twitter", "X", "Instagram", "YouTube", "WhatsApp", "Telegram", "TikTok", "LinkedIn", "Bluesky",
		"Mastodon", "Threads", "Google News", "Google Actualités",
	} {
		lines = append(lines, "Suivez-nous sur "+site, "Follow us on "+site, "Partager sur "+site)
	}
	return lines
}

func chromeKeys(more []string) map[string]bool {
	keys := make(map[string]bool)
	for _, lines := range [][]string{knownChrome(), more} {
		for _, l := range lines {
			if key := chromeKey(l); key != "" {
				keys[key] = true
			}
		}
	}
	return keys
}

// chromeKey is the fold of a line without the punctuation and signs around it.
func chromeKey(s string) string {
	return strings.TrimFunc(text.Fold(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r)
	})
}

// kind is a kind of page furniture.
type kind int

const (
	none  kind = iota
	rule       // divides, or shows nothing: it may stand between two entries
	named      // one of the known lines: it ends the ticker
)

// furniture notes l if it is page furniture.
func (r *reader) furniture(l line) kind {
	var k kind
	switch {
	case isRule(l.raw):
		k = rule
	case len(l.raw) <= maxChrome && r.chrome[chromeKey(l.raw)]:
		k = named
	default:
		return none
	}
	r.out.Chrome = append(r.out.Chrome, l.number)
	return k
}

// isRule reports whether a line only divides: dashes, stars, dots and the like,
// or nothing that can be seen. One with broken characters isn't a rule, so that
// it is reported.
func isRule(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !text.Invisible(r) && !isDash(r) && !strings.ContainsRune("_=~.…|+#", r)
	}) {
		return false
	}
	_, err := tidy(s)
	return err == nil
}
