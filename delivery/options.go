package delivery

import (
	"context"
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes"
)

// Option is an option of [Process], and of the stages that call a function.
type Option interface{ set(*settings) (bad string) }

// SessionOption is an option of [Through] and of [Process].
type SessionOption interface {
	Option
	session()
}

// verdict is what becomes of an event that has failed.
type verdict int

const (
	stops verdict = iota
	deadLetters
	requeues
	skips
)

var verdictNames = [...]string{"Stop", "DeadLetter", "Requeue", "Skip"}

type settings struct {
	retries int
	backoff func(attempt int, err error) time.Duration
	when    func(error) bool
	limit   time.Duration // of a try; 0: none

	failed  verdict
	chosen  bool // failed was set
	dead    any  // a func(context.Context, Dead[T]) error
	deadOf  string
	requeue func(Info, error) time.Duration
	skipped func(Receipt)

	unordered bool
	orderBy   any // a func(Delivery[T]) string
	orderOf   string
	ahead     int // negative: the default

	journal Journal
	starts  int

	closeAfter     time.Duration
	stallAfter     time.Duration
	onStall        func(Info, int)
	maxUncommitted int
}

type (
	option        func(*settings) (bad string)
	sessionOption func(*settings) (bad string)
)

func (f option) set(s *settings) string        { return f(s) }
func (f sessionOption) set(s *settings) string { return f(s) }
func (sessionOption) session()                 {}

func settingsOf[O Option](opts []O) (s settings, bad string) {
	s = settings{ahead: -1, closeAfter: 10 * time.Second, stallAfter: time.Minute, onStall: logStall}
	for i, o := range opts {
		if Option(o) == nil {
			return s, fmt.Sprintf("option %d is nil", i+1)
		}
		if bad := o.set(&s); bad != "" {
			return s, bad
		}
	}
	return s, ""
}

// choose sets what becomes of an event that has failed.
func (s *settings) choose(v verdict) (bad string) {
	if s.chosen && s.failed != v {
		return verdictNames[v] + ": " + verdictNames[s.failed] + " was given, too"
	}
	s.chosen, s.failed = true, v
	return ""
}

// Retry calls the function again when it has failed, up to count times, after the wait
// that backoff returns; operators.Exponential and operators.Constant make such
// functions. The first attempt is 1. With [turbopipes.Infinite] as count there is no
// limit. While it waits, the key of the event waits, too. A graceful stop ends the
// wait: the event stays open, and the stream ends with its error. A count below
// Infinite, and a nil backoff, are an ErrInvalidArgument.
func Retry(count int, backoff func(attempt int, err error) time.Duration) Option {
	return option(func(s *settings) string {
		s.retries, s.backoff = count, backoff
		switch {
		case count < turbopipes.Infinite:
			return fmt.Sprintf("Retry: count is %d, want at least 0, or Infinite", count)
		case backoff == nil:
			return "Retry: backoff is nil"
		}
		return ""
	})
}

// RetryIf makes [Retry] call pred for each error. When pred returns false, the event
// has failed for good. A nil pred is an ErrInvalidArgument.
func RetryIf(pred func(error) bool) Option {
	return option(func(s *settings) string {
		if s.when = pred; pred == nil {
			return "RetryIf: pred is nil"
		}
		return ""
	})
}

// Timeout limits each try: the ctx of the function ends after d. A function that
// ignores its ctx is waited for, and its result counts. d ≤ 0 is an ErrInvalidArgument.
func Timeout(d time.Duration) Option {
	return option(func(s *settings) string {
		if s.limit = d; d <= 0 {
			return fmt.Sprintf("Timeout: d is %v, want more than 0", d)
		}
		return ""
	})
}

// DeadLetter calls sink for each event that has failed for good, and acks the event
// when sink has returned nil. An error of sink is tried again as one of the function
// is; then the stream fails, and the event stays open. T is the type of the stage's
// input. A nil sink, and another T, are an ErrInvalidArgument.
func DeadLetter[T any](sink func(ctx context.Context, d Dead[T]) error) Option {
	return option(func(s *settings) string {
		s.dead, s.deadOf = sink, fmt.Sprintf("DeadLetter[%T]", *new(T))
		if sink == nil {
			return "DeadLetter: sink is nil"
		}
		return s.choose(deadLetters)
	})
}

