package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"depeche/internal/news"
)

const (
	userAgent = "Depeche-Webhooks"
	// maxAnswer and drainWithin are what is read of an answer: nobody looks at it, but
	// whoever reads it to its end can use the connection again.
	maxAnswer   = 64 << 10
	drainWithin = time.Second
	// finishWithin is what a request that is under way gets when the turn ends, so
	// that an ordinary end of the server makes nothing come twice.
	finishWithin = 2 * time.Second
	// Between attempts: firstWait, doubled each time up to maxWait, a fifth more or
	// less, so that what failed together does not come back together.
	firstWait = time.Second
	maxWait   = time.Hour
)

// A failure is an attempt that was not acknowledged.
type failure struct {
	why  string        // for administrators: about the receiver, nothing about the inside
	wait time.Duration // as the receiver asks for; at most maxWait
	gone bool          // the receiver wants nothing any more
}

// post sends one event; nil when it was acknowledged.
func (d *Deliverer) post(ctx context.Context, hook *news.Webhook, id string, body []byte) *failure {
	attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.timeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		defer cancel()
		finish := time.NewTimer(finishWithin)
		defer finish.Stop()
		select {
		case <-finish.C:
		case <-attempt.Done():
		}
	})()
	request, err := http.NewRequestWithContext(attempt, http.MethodPost, string(hook.URL), bytes.NewReader(body))
	if err != nil {
		return &failure{why: "the address can't be used"}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	sign(request.Header, hook.Secret, id, d.now(), body)
	response, err := d.client.Do(request)
	if err != nil {
		return &failure{why: whyNoAnswer(err)}
	}
	defer response.Body.Close()
	defer drain(response.Body, cancel)
	return d.judge(response)
}

// judge tells what an answer means.
func (d *Deliverer) judge(response *http.Response) *failure {
	code := response.StatusCode
	switch {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusGone:
		return &failure{why: "the receiver wants nothing any more: it answered 410", gone: true}
	case code >= 300 && code < 400:
		return &failure{why: fmt.Sprintf("the receiver answered %d, and redirects are not followed", code)}
	}
	failed := &failure{why: fmt.Sprintf("the receiver answered %d", code)}
	if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
		failed.wait = retryAfter(response.Header.Get("Retry-After"), d.now())
	}
	return failed
}

// drain reads what is left of an answer, within bounds.
func drain(body io.Reader, cancel context.CancelFunc) {
	defer time.AfterFunc(drainWithin, cancel).Stop()
	_, _ = io.CopyN(io.Discard, body, maxAnswer) // whatever it says, it has been judged
}

// refuseRedirect keeps the client where it was sent: who redirects could send it
// anywhere.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// whyNoAnswer says of an error what an administrator can act on.
func whyNoAnswer(err error) string {
	var (
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		timeout     net.Error
	)
	switch {
	case errors.Is(err, errNotPublic):
		return "the address is not public"
	case errors.As(err, &certificate):
		return "the certificate of the receiver is not valid for the address"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "the receiver does not speak TLS"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer came in time"
	case errors.As(err, &name):
		return "the name of the receiver is not known"
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return "the receiver can't be connected to"
	}
	return "the connection broke off before there was an answer"
}

// backOff is how long to wait after so many failures in a row.
func backOff(failures int) time.Duration {
	wait := firstWait
	for n := 1; n < failures && wait < maxWait; n++ {
		wait *= 2
	}
	wait = min(wait, maxWait)
	fifth := int64(wait) / 5
	return wait - time.Duration(fifth) + time.Duration(rand.Int64N(2*fifth))
}

// retryAfter reads how long a receiver asks to be left alone (RFC 9110, section
// 10.2.3): seconds or a date. It is 0 for what can't be read, and at most maxWait.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(maxWait/time.Second))) * time.Second
	} else if errors.Is(err, strconv.ErrRange) {
		return maxWait
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(at.Sub(now), 0), maxWait)
	}
	return 0
}
