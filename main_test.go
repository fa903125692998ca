package turbopipes_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	tp "github.com/turbopipes/turbopipes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errBoom = errors.New("boom")
	errLate = errors.New("late")
)

// bubble runs f in its own bubble, on virtual time.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// alive counts running sources and tasks. Each of them takes an hour to clean up.
type alive struct{ now, total atomic.Int64 }

func (a *alive) enter() (leave func()) {
	a.now.Add(1)
	a.total.Add(1)
	return func() { time.Sleep(time.Hour); a.now.Add(-1) }
}

func (a *alive) requireReaped(t *testing.T) {
	t.Helper()
	require.Zero(t, a.now.Load(), "alive of %d", a.total.Load())
	require.NotZero(t, a.total.Load())
}

// ticks emits 0, 1, 2 … every d.
func (a *alive) ticks(d time.Duration) tp.Observable[int] {
	return tp.Create(func(ctx context.Context, emit func(int) bool) error {
		defer a.enter()()
		t := time.NewTicker(d)
		defer t.Stop()
		for i := 0; ; i++ {
			select {
			case <-t.C:
				if !emit(i) {
					return nil
				}
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	})
}

// blocked is a task that ends with its ctx.
func (a *alive) blocked(ctx context.Context, _ int) (int, error) {
	defer a.enter()()
	<-ctx.Done()
	return 0, ctx.Err()
}

func identity(_ context.Context, v int) (int, error) { return v, nil }

// pace emits the numbers below n, one after each d, the first at once.
func pace(n int, d time.Duration) tp.Observable[int] {
	return tp.Create(func(ctx context.Context, emit func(int) bool) error {
		for i := range n {
			if !emit(i) {
				return nil
			}
			time.Sleep(d)
		}
		return nil
	})
}

// benchmark drains many items through op.
func benchmark[R any](b *testing.B, op tp.Operator[int, R]) {
	b.Helper()
	const items = 1 << 14
	o := op(tp.Range(0, items))
	b.ReportAllocs()
	for b.Loop() {
		_ = o.Drain(b.Context())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/items, "ns/item")
}
