package turbopipes_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func TestSources(t *testing.T) {
	pairs := func(yield func(int, error) bool) {
		_ = yield(1, nil) && yield(2, nil) && yield(3, errBoom)
	}
	closed := make(chan int, 2)
	closed <- 1
	closed <- 2
	close(closed)
	one := func(v int) func(context.Context) (int, error) {
		return func(context.Context) (int, error) { return v, nil }
	}
	failed := func(context.Context) (int, error) { return 9, errBoom }
	pages := func(_ context.Context, at int) (items []int, next int, more bool, err error) {
		switch at {
		case 0:
			return []int{1, 2}, 1, true, nil
		case 1:
			return nil, 2, true, nil
		case -2:
			return []int{7, 8}, -1, true, nil
		case -1:
			return []int{9}, 0, true, errBoom
		}
		return []int{3}, 0, false, nil
	}
	for name, c := range map[string]struct {
		o    tp.Observable[int]
		want []int
		err  error
	}{
		"Just":             {tp.Just(1, 2), []int{1, 2}, nil},
		"Just nothing":     {tp.Just[int](), nil, nil},
		"FromSlice":        {tp.FromSlice([]int{1, 2}), []int{1, 2}, nil},
		"FromSlice nil":    {tp.FromSlice[int](nil), nil, nil},
		"FromSeq":          {tp.FromSeq(slices.Values([]int{1, 2})), []int{1, 2}, nil},
		"FromSeq2":         {tp.FromSeq2(iter.Seq2[int, error](pairs)), []int{1, 2}, errBoom},
		"FromSeq2 of Seq":  {tp.FromSeq2(tp.Just(1, 2).Seq(context.Background())), []int{1, 2}, nil},
		"FromChannel":      {tp.FromChannel(closed), []int{1, 2}, nil},
		"Range":            {tp.Range(-1, 3), []int{-1, 0, 1}, nil},
		"Range of 0":       {tp.Range(math.MaxInt, 0), nil, nil},
		"Range's end":      {tp.Range(math.MaxInt-1, 2), []int{math.MaxInt - 1, math.MaxInt}, nil},
		"Unfold":           {tp.Unfold(1, func(s int) (int, int, bool) { return s, 2 * s, s < 8 }), []int{1, 2, 4}, nil},
		"Start":            {tp.Start(one(1), one(2)), []int{1, 2}, nil},
		"Start nothing":    {tp.Start[int](), nil, nil},
		"Start's error":    {tp.Start(one(1), one(2), failed, one(3)), []int{1, 2}, errBoom},
		"Paginate":         {tp.Paginate(0, pages), []int{1, 2, 3}, nil},
		"Paginate's error": {tp.Paginate(-2, pages), []int{7, 8}, errBoom},
		"Iif yes":          {tp.Iif(func() bool { return true }, tp.Just(1, 2), tp.Throw[int](errBoom)), []int{1, 2}, nil},
		"Iif no":           {tp.Iif(func() bool { return false }, tp.Just(1, 2), tp.Throw[int](errBoom)), nil, errBoom},
		"Empty":            {tp.Empty[int](), nil, nil},
		"Throw":            {tp.Throw[int](errBoom), nil, errBoom},
		"Defer":            {tp.Defer(func(context.Context) (tp.Observable[int], error) { return tp.Just(1), nil }), []int{1}, nil},
		"Defer's error":    {tp.Defer(func(context.Context) (tp.Observable[int], error) { return tp.Just(1), errBoom }), nil, errBoom},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tp.Checked(c.o).Collect(t.Context())
			require.Equal(t, c.err, err)
			require.Equal(t, c.want, got)
			if len(c.want) > 1 && name != "FromChannel" {
				got, err := operators.Take[int](1)(c.o).Collect(t.Context())
				require.NoError(t, err)
				require.Equal(t, c.want[:1], got, "a second subscription, stopped")
			}
		})
	}
}

