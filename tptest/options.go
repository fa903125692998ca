package tptest

import (
	"fmt"
	"time"
)

// Option is an option of [Expect], [Marbles] and [Doc].
type Option interface{ expect(*expectation) }

// ErrorOption is an [Option] and a [SourceOption].
type ErrorOption interface {
	Option
	SourceOption
}

type (
	busy      time.Duration
	lingers   time.Duration
	at        int
	once      struct{}
	unstopped struct{}
	errorFor  struct{ target error }
)

func (d busy) expect(x *expectation)     { x.busy = time.Duration(d) }
func (d lingers) expect(x *expectation)  { x.lingers = time.Duration(d) }
func (once) expect(x *expectation)       { x.once = true }
func (unstopped) expect(x *expectation)  { x.unstopped = true }
func (e errorFor) expect(x *expectation) { x.target = e.target }
func (e errorFor) source(s *source)      { s.err = e.target }

func (n at) expect(x *expectation) {
	if x.at = int(n); n < 0 || n > maxColumn {
		x.bad = fmt.Errorf("tptest: At(%d), want a column from 0 to %d", n, maxColumn)
	}
}

// Busy makes downstream take d for each item, before it takes the next or
// leaves.
func Busy(d time.Duration) Option { return busy(d) }

// Error tells which error # stands for. For [Expect], [Marbles] and [Doc] that
// is any error that Is target; for [Cold] and [Hot] it is target itself. Without
// it, # is [ErrMarble].
func Error(target error) ErrorOption { return errorFor{target} }

// Once has an expectation run to its end only, neither left nor cancelled nor
// stopped on the way: for a stream of which the early ends can't be told from its
// diagram.
func Once() Option { return once{} }

// Unstopped has an expectation not stopped gracefully: for a stream that does not
// end then, or that fails with an error of its own.
func Unstopped() Option { return unstopped{} }

// Lingers lets a stream take up to d to end when it is stopped or cancelled.
// Without it, the end must come in the same column, but for what [Unwinds] says
// of the sources of the scenario.
func Lingers(d time.Duration) Option { return lingers(d) }

// At has [Expect] subscribe in the given column of the scenario's time, next to
// the other expectations that have an At: they run when the scenario function
// has returned, and Expect itself returns at once. The columns of the diagram
// are then counted from the start of the scenario, not from the subscription, and
// what is left behind is looked for when the last one of them has ended. A column
// below 0 or above 1,000,000 fails the test.
func At(column int) Option { return at(column) }
