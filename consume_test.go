package turbopipes_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func TestConsuming(t *testing.T) {
	o := tp.Range(1, 3)
	t.Run("Each", func(t *testing.T) {
		sum := 0
		require.NoError(t, o.Each(t.Context(), func(v int) error { sum += v; return nil }))
		require.Equal(t, 6, sum)
		require.Equal(t, errBoom, o.Each(t.Context(), func(int) error { return errBoom }))
	})
	t.Run("Seq", func(t *testing.T) {
		failing := operators.Concat(tp.Throw[int](errBoom))(o)
		var seen []string
		for v, err := range failing.Seq(t.Context()) {
			seen = append(seen, fmt.Sprint(v, " ", err))
		}
		require.Equal(t, []string{"1 <nil>", "2 <nil>", "3 <nil>", "0 boom"}, seen)
	})
	t.Run("Collect", func(t *testing.T) {
		got, err := operators.Concat(tp.Throw[int](errBoom))(o).Collect(t.Context())
		require.Equal(t, errBoom, err)
		require.Equal(t, []int{1, 2, 3}, got)
		got, err = tp.Empty[int]().Collect(t.Context())
		require.NoError(t, err)
		require.Nil(t, got)
	})
	t.Run("Drain and Run", func(t *testing.T) {
		require.NoError(t, o.Drain(t.Context()))
		require.Equal(t, errBoom, tp.Run(t.Context(), tp.Throw[int](errBoom)))
	})
	t.Run("Pull", func(t *testing.T) {
		next, stop := operators.Concat(tp.Throw[int](errBoom))(tp.Just(1)).Pull(t.Context())
		v, err, ok := next()
		require.Equal(t, "1 <nil> true", fmt.Sprint(v, err, ok))
		_, err, ok = next()
		require.True(t, ok)
		require.Equal(t, errBoom, err)
		_, _, ok = next()
		require.False(t, ok)
		stop()

		released := false
		next, stop = operators.Finally[int](func() { released = true })(tp.Range(0, 9)).Pull(t.Context())
		_, _, _ = next()
		stop()
		require.True(t, released)
	})
}

func TestToChannel(t *testing.T) {
	bubble(t, "completes", func(t *testing.T) {
		for _, opts := range [][]tp.QueueOption{nil, {tp.WithQueue(2)}} {
			ch, wait := tp.Range(0, 5).ToChannel(t.Context(), opts...)
			var got []int
			for v := range ch {
				got = append(got, v)
			}
			require.NoError(t, wait())
			require.Equal(t, []int{0, 1, 2, 3, 4}, got)
		}
	})
	bubble(t, "fails, panics, exits", func(t *testing.T) {
		for want, o := range map[error]tp.Observable[int]{
			errBoom:      tp.Throw[int](errBoom),
			errLate:      operators.Map(func(int) int { panic(errLate) })(tp.Just(1)),
			tp.ErrGoexit: operators.Map(func(int) int { runtime.Goexit(); return 0 })(tp.Just(1)),
		} {
			ch, wait := o.ToChannel(t.Context())
			_, ok := <-ch
			require.False(t, ok)
			require.ErrorIs(t, wait(), want)
		}
	})
	bubble(t, "is abandoned", func(t *testing.T) {
		var a alive
		ctx, cancel := context.WithCancelCause(t.Context())
		ch, wait := a.ticks(time.Second).ToChannel(ctx)
		require.Equal(t, 0, <-ch)
		cancel(errBoom)
		require.Equal(t, errBoom, wait())
		a.requireReaped(t)
	})
	bubble(t, "drops", func(t *testing.T) {
		var lost []any
		ch, wait := tp.Range(0, 10).ToChannel(t.Context(), tp.WithQueue(2), tp.WithOverflow(tp.DropOldest), tp.OnDiscard(func(v any) { lost = append(lost, v) }))
		time.Sleep(time.Second)
		var got []int
		for v := range ch {
			got = append(got, v)
		}
		require.NoError(t, wait())
		require.Equal(t, 10, len(got)+len(lost))
		require.Equal(t, []int{8, 9}, got[len(got)-2:])
	})
	bubble(t, "bad options", func(t *testing.T) {
		for _, opt := range []tp.QueueOption{nil, tp.WithQueue(0), tp.WithOverflow(9)} {
			ch, wait := tp.Just(1).ToChannel(t.Context(), opt)
			_, ok := <-ch
			require.False(t, ok)
			require.ErrorIs(t, wait(), tp.ErrInvalidArgument)
		}
	})
}

