package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// How often the log is looked at. With a change stream the look is there for
// what a stream may miss, without one it is what brings the news.
const (
	pollWithStream = time.Second
	pollAlone      = 200 * time.Millisecond
	anchorEvery    = time.Second
)

// follow keeps the tail up to date and mends what other processes have left
// unprojected, until ctx ends.
func (s *Store) follow(ctx context.Context) {
	alone, announced := pollAlone, pollWithStream
	if s.poll > 0 {
		alone, announced = s.poll, s.poll
	}
	ticker := time.NewTicker(alone)
	defer ticker.Stop()
	var anchored time.Time
	failing := false
	for {
		looked := time.Now()
		anchor := looked.Sub(anchored) >= anchorEvery
		if anchor {
			anchored = looked
		}
		switch err := s.look(ctx, anchor); {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errDamaged) && errors.Is(s.look(ctx, true), errDamaged):
			// Seen twice, lest a server was asked that had been cut off.
			s.logger.ErrorContext(ctx, "the log can't be followed any further", "op", "follow", "error", err)
			s.contact.giveUp(err)
			return
		case err != nil && !failing:
			s.logger.WarnContext(ctx, "the log can't be followed; trying again", "op", "follow", "error", err)
			failing = true
		case err == nil && failing:
			s.logger.InfoContext(ctx, "the log is followed again", "op", "follow", "line", int64(s.tail.end().seq))
			failing = false
		}
		for due := false; !due; {
			select {
			case <-ctx.Done():
				return
			case <-s.nudge:
				due = true
			case now := <-ticker.C:
				// Without a stream there is nothing else that tells of lines.
				due = !s.streaming.Load() || now.Sub(looked) >= announced
			}
		}
	}
}

// look looks once. It is patient also when no server can be reached, so that
// the driver looks for one all the time.
func (s *Store) look(ctx context.Context, anchor bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.causally(ctx, func(ctx context.Context) error {
		if anchor {
			if err := s.anchor(ctx); err != nil {
				return err
			}
		}
		if err := s.catchUp(ctx); err != nil {
			return err
		}
		if s.readOnly {
			return nil
		}
		return s.mend(ctx, time.Now())
	})
}

// anchor looks whether the newest line that is known is still there: a backup
// that is put back under a running process takes lines away, and what would be
// written behind them would stand behind a hole.
func (s *Store) anchor(ctx context.Context) error {
	end := s.tail.end()
	if end.entry == nil {
		return nil
	}
	var line struct {
		Write string `bson:"write"`
	}
	err := s.log().FindOne(ctx, bson.D{{Key: "_id", Value: int64(end.seq)}},
		options.FindOne().SetProjection(bson.D{{Key: "write", Value: 1}})).Decode(&line)
	if err != nil && !errors.Is(err, driver.ErrNoDocuments) {
		return err
	}
	if line.Write != end.write {
		return fmt.Errorf("%w: line %d of the log is not there any more; has a backup been restored? Restart depeche", errDamaged, end.seq)
	}
	return nil
}

// wakeUp makes follow look at once.
func (s *Store) wakeUp() {
	select {
	case s.nudge <- struct{}{}:
	default:
	}
}

// How long it takes until a change stream that ended is opened again: the pause
// doubles up to the longest.
const (
	shortestPause = 100 * time.Millisecond
	longestPause  = 10 * time.Second
)

// stream keeps a change stream on the log open, until ctx ends. It only wakes.
func (s *Store) stream(ctx context.Context) {
	var token bson.Raw
	pause := shortestPause
	ailing := false // it is known that there is none
	for {
		events, err := s.streamOnce(ctx, &token, ailing)
		if ctx.Err() != nil {
			return
		}
		if events > 0 {
			pause, ailing = shortestPause, false
		}
		if !ailing {
			s.logger.WarnContext(ctx, "the change stream of the log has ended; polling until it is open again",
				"op", "stream", "error", err)
			ailing = true
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		pause = min(2*pause, longestPause)
	}
}

var errInvalidated = errors.New("the stream was invalidated: the log was dropped or renamed")

// streamOnce opens a stream behind token, and wakes until it ends. It keeps
// token up to date and forgets it when the server does not know it any more. It
// returns the number of events.
func (s *Store) streamOnce(ctx context.Context, token *bson.Raw, again bool) (n int, err error) {
	o := options.ChangeStream()
	if *token != nil {
		o.SetResumeAfter(*token)
	}
	// Nothing but the fact is of interest: the line itself is read from the log.
	narrow := driver.Pipeline{{{Key: "$project", Value: bson.D{{Key: "documentKey", Value: 1}}}}}
	events, err := s.log().Watch(ctx, narrow, o)
	if err != nil {
		if isLost(err) {
			*token = nil
		}
		return 0, err
	}
	s.streaming.Store(true)
	defer func() {
		s.streaming.Store(false)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectWithin)
		defer cancel()
		_ = events.Close(ctx) // it has ended; err says why
	}()
	if !again {
		s.logger.InfoContext(ctx, "a change stream announces the lines of the log", "op", "stream")
	}
	s.wakeUp() // what came while there was none
	for ; events.Next(ctx); n++ {
		if again {
			s.logger.InfoContext(ctx, "a change stream announces the lines of the log again", "op", "stream")
			again = false
		}
		*token = events.ResumeToken()
		s.wakeUp()
	}
	*token = events.ResumeToken()
	err = events.Err()
	if err == nil {
		err = errInvalidated
	}
	if isLost(err) {
		*token = nil
	}
	return n, err
}

// isLost tells whether a stream can't be resumed where it ended: MongoDB's codes
// for an invalid token, a fatal error of the stream and a history that is too
// short.
func isLost(err error) bool {
	if errors.Is(err, errInvalidated) {
		return true
	}
	var answer driver.ServerError
	if errors.As(err, &answer) && answer.HasErrorLabel("NonResumableChangeStreamError") {
		return true
	}
	return hasCode(err, 260, 280, 286)
}