// A row has a source and its items up to the cut at 11s, each with its time.
func TestTimedSources(t *testing.T) {
	for name, c := range map[string]struct {
		o    tp.Observable[int]
		want string
	}{
		"Interval":          {tp.Interval(2 * time.Second), "0@2s 1@4s 2@6s 3@8s 4@10s"},
		"Timer":             {tp.Timer(3 * time.Second), "0@3s"},
		"Timer at once":     {tp.Timer(0), "0@0s"},
		"Timer in the past": {tp.Timer(-time.Second), "0@0s"},
		"Timer with period": {tp.Timer(time.Second, tp.WithPeriod(4*time.Second)), "0@1s 1@5s 2@9s"},
		"Never":             {tp.Never[int](), ""},
	} {
		bubble(t, name, func(t *testing.T) {
			begin := time.Now()
			ctx, cancel := context.WithTimeoutCause(t.Context(), 11*time.Second, errBoom)
			defer cancel()
			var got []string
			err := c.o.Each(ctx, func(v int) error { got = append(got, fmt.Sprintf("%d@%v", v, time.Since(begin))); return nil })
			require.Equal(t, c.want, join(got))
			if name == "Timer" || name == "Timer at once" || name == "Timer in the past" {
				require.NoError(t, err)
			} else {
				require.Equal(t, errBoom, err)
			}
		})
	}
	bubble(t, "ticks that pass while downstream is busy are skipped", func(t *testing.T) {
		begin := time.Now()
		var got []string
		err := operators.Take[int](4)(tp.Interval(time.Second)).Each(t.Context(), func(v int) error {
			got = append(got, fmt.Sprintf("%d@%v", v, time.Since(begin)))
			if v == 1 {
				time.Sleep(3500 * time.Millisecond)
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, "0@1s 1@2s 2@5.5s 3@6s", join(got))
	})
}

func join(of []string) (all string) {
	for i, s := range of {
		if i > 0 {
			all += " "
		}
		all += s
	}
	return all
}

// Several subscribers of a channel get each item once.
func TestFromChannelIsShared(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		ch := make(chan int)
		o := tp.FromChannel(ch)
		var got [2][]int
		var subs []*tp.Subscription
		for i := range got {
			subs = append(subs, o.Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) { got[i] = append(got[i], v); time.Sleep(time.Second) }}))
		}
		for i := range 10 {
			ch <- i
		}
		close(ch)
		for _, s := range subs {
			require.NoError(t, s.Wait())
		}
		all := append(got[0], got[1]...)
		slices.Sort(all)
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, all)
	})
}

// FromChannel takes nothing out of the channel when ctx has ended.
func TestFromChannelTakesNothingLate(t *testing.T) {
	ch := make(chan int, 100)
	for i := range 100 {
		ch <- i
	}
	ctx, cancel := context.WithCancel(t.Context())
	got := 0
	err := tp.FromChannel(ch).Each(ctx, func(int) error {
		if got++; got == 5 {
			cancel()
		}
		return nil
	})
	require.Equal(t, context.Canceled, err)
	require.Equal(t, 95, len(ch)+got-5)
}

