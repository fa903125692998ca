package operators_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

type userKey struct{}

// valued adds a value, but no new end.
func valued(ctx context.Context) context.Context { return context.WithValue(ctx, userKey{}, "Ann") }

// ownChild ends with its parent, and by a channel of its own.
func ownChild(ctx context.Context) context.Context {
	child, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, cancel)
	return child
}

func TestWithContext(t *testing.T) {
	for how, derive := range map[string]func(context.Context) context.Context{
		"a value": valued, "the same": func(ctx context.Context) context.Context { return ctx }, "a child": ownChild,
	} {
		op := operators.WithContext[string](derive)
		t.Run(how+", as documented", func(t *testing.T) { tptest.Doc(t, "with_context.go", "WithContext", op) })
		for name, c := range map[string]struct{ in, out string }{
			"empty":             {"--|", "--|"},
			"an error at first": {"#", "#"},
			"an error later":    {"-a-b#", "-a-b#"},
		} {
			t.Run(how+", "+name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
		}
	}
	requireInvalid(t, operators.WithContext[int](nil), "WithContext: derive is nil")
	for _, c := range []struct {
		derive func(context.Context) context.Context
		text   string
	}{
		{func(context.Context) context.Context { return nil }, "derive has returned a nil ctx, want a child of its own"},
		{func(context.Context) context.Context { return context.Background() }, "derive has returned a ctx that is no child of its own, want a child"},
		{func(context.Context) context.Context { return ownChild(t.Context()) }, "derive has returned a ctx that is no child of its own, want a child"},
		{context.WithoutCancel, "derive has returned a ctx that is no child of its own, want a child"},
	} {
		requireInvalid(t, operators.WithContext[int](c.derive), "WithContext: "+c.text)
	}
	err := operators.WithContext[int](func(context.Context) context.Context { panic(errBoom) })(turbopipes.Just(1)).Drain(t.Context())
	p := (*turbopipes.PanicError)(nil)
	require.ErrorAs(t, err, &p)
	require.Equal(t, errBoom, p.Value)
}

// Sources and functions of upstream see the value, those of downstream don't, and
// derive is called for each subscription.
func TestWithContextIsSeenUpstream(t *testing.T) {
	user := func(ctx context.Context, _ int) (any, error) { return ctx.Value(userKey{}), nil }
	calls := 0
	with := operators.WithContext[any](func(ctx context.Context) context.Context { calls++; return valued(ctx) })
	under := with(operators.TryMap(user)(turbopipes.Just(1)))
	for range 2 {
		items, err := under.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []any{"Ann"}, items)
	}
	require.Equal(t, 2, calls)
	above := operators.TryMap(user)(operators.WithContext[int](valued)(turbopipes.Just(1)))
	items, err := above.Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []any{nil}, items)
}

// within returns a function that makes a child ctx which ends after d.
func within(t *testing.T, d time.Duration) func(context.Context) context.Context {
	return func(ctx context.Context) context.Context {
		child, cancel := context.WithTimeoutCause(ctx, d, errLate)
		t.Cleanup(cancel)
		return child
	}
}

// A child that ends before its parent is an ordinary error, also if upstream checks
// only the result of emit.
func TestWithContextChildEnds(t *testing.T) {
	for name, c := range map[string]struct {
		in   turbopipes.Observable[int]
		took time.Duration
	}{
		"upstream waits":   {turbopipes.Interval(time.Second), 2500 * time.Millisecond},
		"upstream is deaf": {deaf(20), 3 * time.Second},
	} {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, operators.WithContext[int](within(t, 2500*time.Millisecond))(c.in), 0, 0, itself)
			require.Equal(t, errLate, s.err)
			require.Equal(t, []int{0, 1}, s.items)
			require.Equal(t, c.took, s.took)
		})
		bubble(t, name+", and is caught", func(t *testing.T) {
			o := operators.OnErrorReturnItem(7)(operators.WithContext[int](within(t, 2500*time.Millisecond))(c.in))
			items, err := o.Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, []int{0, 1, 7}, items)
		})
	}
	bubble(t, "before it began", func(t *testing.T) {
		in := turbopipes.Create(func(context.Context, func(int) bool) error { t.Error("called"); return nil })
		require.Equal(t, errLate, operators.WithContext[int](within(t, 0))(in).Drain(t.Context()))
	})
}

// If an upstream waits in its emit when the child ends, its emit returns false, and it
// fetches no item that would be refused.
func TestWithContextChildEndsBelow(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		in := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
			require.False(t, emit(1))
			return context.Cause(ctx)
		})
		s := endedBy(t, operators.WithContext[int](within(t, time.Second))(in), 2*time.Second, 0, itself)
		require.Equal(t, []int{1}, s.items)
		require.Equal(t, errLate, s.err)
	})
}

// If downstream has ended the stream, the child may end while upstream ends.
// Downstream still counts as the cause.
func TestWithContextStopped(t *testing.T) {
	for want, cleanUp := range map[string]error{"": nil, "boom": errBoom} {
		bubble(t, "clean-up "+want, func(t *testing.T) {
			in := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
				emit(1)
				<-ctx.Done()
				if cleanUp != nil {
					return cleanUp
				}
				return context.Cause(ctx)
			})
			items, err := operators.Take[int](1)(operators.WithContext[int](within(t, time.Second))(in)).Collect(t.Context())
			require.Equal(t, cleanUp, err)
			require.Equal(t, []int{1}, items)
		})
	}
}

func TestWithContextGracefulStop(t *testing.T) {
	for how, derive := range map[string]func(context.Context) context.Context{"a value": valued, "a child": ownChild} {
		bubble(t, how, func(t *testing.T) {
			count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
			s := endedBy(t, operators.WithContext[int](derive)(count(turbopipes.Interval(time.Second))), 0, 2500*time.Millisecond, stop)
			require.Equal(t, []int{102}, s.items)
			require.True(t, s.completed)
		})
	}
}

func ExampleWithContext() {
	type tenant struct{}
	query := func(ctx context.Context, table string) (string, error) {
		return fmt.Sprintf("%v.%s", ctx.Value(tenant{}), table), nil
	}
	tables := operators.TryMap(query)(turbopipes.Just("orders", "users"))
	ours := operators.WithContext[string](func(ctx context.Context) context.Context {
		return context.WithValue(ctx, tenant{}, "acme")
	})(tables)
	fmt.Println(ours.Collect(context.Background()))
	// Output: [acme.orders acme.users] <nil>
}

func BenchmarkWithContext(b *testing.B) { benchmark(b, operators.WithContext[int](ownChild)) }
