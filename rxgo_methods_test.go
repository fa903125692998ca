//go:build !turbopipes_norx

package turbopipes_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
)

// rxMethods is the number of methods of rxgo.Observable. It is frozen.
const rxMethods = 75

// rxScript is the course of a stream: an item after each gap, and then a failure or
// a completion. No item comes at a multiple of 23 ms.
type rxScript struct {
	items []any
	err   error
	fast  bool          // without the gaps
	every time.Duration // instead of the gaps
}

var rxGaps = []time.Duration{10, 10, 40, 10, 40, 10, 10, 40} // ms: 10, 20, 60, 70, 110, 120, 130, 170

const rxPeriod = 23 * time.Millisecond

// gap waits for the item with index i. It returns false if ctx or quit has ended it.
func (s rxScript) gap(ctx context.Context, quit <-chan struct{}, i int) bool {
	d := s.every
	switch {
	case s.fast:
		return true
	case d == 0:
		d = rxGaps[i%len(rxGaps)] * time.Millisecond
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	case <-quit:
		return false
	}
}

// theirs returns the script as an rxgo stream, which ends with quit as well.
func (s rxScript) theirs(quit <-chan struct{}) rxgo.Observable {
	return rxgo.Defer([]rxgo.Producer{func(ctx context.Context, next chan<- rxgo.Item) {
		send := func(i rxgo.Item) bool {
			select {
			case next <- i:
				return true
			case <-ctx.Done():
			case <-quit:
			}
			return false
		}
		for i, v := range s.items {
			if !s.gap(ctx, quit, i) || !send(rxgo.Of(v)) {
				return
			}
		}
		if s.err != nil {
			send(rxgo.Error(s.err))
		}
	}})
}

// ours returns the script as a stream of ours. live counts the runs.
func (s rxScript) ours(live *atomic.Int64) tp.Observable[any] {
	return tp.Create(func(ctx context.Context, emit func(any) bool) error {
		live.Add(1)
		defer live.Add(-1)
		for i, v := range s.items {
			if !s.gap(ctx, nil, i) {
				return context.Cause(ctx)
			}
			if !emit(v) {
				return nil
			}
		}
		return s.err
	})
}

// rxItems returns items of the type that a method works on.
func rxItems(method string) []any {
	switch method {
	case "AverageFloat32", "SumFloat32":
		return []any{float32(1), float32(2)}
	case "AverageFloat64", "SumFloat64":
		return []any{1.0, 2.0}
	case "AverageInt8":
		return []any{int8(1), int8(3)}
	case "AverageInt16":
		return []any{int16(1), int16(3)}
	case "AverageInt32":
		return []any{int32(1), int32(3)}
	case "AverageInt64", "SumInt64":
		return []any{int64(1), int64(3)}
	case "Unmarshal":
		return []any{[]byte("1"), []byte("22")}
	case "Serialize":
		return []any{1, 0, 3, 2}
	}
	return []any{0, 1, 2, 3, 4, 5, 6, 7}
}

// backOff waits twice.
type backOff struct{ n int }

func (b *backOff) NextBackOff() time.Duration {
	if b.n++; b.n > 2 {
		return -1
	}
	return 5 * time.Millisecond
}
func (b *backOff) Reset() {}

// rxLog records the output of a method: the items of each stream in it, and their
// times.
type rxLog struct {
	mu  sync.Mutex
	got map[string][]string
}

func (l *rxLog) say(stream string, what ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, w := range what {
		if p, ok := w.(*int); ok {
			what[i] = *p
		}
	}
	l.got[stream] = append(l.got[stream], fmt.Sprint(time.Now().UTC().Format("5.000 "), fmt.Sprint(what...)))
}

// read records the items of a stream, and those of the streams in it.
func (l *rxLog) read(wg *sync.WaitGroup, stream string, ch <-chan rxgo.Item) {
	inner := 0
	for i := range ch {
		s, ok := i.V.(rxgo.Iterable)
		if !ok {
			l.say(stream, i.V, i.E)
			continue
		}
		name := fmt.Sprintf("%s/%d", stream, inner)
		inner++
		l.say(stream, "->", name)
		wg.Go(func() { l.read(wg, name, s.Observe()) })
	}
	l.say(stream, "end")
}

