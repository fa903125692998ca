package turbopipes_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
)

// given drains o, into which next puts three items once it has a subscriber.
func given(t *testing.T, o tp.Observable[int], next func(context.Context, int) error, end func()) error {
	t.Helper()
	s := o.Subscribe(t.Context(), tp.Observer[int]{})
	synctest.Wait()
	for v := range 3 {
		if err := next(t.Context(), v); err != nil {
			return err
		}
	}
	end()
	return s.Wait()
}

// all drains several streams at the same time.
func all(t *testing.T, outs []tp.Observable[int]) (err error) {
	t.Helper()
	var subs []*tp.Subscription
	for _, o := range outs {
		subs = append(subs, o.Subscribe(t.Context(), tp.Observer[int]{}))
	}
	for _, s := range subs {
		err = errors.Join(err, s.Wait())
	}
	return err
}

// received reads the items that ToChannel sends.
func received(t *testing.T, opts ...tp.QueueOption) error {
	t.Helper()
	items, wait := tp.Just(1, 2, 3).ToChannel(t.Context(), opts...)
	got := 0
	for range items {
		got++
	}
	if err := wait(); err != nil {
		return err
	}
	require.Equal(t, 3, got)
	return nil
}

// takesSize has every function that takes a size, count or capacity. Each entry
// passes n to it and runs three items through it. A key is the function that takes
// n, followed by the function that gets the result, if that is another one.
var takesSize = map[string]func(t *testing.T, n int) error{
	"Balance":   func(t *testing.T, n int) error { return all(t, tp.Balance(tp.Just(1, 2, 3), n)) },
	"Broadcast": func(t *testing.T, n int) error { return all(t, tp.Broadcast(tp.Just(1, 2, 3), n)) },
	"Range": func(t *testing.T, n int) error {
		for _, err := range tp.Range(0, n).Seq(t.Context()) {
			return err
		}
		return nil
	},
	"NewReplaySubject": func(t *testing.T, n int) error {
		s := tp.NewReplaySubject[int](n)
		return given(t, s.Observable(), s.Next, s.Complete)
	},
	"WithMinSubscribers": func(t *testing.T, n int) error {
		s := tp.Publish(tp.Just(1, 2, 3)).RefCount(tp.WithMinSubscribers(n)).Subscribe(t.Context(), tp.Observer[int]{})
		synctest.Wait()
		s.Dispose() // the other subscribers do not come
		return s.Err()
	},
	"AutoConnect": func(t *testing.T, n int) error {
		s := tp.Publish(tp.Just(1, 2, 3)).AutoConnect(t.Context(), n).Subscribe(t.Context(), tp.Observer[int]{})
		synctest.Wait()
		s.Dispose()
		return s.Err()
	},
	"InitialRequest": func(t *testing.T, n int) error {
		return tp.Just(1, 2, 3).Subscribe(t.Context(), tp.Observer[int]{}, tp.InitialRequest(int64(n))).Wait()
	},
	"Request": func(t *testing.T, n int) error {
		s := tp.Just(1, 2, 3).Subscribe(t.Context(), tp.Observer[int]{}, tp.InitialRequest(0))
		s.Request(int64(n))
		s.Request(int64(n))
		return s.Wait()
	},
	"WithQueue, ToChannel": func(t *testing.T, n int) error { return received(t, tp.WithQueue(n)) },
	"WithQueue, ToChannel that fails": func(t *testing.T, n int) error {
		return received(t, tp.WithQueue(n), tp.WithOverflow(tp.Fail))
	},
	"WithQueue, Balance":   func(t *testing.T, n int) error { return all(t, tp.Balance(tp.Just(1, 2, 3), 2, tp.WithQueue(n))) },
	"WithQueue, Broadcast": func(t *testing.T, n int) error { return all(t, tp.Broadcast(tp.Just(1, 2, 3), 2, tp.WithQueue(n))) },
	"WithQueue, NewSubject": func(t *testing.T, n int) error {
		s := tp.NewSubject[int](tp.WithQueue(n))
		return given(t, s.Observable(), s.Next, s.Complete)
	},
	"WithQueue, NewBehaviorSubject": func(t *testing.T, n int) error {
		s := tp.NewBehaviorSubject(0, tp.WithQueue(n))
		return given(t, s.Observable(), s.Next, s.Complete)
	},
	"WithQueue, NewReplaySubject": func(t *testing.T, n int) error {
		s := tp.NewReplaySubject[int](1, tp.WithQueue(n))
		return given(t, s.Observable(), s.Next, s.Complete)
	},
	"WithQueue, NewUnicastSubject": func(t *testing.T, n int) error {
		s := tp.NewUnicastSubject[int](tp.WithQueue(n))
		return given(t, s.Observable(), s.Next, s.Complete)
	},
	"WithQueue, NewTopic": func(t *testing.T, n int) error {
		topic := tp.NewTopic[int, int](tp.WithQueue(n))
		publish := func(ctx context.Context, v int) error { return topic.Publish(ctx, 0, v) }
		return given(t, topic.Subscribe(0), publish, topic.Close)
	},
	"WithQueue, NewMergeHub": func(t *testing.T, n int) error {
		hub := tp.NewMergeHub[int](tp.WithQueue(n))
		attach := func(ctx context.Context, v int) error { return hub.Attach(ctx, tp.Just(v)) }
		return given(t, hub.Observable(), attach, hub.Close)
	},
	"WithQueue, Publish": func(t *testing.T, n int) error {
		return tp.Publish(tp.Just(1, 2, 3), tp.WithQueue(n)).RefCount().Drain(t.Context())
	},
	"WithQueue, FromEventSource": func(t *testing.T, n int) error {
		items := make(chan int)
		give := func(_ context.Context, v int) error { items <- v; return nil }
		return given(t, tp.FromEventSource(t.Context(), items, tp.WithQueue(n)), give, func() { close(items) })
	},
}

// Every size is refused, or costs nothing until it is used.
func TestSizes(t *testing.T) {
	const most = 1 << 20 // bytes; less than the room that the least n needs
	for _, name := range slices.Sorted(maps.Keys(takesSize)) {
		for _, n := range []int{1 << 20, math.MaxInt32, math.MaxInt >> 23, math.MaxInt - 1, math.MaxInt} {
			synctest.Test(t, func(t *testing.T) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := takesSize[name](t, n)
				runtime.ReadMemStats(&after)
				if err != nil {
					require.ErrorIs(t, err, tp.ErrInvalidArgument, "%s: %d", name, n)
				}
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(most), "%s: %d", name, n)
			})
		}
	}
}

// takesSize has every exported function that takes an int, and every one that takes
// the options of queues.
func TestSizesAreAll(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	wanted := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "_go127.go") { // Go 1.26 can't parse these files
			continue
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		f, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
		require.NoError(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() {
				continue
			}
			for _, p := range fn.Type.Params.List {
				switch string(source[p.Type.Pos()-1 : p.Type.End()-1]) {
				case "int", "int64":
					wanted[fn.Name.Name] = true
				case "...QueueOption", "...ReplayOption":
					wanted["WithQueue, "+fn.Name.Name] = true
				}
			}
		}
	}
	delete(wanted, "WithQueue") // tested with each function that takes it
	require.Greater(t, len(wanted), 15)
	for name := range wanted {
		require.NotNil(t, takesSize[name], "takesSize lacks %s", name)
	}
}
