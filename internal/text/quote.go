package text

import (
	"fmt"
	"strings"
)

// Quote quotes what somebody sent for an error: enough to find it, cut so that
// the error does not grow with it.
func Quote(s string) string {
	const most = 60
	if runes := []rune(strings.ToValidUTF8(s, "\uFFFD")); len(runes) > most {
		return fmt.Sprintf("%q…", string(runes[:most]))
	}
	return fmt.Sprintf("%q", s)
}
