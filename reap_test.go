package turbopipes_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// panicking is a log handler that panics.
type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool  { return true }
func (panicking) Handle(context.Context, slog.Record) error { panic(errBoom) }

// exiting is a log handler that ends its goroutine.
type exiting struct{ slog.Handler }

func (exiting) Enabled(context.Context, slog.Level) bool  { return true }
func (exiting) Handle(context.Context, slog.Record) error { runtime.Goexit(); return nil }

// blocking is a log handler that does not return before it is released.
type blocking struct {
	slog.Handler
	begun, release chan struct{}
}

func (*blocking) Enabled(context.Context, slog.Level) bool { return true }
func (b *blocking) Handle(context.Context, slog.Record) error {
	close(b.begun)
	<-b.release
	return nil
}

func quiet(o tp.Observable[int]) tp.Observable[int] {
	return tp.Create(func(ctx context.Context, emit func(int) bool) error { return o.Push(ctx, emit) })
}

// docs/faults.md, rows 6 and 10
func TestReapWarning(t *testing.T) {
	var out bytes.Buffer
	logged := func(ctx context.Context, after time.Duration) context.Context {
		out.Reset()
		return tp.WithReapWarning(ctx, after, slog.New(slog.NewTextHandler(&out, nil)))
	}
	stubborn := func(_ context.Context, v int) (int, error) {
		if v > 0 {
			time.Sleep(time.Hour)
		}
		return v, nil
	}
	hangs := tp.Create(func(_ context.Context, emit func(int) bool) error {
		emit(1)
		time.Sleep(time.Hour)
		return nil
	})
	// both is an outer stage that waits for an inner one: the inner stage reports.
	both := operators.Merge(tp.Never[int]())(operators.Parallel(3, stubborn)(operators.Concat(tp.Never[int]())(tp.Range(0, 3))))
	for name, c := range map[string]struct {
		o    tp.Observable[int]
		says []string
	}{
		"a task":                 {operators.Parallel(3, stubborn)(operators.Concat(tp.Never[int]())(tp.Range(0, 3))), []string{"stage=Parallel", "TestReapWarning", "goroutines=2"}},
		"a named stage":          {operators.Name[int]("fetch")(operators.Parallel(3, stubborn)(operators.Concat(tp.Never[int]())(tp.Range(0, 3)))), []string{"stage=fetch/Parallel"}},
		"the innermost stage":    {both, []string{"stage=Parallel"}},
		"a source, behind Merge": {operators.Merge(tp.Never[int]())(hangs), []string{"stage=Merge", "sources=Create", "TestReapWarning"}},
		"a source, inline":       {hangs, []string{"sources=Create", "TestReapWarning"}},
	} {
		bubble(t, name, func(t *testing.T) {
			begin := time.Now()
			next := make(chan struct{}, 1)
			s := c.o.Subscribe(logged(t.Context(), time.Minute), tp.Observer[int]{Next: func(int) { next <- struct{}{} }})
			<-next
			synctest.Wait() // the tasks have begun
			s.Dispose()
			require.Equal(t, time.Hour, time.Since(begin))
			require.Equal(t, 1, strings.Count(out.String(), "still waiting"), out.String())
			for _, part := range c.says {
				require.Contains(t, out.String(), part)
			}
		})
	}
	bubble(t, "a call without a handle", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(logged(t.Context(), time.Minute), time.Second)
		defer cancel()
		go func() { _, _ = tp.Never[int]().Collect(ctx) }()
		go func() { _ = quiet(hangs).Drain(t.Context()) }() // as slow, but it need not end
		require.Equal(t, context.DeadlineExceeded, hangs.Drain(ctx))
		for _, part := range []string{"after=1m0s", "stage=Drain", "goroutines=1", "sources=Create", "stack1=", "TestReapWarning"} {
			require.Contains(t, out.String(), part)
		}
		require.NotContains(t, out.String(), "stack2=")
		require.NotContains(t, out.String(), "quiet")
	})
	bubble(t, "a hook that hangs, after tasks that do not", func(t *testing.T) {
		tardy := operators.Parallel(2, func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Duration(v) * 90 * time.Second)
			return v, nil
		})
		source := tp.Create(func(ctx context.Context, _ func(int) bool) error {
			<-ctx.Done()
			for range tardy(tp.Range(1, 2)).Seq(context.WithoutCancel(ctx)) {
				break // and wait 90 s for the other one
			}
			time.Sleep(time.Hour)
			return nil
		})
		ctx, cancel := context.WithTimeout(logged(t.Context(), 2*time.Minute), time.Second)
		defer cancel()
		_ = source.Drain(ctx)
		require.Equal(t, 1, strings.Count(out.String(), "still waiting"), out.String())
		for _, part := range []string{"after=6m0s", "stage=Drain", "sources=Create", "TestReapWarning"} {
			require.Contains(t, out.String(), part)
		}
	})
	bubble(t, "a handler that does not return", func(t *testing.T) {
		begin := time.Now()
		stuck := &blocking{begun: make(chan struct{}), release: make(chan struct{})}
		s := hangs.Subscribe(tp.WithReapWarning(t.Context(), time.Minute, slog.New(stuck)), tp.Observer[int]{})
		synctest.Wait()
		s.Dispose()
		require.Equal(t, time.Hour, time.Since(begin), "nobody waits for it")
		<-stuck.begun
		close(stuck.release)
	})
	bubble(t, "a handler that exits", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(tp.WithReapWarning(t.Context(), time.Minute, slog.New(exiting{})), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, hangs.Drain(ctx))
		ctx, cancel = context.WithTimeout(logged(t.Context(), time.Minute), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, hangs.Drain(ctx))
		require.Contains(t, out.String(), "still waiting", "the next one is reported")
	})
	bubble(t, "a task that has set pprof labels of its own", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(logged(t.Context(), time.Minute), time.Second)
		defer cancel()
		_ = operators.Parallel(1, func(ctx context.Context, v int) (int, error) {
			pprof.Do(ctx, pprof.Labels("user", "u"), func(context.Context) { time.Sleep(time.Hour) })
			return v, nil
		})(tp.Just(1)).Drain(ctx)
		require.Contains(t, out.String(), "stage=Parallel")
	})
	bubble(t, "a log handler that panics", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(tp.WithReapWarning(t.Context(), time.Minute, slog.New(panicking{})), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, operators.Parallel(3, stubborn)(tp.Just(1)).Drain(ctx))
	})
	bubble(t, "a loop that is left", func(t *testing.T) {
		for range hangs.Seq(logged(t.Context(), time.Minute)) {
			break
		}
		require.Contains(t, out.String(), "sources=Create")
	})
	bubble(t, "off", func(t *testing.T) {
		for range operators.Parallel(3, stubborn)(tp.Range(0, 3)).Seq(logged(t.Context(), 0)) {
			break
		}
		require.Empty(t, out.String())
	})
	bubble(t, "in time", func(t *testing.T) {
		for range operators.Parallel(3, stubborn)(tp.Range(0, 3)).Seq(logged(t.Context(), 2*time.Hour)) {
			break
		}
		require.Empty(t, out.String())
	})
}

