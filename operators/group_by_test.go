package operators_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestGroupBy(t *testing.T) {
	keys := turbopipes.Compose2(operators.GroupBy(strings.ToLower), operators.Map(func(g turbopipes.Group[string, string]) string { return g.Key }))
	tptest.Doc(t, "group_by.go", "GroupBy", keys)
	items := func(n int, opts ...operators.GroupByOption) turbopipes.Operator[string, string] {
		return turbopipes.Compose2(grouped(n, operators.GroupBy(strings.ToLower, opts...)),
			operators.Map(func(p placed[string, string]) string { return p.in + p.v }))
	}
	runs := func(opts ...operators.GroupByOption) turbopipes.Operator[string, string] {
		one := operators.GroupBy(func(string) string { return "" }, opts...)
		return shown(1, turbopipes.Compose2(one, operators.Map(func(g turbopipes.Group[string, string]) turbopipes.Observable[string] { return g.Items })))
	}
	idle := operators.WithIdle(3 * tptest.Step)
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		opts    []tptest.Option
	}{
		"items":                             {items(turbopipes.Infinite), "a-b-A-B-c-|", "{aa}-{bb}-{aA}-{bB}-{cc}-|", nil},
		"empty":                             {items(2), "---|", "---|", nil},
		"an error at first":                 {items(2), "#", "#", nil},
		"an error late":                     {items(2), "a-b-#", "{aa}-{bb}-#", nil},
		"one at a time":                     {items(1), "a-b-A-|", "0:{aa} 4:{aA} 6:{bb} 6:|", nil},
		"an error, with a group that waits": {items(1), "a-b-A-#", "{aa}---{aA}-#", nil},
		"a busy downstream":                 {items(2), "aA-a|", "0:{aa} 5:{aA} 10:{aa} 15:|", []tptest.Option{tptest.Busy(5 * tptest.Step)}},
		"too many":                          {items(9, operators.WithMaxGroups(2)), "a-b-A-c-d-|", "{aa}-{bb}-{aA}-#", []tptest.Option{tptest.Error(turbopipes.ErrTooManyGroups)}},
		"just enough":                       {items(9, operators.WithMaxGroups(2)), "a-b-A-|", "{aa}-{bb}-{aA}-|", nil},
		"none is idle":                      {runs(idle), "a-b-c-|", "0:{1a} 2:{1b} 4:{1c} 6:{1.} 6:|", nil},
		"idle":                              {runs(idle), "a-b----c-|", "0:{1a} 2:{1b} 5:{1.} 7:{2c} 9:{2.} 9:|", nil},
		"an item when it gets idle":         {runs(idle), "a--b-|", "0:{1a} 3:{1.} 3:{2b} 5:{2.} 5:|", nil},
		"an idle one makes room":            {runs(idle, operators.WithMaxGroups(1)), "a---b-|", "0:{1a} 3:{1.} 4:{2b} 6:{2.} 6:|", nil},
		"idle, one after another":           {items(1, idle), "a-b--c-------|", "0:{aa} 3:{bb} 5:{cc} 13:|", nil},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.opts...) })
	}
	id := func(v int) int { return v }
	for text, op := range map[string]turbopipes.Operator[int, turbopipes.Group[int, int]]{
		"key is nil":                             operators.GroupBy[int, int](nil),
		"option 1 is nil":                        operators.GroupBy(id, nil),
		"WithMaxGroups: n is 0, want at least 1": operators.GroupBy(id, operators.WithMaxGroups(0)),
		"WithIdle: idle is 0s, want more than 0": operators.GroupBy(id, operators.WithIdle(0)),
		"WithQueue: n is 0, want at least 1":     operators.GroupBy(id, turbopipes.WithQueue(0)),
		"WithOverflow: the overflow strategy is 9, want Block, DropNewest, DropOldest or Fail": operators.GroupBy(id, turbopipes.WithOverflow(9)),
	} {
		requireInvalid(t, op, "GroupBy: "+text)
	}
	requirePanics(t, operators.GroupBy(func(string) int { panic(errBoom) }))
	requirePanics(t, operators.GroupBy(func(string) int { panic(errBoom) }, operators.WithIdle(time.Second)))
	requirePanics(t, grouped(2, operators.GroupBy(func(string) int { panic(errBoom) })))
}