// docs/faults.md, rows 21 and 30
func TestContextEndedBefore(t *testing.T) {
	bubble(t, "row 21", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errBoom)
		o := operators.Parallel(3, identity)(tp.Create(func(context.Context, func(int) bool) error {
			t.Error("called")
			return nil
		}))
		require.Equal(t, errBoom, o.Drain(ctx))
		require.Equal(t, errBoom, tp.Run(ctx, o))
		got, err := o.Collect(ctx)
		require.Nil(t, got)
		require.Equal(t, errBoom, err)
		for _, err := range o.Seq(ctx) {
			require.Equal(t, errBoom, err)
		}
		var told error
		require.Equal(t, errBoom, o.Subscribe(ctx, tp.Observer[int]{Error: func(err error) { told = err }}).Wait())
		require.Equal(t, errBoom, told)
	})
	bubble(t, "row 30", func(t *testing.T) {
		var none context.Context
		o := tp.Just(1)
		require.ErrorIs(t, o.Drain(none), tp.ErrInvalidArgument)
		require.ErrorIs(t, o.Each(none, func(int) error { return nil }), tp.ErrInvalidArgument)
		for _, err := range o.Seq(none) {
			require.ErrorIs(t, err, tp.ErrInvalidArgument)
		}
		_, wait := o.ToChannel(none)
		require.ErrorIs(t, wait(), tp.ErrInvalidArgument)
		require.ErrorIs(t, o.Subscribe(none, tp.Observer[int]{}).Wait(), tp.ErrInvalidArgument)
	})
}

func TestContextEndsEndlessStreams(t *testing.T) {
	endless := tp.Unfold(0, func(s int) (int, int, bool) { return s, s + 1, true })
	none := operators.Filter(func(int) bool { return false })
	for name, o := range map[string]tp.Observable[int]{
		"Unfold": endless, "Range": tp.Range(0, math.MaxInt), "nothing gets through": none(endless), "nothing of Range": none(tp.Range(0, math.MaxInt)),
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		calls := 0
		// The fifth item cancels, on its way through the source.
		counted := operators.Map(func(v int) int {
			if calls++; calls == 5 {
				cancel(errBoom)
			}
			return v
		})(o)
		if name == "nothing gets through" || name == "nothing of Range" {
			time.AfterFunc(time.Millisecond, func() { cancel(errBoom) })
		}
		require.Equal(t, errBoom, counted.Drain(ctx), name)
	}
}

// docs/faults.md, row 12: the panic of the consumer's body ends the process, unchanged and with its
// own stack.
func TestConsumerPanicKillsTheProcess(t *testing.T) {
	if os.Getenv("TURBOPIPES_CRASH") != "" {
		go func() {
			o := operators.Retry[int](3)(operators.Parallel(3, identity)(operators.Catch(func(error) tp.Observable[int] { return tp.Empty[int]() })(tp.Range(0, 9))))
			_ = o.Each(context.Background(), func(int) error { panicHere(); return nil })
			os.Exit(0) // the panic was swallowed
		}()
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestConsumerPanicKillsTheProcess$")
	cmd.Env = append(os.Environ(), "TURBOPIPES_CRASH=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "panic: mine\n")
	require.NotContains(t, string(out), "recovered")
	require.Contains(t, string(out), "panicHere")
}

//go:noinline
func panicHere() { panic("mine") }

// A panic of the consumer is not lost when a source recovers it.
func TestConsumerPanicIsStolen(t *testing.T) {
	thief := tp.Create(func(_ context.Context, emit func(int) bool) error {
		defer func() { _ = recover() }()
		emit(1)
		return nil
	})
	require.ErrorContains(t, thief.Each(t.Context(), func(int) error { panic("mine") }), "recovered a panic")
}

func TestCleanUpFails(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := tp.Using(func(context.Context) (int, error) { return 0, nil },
			func(int) tp.Observable[int] { return tp.Interval(time.Second) }, func(int) error { return errLate })
		require.EqualError(t, o.Each(t.Context(), func(int) error { return errBoom }), "boom\nlate")
		_, err := operators.Take[int](1)(o).Collect(t.Context())
		require.Equal(t, errLate, err)
		for _, err := range o.Seq(t.Context()) {
			require.NoError(t, err)
			break
		}
		ran := false
		_, err = operators.Take[int](1)(operators.Catch(func(error) tp.Observable[int] { ran = true; return tp.Just(9) })(o)).Collect(t.Context())
		require.Equal(t, errLate, err)
		require.False(t, ran, "the failure of a clean-up is not handled")

		panics := tp.Create(func(_ context.Context, emit func(int) bool) error {
			defer panic(errBoom)
			emit(1)
			return nil
		})
		func() {
			defer func() {
				var p *tp.PanicError
				require.ErrorAs(t, recover().(error), &p)
			}()
			for range panics.Seq(t.Context()) {
				break
			}
		}()
	})
}

