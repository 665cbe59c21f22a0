package event

import (
	"io"
	"net/http"
)

// Publish takes events by POST and answers when publish has returned.
func Publish(publish func(headline, body string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		posted, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		publish(Split(string(posted)))
		w.Header().Set("Content-Length", "0")
	})
}
