package turbopipes_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// panicking is a log handler that does.
type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool  { return true }
func (panicking) Handle(context.Context, slog.Record) error { panic(errBoom) }

// rows 6 and 10
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
	// both is the outer stage that waits for an inner one: that one reports.
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

func TestReapWarningByDefault(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	bubble(t, "", func(t *testing.T) {
		begin := time.Now()
		for range operators.Parallel(2, func(context.Context, int) (int, error) { time.Sleep(11 * time.Second); return 0, nil })(tp.Range(0, 3)).Seq(t.Context()) {
			break
		}
		_ = begin
	})
	require.Empty(t, out.String(), "what ends while it is in front of the consumer is not waited for")
	bubble(t, "", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_ = operators.Parallel(2, func(context.Context, int) (int, error) { time.Sleep(time.Minute); return 0, nil })(tp.Range(0, 3)).Drain(ctx)
	})
	require.Contains(t, out.String(), "after=10s")
}
