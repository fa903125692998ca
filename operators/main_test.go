package operators_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/turbopipes/turbopipes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubble runs f in a bubble of its own, on virtual time.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// requireInvalid checks that op refuses its arguments, with that text, before it
// subscribes to anything.
func requireInvalid[T, R any](t *testing.T, op turbopipes.Operator[T, R], text string) {
	t.Helper()
	in := turbopipes.Create(func(context.Context, func(T) bool) error {
		t.Error("subscribed")
		return nil
	})
	err := op(in).Drain(t.Context())
	require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	require.EqualError(t, err, "turbopipes: invalid argument: "+text)
}

// requirePanics checks that a panic with errBoom in op's function, at the first
// item, is the stream's error, and that upstream has ended before the stream does.
func requirePanics[R any](t *testing.T, op turbopipes.Operator[string, R]) {
	t.Helper()
	var a alive
	in := turbopipes.Create(func(_ context.Context, emit func(string) bool) error {
		defer a.enter()()
		emit("a")
		return nil
	})
	items, err := op(in).Collect(t.Context())
	p := (*turbopipes.PanicError)(nil)
	require.ErrorAs(t, err, &p)
	require.Equal(t, errBoom, p.Value)
	require.Contains(t, string(p.Stack), t.Name()[:strings.IndexAny(t.Name()+"/", "/")], "the stack of the panic")
	require.Empty(t, items)
	a.requireReaped(t)
	require.NotZero(t, a.total.Load())
}

// letters distinguishes letters from digits.
func letters(v string) bool { return v >= "a" }

// upper fails on x.
func upper(_ context.Context, v string) (string, error) {
	if v == "x" {
		return "", errBoom
	}
	return strings.ToUpper(v), nil
}

// perItem reports the time per item of a benchmark whose runs have n each.
func perItem(b *testing.B, n int) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/item")
}

// benchmark measures op, with a thousand items a run.
func benchmark[R any](b *testing.B, op turbopipes.Operator[int, R]) {
	b.Helper()
	const items = 1024
	o := op(turbopipes.Range(0, items))
	b.ReportAllocs()
	for b.Loop() {
		_ = o.Drain(b.Context())
	}
	perItem(b, items)
}
