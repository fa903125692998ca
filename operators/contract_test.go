package operators_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// The contract tests run the same checks on every operator of this table. They know no
// other operators. An operator that is not in the table fails TestContractCoversAll.

// entry is an operator whose items are ints. Different items must have different results.
type entry struct {
	name      string // the constructor's name, and after a slash the variant
	apply     func(in turbopipes.Observable[int]) turbopipes.Observable[string]
	recovers  bool // makes something else of an error of upstream
	repeats   bool // runs upstream again after one
	needs     bool // fails where upstream completes, or is stopped, before the item that it needs
	names     bool // puts a name before an error of upstream
	begins    bool // emits an item of its own before it subscribes to upstream
	each      bool // emits one item for each item of upstream, and of side where it has that
	overflows bool // fails while downstream is busy
}

// on makes an entry for op.
func on[R any](name string, op turbopipes.Operator[int, R]) entry {
	return entry{name: name, apply: func(in turbopipes.Observable[int]) turbopipes.Observable[string] {
		return printed(op(in))
	}}
}

// from makes an entry for op, whose items are made by fn.
func from[T, R any](name string, fn func(int) T, op turbopipes.Operator[T, R]) entry {
	return on(name, turbopipes.Compose2(operators.Map(fn), op))
}

func printed[T any](o turbopipes.Observable[T]) turbopipes.Observable[string] {
	return operators.Map(func(v T) string { return fmt.Sprintf("%+v", v) })(o)
}

func (e entry) recovering() entry  { e.recovers = true; return e }
func (e entry) naming() entry      { e.names = true; return e }
func (e entry) needing() entry     { e.needs = true; return e }
func (e entry) beginning() entry   { e.begins = true; return e }
func (e entry) overflowing() entry { e.overflows = true; return e }
func (e entry) one() entry         { e.each = true; return e }
func (e entry) repeating() entry   { e.recovers, e.repeats = true, true; return e }

const (
	length = 6                     // items of upstream
	pace   = 10 * time.Millisecond // between them
)

// parts has the parts of the entries. side is a second stream. Its items differ from the
// items of upstream, and come at other times. The tests stop upstream in the middle
// between two items. No duration makes anything happen at that time.
type parts struct{ side turbopipes.Observable[int] }

// contracts is the table, family by family.
func contracts(side turbopipes.Observable[int]) []entry {
	p := parts{side}
	return slices.Concat(
		p.parallel(), p.transforming(), p.windows(), p.filtering(), p.combining(), p.errors(),
		p.clocks(), p.backpressure(), p.conditional(), p.aggregates(), p.hot(), p.utilities(),
	)
}

func (parts) double(v int) int                          { return 2 * v }
func (parts) small(v int) bool                          { return v < 3 }
func (parts) pair(a, b int) [2]int                      { return [2]int{a, b} }
func (p parts) ignore(error) turbopipes.Observable[int] { return p.side }
func (parts) result(v int) turbopipes.Result[int]       { return turbopipes.Result[int]{Value: v} }
func (parts) inner(v int) turbopipes.Observable[int]    { return hundreds(v, 4*time.Millisecond) }
func (parts) long(v int) turbopipes.Observable[int]     { return hundreds(v, 14*time.Millisecond) }