// A wait with its own limit is not reported. A wait that follows it is reported.
func TestReapWarningGrace(t *testing.T) {
	for name, c := range map[string]struct {
		grace, cleanUp time.Duration
		reports        int
	}{
		"ends":                      {time.Hour, 0, 0},
		"ends as the warning comes": {time.Minute, 0, 0},
		"ends late":                 {50 * time.Second, 50 * time.Second, 0},
		"hangs":                     {time.Hour, time.Hour, 1},
	} {
		bubble(t, name, func(t *testing.T) {
			var out bytes.Buffer
			begin := time.Now()
			source := tp.Create(func(ctx context.Context, _ func(int) bool) error {
				<-ctx.Done()
				time.Sleep(c.cleanUp)
				return nil
			})
			shared := operators.Share[int](tp.WithGrace(c.grace))(source)
			s := shared.Subscribe(tp.WithReapWarning(t.Context(), time.Minute, slog.New(slog.NewTextHandler(&out, nil))), tp.Observer[int]{})
			synctest.Wait()
			s.Dispose()
			require.Equal(t, c.grace+c.cleanUp, time.Since(begin))
			require.Equal(t, c.reports, strings.Count(out.String(), "still waiting"), out.String())
			if c.reports > 0 {
				for _, part := range []string{"after=1m0s", "stage=Share", "goroutines=1", "TestReapWarningGrace"} {
					require.Contains(t, out.String(), part)
				}
			}
		})
	}
}

