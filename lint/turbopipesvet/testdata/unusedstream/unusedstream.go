// Package unusedstream has streams and operators that are dropped.
package unusedstream

import (
	"testing"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func double(v int) int { return 2 * v }

func doubles(o tp.Observable[int]) tp.Observable[int] { return o.Pipe(operators.Map(double)) }

type ints = tp.Observable[int]

func sources() (a, b ints) { return tp.Just(1), tp.Just(2) }

func dropped(o tp.Observable[int], op tp.Operator[int, int], g tp.Group[string, int]) {
	tp.Just(1, 2)                  // want `this Observable is not used, so it never runs: consume it, with Each, Seq, Collect, Drain or Subscribe`
	operators.Map(double)          // want `this Operator is not used, so it does nothing: apply it, with Pipe`
	operators.Map(double)(o)       // want `this Observable is not used`
	op(o)                          // want `this Observable is not used`
	g.Items.Pipe(op)               // want `this Observable is not used`
	tp.Broadcast(o, 2)             // want `this Observable is not used`
	operators.Partition(o, isEven) // want `this Observable is not used`
	tp.Publish(o)                  // want `this Connectable is not used, so it never runs: subscribe to it, and connect it`
	(tp.Pipe2(o, op, op))          // want `this Observable is not used`
	doubles(o)                     // want `this Observable is not used`
	sources()                      // want `this Observable is not used`
	defer doubles(o)               // want `this Observable is not used`
	go doubles(o)                  // want `this Observable is not used`
	tp.Compose2(op, op)            // want `this Operator is not used`
}

func isEven(v int) bool { return v%2 == 0 }

func notReassigned(o tp.Observable[int]) tp.Observable[int] {
	o.Pipe(operators.Map(double)) // want `this Observable is not used`
	return o
}

func used(t *testing.T, o tp.Observable[int], op tp.Operator[int, int], s *tp.Subject[int]) tp.Observable[int] {
	_ = tp.Just(1, 2) // on purpose
	a, _ := sources()
	list := []tp.Observable[int]{a, tp.Just(3)}
	op(list[0]).LetGo()
	s.Complete()
	tp.Publish(o).AutoConnect(t.Context(), 0) // connects
	tptest.Run(t, func(s *tptest.Scenario) { tptest.Hot[string](s, "-a-|", nil) })
	registered(s)
	return o.Pipe(op)
}

// registered keeps what it returns.
func registered(s *tp.Subject[int]) *tp.Subject[int] { return s }

type operator func(int) int

func others(op operator) { op(1) }