// docs/faults.md, row 29
func TestInvalidArguments(t *testing.T) {
	src := tp.Create(func(context.Context, func(int) bool) error { t.Error("subscribed"); return nil })
	var zero tp.Observable[int]
	release := func(int) error { return nil }
	use := func(int) tp.Observable[int] { return src }
	acquire := func(context.Context) (int, error) { return 0, nil }
	for want, o := range map[string]tp.Observable[int]{
		"Observable: it is the zero value, want one from a constructor": zero,
		"Create: source is nil":                             tp.Create[int](nil),
		"Take: upstream is the zero Observable":             operators.Take[int](1)(zero),
		"Pipe: the operator is nil":                         src.Pipe(tp.Operator[int, int](nil)),
		"x: run is nil":                                     tp.Lift[int, int]("x", nil)(src),
		"Interval: period is 0s, want more than 0":          tp.Interval(0),
		"Timer: WithPeriod: period is 0s, want more than 0": tp.Timer(1, tp.WithPeriod(0)),
		"Timer: option 1 is nil":                            tp.Timer(1, nil),
		"FromChannel: ch is nil":                            tp.FromChannel[int](nil),
		"FromSeq: seq is nil":                               tp.FromSeq[int](nil),
		"FromSeq2: seq is nil":                              tp.FromSeq2[int](nil),
		"Throw: err is nil":                                 tp.Throw[int](nil),
		"Range: n is -1, want at least 0":                   tp.Range(0, -1),
		fmt.Sprintf("Range: start is %d and n is 2, want an end of at most %[1]d", math.MaxInt): tp.Range(math.MaxInt, 2),
		"Start: fns[1] is nil":            tp.Start(acquire, nil),
		"Paginate: fetch is nil":          tp.Paginate[int, int](0, nil),
		"Iif: cond is nil":                tp.Iif(nil, src, src),
		"Iif: yes is the zero Observable": tp.Iif(func() bool { t.Error("called"); return true }, zero, src),
		"Iif: no is the zero Observable":  tp.Iif(func() bool { t.Error("called"); return true }, src, zero),
		"Unfold: next is nil":             tp.Unfold[int, int](0, nil),
		"Defer: fn is nil":                tp.Defer[int](nil),
		"Using: acquire is nil":           tp.Using[int](nil, use, release),
		"Using: use is nil":               tp.Using[int, int](acquire, nil, release),
		"Using: release is nil":           tp.Using(acquire, use, nil),
	} {
		require.EqualError(t, o.Drain(t.Context()), "turbopipes: invalid argument: "+want)
		require.ErrorIs(t, o.Drain(t.Context()), tp.ErrInvalidArgument)
	}
	require.ErrorIs(t, tp.Just(1).Each(t.Context(), nil), tp.ErrInvalidArgument)
	require.ErrorIs(t, tp.Pipe2[int, int, int](src, nil, nil).Drain(t.Context()), tp.ErrInvalidArgument)
	require.ErrorIs(t, tp.Compose2[int, int, int](nil, nil)(src).Drain(t.Context()), tp.ErrInvalidArgument)
	require.True(t, zero.IsZero())
	require.False(t, src.IsZero())
}

// docs/faults.md, row 36
func TestUsing(t *testing.T) {
	var acquired, released int
	using := func(failure error, use func(int) tp.Observable[int]) tp.Observable[int] {
		acquired, released = 0, 0
		return tp.Using(func(context.Context) (int, error) { acquired++; return 1, failure }, use, func(int) error { released++; return errLate })
	}
	just := func(v int) tp.Observable[int] { return tp.Just(v) }
	require.Equal(t, errBoom, using(errBoom, just).Drain(t.Context()))
	require.Equal(t, 0, released)
	require.ErrorIs(t, using(nil, func(int) tp.Observable[int] { panic(errBoom) }).Drain(t.Context()), errBoom)
	require.Equal(t, 1, released)
	require.Equal(t, errLate, using(nil, just).Drain(t.Context()))
	require.Equal(t, 1, released)
	require.EqualError(t, using(nil, func(int) tp.Observable[int] { return tp.Throw[int](errBoom) }).Drain(t.Context()), "boom\nlate")
	require.Equal(t, 1, released)
	require.Equal(t, 1, acquired)

	bubble(t, "after everything is reaped", func(t *testing.T) {
		var a alive
		o := tp.Using(func(context.Context) (int, error) { return 0, nil }, func(int) tp.Observable[int] {
			return operators.Merge(a.ticks(time.Second))(a.ticks(time.Second))
		}, func(int) error { a.requireReaped(t); return nil })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, o.Drain(ctx))
		require.NoError(t, operators.Take[int](1)(o).Drain(t.Context()))
		synctest.Wait()
	})
}

// docs/faults.md, row 31
func TestEmitAfterTheEnd(t *testing.T) {
	var kept func(int) bool
	o := tp.Create(func(_ context.Context, emit func(int) bool) error { kept = emit; emit(1); return nil })
	got, err := o.Collect(t.Context())
	require.NoError(t, err)
	require.False(t, kept(2))
	require.Equal(t, []int{1}, got)
}