// arguments returns an argument of each type that a method takes.
func (l *rxLog) arguments(ctx context.Context, sink chan rxgo.Item, ticks rxgo.Observable) map[reflect.Type]any {
	number := func(v any) int { n, _ := v.(int); return n }
	return map[reflect.Type]any{
		reflect.TypeFor[context.Context](): ctx,
		reflect.TypeFor[rxgo.Predicate]():  rxgo.Predicate(func(v any) bool { return number(v) < 4 }),
		reflect.TypeFor[rxgo.Func]():       rxgo.Func(func(_ context.Context, v any) (any, error) { return number(v) / 2, nil }),
		reflect.TypeFor[rxgo.Func2](): rxgo.Func2(func(_ context.Context, a, b any) (any, error) {
			return number(a)*10 + number(b), nil
		}),
		reflect.TypeFor[rxgo.ErrorFunc]():     rxgo.ErrorFunc(func(error) any { return 50 }),
		reflect.TypeFor[rxgo.Comparator]():    rxgo.Comparator(func(a, b any) int { return number(a) - number(b) }),
		reflect.TypeFor[rxgo.Marshaller]():    rxgo.Marshaller(func(v any) ([]byte, error) { return fmt.Append(nil, v), nil }),
		reflect.TypeFor[rxgo.Unmarshaller]():  rxgo.Unmarshaller(func(b []byte, v any) error { *v.(*int) = len(b); return nil }),
		reflect.TypeFor[rxgo.NextFunc]():      rxgo.NextFunc(func(v any) { l.say("next", v) }),
		reflect.TypeFor[rxgo.ErrFunc]():       rxgo.ErrFunc(func(err error) { l.say("error", err) }),
		reflect.TypeFor[rxgo.CompletedFunc](): rxgo.CompletedFunc(func() { l.say("done") }),
		reflect.TypeFor[rxgo.ItemToObservable](): rxgo.ItemToObservable(func(i rxgo.Item) rxgo.Observable {
			if i.E != nil {
				return rxgo.Thrown(i.E)
			}
			return rxgo.Just(i.V, i.V)()
		}),
		reflect.TypeFor[rxgo.ErrorToObservable](): rxgo.ErrorToObservable(func(error) rxgo.Observable { return rxgo.Just(60)() }),
		reflect.TypeFor[rxgo.Duration]():          rxgo.WithDuration(rxPeriod),
		reflect.TypeFor[rxgo.Iterable]():          ticks,
		reflect.TypeFor[rxgo.Observable]():        ticks,
		reflect.TypeFor[chan<- rxgo.Item]():       (chan<- rxgo.Item)(sink),
		reflect.TypeFor[int]():                    2,
		reflect.TypeFor[uint]():                   uint(2),
		reflect.TypeFor[int64]():                  int64(1),
		reflect.TypeFor[any]():                    9,
		reflect.TypeFor[func(error) bool]():       func(error) bool { return true },
		reflect.TypeFor[func(rxgo.Item) int]():    func(i rxgo.Item) int { return number(i.V) % 2 },
		reflect.TypeFor[func(rxgo.Item) string](): func(i rxgo.Item) string { return fmt.Sprint(number(i.V) % 3) },
		reflect.TypeFor[func(any) int]():          number,
		reflect.TypeFor[func(any) time.Time]():    func(v any) time.Time { return time.Unix(0, int64(number(v))*int64(rxPeriod)) },
		reflect.TypeFor[func() any]():             func() any { return new(int) },
	}
}

