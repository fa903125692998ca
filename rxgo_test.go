//go:build !turbopipes_norx

package turbopipes_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// fromRxGo is the number of methods that an Observable has because of RxGo: those
// of rxgo.Observable, and ToRx.
const fromRxGo = 75 + 1

// rxItemsOf returns an rxgo stream of items, which checks its ctx.
func rxItemsOf(items ...rxgo.Item) rxgo.Observable {
	return rxgo.Defer([]rxgo.Producer{func(ctx context.Context, next chan<- rxgo.Item) {
		for _, i := range items {
			if !i.SendContext(ctx, next) {
				return
			}
		}
	}})
}

func TestToRx(t *testing.T) {
	bubble(t, "items and a failure", func(t *testing.T) {
		items := readAll(operators.Concat(tp.Throw[int](errBoom))(tp.Just(1, 2)).ToRx())
		require.Equal(t, []rxgo.Item{rxgo.Of(1), rxgo.Of(2), rxgo.Error(errBoom)}, items)
	})
	bubble(t, "each Observe is a run", func(t *testing.T) {
		o := tp.Range(0, 3).ToRx().Map(rxIdentity)
		require.Equal(t, readAll(o), readAll(o))
	})
	bubble(t, "a context ends it", func(t *testing.T) {
		var a alive
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		require.Len(t, readAll(a.ticks(time.Second).ToRx(), rxgo.WithContext(ctx)), 3)
		a.requireReaped(t)
	})
	bubble(t, "an error of the context is told", func(t *testing.T) {
		var a alive
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		o, with := a.ticks(time.Second), rxgo.WithContext(ctx)
		values, err := o.ToRx().ToSlice(0, with)
		require.Equal(t, []any{0, 1, 2}, values)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, o.ToRx().Error(with), context.DeadlineExceeded)
		require.Equal(t, []error{context.DeadlineExceeded}, o.ToRx().Errors(with))
		_, err = o.ToRx().First().Get(with)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("the zero Observable", func(t *testing.T) {
		var zero tp.Observable[int]
		_, err := zero.ToRx().Take(1).ToSlice(0)
		require.ErrorIs(t, err, tp.ErrInvalidArgument)
	})
	t.Run("as comparable as the documentation says", func(t *testing.T) {
		a, b := rxgo.Observable(tp.Just(1)), rxgo.Observable(tp.Just(1))
		require.Panics(t, func() { _ = a == b })
	})
}

func TestRxUserCodeFails(t *testing.T) {
	bubble(t, "row 40 our source panics", func(t *testing.T) {
		panics := operators.Map(func(int) int { panic(errBoom) })(tp.Just(1))
		_, err := panics.ToRx().Map(rxIdentity).ToSlice(0)
		require.ErrorIs(t, err, errBoom)
		require.ErrorAs(t, err, new(*tp.PanicError))
	})
	bubble(t, "row 40 our source exits", func(t *testing.T) {
		exits := operators.Map(func(int) int { runtime.Goexit(); return 0 })(tp.Just(1))
		_, err := exits.ToRx().Map(rxIdentity).ToSlice(0)
		require.ErrorIs(t, err, tp.ErrGoexit)
	})
	for name, pipe := range map[string]func(o tp.Observable[int]) tp.Observable[int]{
		"FromRx": func(o tp.Observable[int]) tp.Observable[int] { return tp.FromRx[int](o.ToRx().Map(rxIdentity)) },
		"LiftRx": tp.LiftRx[int, int](func(o rxgo.Observable) rxgo.Observable { return o.Map(rxIdentity) }),
	} {
		bubble(t, "row 40 upstream of "+name, func(t *testing.T) {
			err := pipe(operators.Map(func(int) int { panic(errBoom) })(tp.Just(1))).Drain(t.Context())
			require.ErrorIs(t, err, errBoom)
			require.ErrorAs(t, err, new(*tp.PanicError))
			err = pipe(operators.Map(func(int) int { runtime.Goexit(); return 0 })(tp.Just(1))).Drain(t.Context())
			require.ErrorIs(t, err, tp.ErrGoexit)
		})
		bubble(t, "downstream of "+name+" panics", func(t *testing.T) {
			var a alive
			require.PanicsWithValue(t, errBoom, func() {
				_ = pipe(a.endless()).Each(t.Context(), func(int) error { panic(errBoom) })
			})
			a.requireReaped(t)
		})
	}
}

func TestFromRx(t *testing.T) {
	bg := context.Background()
	for name, c := range map[string]struct {
		o    rxgo.Iterable
		want []int
		err  error
		text string
	}{
		"items":                     {o: rxgo.Just(1, 2, 3)(), want: []int{1, 2, 3}},
		"a Single":                  {o: rxgo.JustItem(1), want: []int{1}},
		"an OptionalSingle":         {o: rxgo.Just(1, 2)().First(), want: []int{1}},
		"nothing":                   {o: rxgo.Empty()},
		"an error":                  {o: rxItemsOf(rxgo.Of(1), rxgo.Error(errBoom), rxgo.Of(2)), want: []int{1}, err: errBoom},
		"row 41 another type":       {o: rxgo.Just(1, "x", 3)(), want: []int{1}, err: tp.ErrTypeMismatch, text: "FromRx: item 1 is string, want int"},
		"row 41 nil":                {o: rxItemsOf(rxgo.Of(1), rxgo.Of(nil)), want: []int{1}, err: tp.ErrTypeMismatch, text: "FromRx: item 1 is nil, want int"},
		"row 41 a value and error":  {o: rxItemsOf(rxgo.Item{V: 1, E: errBoom}), err: errBoom},
		"a nil iterable":            {o: nil, err: tp.ErrInvalidArgument, text: "FromRx: o is nil"},
		"a nil pointer":             {o: (*rxgo.ObservableImpl)(nil), err: tp.ErrInvalidArgument, text: "FromRx: o is nil"},
		"a nil channel":             {o: nilChannel{}, err: tp.ErrInvalidArgument, text: "FromRx: Observe has returned a nil channel"},
		"the zero Observable":       {o: tp.Observable[int]{}, err: tp.ErrInvalidArgument},
		"operators of rxgo on ours": {o: tp.Range(0, 9).ToRx().Filter(equals(3)).Map(rxIdentity), want: []int{3}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tp.FromRx[int](c.o).Collect(bg)
			require.Equal(t, c.want, got)
			require.ErrorIs(t, err, c.err)
			if c.text != "" {
				require.ErrorContains(t, err, c.text)
			}
		})
	}
	t.Run("row 41 nil where there is one", func(t *testing.T) {
		got, err := tp.FromRx[any](rxItemsOf(rxgo.Of(1), rxgo.Of(nil))).Collect(bg)
		require.NoError(t, err)
		require.Equal(t, []any{1, nil}, got)
		pointers, err := tp.FromRx[*int](rxItemsOf(rxgo.Of(nil))).Collect(bg)
		require.NoError(t, err)
		require.Equal(t, []*int{nil}, pointers)
		_, err = tp.FromRx[error](rxItemsOf(rxgo.Of(7))).Collect(bg)
		require.ErrorContains(t, err, "item 0 is int, want error")
	})
	t.Run("a nil option", func(t *testing.T) {
		require.ErrorIs(t, tp.FromRx[int](rxgo.Empty(), nil).Drain(bg), tp.ErrInvalidArgument)
	})
	t.Run("options", func(t *testing.T) {
		got, err := tp.FromRx[int](rxgo.Just(1, 2)(), rxgo.WithBufferedChannel(1)).Collect(bg)
		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, got)
	})
	t.Run("there and back", func(t *testing.T) {
		o := tp.Just(1, 2)
		var back tp.Observable[int]
		require.Zero(t, testing.AllocsPerRun(100, func() { back = tp.FromRx[int](o) })-
			testing.AllocsPerRun(100, func() { sink = o }), "what FromRx costs more than the conversion to rxgo.Iterable")
		got, err := back.Collect(bg)
		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, got)
	})
	t.Run("results", func(t *testing.T) {
		o := rxItemsOf(rxgo.Of(1), rxgo.Item{V: 2, E: errBoom}, rxgo.Of(3), rxgo.Of("x"))
		got, err := tp.FromRxResults[int](o).Collect(bg)
		require.Equal(t, []tp.Result[int]{{Value: 1}, {Err: errBoom}, {Value: 3}}, got)
		require.ErrorIs(t, err, tp.ErrTypeMismatch)
		require.ErrorContains(t, err, "FromRxResults: item 3 is string, want int")
	})
}