// docs/faults.md, row 33
func TestCutStreamsNeverReadAsComplete(t *testing.T) {
	const cut = -1 // an operator emits it only at a completion
	liar := tp.Create(func(ctx context.Context, emit func(int) bool) error { emit(1); <-ctx.Done(); return nil })
	mark := func(int) int { return cut }
	for name, o := range map[string]tp.Observable[int]{
		"Create":          liar,
		"Take":            operators.Take[int](5)(liar),
		"Reduce":          operators.Map(mark)(operators.Reduce(0, func(a, b int) int { return a + b })(liar)),
		"BufferWithCount": operators.Map(func([]int) int { return cut })(operators.BufferWithCount[int](9)(liar)),
		"Concat":          operators.Concat(tp.Just(cut))(liar),
		"Catch":           operators.Catch(func(error) tp.Observable[int] { return tp.Just(cut) })(liar),
		"Retry":           operators.Retry[int](9)(liar),
		"Merge":           operators.Merge(liar)(liar),
		"FlatMap":         operators.FlatMap(3, func(int) tp.Observable[int] { return liar })(liar),
		"SwitchMap":       operators.SwitchMap(func(int) tp.Observable[int] { return liar })(liar),
		"Parallel":        operators.Parallel(3, identity)(liar),
		"Debounce":        operators.Map(mark)(operators.Debounce[int](time.Hour)(liar)),
		"Materialize": operators.FilterMap(func(n tp.Notification[int]) (int, bool) { return cut, n.Kind != tp.KindNext })(
			operators.Materialize[int]()(liar)),
		"OnBackpressureLatest": operators.OnBackpressureLatest[int]()(liar),
		"TakeUntil":            operators.TakeUntil[int](tp.Never[int]())(liar),
		"Timeout":              operators.Timeout[int](time.Hour)(liar),
	} {
		bubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBoom)
			defer cancel()
			got, err := o.Collect(ctx)
			require.Equal(t, errBoom, err)
			require.NotContains(t, got, cut)
		})
	}
}

// A source calls its functions one after another, when an item is needed, and no
// more often.
func TestSourcesThatCall(t *testing.T) {
	calls := 0
	count := func(context.Context) (int, error) { calls++; return calls, nil }
	page := func(_ context.Context, at int) ([]int, int, bool, error) {
		calls++
		return []int{at, at + 1}, at + 2, true, nil
	}
	for name, c := range map[string]struct {
		o     tp.Observable[int]
		calls []int // the calls at the delivery of each item
	}{
		"Start":    {tp.Start(count, count, count), []int{1, 2}},
		"Paginate": {tp.Paginate(10, page), []int{1, 1, 2, 2, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				calls = 0
				var at []int
				err := operators.Take[int](len(c.calls))(c.o).Each(t.Context(), func(int) error { at = append(at, calls); return nil })
				require.NoError(t, err)
				require.Equal(t, c.calls, at)
				require.Equal(t, at[len(at)-1], calls)
			}
		})
	}
	for name, o := range map[string]tp.Observable[int]{
		"Start":    tp.Start(func(context.Context) (int, error) { panic(errBoom) }),
		"Paginate": tp.Paginate(0, func(context.Context, int) ([]int, int, bool, error) { panic(errBoom) }),
		"Iif":      tp.Iif(func() bool { panic(errBoom) }, tp.Just(1), tp.Just(2)),
	} {
		p := (*tp.PanicError)(nil)
		require.ErrorAs(t, o.Drain(t.Context()), &p, name)
		require.Equal(t, errBoom, p.Value, name)
	}
}

func TestIifAsksAnew(t *testing.T) {
	yes := false
	o := tp.Iif(func() bool { yes = !yes; return yes }, tp.Just("yes"), tp.Just("no"))
	for _, want := range []string{"yes", "no", "yes"} {
		got, err := o.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{want}, got)
	}
}