func (parts) slow(ctx context.Context, v int) (int, error) {
	select {
	case <-time.After(27 * time.Millisecond):
		return v, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

func (p parts) task(v int) turbopipes.Task[int] {
	return func(ctx context.Context) (int, error) { return p.slow(ctx, v) }
}

// hundreds emits 100v and 100v+1, at d and 2d.
func hundreds(v int, d time.Duration) turbopipes.Observable[int] {
	return operators.Map(func(i int) int { return 100*v + i })(operators.Take[int](2)(turbopipes.Interval(d)))
}

func TestContractCoversAll(t *testing.T) {
	all := constructors(t)
	var inTable []string
	for _, e := range contracts(turbopipes.Empty[int]()) {
		name, _, variant := strings.Cut(e.name, "/")
		if !variant {
			inTable = append(inTable, name)
		}
		require.Contains(t, all, name)
	}
	require.ElementsMatch(t, all, inTable)
}

// rig is one operator with an upstream and a side. Both count their runs, and take a
// second to end.
type rig struct {
	alive
	entry
	endsWith func(i int) error // called before the i-th item, and once after the last; may panic
	over     atomic.Bool       // upstream has ended with its error or its panic
	emitted  atomic.Int64
}

// stream returns the stream under test, inside Checked.
func (r *rig) stream() turbopipes.Observable[string] {
	return turbopipes.Checked(r.apply(r.source(0, length, pace, r.endsWith)))
}

func (r *rig) source(first, n int, every time.Duration, endsWith func(i int) error) turbopipes.Observable[int] {
	return turbopipes.Create(func(ctx context.Context, emit func(int) bool) (err error) {
		leave := r.enter()
		defer func() {
			time.Sleep(time.Second) // a slow clean-up after every kind of end
			leave()
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
		}()
		tick := time.NewTicker(every)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			if endsWith != nil {
				r.over.Store(true)
				if err := endsWith(i); err != nil {
					return err
				}
				r.over.Store(false)
			}
			if i == n {
				return nil
			}
			r.emitted.Add(1)
			if !emit(first + i) {
				return nil
			}
		}
	})
}

// every runs test for each operator, in a bubble.
func every(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	for i := range contracts(turbopipes.Empty[int]()) {
		r := new(rig)
		r.entry = contracts(r.source(1000, 2, 23*time.Millisecond, nil))[i]
		bubble(t, r.name, func(t *testing.T) { test(t, r) })
	}
}

// taken has the items that a consumer saw, and the time from which it must not see more.
type taken struct {
	busy, ended atomic.Bool
	n           atomic.Int64
	items       []string
	took        time.Duration // until the call returned
}

func (c *taken) item(t *testing.T, v string) {
	t.Helper()
	require.True(t, c.busy.CompareAndSwap(false, true), "two items at once")
	require.False(t, c.ended.Load(), "an item after the end")
	c.items = append(c.items, v)
	c.n.Add(1)
	c.busy.Store(false)
}

// end checks that the stream is over, at the moment when the call that consumed
// it returns.
func (c *taken) end(t *testing.T, r *rig) {
	t.Helper()
	c.ended.Store(true)
	r.requireReaped(t)
	if !r.repeats {
		sorted := slices.Sorted(slices.Values(c.items))
		require.Len(t, slices.Compact(sorted), len(c.items), "an item twice: %v", c.items)
	}
	time.Sleep(time.Hour) // wait for items that may still come
}

// run consumes the stream, at most limit items if that is positive, and checks
// how it is left.
func (r *rig) run(ctx context.Context, t *testing.T, limit int) (c *taken, err error) {
	t.Helper()
	c = new(taken)
	begin := time.Now()
	err = r.stream().Each(ctx, func(v string) error {
		c.item(t, v)
		if len(c.items) == limit {
			return errLate
		}
		return nil
	})
	c.took = time.Since(begin)
	require.NotErrorIs(t, err, turbopipes.ErrContract)
	c.end(t, r)
	return c, err
}

func TestContractCompletes(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		c, err := r.run(t.Context(), t, 0)
		require.NoError(t, err)
		if r.name != "Take/none" && r.name != "IgnoreElements" {
			require.NotEmpty(t, c.items)
			require.NotZero(t, r.total.Load())
		}
	})
}

// docs/faults.md, row 11
func TestContractStops(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		all, err := r.run(t.Context(), t, 0)
		require.NoError(t, err)
		for i := range all.items {
			c, err := r.run(t.Context(), t, i+1)
			require.Equal(t, errLate, err)
			require.Len(t, c.items, i+1)
		}
	})
}

// docs/faults.md, rows 15 and 21
func TestContractContextEnds(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		all, err := r.run(t.Context(), t, 0)
		require.NoError(t, err)
		for after := time.Duration(0); after < 2*length*pace; after += pace / 4 {
			ctx, cancel := context.WithCancelCause(t.Context())
			if after == 0 {
				cancel(errBoom)
			}
			time.AfterFunc(after, func() { cancel(errBoom) })
			begun := r.total.Load()
			_, err := r.run(ctx, t, 0)
			switch {
			case after == 0:
				require.Equal(t, errBoom, err)
				require.Equal(t, begun, r.total.Load(), "a source was called")
			case after < all.took:
				require.Equal(t, errBoom, err, "after %v of %v", after, all.took)
			default:
				require.NoError(t, err, "after %v of %v", after, all.took)
			}
		}
	})
}

// docs/faults.md, rows 7 and 38
func TestContractUpstreamFails(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		for i := range length + 1 {
			r.endsWith = func(at int) error {
				if at == i {
					return errBoom
				}
				return nil
			}
			r.over.Store(false)
			_, err := r.run(t.Context(), t, 0)
			switch {
			case !r.over.Load():
				require.NoError(t, err, "it ended before")
			case r.recovers && err == nil:
			case r.names:
				require.Equal(t, &turbopipes.StageError{Stage: "stage", Err: errBoom}, err)
			default:
				require.Equal(t, errBoom, err)
			}
		}
	})
}