var sink rxgo.Iterable

type nilChannel struct{}

func (nilChannel) Observe(...rxgo.Option) <-chan rxgo.Item { return nil }

func TestFromRxContext(t *testing.T) {
	bubble(t, "row 42 a cancelled stream is not complete", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errBoom) })
		closes := rxgo.Defer([]rxgo.Producer{func(ctx context.Context, next chan<- rxgo.Item) {
			rxgo.Of(1).SendContext(ctx, next)
			<-ctx.Done()
		}})
		got, err := tp.FromRx[int](closes.Map(rxIdentity)).Collect(ctx)
		require.Equal(t, []int{1}, got)
		require.ErrorIs(t, err, errBoom)
	})
	bubble(t, "row 42 a context of the options", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err := tp.FromRx[int](rxgo.Never(), rxgo.WithContext(ctx)).Drain(context.Background())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begin))
	})
	bubble(t, "row 42 nothing never ends but by the context", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, tp.FromRx[int](rxgo.Never()).Drain(ctx), context.DeadlineExceeded)
	})
	bubble(t, "a late source of ours is waited for, however long", func(t *testing.T) {
		var a alive
		o := tp.FromRx[int](rxgo.Just(1, 2)().FlatMap(func(rxgo.Item) rxgo.Observable { return a.endless() }))
		got, err := operators.Take[int](3)(o).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2}, got)
		a.requireReaped(t)
	})
}