// Stop makes the stream fail at the first event that has failed for good. No new tasks
// begin, and those that run finish. The event stays open. It is the default.
func Stop() Option {
	return option(func(s *settings) string { return s.choose(stops) })
}

// Requeue nacks an event that has failed for good, so that the queue delivers it again
// after the delay. It needs [Unordered] and, in Process, a source that is a
// [Requeuer]. A nil delay is an ErrInvalidArgument.
func Requeue(delay func(Info, error) time.Duration) Option {
	return option(func(s *settings) string {
		if s.requeue = delay; delay == nil {
			return "Requeue: delay is nil"
		}
		return s.choose(requeues)
	})
}

// Skip acks events that have failed for good: a loss that you choose. tell is called
// for each, on the goroutine of the task, after the ack. A nil tell is an
// ErrInvalidArgument.
func Skip(tell func(Receipt)) Option {
	return option(func(s *settings) string {
		if s.skipped = tell; tell == nil {
			return "Skip: tell is nil"
		}
		return s.choose(skips)
	})
}

// Unordered lets events with equal keys run at the same time, and in any order.
func Unordered() Option {
	return option(func(s *settings) string { s.unordered = true; return "" })
}

// OrderBy keeps the order among events for which key returns the same, in place of
// [Delivery].Key. For an empty string no order is kept. T is the type of the stage's
// input. A nil key, and another T, are an ErrInvalidArgument.
func OrderBy[T any](key func(Delivery[T]) string) Option {
	return option(func(s *settings) string {
		s.orderBy, s.orderOf = key, fmt.Sprintf("OrderBy[%T]", *new(T))
		if key == nil {
			return "OrderBy: key is nil"
		}
		return ""
	})
}

// Ahead lets k events more than n be held: those that wait for a task, or for their
// key. The default is 4n. k < 0 is an ErrInvalidArgument.
func Ahead(k int) Option {
	return option(func(s *settings) string {
		if s.ahead = k; k < 0 {
			return fmt.Sprintf("Ahead: k is %d, want at least 0", k)
		}
		return ""
	})
}

// CloseTimeout limits how long the close of the session may take at the broker. The
// default is 10 seconds. d ≤ 0 is an ErrInvalidArgument.
func CloseTimeout(d time.Duration) SessionOption {
	return sessionOption(func(s *settings) string {
		if s.closeAfter = d; d <= 0 {
			return fmt.Sprintf("CloseTimeout: d is %v, want more than 0", d)
		}
		return ""
	})
}

// MaxUncommitted bounds, for each partition, the events that were emitted and are not
// committed. A crash repeats at most so many, and so long is the longest tail after a
// slow event: a partition with a full tail is paused at the broker, and others go on.
// Process has 4 times the events that it holds as its default. It has to be more than
// the events that a [Batch] waits for. k < 1 is an ErrInvalidArgument.
func MaxUncommitted(k int) SessionOption {
	return sessionOption(func(s *settings) string {
		if s.maxUncommitted = k; k < 1 {
			return fmt.Sprintf("MaxUncommitted: k is %d, want at least 1", k)
		}
		return ""
	})
}

// OnStall calls fn when one event has been the oldest open one for the time after, and
// again after twice, four times, eight times as long. open is the number of all open events. fn
// runs on a goroutine of the session. Without OnStall it is 1 minute, and a warning of
// package slog. An after ≤ 0, and a nil fn, are an ErrInvalidArgument.
func OnStall(after time.Duration, fn func(oldest Info, open int)) SessionOption {
	return sessionOption(func(s *settings) string {
		s.stallAfter, s.onStall = after, fn
		switch {
		case after <= 0:
			return fmt.Sprintf("OnStall: after is %v, want more than 0", after)
		case fn == nil:
			return "OnStall: fn is nil"
		}
		return ""
	})
}
