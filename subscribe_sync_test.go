package turbopipes_test

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// joins has streams over a hot stream. An item that is sent after Subscribe has
// returned arrives in each of them, except for the silentOnes of TestSubscribeJoins.
func joins() map[string]func(hot tp.Observable[int]) tp.Observable[int] {
	type ints = tp.Observable[int]
	same := operators.Self[int]
	never := tp.Never[int]()
	first := func(a, _ int) int { return a }
	return map[string]func(ints) ints{
		"itself": func(in ints) ints { return in },
		"fused": func(in ints) ints {
			return tp.Pipe3(in, operators.Map(same), operators.Filter(func(int) bool { return true }), operators.Skip[int](0))
		},
		"ObserveOn": func(in ints) ints { return operators.ObserveOn[int]()(in) },
		"three queues": func(in ints) ints {
			return tp.Pipe3(in, operators.ObserveOn[int](), operators.Prefetch[int](1), operators.ObserveOn[int]())
		},
		"SubscribeOn": func(in ints) ints { return operators.SubscribeOn[int](nil)(in) },
		"Debounce":    func(in ints) ints { return operators.Debounce[int](time.Hour)(in) },
		"Throttle":    func(in ints) ints { return operators.Throttle[int](time.Hour)(in) },
		"Delay":       func(in ints) ints { return operators.Delay[int](time.Microsecond)(in) },
		"Timeout":     func(in ints) ints { return operators.Timeout[int](time.Hour)(in) },
		"Parallel":    func(in ints) ints { return operators.Parallel(2, identity)(in) },
		"ParallelBy":  func(in ints) ints { return operators.ParallelBy(2, same, identity)(in) },
		"CollectErrors": func(in ints) ints {
			return operators.Parallel(2, identity, operators.WithPolicy(operators.CollectErrors))(in)
		},
		"Merge":            func(in ints) ints { return operators.Merge(never, in)(never) },
		"Merge, nested":    func(in ints) ints { return operators.Merge(operators.Merge(never, in)(never))(never) },
		"MergePrioritized": func(in ints) ints { return operators.MergePrioritized(in)(never) },
		"MergeSorted":      func(in ints) ints { return operators.MergeSorted(cmp.Compare[int], tp.Empty[int]())(in) },
		"Interleave":       func(in ints) ints { return operators.Interleave(1, tp.Empty[int]())(in) },
		"Race":             func(in ints) ints { return operators.Race(in)(never) },
		"Zip":              func(in ints) ints { return operators.Zip(tp.Range(0, 9), first)(in) },
		"Zip, the other":   func(in ints) ints { return operators.Zip(in, func(_, b int) int { return b })(tp.Range(0, 9)) },
		"CombineLatest":    func(in ints) ints { return operators.CombineLatest(tp.Just(1), first)(in) },
		"WithLatestFrom":   func(in ints) ints { return operators.WithLatestFrom(tp.NewBehaviorSubject(1).Observable(), first)(in) },
		"TakeUntil":        func(in ints) ints { return operators.TakeUntil[int](in)(operators.Concat(never)(never)) },
		"SkipUntil":        func(in ints) ints { return operators.SkipUntil[int](never)(in) },
		"Sample":           func(in ints) ints { return operators.Sample[int](in)(never) },
		"GroupBy": func(in ints) ints {
			return operators.FlatMap(2, func(g tp.Group[int, int]) ints { return g.Items })(operators.GroupBy(same)(in))
		},
		"WindowWithCount": func(in ints) ints {
			return operators.FlatMap(2, func(o ints) ints { return o })(operators.WindowWithCount[int](2)(in))
		},
		"FlatMap":        func(in ints) ints { return operators.FlatMap(2, func(v int) ints { return tp.Just(v) })(in) },
		"SwitchMap":      func(in ints) ints { return operators.SwitchMap(func(v int) ints { return tp.Just(v) })(in) },
		"ExhaustMap":     func(in ints) ints { return operators.ExhaustMap(func(v int) ints { return tp.Just(v) })(in) },
		"ConcatMap":      func(in ints) ints { return operators.ConcatMap(func(v int) ints { return tp.Just(v) })(in) },
		"Expand":         func(in ints) ints { return operators.Expand(1, func(int) ints { return tp.Empty[int]() })(in) },
		"Share":          func(in ints) ints { return operators.Share[int]()(in) },
		"Share of Share": func(in ints) ints { return operators.Share[int]()(operators.Map(same)(operators.Share[int]()(in))) },
		"Retry":          func(in ints) ints { return operators.Retry[int](3)(in) },
		"the buffers": func(in ints) ints {
			return operators.ConcatMap(func(b []int) ints { return tp.FromSlice(b) })(operators.BufferWithTimeOrCount[int](time.Second, 1)(in))
		},
		"OnBackpressure": func(in ints) ints { return operators.OnBackpressureLatest[int]()(in) },
		"Gate":           func(in ints) ints { return operators.Gate[int](tp.Never[bool]())(in) },
		"Checked":        func(in ints) ints { return tp.Checked(operators.ObserveOn[int]()(in)) },
	}
}