// byRest groups 0 … by the rest of a division.
func byRest(keys int, opts ...operators.GroupByOption) turbopipes.Operator[int, turbopipes.Group[int, int]] {
	return operators.GroupBy(func(v int) int { return v % keys }, opts...)
}

// requireOrder checks that each group has its items in their order.
func requireOrder(t *testing.T, items []placed[int, int]) {
	t.Helper()
	last := map[int]int{}
	for _, p := range items {
		if before, ok := last[p.in]; ok {
			require.Greater(t, p.v, before)
		}
		last[p.in] = p.v
	}
}

// With as many takers as groups, a full queue only delays the stream.
func TestGroupByTakersForAllGroups(t *testing.T) {
	for name, n := range map[string]int{"as many": 3, "more": 9, "any number": turbopipes.Infinite} {
		bubble(t, name, func(t *testing.T) {
			items, err := grouped(n, byRest(3, turbopipes.WithQueue(1)))(turbopipes.Range(0, 300)).Collect(t.Context())
			require.NoError(t, err)
			require.Len(t, items, 300)
			requireOrder(t, items)
		})
	}
}

// With fewer takers than groups, groups wait, and their items wait in their queues.
func TestGroupByFewerTakersThanGroups(t *testing.T) {
	for _, n := range []int{1, 2} {
		bubble(t, strconv.Itoa(n), func(t *testing.T) {
			items, err := grouped(n, byRest(10))(turbopipes.Range(0, 2560)).Collect(t.Context())
			require.NoError(t, err)
			require.Len(t, items, 2560)
			requireOrder(t, items)
		})
	}
}

// When the queue of a group that nobody takes is full, the stream stops until ctx ends.
// With options, the stream fails instead, or continues.
func TestGroupByFullQueueWithoutTaker(t *testing.T) {
	const n = 30
	stalls := func(opts ...operators.GroupByOption) turbopipes.Observable[placed[int, int]] {
		return grouped(1, byRest(2, append(opts, turbopipes.WithQueue(2))...))(timed(make([]time.Duration, n)...))
	}
	bubble(t, "it stands still, and ends with ctx", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		begin := time.Now()
		items, err := stalls().Collect(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Hour, time.Since(begin))
		require.Equal(t, []placed[int, int]{{0, 0}, {0, 2}, {0, 4}}, items, "5 finds no room")
	})
	bubble(t, "it stands still, and is disposed of", func(t *testing.T) {
		s := endedBy(t, stalls(), 0, time.Hour, dispose)
		require.NoError(t, s.err)
		require.Len(t, s.items, 3)
		require.EqualValues(t, 3, s.stats.Discarded, "1, 3 and 5")
	})
	bubble(t, "it stands still, and downstream stops", func(t *testing.T) {
		o := operators.TakeFor[placed[int, int]](time.Hour)(stalls())
		s := endedBy(t, o, 0, 0, itself)
		require.NoError(t, s.err)
		require.Len(t, s.items, 3)
		require.EqualValues(t, 3, s.stats.Discarded, "1, 3 and 5")
	})
	for text, o := range map[string]operators.GroupByOption{
		"turbopipes: too many groups: GroupBy: more than 1":            operators.WithMaxGroups(1),
		"turbopipes: overflow: GroupBy: the queue of a stream is full": turbopipes.WithOverflow(turbopipes.Fail),
	} {
		bubble(t, text, func(t *testing.T) {
			require.EqualError(t, stalls(o).Drain(t.Context()), text)
		})
	}
	for name, opts := range map[string][]operators.GroupByOption{
		"it drops the newest":   {turbopipes.WithOverflow(turbopipes.DropNewest)},
		"it drops the oldest":   {turbopipes.WithOverflow(turbopipes.DropOldest)},
		"idle groups make room": {operators.WithIdle(time.Minute)},
	} {
		bubble(t, name, func(t *testing.T) {
			var mu sync.Mutex
			var lost []any
			s := endedBy(t, stalls(append(opts, operators.OnDiscard(func(v any) {
				mu.Lock()
				defer mu.Unlock()
				lost = append(lost, v)
			}))...), 0, 0, itself)
			require.NoError(t, s.err)
			require.True(t, s.completed)
			require.EqualValues(t, n, int64(len(s.items))+s.stats.Dropped)
			require.Len(t, lost, int(s.stats.Dropped))
			require.Zero(t, s.stats.Discarded)
			requireOrder(t, s.items)
		})
	}
}

