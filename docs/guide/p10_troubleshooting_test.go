package guide_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// logTo is a log without times and stacks, which differ from run to run.
func logTo(w io.Writer) *slog.Logger {
	keep := func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case "msg", "error", "stage":
			return a
		}
		return slog.Attr{}
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: keep}))
}

func Example_aHangExplainsItself() {
	ctx := tp.WithReapWarning(ctx, 5*time.Millisecond, logTo(os.Stdout)) // 10 s without it
	started := make(chan struct{})
	deaf := func(_ context.Context, v int) (int, error) {
		close(started)
		time.Sleep(50 * time.Millisecond) // it doesn't listen to its ctx
		return v, nil
	}
	s := operators.Parallel(2, deaf)(tp.Just(1)).Subscribe(ctx, tp.Observer[int]{})
	<-started
	s.Dispose() // returns after 50 ms, when the task has ended
	// Output: msg="turbopipes: cancelled, and still waiting for what does not end" stage=Parallel
}

func Example_aSubjectThatHasNoEnd() {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Millisecond, errors.New("nobody has called Complete"))
	defer cancel()
	clicks := tp.NewReplaySubject[int](10)
	_ = clicks.Next(ctx, 1)
	fmt.Println(clicks.Observable().Collect(ctx))
	// Output: [1] nobody has called Complete
}

func Example_groupsThatNobodyReads() {
	words := tp.Just("ape", "bee", "cat", "ant")
	initial := operators.GroupBy(func(w string) byte { return w[0] }, operators.WithMaxGroups(2))
	joined := func(g tp.Group[byte, string]) tp.Observable[string] {
		return operators.Reduce("", func(all, w string) string { return all + w + " " })(g.Items)
	}

	// Two groups are read at the same time, so two may be open. A third one is an error
	// instead of a pipeline that stands still.
	_, err := tp.Pipe2(words, initial, operators.FlatMap(2, joined)).Collect(ctx)
	fmt.Println(errors.Is(err, tp.ErrTooManyGroups))

	// Where the number of keys is not known:
	all := operators.GroupBy(func(w string) byte { return w[0] })
	lines, err := tp.Pipe2(words, all, operators.FlatMap(tp.Infinite, joined)).Collect(ctx)
	fmt.Println(len(lines), err)
	// Output:
	// true
	// 3 <nil>
}

func Example_letGo() {
	words := tp.Just("ape", "bee", "ant", "cat", "asp")
	groups := operators.GroupBy(func(w string) byte { return w[0] }, tp.WithQueue(1))
	lost := 0
	ctx := tp.WithLossHook(ctx, func(tp.Loss) { lost++ })
	onlyA := func(g tp.Group[byte, string]) tp.Observable[string] {
		if g.Key != 'a' {
			g.LetGo() // nobody will read it: its items are discarded, and hold nobody
			return tp.Empty[string]()
		}
		return g.Items
	}
	fmt.Println(tp.Pipe2(words, groups, operators.FlatMap(tp.Infinite, onlyA)).Collect(ctx))
	fmt.Println("lost:", lost)
	// Output:
	// [ape ant asp] <nil>
	// lost: 2
}

func Example_countedTwice() {
	var runs atomic.Int64 // Zip runs its two streams on two goroutines
	rows := tp.Defer(func(context.Context) (tp.Observable[int], error) {
		runs.Add(1) // a query
		return tp.Range(1, 3), nil
	})
	total := operators.Sum[int]()(rows)
	number := operators.Count[int]()(rows)
	average := operators.Zip(number, func(sum, n int) int { return sum / n })(total)
	fmt.Println(average.Collect(ctx))
	fmt.Println("queries:", runs.Load()) // Zip has subscribed to rows twice, by way of total and number
	// Output:
	// [2] <nil>
	// queries: 2
}

func Example_failureInTheLog() {
	ctx := tp.WithReapWarning(ctx, time.Second, logTo(os.Stdout)) // the same log
	initials := operators.Map(func(w string) string { return w[:1] })
	s := initials(tp.Just("go", "")).Subscribe(ctx, tp.Observer[string]{}) // no Error, no Wait
	<-s.Done()
	// Output: msg="turbopipes: a stream has failed, and nobody has asked how it ended" error="turbopipes: panic: runtime error: slice bounds out of range [:1] with length 0"
}

func Example_ownCallback() {
	echo := tp.NewSubject[int](tp.WithQueue(1))
	s := echo.Observable().Subscribe(ctx, tp.Observer[int]{Next: func(v int) {
		for next := v + 1; ; next++ {
			err := echo.Next(ctx, next)
			if errors.Is(err, tp.ErrReentrant) { // the queue is full, and only this goroutine empties it
				fmt.Println("Next would wait for itself")
				echo.Complete()
			}
			if err != nil {
				return
			}
		}
	}})
	_ = echo.Next(ctx, 1)
	_ = s.Wait()
	// Output: Next would wait for itself
}
