package tptest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
)

type (
	pushed   = func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error
	operator = turbopipes.Operator[string, string]
)

func lift(r pushed) operator { return turbopipes.Lift("Broken", r) }

var errOther = errors.New("another error")

// fault is an operator that should be the identity, and the report that it causes.
type fault struct {
	op   operator
	in   string
	says []string
}

// faults makes new operators for each call, because some have state.
func faults() map[string]fault {
	return map[string]fault{
		"leaks a goroutine": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			go sleepLong()
			return in.Push(ctx, emit)
		}), "a-b|", []string{"run to the end:", "a goroutine was left behind:\n", "tptest.sleepLong\n", "broken_test.go:"}},

		"leaves a goroutine to the end of ctx": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			go func() { <-ctx.Done() }()
			return in.Push(ctx, emit)
		}), "a-b|", []string{"run to the end:", "a goroutine was left behind:\n"}},

		"does not join upstream when downstream leaves": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			items, failed := make(chan string), make(chan error, 1)
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			go func() {
				defer close(items)
				failed <- in.Push(ctx, func(v string) bool { items <- v; return true })
			}()
			for v := range items {
				if !emit(v) {
					return nil
				}
			}
			return <-failed
		}), "ab|", []string{"leaves at item 1, under Checked, with sources that are slow to return:", "wanted: (a!)\n   got: (a!)\na goroutine was left behind:\n"}},

		"leaks when it is cancelled": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			err := in.Push(ctx, emit)
			if ctx.Err() != nil {
				go sleepLong()
			}
			return err
		}), "a-b|", []string{"with a ctx that is cancelled in column 0:", "a goroutine was left behind"}},

		"leaks when downstream leaves": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			return in.Push(ctx, func(v string) bool {
				ok := emit(v)
				if !ok {
					go sleepLong()
				}
				return ok
			})
		}), "a-b|", []string{"with a downstream that leaves at item 1:", "wanted: (a!)\n   got: (a!)\na goroutine was left behind"}},

		"leaks through the end of ctx": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			context.AfterFunc(ctx, sleepLong)
			return in.Push(ctx, emit)
		}), "a-b|", []string{"with a ctx that is cancelled in column 0:", "a goroutine was left behind"}},

		"drops the last item": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			held := ""
			return in.Push(ctx, func(v string) bool {
				out := held
				held = v
				return out == "" || emit(out)
			})
		}), "a|", []string{"run to the end:\n  cold: a|\nwanted: a|\n   got: -|\nwanted a in column 0, got | in column 1"}},

		"doubles an item": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			return in.Push(ctx, func(v string) bool { return emit(v) && (v != "b" || emit(v)) })
		}), "a-b-|", []string{"wanted: a-b-|\n   got: 0:a 2:b 2:b 4:|\nwanted | in column 4, got b in column 2"}},

		"emits after a refusal": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			return in.Push(ctx, func(v string) bool { emit(v); return true })
		}), "a-b|", []string{"leaves at item 1:", "emit was called with b though it had refused", "wanted ! in column 0, got ! in column 3"}},

		"emits once more after a refusal": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			return in.Push(ctx, func(v string) bool { return emit(v) || again(emit, v) })
		}), "a-b|", []string{"leaves at item 1:", "emit was called with a though it had refused"}},

		"emits after its end": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			time.AfterFunc(9*Step, func() { emit("z") })
			return in.Push(ctx, emit)
		}), "a-b|", []string{"run to the end:", "emit was called with z after the end"}},

		"emits on another goroutine": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			return in.Push(ctx, func(v string) (ok bool) {
				var other sync.WaitGroup
				other.Go(func() { ok = emit(v) })
				other.Wait()
				return ok
			})
		}), "a-b|", []string{"run to the end:", "emit was called on another goroutine than the subscriber's"}},

		"does not see the end of ctx": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			return in.Push(context.WithoutCancel(ctx), emit)
		}), "a--b|", []string{"with a ctx that is cancelled in column 0:", "wanted: (a!)", "wanted ! in column 0, got ! in column 3"}},

		"makes its own error of a cancellation": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			if err := in.Push(ctx, emit); err != nil {
				return errors.New("it was cut")
			}
			return nil
		}), "a--b|", []string{"with a ctx that is cancelled in column 0:", "wanted: (a!)\n   got: (a#)", "it ended with the error: it was cut"}},

		"adds an error to a stop": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			stopped := false
			err := in.Push(ctx, func(v string) bool {
				stopped = !emit(v)
				return !stopped
			})
			if stopped {
				return errOther
			}
			return err
		}), "a--b|", []string{"leaves at item 1:", "got: (a#)", "it ended with the error: tptest: downstream has left\nanother error"}},

		"swallows an error": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			_ = in.Push(ctx, emit)
			return nil
		}), "a--#", []string{"wanted: a--#\n   got: a--|\nwanted # in column 3, got | in column 3"}},

		"fails with another error": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			if err := in.Push(ctx, emit); errors.Is(err, ErrMarble) {
				return errOther
			}
			return nil
		}), "a--#", []string{"wanted: a--#\n   got: a--#\nit ended with the error: another error"}},

		"panics": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			return in.Push(ctx, func(v string) bool { return v != "b" || panics() })
		}), "-b|", []string{"wanted b in column 1, got # in column 1", "it ended with the error: turbopipes: panic: oh", "tptest.panics"}},

		"calls Goexit": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			return in.Push(ctx, func(string) bool { runtime.Goexit(); return true })
		}), "-b|", []string{"runtime.Goexit was called"}},

		"is late": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			return in.Push(ctx, func(v string) bool { time.Sleep(Step); return emit(v) })
		}), "-b-|", []string{"wanted: -b-|\n   got: --b|\nwanted b in column 1, got b in column 2"}},

		"is late to end": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			err := in.Push(ctx, emit)
			time.Sleep(Step)
			return err
		}), "-b-|", []string{"wanted: -b-|\n   got: -b--|\nwanted | in column 3, got | in column 4"}},

		"is late to stop": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			return in.Push(ctx, func(v string) bool {
				ok := emit(v)
				if !ok {
					time.Sleep(2 * Step)
				}
				return ok
			})
		}), "-b-|", []string{"leaves at item 1:", "wanted: -(b!)\n   got: -b-!\n"}},

		"does not end": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			_ = in.Push(ctx, emit)
			<-ctx.Done()
			return nil
		}), "-b|", []string{"it had not ended 1s after its last column:", "broken_test.go:", "wanted: -b|\n   got: 1:b 1002:!\n", "wanted | in column 2, got ! in column 1002"}},

		"does not end when cancelled": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			_ = in.Push(ctx, emit)
			if ctx.Err() != nil {
				sleepLong()
			}
			return nil
		}), "-b|", []string{"with a ctx that is cancelled in column 0:", "it did not end when it was cancelled then", "tptest.sleepLong", "got nothing more"}},

		"does not stop to emit": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			for emit("b") {
			}
			return nil
		}), "-b|", []string{"it went on: 1002 items"}},

		"keeps state across subscriptions": {func() operator {
			n := 0
			return lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
				return in.Push(ctx, func(v string) bool { n++; return n > 1 || emit(v) })
			})
		}(), "-b|", []string{"run to the end, under Checked:", "wanted b in column 1, got | in column 2"}},

		"leaks at a graceful stop": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			err := in.Push(ctx, emit)
			if isStopping(ctx) {
				go sleepLong()
			}
			return err
		}), "a-b|", []string{"with a graceful stop in column 0, under Checked:\n  cold: a-b|\nwanted: a …|\n   got: (a|)\na goroutine was left behind:\n", "tptest.sleepLong"}},

		"does not end at a graceful stop": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			err := in.Push(ctx, emit)
			if isStopping(ctx) {
				<-ctx.Done()
			}
			return err
		}), "a-b|", []string{"with a graceful stop in column 0, ", "wanted it to complete, got ! in column 1003\nit had not ended 1s after its last column:", "broken_test.go:"}},

		"does not end at a graceful stop, and draws no end": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			err := in.Push(ctx, emit)
			if isStopping(ctx) {
				<-ctx.Done()
			}
			return err
		}), "a-b---", []string{"with a graceful stop in column 0, ", "wanted it to complete"}},

		"fails at a graceful stop": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			if err := in.Push(ctx, emit); err != nil || !isStopping(ctx) {
				return err
			}
			return errOther
		}), "a-b|", []string{"with a graceful stop in column 0, ", "got: (a#)\nit ended with the error: another error"}},

		"loses an item to a graceful stop": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			err := in.Push(ctx, emit)
			if isStopping(ctx) {
				turbopipes.Lost(ctx, turbopipes.Loss{Item: "x", Reason: turbopipes.Discarded})
			}
			return err
		}), "a-b|", []string{"with a graceful stop in column 0, ", "items were lost to the graceful stop: 1"}},

		"does otherwise where it may be stopped": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			return in.Push(ctx, func(v string) bool { return emit(v) && (turbopipes.Stopping(ctx) == nil || emit(v)) })
		}), "a-b|", []string{"with a graceful stop in column 0, ", "wanted: a …|\n   got: (aa|)\nwanted nothing more, got a in column 0, before the stop"}},

		"emits on another goroutine at a graceful stop": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			err := in.Push(ctx, emit)
			if isStopping(ctx) {
				var other sync.WaitGroup
				other.Go(func() { emit("z") })
				other.Wait()
			}
			return err
		}), "a-b|", []string{"with a graceful stop in column 0, ", "emit was called on another goroutine than the subscriber's"}},

		"breaks the contract inside": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			stubborn := turbopipes.Create(func(_ context.Context, emit func(string) bool) error {
				return in.Push(ctx, func(v string) bool { return emit(v) || again(emit, v) })
			})
			return stubborn.Push(ctx, emit)
		}), "-b|", []string{"leaves at item 1, under Checked, ", "broken contract"}},

		"keeps items and loses them without a word": {lift(func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			var kept []string
			err := in.Push(ctx, func(v string) bool { kept = append(kept, v); return true })
			for i := 0; err == nil && i < len(kept) && emit(kept[i]); i++ {
				continue
			}
			return err
		}), "(ab|)", []string{"leaves at item 1:", "of 2 items that the source handed over, 1 were delivered and 0 reported lost: an operator forgets to call turbopipes.Lost"}},
	}
}

func isStopping(ctx context.Context) bool {
	select {
	case <-turbopipes.Stopping(ctx):
		return true
	default:
		return false
	}
}

func sleepLong() { time.Sleep(time.Hour) }

// again emits v once more, after a refusal.
func again(emit func(string) bool, v string) bool { return emit(v) }

func panics() bool { panic("oh") }

// Every broken operator is detected, and the report describes the fault.
func TestBrokenOperators(t *testing.T) {
	for name, c := range faults() {
		t.Run(name, func(t *testing.T) {
			if name == "emits after its end" && raceDetector {
				t.Skip("it races with the core, and the detector says so")
			}
			t.Parallel()
			var told []string
			_ = marbles(fakeBubble(t, &told), func(text string) { told = append(told, text) }, c.in, c.op, c.in, nil)
			all := strings.Join(told, "\n")
			for _, part := range c.says {
				require.Contains(t, all, part)
			}
			if testing.Verbose() {
				fmt.Println(all)
			}
		})
	}
}
