package desk

import (
	"strings"

	"depeche/internal/news"
)

// notPrivate keeps callers from ids such as that of the lock of a story, which would
// never be locked then.
func (r *rulebook) notPrivate(id string) {
	for _, kind := range news.PrivateKinds() {
		if prefix := kind.IDPrefix(); strings.HasPrefix(id, prefix) {
			r.refuse("id", "must not begin with %s", prefix)
		}
	}
}