// A subscriber gets the next item.
func TestSubscribeJoins(t *testing.T) {
	silentOnes := map[string]bool{"WithLatestFrom": true, "TakeUntil": true, "SkipUntil": true, "Sample": true}
	for name, build := range joins() {
		t.Run(name, func(t *testing.T) {
			for range 30 {
				subject := tp.NewSubject[int]()
				got := make(chan int, 9)
				s := build(subject.Observable()).Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) { got <- v }})
				require.Positive(t, subject.Subscribers())
				require.NoError(t, subject.Next(t.Context(), 7))
				subject.Complete()
				switch {
				case name == "TakeUntil":
					require.NoError(t, s.Wait())
				case silentOnes[name]:
				case name == "Merge" || name == "Merge, nested" || name == "MergePrioritized" || name == "Race":
					require.Equal(t, 7, <-got)
				default:
					require.NoError(t, s.Wait())
					require.Len(t, got, 1)
					require.Equal(t, 7, <-got)
				}
				s.Dispose()
			}
		})
	}
}

// Every hot stream is joined when Subscribe has returned.
func TestSubscribeJoinsAllKinds(t *testing.T) {
	for range 100 {
		var mu sync.Mutex
		got := map[string][]int{}
		join := func(name string, o tp.Observable[int]) *tp.Subscription {
			return o.Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) {
				mu.Lock()
				defer mu.Unlock()
				got[name] = append(got[name], v)
			}})
		}
		subject, behavior, replay, unicast, async := tp.NewSubject[int](), tp.NewBehaviorSubject(0), tp.NewReplaySubject[int](2), tp.NewUnicastSubject[int](), tp.NewAsyncSubject[int]()
		topic, hub := tp.NewTopic[string, int](), tp.NewMergeHub[int]()
		source := tp.NewSubject[int]()
		published := tp.Publish(source.Observable())
		all := []*tp.Subscription{
			join("subject", subject.Observable()), join("behavior", behavior.Observable()), join("replay", replay.Observable()),
			join("unicast", unicast.Observable()), join("async", async.Observable()), join("topic", topic.Subscribe("a")),
			join("hub", hub.Observable()), join("publish 1", published.Observable()), join("publish 2", operators.ObserveOn[int]()(published.Observable())),
		}
		connection := published.Connect(t.Context())
		for source.Subscribers() == 0 {
			runtime.Gosched()
		}
		ctx := t.Context()
		for _, next := range []func(context.Context, int) error{subject.Next, behavior.Next, replay.Next, unicast.Next, async.Next, source.Next} {
			require.NoError(t, next(ctx, 1))
		}
		require.NoError(t, topic.Publish(ctx, "a", 1))
		require.NoError(t, hub.Attach(ctx, tp.Just(1)))
		subject.Complete()
		behavior.Complete()
		replay.Complete()
		unicast.Complete()
		async.Complete()
		source.Complete()
		topic.Close()
		hub.Close()
		require.NoError(t, connection.Wait())
		for _, s := range all {
			require.NoError(t, s.Wait())
		}
		want := map[string][]int{"behavior": {0, 1}}
		for _, name := range []string{"subject", "replay", "unicast", "async", "topic", "hub", "publish 1", "publish 2"} {
			want[name] = []int{1}
		}
		require.Equal(t, want, got)
	}
}

