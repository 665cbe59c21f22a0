package webhook_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"depeche/internal/webhook"
)

// The vector that the libraries of Standard Webhooks are tested with.
const (
	vectorSecret    = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func vector(t testing.TB) (secret []byte, at time.Time) {
	t.Helper()
	secret, err := base64.StdEncoding.DecodeString(vectorSecret)
	if err != nil {
		t.Fatal(err)
	}
	return secret, time.Unix(1614265330, 0)
}

func TestSignatureIsThatOfStandardWebhooks(t *testing.T) {
	secret, at := vector(t)
	h := http.Header{}
	webhook.Sign(h, secret, vectorID, at, []byte(vectorBody))
	if got := h.Get("webhook-signature"); got != vectorSignature {
		t.Errorf("the signature is %s, want %s", got, vectorSignature)
	}
	if id, timestamp := h.Get("webhook-id"), h.Get("webhook-timestamp"); id != vectorID || timestamp != "1614265330" {
		t.Errorf("the headers say %s and %s", id, timestamp)
	}
}

func TestVerify(t *testing.T) {
	secret, at := vector(t)
	const window = 5 * time.Minute
	tests := []struct {
		name   string
		change func(http.Header)
		secret []byte
		body   string
		now    time.Time
		want   error
	}{
		{name: "as it was sent"},
		{name: "at the end of the window", now: at.Add(window)},
		{name: "behind the window", now: at.Add(window + time.Second), want: webhook.ErrTimestamp},
		{name: "by a clock that is behind", now: at.Add(-window)},
		{name: "ahead of the window", now: at.Add(-window - time.Second), want: webhook.ErrTimestamp},
		{name: "another body", body: `{"test": 2432232315}`, want: webhook.ErrSignature},
		{name: "another secret", secret: []byte("another"), want: webhook.ErrSignature},
		{name: "no secret", secret: []byte{}, want: webhook.ErrSignature},
		{name: "another id", change: set("webhook-id", "msg_1"), want: webhook.ErrSignature},
		{name: "no id", change: set("webhook-id", ""), want: webhook.ErrSignature},
		{name: "another timestamp", change: set("webhook-timestamp", "1614265331"), want: webhook.ErrSignature},
		{name: "a timestamp that is no number", change: set("webhook-timestamp", "1614265330.0"), want: webhook.ErrTimestamp},
		{name: "a timestamp beyond all time", change: set("webhook-timestamp", "9223372036854775807"), want: webhook.ErrTimestamp},
		{name: "a timestamp before all time", change: set("webhook-timestamp", "-9223372036854775808"), want: webhook.ErrTimestamp},
		{name: "one of several signatures", change: set("webhook-signature", "v1a,c2ln v1,AAAA v1,%% "+vectorSignature)},
		{name: "a signature of another scheme", change: set("webhook-signature", "v2,"+vectorSignature[3:]), want: webhook.ErrSignature},
		{name: "a signature that is cut off", change: set("webhook-signature", vectorSignature[:20]), want: webhook.ErrSignature},
		{name: "no signature", change: set("webhook-signature", ""), want: webhook.ErrSignature},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{}
			key, body, now := secret, vectorBody, at
			webhook.Sign(h, secret, vectorID, at, []byte(vectorBody))
			if test.change != nil {
				test.change(h)
			}
			if test.secret != nil {
				key = test.secret
			}
			if test.body != "" {
				body = test.body
			}
			if !test.now.IsZero() {
				now = test.now
			}
			if got := webhook.Verify(key, h, []byte(body), now, window); !errors.Is(got, test.want) {
				t.Errorf("Verify answers %v, want %v", got, test.want)
			}
		})
	}
}

func TestNothingIsSignedWithoutASecret(t *testing.T) {
	_, at := vector(t)
	h := http.Header{}
	webhook.Sign(h, nil, vectorID, at, []byte(vectorBody)) // as anybody can
	if err := webhook.Verify(nil, h, []byte(vectorBody), at, time.Minute); !errors.Is(err, webhook.ErrSignature) {
		t.Errorf("Verify answers %v, want %v", err, webhook.ErrSignature)
	}
}

func set(name, value string) func(http.Header) {
	return func(h http.Header) { h.Set(name, value) }
}

func FuzzVerify(f *testing.F) {
	f.Add(vectorID, "1614265330", vectorSignature, vectorBody)
	f.Add("", "", "", "")
	f.Add("a.b", "1", "v1, v1,==", "{}")
	f.Add("id", "-1", "v1,\x00", "\xff")
	f.Fuzz(func(t *testing.T, id, timestamp, signature, body string) {
		secret, at := vector(t)
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signature}}
		if webhook.Verify(secret, h, []byte(body), at, time.Minute) != nil {
			return
		}
		seconds, err := strconv.ParseInt(timestamp, 10, 64)
		if err != nil {
			t.Fatalf("the timestamp %q was taken", timestamp)
		}
		signed := http.Header{}
		webhook.Sign(signed, secret, id, time.Unix(seconds, 0), []byte(body))
		if seconds < at.Unix()-60 || seconds > at.Unix()+60 {
			t.Errorf("%q was taken at %v", timestamp, at)
		}
		if id+body != vectorID+vectorBody { // who finds another has broken HMAC
			t.Errorf("%q was taken for %q", signature, id)
		}
	})
}