// logged runs f and returns what it has logged, without the lines about garbage of
// other tests.
func logged(t *testing.T, f func()) string {
	t.Helper()
	var log ear
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	f()
	var lines strings.Builder
	for line := range strings.Lines(log.heard()) {
		if !strings.Contains(line, unheard) {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

func TestFromRxLeftEarly(t *testing.T) {
	take2 := operators.Take[int](2)
	bubble(t, "row 43 one that needs to be read is read", func(t *testing.T) {
		ended := false
		deaf := rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
			defer func() { ended = true }()
			for i := range 100 {
				next <- rxgo.Of(i)
			}
		}})
		require.Empty(t, logged(t, func() {
			got, err := take2(tp.FromRx[int](deaf)).Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, []int{0, 1}, got)
		}))
		require.True(t, ended)
	})
	bubble(t, "row 43 one that ignores its context is left behind, and reported", func(t *testing.T) {
		release := make(chan struct{})
		gone := make(chan struct{})
		deaf := rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
			defer close(gone)
			next <- rxgo.Of(0)
			next <- rxgo.Of(1)
			<-release // this goroutine is rxgo's, and ctx does not reach it
		}})
		begin := time.Now()
		log := logged(t, func() { require.NoError(t, take2(tp.FromRx[int](deaf)).Drain(t.Context())) })
		require.Contains(t, log, "operator=FromRx")
		require.Contains(t, log, "grace=100ms")
		require.Contains(t, log, "stream=*rxgo.ObservableImpl")
		require.Equal(t, 100*time.Millisecond, time.Since(begin))
		stacks := make([]byte, 1<<20)
		require.NotContains(t, string(stacks[:runtime.Stack(stacks, true)]), "turbopipes/internal/rxv")
		select {
		case <-gone:
			require.Fail(t, "it was to be left behind")
		default:
		}
		close(release)
		<-gone
	})
	bubble(t, "row 43 where the warnings of the subscription go", func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		deaf := rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
			next <- rxgo.Of(0)
			next <- rxgo.Of(1)
			<-release
		}})
		for after, reports := range map[time.Duration]int{time.Minute: 1, 0: 0} {
			var own bytes.Buffer
			ctx := tp.WithReapWarning(t.Context(), after, slog.New(slog.NewTextHandler(&own, nil)))
			require.Empty(t, logged(t, func() { require.NoError(t, take2(tp.FromRx[int](deaf)).Drain(ctx)) }))
			require.Equal(t, reports, strings.Count(own.String(), "operator=FromRx"))
		}
	})
	bubble(t, "what is read away is counted", func(t *testing.T) {
		many := rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
			for i := range 7 {
				next <- rxgo.Of(i)
			}
		}})
		s := take2(tp.FromRx[int](many)).Subscribe(t.Context(), tp.Observer[int]{})
		require.NoError(t, s.Wait())
		require.Equal(t, tp.Stats{Delivered: 2, Discarded: 5}, s.Stats())
	})
	bubble(t, "shared items are left to others", func(t *testing.T) {
		for name, o := range map[string]rxgo.Observable{
			"FromChannel": rxgo.FromChannel(numbered(4)),
			"Create": rxgo.Create([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
				for i := range 4 {
					next <- rxgo.Of(i)
				}
			}}),
		} {
			begin := time.Now()
			first, err := take2(tp.FromRx[int](o)).Collect(t.Context())
			require.NoError(t, err, name)
			require.Equal(t, []int{0, 1}, first, name)
			second, err := tp.FromRx[int](o).Collect(t.Context())
			require.NoError(t, err, name)
			require.Equal(t, []int{2, 3}, second, name)
			require.Zero(t, time.Since(begin), name)
		}
	})
	bubble(t, "an event source is left at once", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		begin := time.Now()
		got, err := take2(tp.FromRx[int](rxgo.Interval(rxgo.WithDuration(time.Second), rxgo.WithContext(ctx)))).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{0, 1}, got)
		require.Equal(t, 2*time.Second, time.Since(begin))
	})
}

