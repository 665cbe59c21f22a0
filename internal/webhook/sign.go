package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"depeche/internal/news"
)

// The headers of a delivery, after Standard Webhooks 1.0.0
// (https://github.com/standard-webhooks/standard-webhooks).
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"

	scheme = "v1," // HMAC-SHA-256
)

// What Verify answers.
var (
	// ErrSignature: nobody who knows the secret has signed this.
	ErrSignature = errors.New("the signature is not good")
	// ErrTimestamp: it was signed too long ago, or ahead of the clock.
	ErrTimestamp = errors.New("the timestamp is out of bounds")
)

// messageID names an event to a webhook: the same whenever it is sent. The instant
// is in it because lines may be written anew where a backup is restored.
func messageID(hook news.WebhookID, l news.Line) string {
	return fmt.Sprintf("%s_%d_%d", hook, l.Seq, l.At.UnixMilli())
}

// sign sets the headers of a delivery that is sent at an instant.
func sign(h http.Header, secret []byte, id string, at time.Time, body []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	h.Set(headerID, id)
	h.Set(headerTimestamp, timestamp)
	h.Set(headerSignature, scheme+base64.StdEncoding.EncodeToString(mac(secret, id, timestamp, body)))
}

func mac(secret []byte, id, timestamp string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(id + "." + timestamp + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Verify is what a receiver does: it tells whether a delivery with these headers and
// this body, byte by byte as it came, was signed with secret no further from now than
// tolerance, for which Standard Webhooks implementations take five minutes. Whoever
// sees to it that no id of that time is taken twice can't be played a delivery
// again. Errors: ErrSignature, ErrTimestamp.
func Verify(secret []byte, header http.Header, body []byte, now time.Time, tolerance time.Duration) error {
	id, timestamp := header.Get(headerID), header.Get(headerTimestamp)
	if len(secret) == 0 || id == "" {
		return ErrSignature
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return fmt.Errorf("read the timestamp: %w", ErrTimestamp)
	}
	if away := now.Sub(time.Unix(seconds, 0)).Abs(); away > tolerance {
		return ErrTimestamp
	}
	want := mac(secret, id, timestamp, body)
	for signature := range strings.FieldsSeq(header.Get(headerSignature)) {
		encoded, ok := strings.CutPrefix(signature, scheme)
		if !ok {
			continue // of a scheme that is not known here
		}
		if got, err := base64.StdEncoding.DecodeString(encoded); err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return ErrSignature
}
