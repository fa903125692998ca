package turbopipes_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// signalsAt returns a channel with a signal after each of the times.
func signalsAt(at ...time.Duration) <-chan os.Signal {
	ch := make(chan os.Signal, len(at))
	for _, d := range at {
		time.AfterFunc(d, func() { ch <- os.Interrupt })
	}
	return ch
}

func TestRunUntilSignal(t *testing.T) {
	const ms = time.Millisecond
	const first, second = 3200 * ms, 5200 * ms // while a task runs, between two ticks
	in := func(d time.Duration) []tp.SignalOption { return []tp.SignalOption{tp.StopWithin(d)} }
	for name, c := range map[string]struct {
		at       []time.Duration
		opts     []tp.SignalOption
		stubborn bool // the task ignores the graceful stop
		want     error
		says     string
		signals  int
		took     time.Duration
	}{
		"none":                       {took: 10500 * ms},
		"one":                        {at: []time.Duration{first}, signals: 1, took: 3500 * ms},
		"one, and a stop that lasts": {at: []time.Duration{first}, stubborn: true, signals: 1, took: 101_000 * ms},
		"two":                        {at: []time.Duration{first, second}, stubborn: true, want: tp.ErrInterrupted, says: "turbopipes: interrupted", signals: 2, took: second},
		"three at once":              {at: []time.Duration{first, second, second}, stubborn: true, want: tp.ErrInterrupted, signals: 2, took: second},
		"a bounce is none":           {at: []time.Duration{first, first + 49*ms}, signals: 1, took: 3500 * ms},
		"what follows it is one":     {at: []time.Duration{first, first + 50*ms}, stubborn: true, want: tp.ErrInterrupted, signals: 2, took: first + 50*ms},
		"in time":                    {at: []time.Duration{first}, opts: in(1000 * ms), signals: 1, took: 3500 * ms},
		"not in time":                {at: []time.Duration{first}, opts: in(1000 * ms), stubborn: true, want: tp.ErrInterrupted, says: "turbopipes: interrupted: the stop took longer than 1s", signals: 1, took: first + 1000*ms},
		"at once":                    {at: []time.Duration{first}, opts: in(0), want: tp.ErrInterrupted, signals: 1, took: first},
		"two in time":                {at: []time.Duration{first, second}, opts: in(4000 * ms), stubborn: true, want: tp.ErrInterrupted, signals: 2, took: second},
	} {
		bubble(t, name, func(t *testing.T) {
			work := operators.Parallel(2, func(ctx context.Context, v int) (int, error) {
				lasts := 500 * ms
				if c.stubborn {
					lasts = 100_000 * ms
				}
				left := time.NewTimer(lasts)
				defer left.Stop()
				select {
				case <-left.C:
					return v, nil
				case <-ctx.Done():
					return 0, context.Cause(ctx)
				}
			})
			ticks := operators.Take[int](10)(tp.Interval(1000 * ms))
			if c.stubborn {
				ticks = operators.Take[int](1)(ticks)
			}
			begin := time.Now()
			signals, err := tp.RunUntilSignal(t.Context(), func(ctx context.Context, stop <-chan struct{}) error {
				return tp.WaitOrStop(ctx, stop, work(ticks).Subscribe(t.Context(), tp.Observer[int]{}))
			}, append(c.opts, tp.WithSignalsFrom(signalsAt(c.at...)))...)
			took := time.Since(begin)
			require.ErrorIs(t, err, c.want)
			if c.says != "" {
				require.EqualError(t, err, c.says)
			}
			require.Equal(t, c.signals, signals)
			require.Equal(t, c.took, took)
		})
	}
}

