package guide_test

import (
	"context"
	"fmt"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func Example_cold() {
	runs := 0
	orders := tp.Create(func(_ context.Context, emit func(int) bool) error {
		runs++ // as if it opened a connection
		for id := 1; id <= 3; id++ {
			if !emit(id) {
				return nil
			}
		}
		return nil
	})

	first, _ := orders.Collect(ctx)
	second, _ := orders.Collect(ctx)
	fmt.Println(first, second, "runs:", runs)
	// Output: [1 2 3] [1 2 3] runs: 2
}

func Example_hot() {
	clicks := tp.NewSubject[string]()
	_ = clicks.Next(ctx, "too early") // nobody is subscribed

	s := clicks.Observable().Subscribe(ctx, tp.Observer[string]{
		Next:     func(c string) { fmt.Println("got", c) },
		Complete: func() { fmt.Println("the end") },
	})
	_ = clicks.Next(ctx, "save")
	_ = clicks.Next(ctx, "quit")
	clicks.Complete() // without it, Wait would wait for ever
	_ = s.Wait()
	// Output:
	// got save
	// got quit
	// the end
}

func Example_lateSubscribers() {
	level := tp.NewBehaviorSubject(20) // has a current value
	log := tp.NewReplaySubject[int](2) // keeps the last two items
	for _, v := range []int{21, 22, 23} {
		_, _ = level.Next(ctx, v), log.Next(ctx, v)
	}
	level.Complete()
	log.Complete()

	fmt.Println(log.Observable().Collect(ctx))
	fmt.Println(level.Observable().Collect(ctx)) // it has ended: no current value
	// Output:
	// [22 23] <nil>
	// [] <nil>
}

func Example_publish() {
	runs := 0
	source := tp.Defer(func(context.Context) (tp.Observable[int], error) {
		runs++
		return tp.Range(1, 3), nil
	})
	shared := tp.Publish(source)

	sum := operators.Sum[int]()(shared.Observable())
	most := operators.TakeLast[int](1)(shared.Observable())
	a := sum.Subscribe(ctx, tp.Observer[int]{Next: func(v int) { fmt.Println("sum", v) }})
	b := most.Subscribe(ctx, tp.Observer[int]{})
	connection := shared.Connect(ctx) // both are subscribed: nobody misses the first item
	fmt.Println(a.Wait(), b.Wait(), connection.Wait(), "runs:", runs)
	// Output:
	// sum 6
	// <nil> <nil> <nil> runs: 1
}

func Example_share() {
	runs := 0
	source := tp.Defer(func(context.Context) (tp.Observable[int], error) {
		runs++
		return tp.Never[int](), nil
	})
	shared := operators.Share[int]()(source) // make it once, use it often

	a := shared.Subscribe(ctx, tp.Observer[int]{})
	b := shared.Subscribe(ctx, tp.Observer[int]{})
	a.Dispose()
	b.Dispose() // the last one that leaves ends the run
	fmt.Println("runs:", runs)
	// Output: runs: 1
}
