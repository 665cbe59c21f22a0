package webhook

// What is tested by itself.
var (
	Public     = public
	RetryAfter = retryAfter
	Sign       = sign
)