// After Publish, Subscribe and Connect, in this order, each subscriber gets the
// first item.
func TestPublishSubscribeConnect(t *testing.T) {
	for range 200 {
		published := tp.Publish(tp.Range(0, 3))
		var got [2][]int
		var subs []*tp.Subscription
		for i := range got {
			subs = append(subs, published.Observable().Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) { got[i] = append(got[i], v) }}))
		}
		require.NoError(t, published.Connect(t.Context()).Wait())
		for _, s := range subs {
			require.NoError(t, s.Wait())
		}
		require.Equal(t, [2][]int{{0, 1, 2}, {0, 1, 2}}, got)
	}
}

// blocked has streams in which user code, a source or a wait comes before a hot
// stream. Subscribe does not wait for them.
func blocked(gate <-chan struct{}) map[string]tp.Observable[int] {
	type ints = tp.Observable[int]
	wait := func() { <-gate }
	source := tp.Create(func(ctx context.Context, _ func(int) bool) error {
		select {
		case <-gate:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	o := tp.NewSubject[int]().Observable()
	self := func(int) ints { return source }
	slow := func(_ context.Context, v int) (int, error) { wait(); return v, nil }
	lift := tp.Lift("user", func(ctx context.Context, in ints, emit func(int) bool) error {
		wait()
		return in.Push(ctx, emit)
	})
	number := func(int) int { wait(); return 0 }
	return map[string]ints{
		"Create":            source,
		"Defer":             tp.Defer(func(context.Context) (ints, error) { wait(); return o, nil }),
		"Iif":               tp.Iif(func() bool { wait(); return true }, o, o),
		"Using":             tp.Using(func(context.Context) (int, error) { wait(); return 0, nil }, func(int) ints { return o }, func(int) error { return nil }),
		"UsingContext":      tp.UsingContext(func(context.Context) (int, error) { wait(); return 0, nil }, func(int) ints { return o }, func(context.Context, int, tp.End) error { return nil }),
		"DelaySubscription": operators.DelaySubscription[int](time.Hour)(o),
		"Concat":            operators.Concat(o)(source),
		"Retry":             operators.Retry[int](3, operators.WithBackoff(operators.Constant(time.Hour)))(tp.Throw[int](errBoom)),
		"RetryIf":           operators.Retry[int](3, operators.RetryIf(func(error) bool { wait(); return false }))(tp.Throw[int](errBoom)),
		"Catch":             operators.Catch(func(error) ints { wait(); return o })(tp.Throw[int](errBoom)),
		"TakeUntil":         operators.TakeUntil[int](source)(o),
		"StartWith":         operators.Map(number)(operators.StartWith(1)(o)),
		"Do":                operators.Do(operators.Hooks[int]{Subscribe: wait})(o),
		"WithContext":       operators.WithContext[int](func(ctx context.Context) context.Context { wait(); return ctx })(o),
		"StatefulMap":       operators.StatefulMap(func(context.Context) (int, error) { wait(); return 0, nil }, func(_ context.Context, s, v int) (int, int, error) { return s, v, nil }, nil)(o),
		"SubscribeOn":       operators.SubscribeOn[int](func(f func()) { wait(); f() })(o),
		"Merge":             operators.Merge(source, o)(source),
		"Race":              operators.Race(source, o)(source),
		"Share":             operators.Share[int]()(source),
		"Parallel":          operators.Parallel(2, slow)(tp.Range(0, 5)),
		"FlatMap":           operators.FlatMap(2, func(int) ints { wait(); return source })(tp.Range(0, 5)),
		"SwitchMap":         operators.SwitchMap(self)(tp.Range(0, 5)),
		"ConcatMap":         operators.ConcatMap(self)(tp.Range(0, 5)),
		"ForkJoin":          operators.Map(func([]int) int { return 0 })(operators.ForkJoin(source)(o)),
		"MergePrioritized":  operators.MergePrioritized(source)(o),
		"MergeSorted":       operators.MergeSorted(cmp.Compare[int], source)(o),
		"Interleave":        operators.Interleave(1, source)(o),
		"Zip":               operators.Zip(source, func(a, _ int) int { return a })(o),
		"ZipAll":            operators.Map(func([]int) int { return 0 })(operators.ZipAll[int]()(tp.Just(o, source))),
		"WithLatestFrom":    operators.WithLatestFrom(source, func(a, _ int) int { return a })(o),
		"Buffer":            operators.Map(func([]int) int { return 0 })(operators.BufferWithTime[int](time.Hour)(o)),
		"Debounce":          operators.Debounce[int](time.Hour)(o),
		"ShareReplay":       operators.ShareReplay[int](2)(source),
		"RefCount":          tp.Publish(o).RefCount(),
		"Balance":           tp.Balance(o, 2)[0],
		"Broadcast, alone":  tp.Broadcast(o, 2)[0],
		"nested":            tp.Create(func(ctx context.Context, _ func(int) bool) error { return source.Drain(ctx) }),
		"subscribes within": tp.Create(func(ctx context.Context, _ func(int) bool) error {
			s := o.Subscribe(ctx, tp.Observer[int]{})
			defer s.Dispose()
			<-ctx.Done()
			return context.Cause(ctx)
		}),
		"a Lift of a user's": lift(o),
		"it, merged":         operators.Merge(lift(o))(lift(o)),
		"Never":              tp.Never[int](),
		"Empty":              tp.Empty[int](),
		"Throw":              tp.Throw[int](errBoom),
		"the zero":           {},
		"Timer":              tp.Timer(time.Hour),
	}
}

func TestSubscribeWaitsForNoUserCode(t *testing.T) {
	for name := range blocked(nil) {
		synctest.Test(t, func(t *testing.T) {
			gate := make(chan struct{})
			begin := time.Now()
			s := blocked(gate)[name].Subscribe(t.Context(), tp.Observer[int]{Next: func(int) { <-gate }, Error: func(error) {}})
			require.Zero(t, time.Since(begin), name)
			close(gate)
			s.Dispose()
		})
	}
}

// Next may run before Subscribe has returned. To leave from within Next, it waits
// for the handle: Subscribe does not wait for Next.
func TestSubscribeLeavingFromNext(t *testing.T) {
	var s *tp.Subscription
	var got []int
	subscribed := make(chan struct{})
	s = tp.Range(0, 100).Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) {
		<-subscribed
		if got = append(got, v); len(got) == 3 {
			s.Cancel()
		}
	}})
	close(subscribed)
	require.NoError(t, s.Wait())
	require.Equal(t, []int{0, 1, 2}, got)
}

func BenchmarkSubscribeShapes(b *testing.B) {
	for name, o := range map[string]tp.Observable[int]{
		"Empty":        tp.Empty[int](),
		"three fused":  tp.Pipe3(tp.Range(0, 5), operators.Map(func(v int) int { return v }), operators.Filter(func(int) bool { return true }), operators.Skip[int](1)),
		"ObserveOn":    operators.ObserveOn[int]()(tp.Empty[int]()),
		"Merge of two": operators.Merge(tp.Empty[int]())(tp.Empty[int]()),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = o.Subscribe(b.Context(), tp.Observer[int]{}).Wait()
			}
		})
	}
}