// A group that nobody reads takes as many items as its queue holds. Then upstream
// waits.
func TestGroupByHoldsUpstream(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var source counting
		s := endedBy(t, byRest(1, turbopipes.WithQueue(3))(source.stream(100)), 0, time.Hour, dispose)
		require.Len(t, s.items, 1)
		require.EqualValues(t, 3, source.accepted.Load())
		require.EqualValues(t, 4, source.begun.Load())
		require.EqualValues(t, 4, s.stats.Discarded)
	})
}

// Items wait for the subscriber of their group, and a group has only one subscriber.
func TestGroupByLateSubscriber(t *testing.T) {
	groups, err := byRest(2)(turbopipes.Range(0, 6)).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, groups, 2)
	for i, g := range groups {
		items, err := g.Items.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{i, i + 2, i + 4}, items)
		_, err = g.Items.Collect(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrAlreadySubscribed)
		require.EqualError(t, err, "turbopipes: already subscribed: GroupBy: each of its streams takes one subscriber")
	}
}

// A group whose subscriber has left takes items without holding them, and no new group
// is made for its key.
func TestGroupByLeftGroup(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var lost atomic.Int64
		hook := operators.OnDiscard(func(any) { lost.Add(1) })
		op := turbopipes.Compose2(byRest(1, turbopipes.WithQueue(2), hook), operators.FlatMap(2, func(g turbopipes.Group[int, int]) turbopipes.Observable[int] {
			return operators.Take[int](1)(g.Items)
		}))
		s := endedBy(t, op(turbopipes.Range(0, 100)), 0, 0, itself)
		require.NoError(t, s.err)
		require.Equal(t, []int{0}, s.items)
		require.EqualValues(t, 99, s.stats.Discarded)
		require.EqualValues(t, 99, lost.Load())
	})
}

// The end of a group when the stream of groups ends.
func TestGroupByEndsOfGroups(t *testing.T) {
	var group turbopipes.Group[int, int]
	first := func(in turbopipes.Observable[int], stop error) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			return byRest(1)(in).Each(ctx, func(g turbopipes.Group[int, int]) error {
				group = g
				time.Sleep(5 * time.Second)
				return stop
			})
		}
	}
	three := timed(0, 1, 2)
	for name, c := range map[string]struct {
		run   func(ctx context.Context) error
		err   error // of the stream
		items []int
		own   error // of the group
	}{
		"it completes":     {first(three, nil), nil, []int{0, 1, 2}, nil},
		"it fails":         {first(operators.Concat(turbopipes.Throw[int](errBoom))(three), nil), errBoom, []int{0, 1, 2}, errBoom},
		"downstream stops": {first(silent(three), errLate), errLate, []int{0, 1, 2}, nil},
		"ctx ends": {func(ctx context.Context) error {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Second*3/2, func() { cancel(errLate) })
			return first(silent(three), nil)(ctx)
		}, errLate, nil, errLate},
		"ctx ends when it is complete": {func(ctx context.Context) error {
			ctx, cancel := context.WithCancelCause(ctx)
			defer cancel(errLate)
			return first(three, nil)(ctx)
		}, nil, []int{0, 1, 2}, nil},
	} {
		bubble(t, name, func(t *testing.T) {
			require.Equal(t, c.err, c.run(t.Context()))
			items, err := group.Items.Collect(t.Context())
			require.Equal(t, c.own, err)
			require.Equal(t, c.items, items)
		})
	}
	bubble(t, "downstream panics", func(t *testing.T) {
		require.PanicsWithValue(t, "mine", func() {
			_ = byRest(1)(silent(three)).Each(t.Context(), func(g turbopipes.Group[int, int]) error {
				group = g
				panic("mine")
			})
		})
		_, err := group.Items.Collect(t.Context())
		require.ErrorContains(t, err, "has panicked")
	})
}

