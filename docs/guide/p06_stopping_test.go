package guide_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func Example_stop() {
	work := make(chan int, 3)
	work <- 1
	work <- 2
	work <- 3 // and the channel stays open: the stream has no end of its own

	seen := make(chan struct{}, 3)
	counted := operators.Do(operators.Hooks[int]{Next: func(int) { seen <- struct{}{} }})
	batches := tp.Pipe2(tp.FromChannel(work), counted, operators.BufferWithCount[int](2))
	s := batches.Subscribe(ctx, tp.Observer[[]int]{Next: func(b []int) { fmt.Println("stored", b) }})
	for range 3 {
		<-seen
	}

	fmt.Println(s.Stop(ctx)) // the buffer flushes: nothing is lost
	// Output:
	// stored [1 2]
	// stored [3]
	// <nil>
}

func Example_dispose() {
	started := make(chan struct{})
	task := func(ctx context.Context, id int) (int, error) {
		close(started)
		<-ctx.Done() // a task must listen to its ctx
		fmt.Println("task", id, "cleans up")
		return 0, context.Cause(ctx)
	}
	s := operators.Parallel(2, task)(tp.Just(7)).Subscribe(ctx, tp.Observer[int]{})
	<-started

	s.Dispose()
	fmt.Println("nothing runs now;", s.Stats().Discarded, "item discarded;", "error:", s.Err())
	// Output:
	// task 7 cleans up
	// nothing runs now; 1 item discarded; error: <nil>
}

func Example_endOfContext() {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Millisecond, errors.New("the budget of a millisecond is used up"))
	defer cancel()
	fmt.Println(tp.Never[int]().Drain(ctx))
	// Output: the budget of a millisecond is used up
}

func Example_innerStreams() {
	requests := tp.NewSubject[string]()
	began := make(chan struct{}, 1)
	follow := func(name string) tp.Observable[string] { // endless, as a watch is
		return operators.StartWith(name + " began")(tp.Never[string]())
	}
	watched := operators.FlatMap(8, follow, operators.StopInner())
	s := watched(requests.Observable()).Subscribe(ctx, tp.Observer[string]{
		Next:     func(v string) { fmt.Println(v); began <- struct{}{} },
		Complete: func() { fmt.Println("complete") },
	})
	_ = requests.Next(ctx, "logs")
	<-began
	fmt.Println(s.Stop(ctx)) // without StopInner, it would wait for ever
	// Output:
	// logs began
	// complete
	// <nil>
}

func Example_theAccount() {
	ctx := tp.WithLossHook(ctx, func(l tp.Loss) { fmt.Println("lost:", l.Item, l.Reason) })
	emitted := 0
	source := operators.Do(operators.Hooks[int]{Next: func(int) { emitted++ }})(tp.Range(1, 5))

	enough := errors.New("enough")
	err := operators.BufferWithCount[int](4)(source).Each(ctx, func(b []int) error { return enough })
	fmt.Println(err, "| emitted", emitted)

	emitted = 0
	failing := operators.Concat(tp.Throw[int](errBusy))(source)
	err = operators.BufferWithCount[int](4)(failing).Drain(ctx)
	fmt.Println(err, "| emitted", emitted)
	// Output:
	// enough | emitted 4
	// lost: 5 Discarded
	// server busy | emitted 5
}

func Example_untilSignal() {
	ctrlC := make(chan os.Signal, 1) // in a program, leave the option WithSignalsFrom out
	ticks := tp.Interval(time.Millisecond)

	signals, err := tp.RunUntilSignal(ctx, func(ctx context.Context, stop <-chan struct{}) error {
		s := ticks.Subscribe(ctx, tp.Observer[int]{Next: func(n int) {
			if n == 2 {
				ctrlC <- os.Interrupt
			}
		}})
		return tp.WaitOrStop(ctx, stop, s)
	}, tp.WithSignalsFrom(ctrlC), tp.StopWithin(10*time.Second))
	fmt.Println("signals:", signals, "error:", err)
	// Output: signals: 1 error: <nil>
}