// TestRunUntilSignalAround makes run end in other ways.
func TestRunUntilSignalAround(t *testing.T) {
	bubble(t, "an error of run", func(t *testing.T) {
		signals, err := tp.RunUntilSignal(t.Context(), func(context.Context, <-chan struct{}) error { return errBoom }, tp.WithSignalsFrom(signalsAt()))
		require.Equal(t, errBoom, err)
		require.Zero(t, signals)
	})
	bubble(t, "a signal while run returns", func(t *testing.T) {
		for range 100 {
			sent := make(chan os.Signal, 1)
			signals, err := tp.RunUntilSignal(t.Context(), func(context.Context, <-chan struct{}) error {
				sent <- os.Interrupt
				return nil
			}, tp.WithSignalsFrom(sent))
			require.NoError(t, err)
			require.Equal(t, 1, signals)
		}
	})
	bubble(t, "a panic of run", func(t *testing.T) {
		var inside context.Context
		require.PanicsWithValue(t, "out of luck", func() {
			_, _ = tp.RunUntilSignal(t.Context(), func(ctx context.Context, _ <-chan struct{}) error {
				inside = ctx
				panic("out of luck")
			}, tp.WithSignalsFrom(signalsAt()))
		})
		require.Error(t, inside.Err())
	})
	bubble(t, "the end of ctx", func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errLate)
		defer cancel()
		_, err := tp.RunUntilSignal(ctx, func(ctx context.Context, stop <-chan struct{}) error {
			return tp.WaitOrStop(ctx, stop, tp.Never[int]().Subscribe(ctx, tp.Observer[int]{}))
		}, tp.WithSignalsFrom(signalsAt()))
		require.Equal(t, errLate, err)
	})
	bubble(t, "a channel that is closed", func(t *testing.T) {
		closed := make(chan os.Signal)
		close(closed)
		signals, err := tp.RunUntilSignal(t.Context(), func(ctx context.Context, stop <-chan struct{}) error {
			return tp.WaitOrStop(ctx, stop, tp.Timer(time.Second).Subscribe(ctx, tp.Observer[int]{}))
		}, tp.WithSignalsFrom(closed))
		require.NoError(t, err)
		require.Zero(t, signals)
	})
	t.Run("bad arguments", func(t *testing.T) {
		var none context.Context
		run := func(context.Context, <-chan struct{}) error { t.Error("run"); return nil }
		for want, call := range map[string]func() (int, error){
			"ctx is nil":      func() (int, error) { return tp.RunUntilSignal(none, run) },
			"run is nil":      func() (int, error) { return tp.RunUntilSignal(t.Context(), nil) },
			"option 1 is nil": func() (int, error) { return tp.RunUntilSignal(t.Context(), run, nil) },
			"WithSignals: no signal was given, want at least 1": func() (int, error) { return tp.RunUntilSignal(t.Context(), run, tp.WithSignals()) },
			"WithSignals: signals[0] is nil":                    func() (int, error) { return tp.RunUntilSignal(t.Context(), run, tp.WithSignals(nil)) },
			"WithSignalsFrom: ch is nil":                        func() (int, error) { return tp.RunUntilSignal(t.Context(), run, tp.WithSignalsFrom(nil)) },
			"StopWithin: limit is -1ns, want at least 0": func() (int, error) {
				return tp.RunUntilSignal(t.Context(), run, tp.StopWithin(-1))
			},
		} {
			_, err := call()
			require.ErrorIs(t, err, tp.ErrInvalidArgument)
			require.ErrorContains(t, err, want)
		}
	})
}

func TestWaitOrStop(t *testing.T) {
	// slow holds an item of a for a while.
	slow := func(a *alive, each time.Duration) *tp.Subscription {
		return operators.TryMap(func(_ context.Context, v int) (int, error) { time.Sleep(each); return v, nil })(a.ticks(time.Second)).
			Subscribe(tp.WithReapWarning(context.Background(), 0, nil), tp.Observer[int]{})
	}
	stopAt := func(d time.Duration) <-chan struct{} {
		stop := make(chan struct{})
		time.AfterFunc(d, func() { close(stop) })
		return stop
	}
	bubble(t, "none", func(t *testing.T) { require.NoError(t, tp.WaitOrStop(t.Context(), nil)) })
	bubble(t, "by itself", func(t *testing.T) {
		failing := operators.Concat(tp.Throw[int](errBoom))(tp.Timer(time.Second)).Subscribe(t.Context(), tp.Observer[int]{})
		require.Equal(t, errBoom, tp.WaitOrStop(t.Context(), nil, tp.Timer(time.Minute).Subscribe(t.Context(), tp.Observer[int]{}), failing))
	})
	bubble(t, "stopped together", func(t *testing.T) {
		var a, b alive
		begin := time.Now()
		first, second := slow(&a, 10*time.Second), slow(&b, 7*time.Second)
		require.NoError(t, tp.WaitOrStop(t.Context(), stopAt(2500*time.Millisecond), first, second))
		require.Equal(t, time.Hour+11*time.Second, time.Since(begin), "the item in hand, and an hour to clean up, of both at the same time")
		a.requireReaped(t)
		b.requireReaped(t)
		require.EqualValues(t, 1, first.Stats().Delivered)
		require.EqualValues(t, 1, second.Stats().Delivered)
	})
	bubble(t, "disposed of", func(t *testing.T) {
		var a, b alive
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, errLate)
		defer cancel()
		done := tp.Just(1).Subscribe(t.Context(), tp.Observer[int]{})
		begin := time.Now()
		require.Equal(t, errLate, tp.WaitOrStop(ctx, nil, done, slow(&a, 10*time.Second), slow(&b, 7*time.Second)))
		require.Equal(t, time.Hour+11*time.Second, time.Since(begin))
		a.requireReaped(t)
		b.requireReaped(t)
	})
	bubble(t, "with what failed before", func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errLate)
		defer cancel()
		failed := tp.Throw[int](errBoom).Subscribe(t.Context(), tp.Observer[int]{})
		err := tp.WaitOrStop(ctx, nil, failed, tp.Never[int]().Subscribe(ctx, tp.Observer[int]{}))
		require.EqualError(t, err, "late\nboom")
	})
	bubble(t, "ended before ctx", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		done := tp.Just(1).Subscribe(t.Context(), tp.Observer[int]{})
		<-done.Done()
		for range 100 {
			require.NoError(t, tp.WaitOrStop(ctx, nil, done))
		}
	})
	bubble(t, "from within", func(t *testing.T) {
		var s *tp.Subscription
		ready := make(chan struct{})
		var inside error
		s = tp.Just(1).Subscribe(t.Context(), tp.Observer[int]{Next: func(int) {
			<-ready
			inside = tp.WaitOrStop(t.Context(), nil, s)
		}})
		close(ready)
		require.NoError(t, s.Wait())
		require.Equal(t, tp.ErrReentrant, inside)
	})
	t.Run("bad arguments", func(t *testing.T) {
		var none context.Context
		require.ErrorContains(t, tp.WaitOrStop(none, nil), "ctx is nil")
		require.ErrorContains(t, tp.WaitOrStop(t.Context(), nil, tp.Just(1).Subscribe(t.Context(), tp.Observer[int]{}), nil), "subs[1] is nil")
	})
}