// A graceful stop of a group's reader lets no more items in, and loses no item that is
// in the queue.
func TestGroupByGracefulStopOfAGroup(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		inners := make(chan *turbopipes.Subscription, 1)
		var got []int
		outer := byRest(1)(timed(0, 1, 2, 3, 4, 5, 6)).Subscribe(t.Context(), turbopipes.Observer[turbopipes.Group[int, int]]{
			Next: func(g turbopipes.Group[int, int]) {
				inners <- g.Items.Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) {
					got = append(got, v)
					time.Sleep(2 * time.Second)
				}})
			},
		})
		time.Sleep(3500 * time.Millisecond) // 1 is being delivered, 2 and 3 wait
		inner := <-inners
		require.NoError(t, inner.Stop(t.Context()))
		require.Equal(t, []int{0, 1, 2, 3}, got)
		require.NoError(t, outer.Wait())
		require.EqualValues(t, 3, outer.Stats().Discarded)
	})
}

// Every item of upstream is delivered, or counted.
func TestGroupByConserves(t *testing.T) {
	for name, opts := range map[string][]operators.GroupByOption{
		"held":    {turbopipes.WithQueue(3)},
		"idle":    {turbopipes.WithQueue(3), operators.WithIdle(2 * time.Second)},
		"dropped": {turbopipes.WithQueue(3), turbopipes.WithOverflow(turbopipes.DropOldest)},
	} {
		for _, n := range []int{1, 2, turbopipes.Infinite} {
			if name == "idle" && n < 0 {
				continue // there is no telling how many streams run
			}
			for after := time.Duration(0); after < 9*time.Second; after += 500 * time.Millisecond {
				bubble(t, fmt.Sprint(name, n, after), func(t *testing.T) {
					conserves(t, grouped(n, byRest(4, opts...)), after)
				})
			}
		}
	}
}

// conserves disposes of op after a while, with a slow downstream, and counts.
func conserves[R any](t *testing.T, op turbopipes.Operator[int, R], after time.Duration) {
	t.Helper()
	var source counting
	paced := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		return source.stream(1000).Push(context.Background(), func(v int) bool {
			time.Sleep(time.Duration(v%5) * 100 * time.Millisecond)
			return emit(v)
		})
	})
	s := endedBy(t, op(paced), 700*time.Millisecond, after+time.Millisecond, dispose)
	require.NoError(t, s.err)
	lost := 0
	for _, item := range s.lost {
		if !strings.Contains(fmt.Sprintf("%T", item), "numbered") { // a value that a function makes from a window is an item, too
			lost++
		}
	}
	require.EqualValues(t, source.begun.Load(), len(s.items)+lost)
	require.EqualValues(t, len(s.lost), s.stats.Discarded+s.stats.Dropped)
}

func ExampleGroupBy() {
	type order struct {
		customer string
		cents    int
	}
	orders := turbopipes.Just(order{"Ann", 250}, order{"Bob", 100}, order{"Ann", 400})
	byCustomer := operators.GroupBy(func(o order) string { return o.customer })
	totals := operators.FlatMap(turbopipes.Infinite, func(g turbopipes.Group[string, order]) turbopipes.Observable[string] {
		sum := operators.Reduce(0, func(sum int, o order) int { return sum + o.cents })(g.Items)
		return operators.Map(func(sum int) string { return fmt.Sprint(g.Key, " ", sum) })(sum)
	})
	_ = turbopipes.Pipe2(orders, byCustomer, totals).Each(context.Background(), func(s string) error {
		_, err := fmt.Println(s)
		return err
	})
	// Unordered output:
	// Ann 650
	// Bob 100
}

func BenchmarkGroupBy(b *testing.B) {
	for _, keys := range []int{1, 1000, 100_000} {
		for name, opts := range map[string][]operators.GroupByOption{"": nil, "/idle": {operators.WithIdle(time.Hour)}} {
			b.Run(strconv.Itoa(keys)+name, func(b *testing.B) {
				const items = 1 << 20
				discarding := append(opts, turbopipes.WithOverflow(turbopipes.DropOldest), turbopipes.WithQueue(8))
				o := byRest(keys, discarding...)(turbopipes.Range(0, items))
				b.ReportAllocs()
				for b.Loop() {
					_ = o.Drain(b.Context())
				}
				perItem(b, items)
			})
		}
	}
	b.Run("consumed", func(b *testing.B) { benchmark(b, grouped(turbopipes.Infinite, byRest(4))) })
}