type list []string

func (l list) Error() string { return l[0] }

// Errors that can't be compared are passed on like any other error.
func TestUncomparableErrors(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		bad := list{"bad"}
		late := tp.Create(func(ctx context.Context, _ func(int) bool) error { <-ctx.Done(); return bad })
		for name, o := range map[string]tp.Observable[int]{
			"Create":   late,
			"Parallel": operators.Parallel(2, func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, bad })(tp.Timer(time.Second)),
			"Merge":    operators.Merge(tp.Never[int]())(tp.Throw[int](bad)),
			"Retry":    operators.Retry[int](3)(tp.Throw[int](bad)),
			"TryMap":   operators.TryMap(func(context.Context, int) (int, error) { return 0, bad })(tp.Just(1)),
		} {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, list{"cause"})
			var l list
			require.ErrorAs(t, o.Drain(ctx), &l, name)
			cancel()
		}
		require.Error(t, tp.Just(1).Each(t.Context(), func(int) error { return bad }))
	})
}

// A context.Canceled under a live ctx is an ordinary error.
func TestCanceledUnderALiveContext(t *testing.T) {
	canceled := tp.Throw[int](context.Canceled)
	got, err := operators.Catch(func(error) tp.Observable[int] { return tp.Just(7) })(canceled).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{7}, got)
	require.Equal(t, context.Canceled, operators.Merge(tp.Never[int]())(canceled).Drain(t.Context()))
	err = operators.Parallel(2, func(context.Context, int) (int, error) { return 0, context.Canceled })(tp.Just(1)).Drain(t.Context())
	require.Equal(t, context.Canceled, err)
}

func TestErrors(t *testing.T) {
	require.ErrorIs(t, tp.ErrBackpressureTimeout, tp.ErrTimeout)
	item := &tp.ItemError[int]{Item: 7, Err: errBoom}
	require.ErrorIs(t, item, errBoom)
	p := &tp.PanicError{Value: errBoom}
	require.ErrorIs(t, p, errBoom)
	require.False(t, errors.Is(&tp.PanicError{Value: "boom"}, errBoom))
	require.EqualError(t, &tp.PanicError{Value: "mine", Stage: "parse"}, "turbopipes: panic in parse: mine")
}

// An operator that continues after a refusal does not reach the consumer again.
func TestConsumerIsNotReachedAgain(t *testing.T) {
	stubborn := tp.Lift("stubborn", func(ctx context.Context, in tp.Observable[int], emit func(int) bool) error {
		return in.Push(ctx, func(v int) bool { emit(v); return true })
	})
	calls := 0
	err := stubborn(tp.Just(1, 2, 3)).Each(t.Context(), func(int) error { calls++; return errBoom })
	require.Equal(t, errBoom, err)
	require.Equal(t, 1, calls)
	for range stubborn(tp.Just(1, 2, 3)).Seq(t.Context()) {
		break
	}
}

func TestErrorsSpreads(t *testing.T) {
	whole := fmt.Errorf("load: %w and %w", errBoom, errLate)
	several := errors.Join(errBoom, errors.Join(errLate, errors.Join(whole)))
	item := &tp.ItemError[int]{Item: 1, Err: errors.Join(errBoom, errLate)}
	for name, c := range map[string]struct {
		o    tp.Observable[int]
		want []error
	}{
		"completion":            {tp.Just(1), nil},
		"one":                   {tp.Throw[int](errBoom), []error{errBoom}},
		"joined ones":           {tp.Throw[int](several), []error{errBoom, errLate, whole}},
		"a text of its own":     {tp.Throw[int](whole), []error{whole}},
		"a wrapper around them": {tp.Throw[int](item), []error{item}},
		"that is made of none":  {tp.Throw[int](none{}), []error{none{}}},
		"of tasks": {operators.Parallel(1, func(_ context.Context, v int) (int, error) { return 0, []error{errBoom, errLate}[v] },
			operators.WithPolicy(operators.CollectErrors))(tp.Range(0, 2)), []error{errBoom, errLate}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, tp.Errors(t.Context(), c.o)) })
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBoom)
	require.Equal(t, []error{errBoom}, tp.Errors(ctx, tp.Never[int]()))
	var nobody context.Context
	errs := tp.Errors(nobody, tp.Just(1))
	require.Len(t, errs, 1)
	require.EqualError(t, errs[0], "turbopipes: invalid argument: Errors: ctx is nil")
	errs = tp.Errors(t.Context(), operators.Map(func(int) int { panic(errBoom) })(tp.Just(1)))
	require.Len(t, errs, 1)
	require.ErrorIs(t, errs[0], errBoom)
}