// One subscription feeds another through a channel.
func TestWaitOrStopInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		between := make(chan int)
		var sent, got []int
		reader := tp.Interval(time.Second).Subscribe(t.Context(), tp.Observer[int]{
			Next:     func(v int) { between <- v; sent = append(sent, v) },
			Complete: func() { close(between) },
		})
		writer := operators.TryMap(func(_ context.Context, v int) (int, error) { time.Sleep(700 * time.Millisecond); return v, nil })(tp.FromChannel(between)).
			Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) { got = append(got, v) }})
		_, err := tp.RunUntilSignal(t.Context(), func(ctx context.Context, stop <-chan struct{}) error {
			return errors.Join(tp.WaitOrStop(ctx, stop, reader), tp.WaitOrStop(ctx, stop, writer))
		}, tp.WithSignalsFrom(signalsAt(5500*time.Millisecond)))
		require.NoError(t, err)
		require.Len(t, got, 5)
		require.Equal(t, sent, got)
	})
}

// TestSignalsOfTheProcess runs this test program again, and sends signals to that
// process until one of them ends it.
func TestSignalsOfTheProcess(t *testing.T) {
	if os.Getenv("TURBOPIPES_SIGNALLED") != "" {
		signalled()
		return
	}
	if runtime.GOOS == "windows" {
		t.Skip("no process can send a Ctrl-C there")
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSignalsOfTheProcess$")
	child.Env = append(os.Environ(), "TURBOPIPES_SIGNALLED=1")
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewScanner(out)
	var said []string
	read := func() (more bool) {
		if more = lines.Scan(); more {
			said = append(said, lines.Text())
		}
		return more
	}
	require.True(t, read())
	sending := operators.TakeFor[int](10*time.Second)(tp.Interval(5*time.Millisecond)).Subscribe(t.Context(), tp.Observer[int]{
		Next:     func(i int) { _ = child.Process.Signal([]os.Signal{os.Interrupt, syscall.SIGTERM}[i%2]) },
		Complete: func() { _ = child.Process.Kill() }, // the process does not end at the third signal
	})
	defer sending.Dispose()
	for read() {
	}
	ended := child.Wait()
	require.Equal(t, "running stopping disposed", strings.Join(said, " "))
	require.Contains(t, []string{"signal: interrupt", "signal: terminated"}, ended.Error(), "by the default effect of the third")
}

// signalled is the process that gets the signals. It does not end by itself.
func signalled() {
	_, _ = tp.RunUntilSignal(context.Background(), func(ctx context.Context, stop <-chan struct{}) error {
		fmt.Println("running")
		<-stop
		fmt.Println("stopping")
		<-ctx.Done()
		fmt.Println("disposed")
		select {}
	})
}

func ExampleRunUntilSignal() {
	ctrlC := make(chan os.Signal, 1) // in a program: none, and no WithSignalsFrom
	pages := operators.Parallel(4, identity)(tp.Range(1, 1_000_000_000))

	signals, err := tp.RunUntilSignal(context.Background(), func(ctx context.Context, stop <-chan struct{}) error {
		stored := 0
		s := pages.Subscribe(ctx, tp.Observer[int]{Next: func(int) {
			if stored++; stored == 3 {
				ctrlC <- os.Interrupt
			}
		}})
		return tp.WaitOrStop(ctx, stop, s)
	}, tp.StopWithin(10*time.Second), tp.WithSignalsFrom(ctrlC))

	fmt.Println(signals, err)
	if errors.Is(err, tp.ErrInterrupted) {
		os.Exit(130)
	}
	// Output: 1 <nil>
}

func ExampleWaitOrStop() {
	stop := make(chan struct{})
	letters, numbers := tp.NewSubject[string](), tp.NewSubject[int]()
	ctx := context.Background()
	a := letters.Observable().Subscribe(ctx, tp.Observer[string]{})
	b := numbers.Observable().Subscribe(ctx, tp.Observer[int]{})

	close(stop) // as a signal or a request to shut down does
	fmt.Println(tp.WaitOrStop(ctx, stop, a, b))
	// Output: <nil>
}