// call calls the method on o, and records the results. If get is true, it reads the
// method's Single by Get.
func (l *rxLog) call(ctx context.Context, t *testing.T, m reflect.Method, o rxgo.Observable, get bool, opts []rxgo.Option) {
	t.Helper()
	sink := make(chan rxgo.Item)
	args := l.arguments(ctx, sink, rxScript{items: []any{0, 1, 2, 3, 4, 5, 6}, every: rxPeriod}.theirs(ctx.Done()))
	switch m.Name {
	case "Serialize":
		args[reflect.TypeFor[int]()] = 0 // the first id
	case "SequenceEqual":
		args[reflect.TypeFor[rxgo.Iterable]()] = rxgo.Just(rxItems(m.Name)...)()
	}
	var in []reflect.Value
	for k := range m.Type.NumIn() {
		p := m.Type.In(k)
		switch a, ok := args[p]; {
		case ok:
			in = append(in, reflect.ValueOf(a))
		case m.Type.IsVariadic() && k == m.Type.NumIn()-1:
			for _, opt := range opts {
				in = append(in, reflect.ValueOf(opt))
			}
		default:
			require.True(t, reflect.TypeFor[*backOff]().Implements(p), "no argument of type %v", p)
			in = append(in, reflect.ValueOf(&backOff{}))
		}
	}
	var wg sync.WaitGroup
	if m.Name == "Send" {
		wg.Go(func() { l.read(&wg, "sink", sink) })
	}
	for _, out := range reflect.ValueOf(o).MethodByName(m.Name).Call(in) {
		switch r := out.Interface().(type) {
		case interface {
			Get(opts ...rxgo.Option) (rxgo.Item, error)
			rxgo.Iterable
		}:
			if get {
				i, err := r.Get()
				l.say("get", i.V, i.E, err)
				continue
			}
			l.read(&wg, "out", r.Observe())
		case <-chan rxgo.Item:
			l.read(&wg, "out", r)
		case rxgo.Iterable:
			l.read(&wg, "out", r.Observe())
		case rxgo.Disposed:
			<-r
			l.say("disposed")
		case context.Context:
			l.say("ctx", r.Err())
			defer func() { l.say("ctx", r.Err()) }()
		case rxgo.Disposable:
			r()
		default:
			l.say("result", r)
		}
	}
	wg.Wait()
}

// TestRxMethods checks that each method has the same result on a stream of ours as
// on an rxgo stream, and that nothing of ours is left after that.
func TestRxMethods(t *testing.T) {
	type variant struct {
		name string
		opts []rxgo.Option
	}
	variants := []variant{
		{"row 39 as it is", nil},
		{"row 39 buffered", []rxgo.Option{rxgo.WithBufferedChannel(3)}},
		{"row 39 going on after errors", []rxgo.Option{rxgo.WithErrorStrategy(rxgo.ContinueOnError)}},
	}
	iface := reflect.TypeFor[rxgo.Observable]()
	require.Equal(t, rxMethods, iface.NumMethod())
	seen, silent := 0, []string{}
	for i := range iface.NumMethod() {
		m := iface.Method(i)
		seen++
		said := false
		for _, v := range variants {
			for name, s := range map[string]rxScript{
				"items": {items: rxItems(m.Name)},
				"error": {items: rxItems(m.Name)[:2], err: errBoom},
				"empty": {},
			} {
				s.fast = m.Name == "SequenceEqual" // SequenceEqual spins while it waits, so virtual time stands still
				for _, get := range []bool{false, true} {
					if get && !strings.Contains(fmt.Sprint(m.Type), "Single") {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s %s get=%t", v.name, m.Name, name, get), func(t *testing.T) {
						theirs, ours := rxBoth(t, m, s, get, v.opts)
						if strings.Contains(m.Name, "WithTime") && s.err != nil {
							// rxgo's clock and its error share an instant, in any order.
							for _, of := range []map[string][]string{theirs, ours} {
								for _, said := range of {
									slices.Sort(said)
								}
							}
						}
						require.Equal(t, theirs, ours)
						said = said || len(theirs) > 0
					})
				}
			}
		}
		if !said {
			silent = append(silent, m.Name)
		}
	}
	require.Equal(t, rxMethods, seen)
	require.Empty(t, silent, "methods of which nothing was seen")
}

// rxBoth returns the results of the method on both kinds of stream.
func rxBoth(t *testing.T, m reflect.Method, s rxScript, get bool, opts []rxgo.Option) (theirs, ours map[string][]string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel() // ends the goroutines that rxgo has left
		l := rxLog{got: map[string][]string{}}
		l.call(ctx, t, m, s.theirs(ctx.Done()), get, append(slices.Clip(opts), rxgo.WithContext(ctx)))
		theirs = l.got
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var live atomic.Int64
		l := rxLog{got: map[string][]string{}}
		l.call(ctx, t, m, s.ours(&live), get, opts)
		require.Zero(t, live.Load())
		ours = l.got
	})
	return theirs, ours
}
