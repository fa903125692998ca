package guide_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// errBusy is the error with which price fails now and then.
var errBusy = errors.New("server busy")

func Example_firstErrorEnds() {
	price := func(_ context.Context, id int) (int, error) {
		if id == 3 {
			return 0, errBusy
		}
		return id * 100, nil
	}
	prices, err := operators.TryMap(price)(tp.Range(1, 5)).Collect(ctx)
	fmt.Println(prices, err, errors.Is(err, errBusy))
	// Output: [100 200] server busy true
}

func Example_retry() {
	attempts := 0
	once := tp.Start(func(context.Context) (int, error) {
		if attempts++; attempts < 3 {
			return 0, errBusy
		}
		return 42, nil
	})
	patient := operators.Retry[int](5,
		operators.WithBackoff(operators.Exponential(time.Millisecond, time.Second, 2)),
		operators.RetryIf(func(err error) bool { return errors.Is(err, errBusy) }))
	fmt.Println(patient(once).Collect(ctx))
	fmt.Println("attempts:", attempts)
	// Output:
	// [42] <nil>
	// attempts: 3
}

func Example_retryEachTask() {
	failed := map[int]bool{} // one task at a time, so no lock
	price := func(id int) tp.Observable[int] {
		return tp.Start(func(context.Context) (int, error) {
			if id == 2 && !failed[id] {
				failed[id] = true
				return 0, errBusy
			}
			return id * 100, nil
		})
	}
	retry := operators.Retry[int](3)
	prices := operators.FlatMap(1, func(id int) tp.Observable[int] { return retry(price(id)) })
	fmt.Println(prices(tp.Range(1, 3)).Collect(ctx))
	// Output: [100 200 300] <nil>
}

func Example_catch() {
	live := tp.Throw[int](errBusy)
	cached := tp.Just(99)
	price := operators.Catch(func(err error) tp.Observable[int] {
		fmt.Println("live prices:", err)
		return cached
	})(live)
	fmt.Println(price.Collect(ctx))
	// Output:
	// live prices: server busy
	// [99] <nil>
}

func Example_deadLetters() {
	parse := func(_ context.Context, line string) (int, error) { return strconv.Atoi(line) }
	numbers := tp.Pipe2(tp.Just("1", "two", "3"),
		operators.ParallelResults(4, parse, operators.Ordered()), // a failure is an item too
		operators.DeadLetter(func(_ context.Context, r tp.Result[int]) error {
			var item *tp.ItemError[string]
			errors.As(r.Err, &item)
			fmt.Printf("rejected %q: %v\n", item.Item, item.Err)
			return nil // an error here ends the stream
		}))
	fmt.Println(numbers.Collect(ctx))
	// Output:
	// rejected "two": strconv.Atoi: parsing "two": invalid syntax
	// [1 3] <nil>
}

func Example_panics() {
	lines := tp.Just("a=1", "b")
	values := operators.Map(func(line string) string { return strings.Split(line, "=")[1] })

	_, err := values(lines).Collect(ctx)
	var p *tp.PanicError
	fmt.Println(errors.As(err, &p), p.Value)
	// Output: true runtime error: index out of range [1] with length 1
}

func Example_nameAStage() {
	ids := tp.Range(1, 3)
	fetch := operators.TryMap(func(_ context.Context, id int) (int, error) {
		if id == 2 {
			return 0, errBusy
		}
		return id, nil
	})
	named := tp.Pipe2(ids, fetch, operators.Name[int]("fetch prices"))
	err := named.Drain(ctx)
	var at *tp.StageError
	fmt.Println(err, "|", errors.As(err, &at), errors.Is(err, errBusy))
	// Output: fetch prices: server busy | true true
}
