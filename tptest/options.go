package tptest

import (
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// settings has the settings of an expectation or of a source.
type settings struct {
	target error // the error that # stands for

	// of an expectation
	busy      time.Duration
	lingers   time.Duration
	at        int // the column of At, or -1
	once      bool
	unstopped bool

	// of a source
	unwinds time.Duration // how long it takes to return once it has to
	checks  bool          // compare the subscriptions
	wanted  []lifetime    // in columns
}

// Option is an option of [Expect], [Marbles] and [Doc].
type Option interface {
	opt.Option[settings]
	expects()
}

// SourceOption is an option of [Cold] and [Hot].
type SourceOption interface {
	opt.Option[settings]
	draws()
}

// ErrorOption is an [Option] and a [SourceOption].
type ErrorOption interface {
	Option
	SourceOption
}

type (
	forExpect struct{}
	forSource struct{}

	expectSetting struct {
		opt.Func[settings]
		forExpect
	}
	sourceSetting struct {
		opt.Func[settings]
		forSource
	}
	errorSetting struct {
		opt.Func[settings]
		forExpect
		forSource
	}
)

func (forExpect) expects() {}
func (forSource) draws()   {}

// Busy makes downstream take work for each item, before it takes the next or
// leaves.
func Busy(work time.Duration) Option {
	return expectSetting{Func: func(s *settings) string {
		s.busy = work
		return ""
	}}
}

// Error sets the error that # stands for. For [Expect], [Marbles] and [Doc], # matches
// any error that Is target. For [Cold] and [Hot], # is target itself. Without this
// option, # is [ErrMarble].
func Error(target error) ErrorOption {
	return errorSetting{Func: func(s *settings) string {
		s.target = target
		return ""
	}}
}

// Once makes an expectation run the stream to its end only. The runs that leave, cancel
// or stop the stream earlier are omitted. Use it for a stream whose early ends do not
// follow from its diagram.
func Once() Option {
	return expectSetting{Func: func(s *settings) string {
		s.once = true
		return ""
	}}
}

// Unstopped makes an expectation omit the runs with a graceful stop. Use it for a stream
// that does not end after a stop, or that fails with an error of its own.
func Unstopped() Option {
	return expectSetting{Func: func(s *settings) string {
		s.unstopped = true
		return ""
	}}
}

// Lingers lets a stream take up to limit to end when it is stopped or cancelled.
// Without it, the end must come in the same column, except for the time that
// [Unwinds] allows the sources of the scenario.
func Lingers(limit time.Duration) Option {
	return expectSetting{Func: func(s *settings) string {
		s.lingers = limit
		return ""
	}}
}

// At makes [Expect] subscribe in the given column of the scenario's time, together with
// the other expectations that have an At. They run after the scenario function has
// returned, and Expect itself returns at once. The columns of the diagram then count from
// the start of the scenario, not from the subscription. The search for leaked goroutines
// comes after the last of these expectations has ended. A column below 0 or above
// 1,000,000 fails the test.
func At(column int) Option {
	return expectSetting{Func: func(s *settings) string {
		if s.at = column; column < 0 || column > maxColumn {
			return fmt.Sprintf("At: column is %d, want 0 to %d", column, maxColumn)
		}
		return ""
	}}
}

// Unwinds makes a source return only wait after its ctx is done or its emit has refused,
// like a source that has to close a connection. [Expect] then allows the stream to end
// later by wait.
func Unwinds(wait time.Duration) SourceOption {
	return sourceSetting{Func: func(s *settings) string {
		s.unwinds = wait
		return ""
	}}
}