func numbered(n int) <-chan rxgo.Item {
	ch := make(chan rxgo.Item, n)
	for i := range n {
		ch <- rxgo.Of(i)
	}
	close(ch)
	return ch
}

func TestFromRxStop(t *testing.T) {
	bubble(t, "what is on its way is delivered", func(t *testing.T) {
		sent := 0
		deaf := rxgo.Defer([]rxgo.Producer{func(ctx context.Context, next chan<- rxgo.Item) {
			for ctx.Err() == nil {
				next <- rxgo.Of(sent)
				sent++
			}
		}}, rxgo.WithBufferedChannel(8))
		var got []int
		third := make(chan struct{})
		s := tp.FromRx[int](deaf).Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) {
			if got = append(got, v); len(got) == 3 {
				close(third)
				time.Sleep(time.Second)
			}
		}})
		<-third
		require.NoError(t, s.Stop(context.Background()))
		require.Len(t, got, sent)
		require.Greater(t, sent, 8)
		require.Equal(t, tp.Stats{Delivered: int64(sent)}, s.Stats())
	})
	bubble(t, "many short stops of a channel lose nothing", func(t *testing.T) {
		const items = 300
		o := tp.FromRx[int](rxgo.FromChannel(numbered(items)))
		var got []int
		for len(got) < items {
			enough := make(chan struct{})
			var once sync.Once
			s := o.Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) {
				got = append(got, v)
				once.Do(func() { close(enough) })
			}})
			select {
			case <-enough:
			case <-s.Done():
			}
			require.NoError(t, s.Stop(t.Context()))
		}
		for i, v := range got {
			require.Equal(t, i, v)
		}
	})
	bubble(t, "a piece of rxgo pipeline flushes", func(t *testing.T) {
		var a alive
		buffers := tp.LiftRx[int, []any](func(o rxgo.Observable) rxgo.Observable { return o.BufferWithCount(4) })
		var got [][]any
		s := buffers(a.ticks(time.Second)).Subscribe(t.Context(), tp.Observer[[]any]{Next: func(v []any) { got = append(got, v) }})
		time.Sleep(6500 * time.Millisecond)
		require.NoError(t, s.Stop(context.Background()))
		require.Equal(t, [][]any{{0, 1, 2, 3}, {4, 5}}, got)
		a.requireReaped(t)
	})
}

