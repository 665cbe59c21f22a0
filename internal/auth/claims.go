package auth

import (
	"slices"
	"strings"
	"unicode"

	"depeche/internal/news"
)

// claimAt finds the claim of a name. Where there is none, a dot in the name leads into
// an object, whose names may have dots themselves.
func claimAt(claims map[string]any, name string) (claim any, ok bool) {
	if claim, ok := claims[name]; ok {
		return claim, true
	}
	for i := range len(name) {
		if name[i] != '.' {
			continue
		}
		if within, isObject := claims[name[:i]].(map[string]any); isObject {
			if claim, ok := claimAt(within, name[i+1:]); ok {
				return claim, true
			}
		}
	}
	return nil, false
}

// roleIn is the highest of our roles that a claim names behind a prefix, whatever the
// case: READER where it names none. A text may name several, with spaces between, as
// scopes are (RFC 8693, section 4.2); each of a list is one.
func roleIn(claims map[string]any, name, prefix string) news.Role {
	claim, _ := claimAt(claims, name)
	var named []string
	switch claim := claim.(type) {
	case string:
		named = strings.Fields(claim)
	case []any:
		for _, one := range claim {
			if text, ok := one.(string); ok {
				named = append(named, text)
			}
		}
	}
	for _, role := range slices.Backward(news.Roles()) {
		if slices.ContainsFunc(named, func(s string) bool { return strings.EqualFold(s, prefix+string(role)) }) {
			return role
		}
	}
	return news.Reader
}

// maxName is how long the name of somebody may be, in bytes: what holds a Lease may be
// no longer.
const maxName = news.MaxLeaseKey

// nameIn is the name of who a token speaks of, by the claim that has it, or else by
// the first of the usual ones that does; empty where there is none.
func nameIn(claims map[string]any, name string) string {
	if name != "" {
		claim, _ := claimAt(claims, name)
		return plainName(claim)
	}
	for _, usual := range []string{"preferred_username", "email", "sub"} {
		// Anybody may say that somebody else's address is theirs.
		if usual == "email" && claims["email_verified"] != true {
			continue
		}
		if name := plainName(claims[usual]); name != "" {
			return name
		}
	}
	return ""
}

// plainName is a claim as a name; empty where it can't be one.
func plainName(claim any) string {
	text, _ := claim.(string)
	text = strings.TrimSpace(text)
	if len(text) > maxName || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	return text
}