// A connection has no scope around it that waits for it.
func TestReapWarningOfAConnection(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var out bytes.Buffer
		ctx, cancel := context.WithCancel(tp.WithReapWarning(t.Context(), time.Minute, slog.New(slog.NewTextHandler(&out, nil))))
		hangs := tp.Create(func(context.Context, func(int) bool) error { time.Sleep(time.Hour); return nil })
		c := tp.Publish(hangs).Connect(ctx)
		synctest.Wait()
		cancel()
		require.Equal(t, context.Canceled, c.Wait())
		require.Equal(t, 1, strings.Count(out.String(), "still waiting"), out.String())
		for _, part := range []string{"after=1m0s", "stage=Publish", "goroutines=1", "sources=Create", "TestReapWarningOfAConnection"} {
			require.Contains(t, out.String(), part)
		}
	})
}

// Many late subscriptions at once do not flood the log.
func TestReapWarningOfMany(t *testing.T) {
	const many = 300
	bubble(t, "", func(t *testing.T) {
		var out bytes.Buffer
		ctx, cancel := context.WithCancel(tp.WithReapWarning(t.Context(), time.Minute, slog.New(slog.NewTextHandler(&out, nil))))
		var all []*tp.Subscription
		for range many {
			all = append(all, operators.Parallel(2, func(context.Context, int) (int, error) { time.Sleep(time.Hour); return 0, nil })(tp.Range(0, 3)).Subscribe(ctx, tp.Observer[int]{}))
		}
		synctest.Wait()
		cancel()
		for _, s := range all {
			require.Equal(t, context.Canceled, s.Wait())
		}
		reports, rest := 0, 0
		for line := range strings.Lines(out.String()) {
			if _, number, ok := strings.Cut(line, "subscriptions="); ok {
				n := 0
				_, err := fmt.Sscan(number, &n)
				require.NoError(t, err)
				rest += n
				continue
			}
			reports++
			for _, part := range []string{"after=1m", "stage=Parallel", "goroutines=2", "stack1=", "TestReapWarningOfMany"} {
				require.Contains(t, line, part)
			}
		}
		require.GreaterOrEqual(t, reports, 10)
		require.LessOrEqual(t, reports, 20, "ten at once, and one in each second")
		require.Equal(t, many, reports+rest, "each is told, or counted")
	})
}

func TestReapWarningByDefault(t *testing.T) {
	var out ear
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	bubble(t, "", func(t *testing.T) {
		// No item follows the running tasks, so that the loop waits for no item.
		tasks := operators.Parallel(2, func(context.Context, int) (int, error) { time.Sleep(11 * time.Second); return 0, nil })(tp.Range(0, 2))
		for range tasks.Seq(t.Context()) {
			synctest.Wait() // the other one has ended, too
			break
		}
	})
	require.NotContains(t, out.heard(), "still waiting", "what ends while it is in front of the consumer is not waited for")
	bubble(t, "", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_ = operators.Parallel(2, func(context.Context, int) (int, error) { time.Sleep(time.Minute); return 0, nil })(tp.Range(0, 3)).Drain(ctx)
	})
	require.Contains(t, out.heard(), "after=10s")
}