func TestLiftRx(t *testing.T) {
	bg := context.Background()
	bubble(t, "an operator", func(t *testing.T) {
		texts := tp.LiftRx[int, string](func(o rxgo.Observable) rxgo.Observable {
			return o.Skip(1).Map(func(_ context.Context, v any) (any, error) { return fmt.Sprint(v), nil })
		})
		got, err := texts(tp.Just(1, 2, 3)).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"2", "3"}, got)
	})
	for name, o := range map[string]tp.Observable[int]{
		"fn is nil":                       tp.LiftRx[int, int](nil)(tp.Just(1)),
		"fn has returned nil":             tp.LiftRx[int, int](func(rxgo.Observable) rxgo.Observable { return nil })(tp.Just(1)),
		"upstream is the zero Observable": tp.LiftRx[int, int](func(o rxgo.Observable) rxgo.Observable { return o })(tp.Observable[int]{}),
	} {
		t.Run(name, func(t *testing.T) {
			err := o.Drain(bg)
			require.ErrorIs(t, err, tp.ErrInvalidArgument)
			require.ErrorContains(t, err, "LiftRx: "+name)
		})
	}
	for name, fn := range map[string]func(o rxgo.Observable) rxgo.Observable{
		"itself":        func(o rxgo.Observable) rxgo.Observable { return o },
		"an operator":   func(o rxgo.Observable) rxgo.Observable { return o.Map(rxIdentity) },
		"Merge":         func(o rxgo.Observable) rxgo.Observable { return rxgo.Merge([]rxgo.Observable{o, rxgo.Empty()}) },
		"a second look": func(o rxgo.Observable) rxgo.Observable { o.Observe(); return o.Map(rxIdentity) },
	} {
		bubble(t, "upstream ends, however it is observed: "+name, func(t *testing.T) {
			var a alive
			got, err := operators.Take[int](1)(tp.LiftRx[int, int](fn)(a.endless())).Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, []int{0}, got)
			a.requireReaped(t)
		})
	}
	t.Run("upstream ends, however it is observed: a loser of Amb", func(t *testing.T) {
		var live, taken atomic.Int64 // not in a bubble: the loser waits on a mutex of Amb
		stuck := make(chan struct{})
		endless := tp.Create(func(_ context.Context, emit func(int) bool) error {
			live.Add(1)
			defer live.Add(-1)
			for emit(0) {
				if taken.Add(1) == 7 { // 4 of the winner, whose first item is being delivered, and 3 of the loser
					close(stuck)
				}
			}
			return nil
		})
		race := tp.LiftRx[int, int](func(o rxgo.Observable) rxgo.Observable {
			return rxgo.Amb([]rxgo.Observable{o.Map(rxIdentity), o.Filter(equals(0))})
		})
		require.ErrorIs(t, race(endless).Each(bg, func(int) error { <-stuck; return errBoom }), errBoom)
		require.Zero(t, live.Load())
		goleak.VerifyNone(t)
	})
	bubble(t, "Dispose from within upstream", func(t *testing.T) {
		var s atomic.Pointer[tp.Subscription]
		started := make(chan struct{})
		same := tp.LiftRx[int, int](func(o rxgo.Observable) rxgo.Observable { return o.Map(rxIdentity) })
		s.Store(same(operators.Map(func(v int) int {
			<-started
			s.Load().Dispose()
			return v
		})(tp.Range(0, 9))).Subscribe(t.Context(), tp.Observer[int]{}))
		close(started)
		require.NoError(t, s.Load().Wait())
	})
	bubble(t, "an early end anywhere", func(t *testing.T) {
		var a alive
		first := tp.LiftRx[int, int](func(o rxgo.Observable) rxgo.Observable { return o.Map(failAt(3)) })
		got, err := first(a.endless()).Collect(t.Context())
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, []int{0, 1, 2}, got)
		a.requireReaped(t)
	})
}