// docs/faults.md, row 8
func TestContractUpstreamPanics(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		for i := range length + 1 {
			r.endsWith = func(at int) error {
				if at == i {
					panic(errBoom)
				}
				return nil
			}
			r.over.Store(false)
			_, err := r.run(t.Context(), t, 0)
			switch {
			case !r.over.Load():
				require.NoError(t, err, "it ended before")
			case r.recovers && err == nil:
			default:
				p := (*turbopipes.PanicError)(nil)
				require.ErrorAs(t, err, &p)
				require.Equal(t, errBoom, p.Value)
				require.Contains(t, string(p.Stack), "TestContractUpstreamPanics", "its own stack")
			}
		}
	})
}

// docs/faults.md, row 12
func TestContractConsumerPanics(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		all, err := r.run(t.Context(), t, 0)
		require.NoError(t, err)
		for i := range all.items {
			c := new(taken)
			require.PanicsWithValue(t, "mine", func() {
				_ = r.stream().Each(t.Context(), func(v string) error {
					c.item(t, v)
					if len(c.items) == i+1 {
						panic("mine")
					}
					return nil
				})
			})
			c.end(t, r)
		}
	})
}

// docs/faults.md, row 26
func TestContractTwoAtOnce(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		o := r.stream()
		var both [2][]string
		var group sync.WaitGroup
		for i := range both {
			group.Go(func() {
				time.Sleep(time.Duration(i) * 3 * time.Millisecond)
				items, err := o.Collect(t.Context())
				if err != nil {
					t.Error(err)
				}
				both[i] = items
			})
		}
		group.Wait()
		r.requireReaped(t)
		require.ElementsMatch(t, both[0], both[1])
	})
}

// docs/faults.md, row 24
func TestContractStopsGracefully(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		for after := pace / 2; after < (length+1)*pace; after += pace {
			c := new(taken)
			ends := 0
			s := r.stream().Subscribe(t.Context(), turbopipes.Observer[string]{
				Next: func(v string) { c.item(t, v) },
				Error: func(err error) {
					require.True(t, r.needs, err)
					require.Empty(t, c.items, err)
					ends++
				},
				Complete: func() { ends++ },
			})
			time.Sleep(after)
			r.emitted.Store(0)
			if err := s.Stop(t.Context()); !r.needs || len(c.items) > 0 {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
			}
			c.end(t, r)
			require.Equal(t, 1, ends)
			require.Zero(t, r.emitted.Load(), "a source goes on")
			require.Zero(t, s.Stats().Discarded, "it loses nothing")
		}
	})
}

// docs/faults.md, rows 14 and 22
func TestContractDisposedWhileBusy(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		all, err := r.run(t.Context(), t, 0)
		require.NoError(t, err)
		for i := range all.items {
			c := new(taken)
			s := r.stream().Subscribe(t.Context(), turbopipes.Observer[string]{
				Next: func(v string) {
					c.item(t, v)
					if len(c.items) == i+1 {
						time.Sleep(5 * time.Second)
					}
				},
				Error:    func(err error) { t.Error(err) },
				Complete: func() { t.Error("complete") },
			})
			for c.n.Load() < int64(i+1) {
				time.Sleep(time.Second / 4)
			}
			s.Dispose()
			c.end(t, r)
			require.Len(t, c.items, i+1)
			if err := s.Err(); !r.overflows || !errors.Is(err, turbopipes.ErrOverflow) {
				require.NoError(t, err)
			}
		}
	})
}

// docs/faults.md, row 29
func TestContractZeroUpstream(t *testing.T) {
	for _, e := range contracts(turbopipes.Never[int]()) {
		err := e.apply(turbopipes.Observable[int]{}).Drain(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument, e.name)
	}
}

func TestContractEmptyUpstream(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		items, err := turbopipes.Checked(r.apply(turbopipes.Empty[int]())).Collect(t.Context())
		if r.needs {
			require.Error(t, err)
		} else {
			require.NoError(t, err)
		}
		require.LessOrEqual(t, len(items), 2)
		r.requireReaped(t)
	})
}

// The error of a failing clean-up is reported, also if downstream has stopped.
func TestContractCleanUpFails(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		in := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
			for i := 0; i < length && emit(i); i++ {
				select {
				case <-time.After(pace):
				case <-ctx.Done():
					return errors.Join(context.Cause(ctx), errBoom)
				}
			}
			return errBoom
		})
		err := turbopipes.Checked(r.apply(in)).Each(t.Context(), func(string) error { return errLate })
		r.requireReaped(t)
		if r.name == "Take/none" {
			require.NoError(t, err)
			return
		}
		if r.begins {
			require.Equal(t, errLate, err, "it stops before there is anything to clean up")
			return
		}
		if !r.recovers || err != nil {
			require.ErrorIs(t, err, errBoom)
		}
	})
}