// none is an error with no parts to unwrap.
type none struct{}

func (none) Error() string   { return "" }
func (none) Unwrap() []error { return nil }

func TestSend(t *testing.T) {
	bubble(t, "completes", func(t *testing.T) {
		ch := make(chan int, 3)
		require.NoError(t, tp.Send(t.Context(), tp.Range(0, 2), ch))
		require.NoError(t, tp.Send(t.Context(), tp.Just(7), ch), "it did not close it")
		close(ch)
		var got []int
		for v := range ch {
			got = append(got, v)
		}
		require.Equal(t, []int{0, 1, 7}, got)
	})
	bubble(t, "fails", func(t *testing.T) {
		ch := make(chan int, 3)
		require.Equal(t, errBoom, tp.Send(t.Context(), operators.Concat(tp.Throw[int](errBoom))(tp.Just(1)), ch))
		require.Equal(t, 1, <-ch)
		require.ErrorIs(t, tp.Send(t.Context(), operators.Map(func(int) int { panic(errBoom) })(tp.Just(1)), ch), errBoom)
	})
	bubble(t, "holds the stream", func(t *testing.T) {
		var a alive
		ch := make(chan int)
		ctx, cancel := context.WithCancelCause(t.Context())
		sent := 0
		counted := operators.Do(operators.Hooks[int]{Next: func(int) { sent++ }})(a.ticks(time.Second))
		time.AfterFunc(time.Minute, func() { cancel(errBoom) })
		go func() {
			for v := range 3 {
				require.Equal(t, v, <-ch)
			}
		}()
		require.Equal(t, errBoom, tp.Send(ctx, counted, ch))
		require.Equal(t, 4, sent)
		a.requireReaped(t)
	})
	bubble(t, "counts what nobody takes", func(t *testing.T) {
		ch := make(chan int)
		tasks := operators.TryMap(func(ctx context.Context, v int) (int, error) { return v, tp.Send(ctx, tp.Just(v), ch) })
		s := tasks(tp.Just(1)).Subscribe(t.Context(), tp.Observer[int]{})
		time.Sleep(time.Second)
		s.Dispose()
		require.EqualValues(t, 2, s.Stats().Discarded, "that of Send, and that of the task that was cut short")
	})
	bubble(t, "a clean-up that fails", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errBoom) })
		in := tp.Create(func(_ context.Context, emit func(int) bool) error { emit(1); return errLate })
		require.EqualError(t, tp.Send(ctx, in, make(chan int)), "late")
	})
	bubble(t, "a closed channel", func(t *testing.T) {
		var a alive
		ch := make(chan int)
		close(ch)
		require.PanicsWithError(t, "send on closed channel", func() { _ = tp.Send(t.Context(), a.ticks(time.Second), ch) })
		a.requireReaped(t)
	})
	var nobody context.Context
	require.EqualError(t, tp.Send(t.Context(), tp.Just(1), nil), "turbopipes: invalid argument: Send: ch is nil")
	require.EqualError(t, tp.Send(nobody, tp.Just(1), make(chan int)), "turbopipes: invalid argument: Send: ctx is nil")
	require.ErrorIs(t, tp.Send(t.Context(), tp.Observable[int]{}, make(chan int)), tp.ErrInvalidArgument)
}

func ExampleErrors() {
	ping := func(_ context.Context, host string) (string, error) { return "", fmt.Errorf("%s: no route", host) }
	pings := operators.Parallel(1, ping, operators.WithPolicy(operators.CollectErrors))(tp.Just("ann", "bob"))
	for _, err := range tp.Errors(context.Background(), pings) {
		fmt.Println(err)
	}
	// Output:
	// ann: no route
	// bob: no route
}

func ExampleSend() {
	jobs := make(chan string, 2)
	err := tp.Send(context.Background(), tp.Just("resize", "upload"), jobs)
	close(jobs)
	for job := range jobs {
		fmt.Println(job)
	}
	fmt.Println(err)
	// Output:
	// resize
	// upload
	// <nil>
}

func ExampleObservable_Seq() {
	for v, err := range tp.Just("a", "b", "c").Seq(context.Background()) {
		if err != nil {
			fmt.Println(err)
			break // the last pair has an error and no value
		}
		fmt.Println(v)
		if v == "b" {
			break // everything is reaped before the loop ends
		}
	}
	// Output:
	// a
	// b
}

func ExampleObservable_Each() {
	err := tp.Range(1, 3).Each(context.Background(), func(v int) error {
		fmt.Println(v)
		return nil
	})
	fmt.Println(err)
	// Output:
	// 1
	// 2
	// 3
	// <nil>
}