func TestRxFunctions(t *testing.T) {
	add := func(vs ...any) any {
		sum := 0
		for _, v := range vs {
			sum += v.(int)
		}
		return sum
	}
	later := func(d time.Duration, vs ...int) tp.Observable[int] {
		return tp.Create(func(ctx context.Context, emit func(int) bool) error {
			for _, v := range vs {
				select {
				case <-time.After(d):
					if !emit(v) {
						return nil
					}
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			return nil
		})
	}
	for name, c := range map[string]struct {
		o    func(with rxgo.Option) rxgo.Observable
		want []int
	}{
		"Merge": {func(with rxgo.Option) rxgo.Observable {
			return rxgo.Merge([]rxgo.Observable{later(2, 1, 2), later(3, 8, 9)}, with)
		}, []int{1, 8, 2, 9}},
		"Concat": {func(with rxgo.Option) rxgo.Observable {
			return rxgo.Concat([]rxgo.Observable{later(9, 1, 2), later(1, 8)}, with)
		}, []int{1, 2, 8}},
		"CombineLatest": {func(with rxgo.Option) rxgo.Observable {
			return rxgo.CombineLatest(add, []rxgo.Observable{later(2, 1, 2), later(3, 10, 20)}, with)
		}, []int{11, 12, 22}},
		"Amb": {func(with rxgo.Option) rxgo.Observable {
			return rxgo.Amb([]rxgo.Observable{later(2, 1, 2), rxgo.Never()}, with)
		}, []int{1, 2}},
	} {
		bubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			got, err := operators.Take[int](len(c.want))(tp.FromRx[int](c.o(rxgo.WithContext(ctx)))).Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	bubble(t, "a loser of Amb ends with its context", func(t *testing.T) {
		var a alive
		ctx, cancel := context.WithCancel(t.Context())
		got := readAll(rxgo.Amb([]rxgo.Observable{tp.Just(1), a.ticks(time.Second)}, rxgo.WithContext(ctx)))
		require.Equal(t, []rxgo.Item{rxgo.Of(1)}, got)
		cancel()
		time.Sleep(2 * time.Hour)
		require.Zero(t, a.now.Load()) // the source may not have begun
	})
	bubble(t, "typed, rxgo, typed, rxgo", func(t *testing.T) {
		typed := operators.Map(func(v int) int { return v * 10 })(tp.Range(0, 6))
		back := tp.FromRx[int](typed.ToRx().Filter(func(v any) bool { return v.(int)%20 == 0 }).Map(rxIdentity))
		got, err := operators.Map(func(v int) int { return v + 1 })(back).ToRx().Last().Get()
		require.NoError(t, err)
		require.Equal(t, rxgo.Of(41), got)
	})
	t.Run("rxgo's assertions", func(t *testing.T) {
		rxgo.Assert(t.Context(), t, tp.Just(1, 2), rxgo.HasItems(1, 2), rxgo.HasNoError())
	})
}

// bare is an Observable without rxgo.
type bare[T any] struct{ src tp.Source[T] }

var (
	bareSink bare[int]
	fullSink tp.Observable[int]
)

// TestRxCostsNothing checks that the rxgo side of an Observable costs nothing until
// it is used.
func TestRxCostsNothing(t *testing.T) {
	run := func(ctx context.Context, in tp.Observable[int], emit func(int) bool) error { return in.Push(ctx, emit) }
	in, name := tp.Just(1), "same"
	op := tp.Lift(name, run)
	without := testing.AllocsPerRun(1000, func() {
		bareSink = bare[int]{func(ctx context.Context, emit func(int) bool) error {
			if len(name) == 0 {
				return errors.New(name)
			}
			return run(ctx, in, emit)
		}}
	})
	with := testing.AllocsPerRun(1000, func() { fullSink = op(in) })
	require.Equal(t, without, with)
	require.LessOrEqual(t, with, 1.0)
}

func BenchmarkRx(b *testing.B) {
	const items = 1000
	double := func(_ context.Context, v any) (any, error) { return v.(int) * 2, nil }
	typed := tp.Range(0, items)
	same := operators.Map(func(v int) int { return v * 2 })
	for name, run := range map[string]func() error{
		"typed/Map Map": func() error { return same(same(typed)).Drain(b.Context()) },
		"ours/Map Map":  func() error { return typed.ToRx().Map(double).Map(double).Error() },
		"rxgo/Map Map":  func() error { return rxgo.Range(0, items).Map(double).Map(double).Error() },
		"FromRx": func() error {
			return tp.FromRx[int](rxgo.Range(0, items)).Drain(b.Context())
		},
		"LiftRx/Map": func() error {
			return tp.LiftRx[int, int](func(o rxgo.Observable) rxgo.Observable { return o.Map(double) })(typed).Drain(b.Context())
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/items, "ns/item")
		})
	}
	b.Run("assembling", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			fullSink = same(typed)
		}
	})
}