// A source whose items go nowhere sees the end of ctx, and so do its functions.
func TestSourcesThatCallSeeTheContext(t *testing.T) {
	for name, source := range map[string]func(call func(context.Context) error) tp.Observable[int]{
		"Start": func(call func(context.Context) error) tp.Observable[int] {
			fn := func(ctx context.Context) (int, error) { return 1, call(ctx) }
			return tp.Start(fn, fn, fn)
		},
		"Paginate": func(call func(context.Context) error) tp.Observable[int] {
			return tp.Paginate(0, func(ctx context.Context, at int) ([]int, int, bool, error) { return []int{1}, at, true, call(ctx) })
		},
		"Paginate nothing": func(call func(context.Context) error) tp.Observable[int] {
			return tp.Paginate(0, func(ctx context.Context, at int) ([]int, int, bool, error) { return nil, at, true, call(ctx) })
		},
	} {
		none := operators.Filter(func(int) bool { return false })
		bubble(t, name+", swallowed", func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			calls := 0
			o := source(func(context.Context) error {
				if calls++; calls == 2 {
					cancel(errBoom)
				}
				return nil
			})
			require.Equal(t, errBoom, none(o).Drain(ctx))
			require.Equal(t, 2, calls)
		})
		bubble(t, name+", waiting", func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBoom)
			defer cancel()
			begin := time.Now()
			require.Equal(t, errBoom, source(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }).Drain(ctx))
			require.Equal(t, time.Second, time.Since(begin))
		})
		bubble(t, name+", a graceful stop", func(t *testing.T) {
			var a alive
			s := none(source(func(ctx context.Context) error {
				defer a.enter()()
				<-ctx.Done()
				return fmt.Errorf("call: %w", ctx.Err())
			})).Subscribe(t.Context(), tp.Observer[int]{})
			time.Sleep(time.Second)
			require.NoError(t, s.Stop(t.Context()))
			require.EqualValues(t, 1, a.total.Load(), "no other is called")
		})
		bubble(t, name+", stopped with an item in hand", func(t *testing.T) {
			var got []int
			s := source(func(ctx context.Context) error { <-ctx.Done(); return nil }).
				Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) { got = append(got, v) }})
			time.Sleep(time.Second)
			require.NoError(t, s.Stop(t.Context()))
			require.Len(t, got, map[string]int{"Start": 1, "Paginate": 1}[name])
		})
		bubble(t, name+", whose inner stream is cut", func(t *testing.T) {
			s := source(func(ctx context.Context) error {
				err := operators.Take[int](5)(tp.Interval(time.Second)).Drain(ctx)
				if err == nil {
					t.Error("it reads as complete")
				}
				return err
			}).Subscribe(t.Context(), tp.Observer[int]{Next: func(int) { t.Error("an item") }})
			time.Sleep(2500 * time.Millisecond)
			require.NoError(t, s.Stop(t.Context()))
		})
	}
}

// A large page is not emitted to its end when ctx is done.
func TestPaginateLooksAtContext(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		seen := 0
		none := operators.Filter(func(int) bool {
			if seen++; seen == 100 {
				cancel(errBoom)
			}
			return false
		})
		page := func(context.Context, int) ([]int, int, bool, error) { return make([]int, 1000), 0, false, nil }
		require.Equal(t, errBoom, none(tp.Paginate(0, page)).Drain(ctx))
		require.Less(t, seen, 200)
	})
}

func ExampleStart() {
	config := func(context.Context) (string, error) { return "config", nil }
	database := func(context.Context) (string, error) { return "", errors.New("no route") }
	cache := func(context.Context) (string, error) { return "cache", nil }
	fmt.Println(tp.Start(config, database, cache).Collect(context.Background()))
	// Output: [config] no route
}

func ExamplePaginate() {
	pages := map[string][]string{"": {"ann", "bob"}, "c": {"cid", "dan"}, "e": {"eve"}}
	next := map[string]string{"": "c", "c": "e"}
	users := tp.Paginate("", func(_ context.Context, from string) ([]string, string, bool, error) {
		to, more := next[from]
		return pages[from], to, more, nil
	})
	fmt.Println(users.Collect(context.Background()))
	// Output: [ann bob cid dan eve] <nil>
}

func ExampleIif() {
	hit := false
	cached, fetched := tp.Just("from the cache"), tp.Just("from the network")
	page := tp.Iif(func() bool { return hit }, cached, fetched)
	fmt.Println(page.Collect(context.Background()))
	hit = true
	fmt.Println(page.Collect(context.Background()))
	// Output:
	// [from the network] <nil>
	// [from the cache] <nil>
}

func ExampleCreate() {
	countdown := tp.Create(func(ctx context.Context, emit func(int) bool) error {
		for i := 3; i > 0; i-- {
			if !emit(i) {
				return nil
			}
		}
		return context.Cause(ctx)
	})
	fmt.Println(countdown.Collect(context.Background()))
	// Output: [3 2 1] <nil>
}

func ExampleUnfold() {
	fibonacci := tp.Unfold([2]int{0, 1}, func(s [2]int) (int, [2]int, bool) {
		return s[0], [2]int{s[1], s[0] + s[1]}, s[0] < 30
	})
	fmt.Println(fibonacci.Collect(context.Background()))
	// Output: [0 1 1 2 3 5 8 13 21] <nil>
}
