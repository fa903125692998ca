package turbopipes_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

type valueKey struct{}

// release learns how the stream has ended, and its ctx is alive and has values.
func TestUsingContext(t *testing.T) {
	ticks := tp.Interval(time.Second)
	for name, c := range map[string]struct {
		stream tp.Observable[int]
		run    func(ctx context.Context, o tp.Observable[int]) error
		kind   tp.EndKind
		err    error
	}{
		"completes": {tp.Just(1, 2), func(ctx context.Context, o tp.Observable[int]) error { return o.Drain(ctx) }, tp.Completed, nil},
		"fails":     {tp.Throw[int](errBoom), func(ctx context.Context, o tp.Observable[int]) error { return o.Drain(ctx) }, tp.Failed, errBoom},
		"panics": {operators.Map(func(int) int { panic(errBoom) })(tp.Just(1)), func(ctx context.Context, o tp.Observable[int]) error {
			return o.Drain(ctx)
		}, tp.Failed, errBoom},
		"calls Goexit": {operators.Map(func(int) int { runtime.Goexit(); return 0 })(tp.Just(1)), func(ctx context.Context, o tp.Observable[int]) error {
			return o.Subscribe(ctx, tp.Observer[int]{}).Wait()
		}, tp.Failed, tp.ErrGoexit},
		"downstream leaves": {ticks, func(ctx context.Context, o tp.Observable[int]) error {
			return operators.Take[int](1)(o).Drain(ctx)
		}, tp.Disposed, nil},
		"ctx ends": {ticks, func(ctx context.Context, o tp.Observable[int]) error {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(1500*time.Millisecond, func() { cancel(errLate) })
			return o.Drain(ctx)
		}, tp.Disposed, errLate},
		"is disposed of": {ticks, func(ctx context.Context, o tp.Observable[int]) error {
			s := o.Subscribe(ctx, tp.Observer[int]{})
			time.Sleep(1500 * time.Millisecond)
			s.Dispose()
			return s.Err()
		}, tp.Disposed, nil},
		"is stopped": {ticks, func(ctx context.Context, o tp.Observable[int]) error {
			s := o.Subscribe(ctx, tp.Observer[int]{})
			time.Sleep(1500 * time.Millisecond)
			return s.Stop(ctx)
		}, tp.Stopped, nil},
	} {
		bubble(t, name, func(t *testing.T) {
			released := 0
			o := tp.UsingContext(func(context.Context) (int, error) { return 7, nil },
				func(r int) tp.Observable[int] { require.Equal(t, 7, r); return c.stream },
				func(ctx context.Context, r int, how tp.End) error {
					released++
					require.Equal(t, 7, r)
					require.NoError(t, ctx.Err(), "it lives")
					require.Equal(t, "value", ctx.Value(valueKey{}))
					require.Equal(t, c.kind, how.Kind, "%v", how)
					if c.err != nil {
						require.ErrorIs(t, how.Err, c.err)
					}
					if c.kind == tp.Completed || c.kind == tp.Stopped {
						require.NoError(t, how.Err)
					}
					return nil
				})
			err := c.run(context.WithValue(t.Context(), valueKey{}, "value"), o)
			if c.kind == tp.Failed || name == "ctx ends" {
				require.ErrorIs(t, err, c.err)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, 1, released)
		})
	}
	bubble(t, "the consumer panics", func(t *testing.T) {
		var how tp.End
		o := tp.UsingContext(func(context.Context) (int, error) { return 0, nil }, func(int) tp.Observable[int] { return tp.Just(1) },
			func(_ context.Context, _ int, end tp.End) error { how = end; return nil })
		require.PanicsWithValue(t, "mine", func() { _ = o.Each(t.Context(), func(int) error { panic("mine") }) })
		require.Equal(t, tp.End{Kind: tp.Disposed}, how)
	})
	bubble(t, "release fails", func(t *testing.T) {
		o := tp.UsingContext(func(context.Context) (int, error) { return 0, nil }, func(int) tp.Observable[int] { return tp.Throw[int](errBoom) },
			func(context.Context, int, tp.End) error { return errLate })
		require.EqualError(t, o.Drain(t.Context()), "boom\nlate")
	})
	use, release := func(int) tp.Observable[int] { return tp.Just(1) }, func(context.Context, int, tp.End) error { return nil }
	for text, o := range map[string]tp.Observable[int]{
		"acquire is nil": tp.UsingContext(nil, use, release),
		"use is nil":     tp.UsingContext[int, int](func(context.Context) (int, error) { return 0, nil }, nil, release),
		"release is nil": tp.UsingContext(func(context.Context) (int, error) { return 0, nil }, use, nil),
	} {
		err := o.Drain(t.Context())
		require.ErrorIs(t, err, tp.ErrInvalidArgument, text)
		require.ErrorContains(t, err, "UsingContext: "+text)
	}
	require.Equal(t, "Completed Stopped Disposed Failed invalid", tp.Completed.String()+" "+tp.Stopped.String()+" "+tp.Disposed.String()+" "+tp.Failed.String()+" "+tp.EndKind(9).String())
}
