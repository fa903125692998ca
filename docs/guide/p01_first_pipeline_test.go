package guide_test

import (
	"context"
	"fmt"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func Example_firstPipeline() {
	words := tp.Just("turbo", "pipes", "for", "Go")
	long := operators.Filter(func(w string) bool { return len(w) > 3 })
	size := operators.Map(func(w string) int { return len(w) })
	sizes := tp.Pipe2(words, long, size) // an Observable[int]: nothing runs yet

	err := sizes.Each(ctx, func(n int) error { // now it runs
		fmt.Println(n)
		return nil
	})
	fmt.Println("error:", err)
	// Output:
	// 5
	// 5
	// error: <nil>
}

func Example_waysToConsume() {
	numbers := tp.Range(1, 3)

	for n, err := range numbers.Seq(ctx) { // a loop; err only comes last
		if err != nil {
			fmt.Println("failed:", err)
			break
		}
		fmt.Println("item", n)
	}

	all, err := numbers.Collect(ctx) // a slice
	fmt.Println(all, err)

	s := numbers.Subscribe(ctx, tp.Observer[int]{Next: func(int) {}}) // on a goroutine of its own
	fmt.Println(s.Wait(), s.Stats().Delivered)
	// Output:
	// item 1
	// item 2
	// item 3
	// [1 2 3] <nil>
	// <nil> 3
}

func Example_explicitType() {
	lines := tp.Just("a", "b", "c", "d", "e")
	batches := tp.Pipe2(lines,
		operators.Take[string](4), // 4 says nothing about the items
		operators.BufferWithTimeOrCount[string](time.Second, 3))
	fmt.Println(batches.Collect(ctx))
	// Output: [[a b c] [d]] <nil>
}

func Example_readme() {
	fetch := func(ctx context.Context, id int) (string, error) { return fmt.Sprintf("user %d", id), nil }

	users := tp.Pipe3(tp.Range(1, 1_000_000),
		operators.Filter(func(id int) bool { return id%2 == 1 }),
		operators.Parallel(8, fetch, operators.Ordered()),       // at most 8 run
		operators.BufferWithTimeOrCount[string](time.Second, 3)) // 3 users, or those of a second

	for batch, err := range users.Seq(ctx) {
		fmt.Println(batch, err)
		break // also on a panic, or when ctx ends: nothing is left running
	}
	// Output: [user 1 user 3 user 5] <nil>
}
