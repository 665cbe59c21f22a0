package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"depeche/internal/news"
)

// unavailable are the codes by which a server says that it can't do now what it
// may do later, by the names of MongoDB's error_codes.yml.
var unavailable = []int{
	0,            // not the server's: the driver has lost the connection
	6,            // HostUnreachable
	7,            // HostNotFound
	unauthorized, // rights can be given back
	authenticationFailed,
	43,    // CursorNotFound
	50,    // MaxTimeMSExpired
	63,    // StaleShardVersion
	64,    // WriteConcernTimeout
	89,    // NetworkTimeout
	91,    // ShutdownInProgress
	100,   // UnsatisfiableWriteConcern
	112,   // WriteConflict
	133,   // FailedToSatisfyReadPreference
	134,   // ReadConcernMajorityNotAvailableYet
	175,   // QueryPlanKilled
	189,   // PrimarySteppedDown
	202,   // NetworkInterfaceExceededTimeLimit
	234,   // RetryChangeStream
	237,   // CursorKilled
	246,   // SnapshotUnavailable
	262,   // ExceededTimeLimit
	365,   // TemporarilyUnavailable
	462,   // IngressRequestRateLimitExceeded
	9001,  // SocketException
	10107, // NotWritablePrimary
	11600, // InterruptedAtShutdown
	11601, // Interrupted
	11602, // InterruptedDueToReplStateChange
	13388, // StaleConfig
	13435, // NotPrimaryNoSecondaryOk
	13436, // NotPrimaryOrSecondary
	14031, // OutOfDiskSpace
}

// translate puts the driver's errors into the words of the domain. within is
// the context that the call had, made of the caller's ctx: an error that came
// from the end of ctx becomes ctx's.
func translate(ctx, within context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, news.ErrUnavailable):
		return err
	case ctx.Err() != nil && isEnd(err):
		return ctx.Err()
	case driver.IsTimeout(err) && sameDeadline(ctx, within):
		// The server and the driver know of the deadline, and may be faster to
		// notice that it can't be met.
		return context.DeadlineExceeded
	case within.Err() != nil && isEnd(err):
		// It was impatience or an outage, which are no deadline of the caller's.
		return fmt.Errorf("%w (%w)", context.Cause(within), textError(err.Error()))
	case isTransient(err):
		return fmt.Errorf("%w: %w", news.ErrUnavailable, textError(err.Error()))
	}
	return err
}

// sameDeadline tells whether within has to end because ctx has to.
func sameDeadline(ctx, within context.Context) bool {
	deadline, ok := ctx.Deadline()
	own, _ := within.Deadline()
	return ok && own.Equal(deadline)
}

// isEnd tells whether err may come from the end of a context.
func isEnd(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		driver.IsTimeout(err) || isTransient(err)
}

// isTransient tells whether the same command may succeed later: the server says
// so, or could not be asked.
func isTransient(err error) bool {
	var labeled driver.LabeledError
	if errors.As(err, &labeled) && slices.ContainsFunc(transient(), labeled.HasErrorLabel) {
		return true
	}
	if errors.As(err, new(driver.ServerError)) {
		return hasCode(err, unavailable...)
	}
	return !isOfDomain(err) && !errors.As(err, new(driver.MarshalError)) && !errors.As(err, new(*bson.DecodeError))
}

// transient are the labels that a server or the driver gives to errors which
// depend on the time.
func transient() []string {
	return []string{"NetworkError", "RetryableWriteError", "RetryableError", "SystemOverloadedError"}
}

// hasCode tells whether err is a server's, with one of the codes.
func hasCode(err error, codes ...int) bool {
	var answer driver.ServerError
	return errors.As(err, &answer) && slices.ContainsFunc(answer.ErrorCodes(), func(code int) bool { return slices.Contains(codes, code) })
}

// isOfDomain tells whether err is an answer, or about what the database holds.
func isOfDomain(err error) bool {
	for _, answer := range []error{
		news.ErrNotFound, news.ErrConflict, news.ErrTaken, news.ErrTooComplex, errDamaged,
	} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
}

// errDamaged tells that the database holds what depeche never writes.
var errDamaged = errors.New("the database is damaged")

// textError keeps the words of an error and nothing else: that a driver's
// timeout is a context.DeadlineExceeded must not pass for the caller's.
type textError string

func (e textError) Error() string { return string(e) }
