package operators_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// decimals turns numbers into bytes, and back.
var decimals = turbopipes.Codec[int]{
	Encode: func(v int) ([]byte, error) { return strconv.AppendInt(nil, int64(v), 10), nil },
	Decode: func(b []byte) (int, error) { return strconv.Atoi(string(b)) },
}

// strategies has every operator for explicit backpressure.
var strategies = map[string]func(operators.DropHook[int]) turbopipes.Operator[int, int]{
	"Drop": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.OnBackpressureDrop(o)
	},
	"Latest": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.OnBackpressureLatest(o)
	},
	"Block": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.OnBackpressureBuffer(9, turbopipes.Block, o)
	},
	"DropNewest": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.OnBackpressureBuffer(9, turbopipes.DropNewest, o)
	},
	"DropOldest": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.OnBackpressureBuffer(9, turbopipes.DropOldest, o)
	},
	"Fail": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.OnBackpressureBuffer(9, turbopipes.Fail, o)
	},
	"by key": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.ConflateByKey(func(v int) int { return v % 5 }, o)
	},
	"by bounded keys": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.ConflateByKey(func(v int) int { return v / 2 % 7 }, o, operators.WithMaxPendingKeys[int](3))
	},
	"shed": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.LoadShed(9, 7*time.Millisecond, o)
	},
	"shed by priority": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.LoadShed(4, 9*time.Millisecond, o, operators.WithShedPriority(func(v int) int { return v % 3 }))
	},
	"spilled": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.SpillToDisk("", 3, decimals, o)
	},
	"spilled, bounded": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.SpillToDisk("", 2, decimals, o, operators.WithMaxBytes[int](40))
	},
	"in bursts": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.LimitRate(9, o)
	},
	"extrapolated": func(o operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.Extrapolate(func(int) iter.Seq[int] { return nil }, o)
	},
	"paced": func(o operators.DropHook[int]) turbopipes.Operator[int, int] { // some consumers take 4
		return operators.BackpressureTimeout(4*time.Millisecond+time.Microsecond, o)
	},
	"gated": func(operators.DropHook[int]) turbopipes.Operator[int, int] {
		return operators.Gate[int](operators.Map(func(i int) bool { return i%2 == 1 })(turbopipes.Interval(7 * time.Millisecond)))
	},
}

// holds are the strategies that lose items only at an early end. hookless are the
// strategies that have no hook.
var (
	holds    = []string{"Block", "paced", "gated", "spilled", "spilled, bounded", "in bursts", "extrapolated"}
	hookless = []string{"gated"} // its OnDiscard is of another type
)

// TestConservation holds every strategy to in = out + dropped + left at disposal,
// over random sources and consumers that end in random ways. See docs/faults.md, row 37.
func TestConservation(t *testing.T) {
	for name, strategy := range strategies {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(400) {
				synctest.Test(t, func(t *testing.T) { conserve(t, rand.New(rand.NewPCG(seed, 0)), name, strategy) })
				if t.Failed() {
					t.Fatal("seed", seed)
				}
			}
		})
	}
}

func conserve(t *testing.T, random *rand.Rand, name string, strategy func(operators.DropHook[int]) turbopipes.Operator[int, int]) {
	t.Helper()
	items := random.IntN(100)
	gap, work := time.Duration(random.IntN(3))*time.Millisecond, time.Duration(random.IntN(6))*time.Millisecond
	how := []string{"completes", "fails", "panics", "is left", "is disposed of", "is stopped", "has a consumer that panics"}[random.IntN(7)]
	at := random.IntN(30) + 1
	var lost, told atomic.Int64
	in, out := 0, 0
	src := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
		for i := range items {
			time.Sleep(gap)
			if ctx.Err() != nil {
				return nil
			}
			in++
			if !emit(i) {
				return nil
			}
		}
		switch how {
		case "fails":
			return errBoom
		case "panics":
			panic(errBoom)
		}
		return nil
	})
	o := strategy(operators.OnDrop(func(int) { lost.Add(1) }))(src)
	if how == "is left" {
		o = operators.Take[int](at)(o)
	}
	ctx := turbopipes.WithLossHook(context.Background(), func(turbopipes.Loss) { told.Add(1) })
	s := o.Subscribe(ctx, turbopipes.Observer[int]{Next: func(int) {
		out++
		time.Sleep(work)
		if how == "has a consumer that panics" && out == at {
			panic(errBoom)
		}
	}})
	switch how {
	case "is disposed of":
		time.Sleep(time.Duration(at)*time.Millisecond + time.Microsecond)
		s.Dispose()
	case "is stopped":
		time.Sleep(time.Duration(at)*time.Millisecond + time.Microsecond)
		_ = s.Stop(context.Background())
	}
	err := s.Wait()
	switch {
	case errors.Is(err, turbopipes.ErrOverflow):
		require.Equal(t, "Fail", name)
	case errors.Is(err, turbopipes.ErrBackpressureTimeout):
		require.Equal(t, "paced", name)
		require.Greater(t, work, 4*time.Millisecond)
	case how == "fails" || how == "panics":
		require.ErrorIs(t, err, errBoom, "an error behind the queue is delivered")
	case how == "has a consumer that panics" && out == at:
		require.ErrorIs(t, err, errBoom)
	default:
		require.NoError(t, err)
	}
	stats := s.Stats()
	require.EqualValues(t, in, int64(out)+stats.Dropped+stats.Discarded, "%s: %s", name, how)
	require.EqualValues(t, out, stats.Delivered)
	require.EqualValues(t, stats.Dropped+stats.Discarded, told.Load())
	if !slices.Contains(hookless, name) {
		require.EqualValues(t, lost.Load(), stats.Dropped+stats.Discarded)
	}
	if slices.Contains(holds, name) {
		require.Zero(t, stats.Dropped)
	}
	if err == nil && (how == "is stopped" || how == "completes") {
		require.Zero(t, stats.Discarded)
	}
}

// paced emits the numbers below n. The first comes at once, and the others at
// intervals of d.
func paced(n int, d time.Duration) turbopipes.Observable[int] {
	return turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
		for i := range n {
			if !emit(i) {
				return nil
			}
			time.Sleep(d)
		}
		return nil
	})
}

// slowly collects o with a consumer that takes d for each item, and returns the items with
// their times.
func slowly[T any](t *testing.T, o turbopipes.Observable[T], d time.Duration) (got []string, err error) {
	t.Helper()
	begin := time.Now()
	err = o.Each(t.Context(), func(v T) error {
		got = append(got, fmt.Sprintf("%v@%v", v, time.Since(begin).Round(time.Millisecond)))
		time.Sleep(d)
		return nil
	})
	return got, err
}

// Upstream emits one item each 10 ms, and downstream takes 35 ms for an item. A row has an
// operator and the delivered items, each with its time.
func TestBackpressure(t *testing.T) {
	const tick = 10 * time.Millisecond
	add := func(pending, next int) int { return 100*pending + next }
	for name, c := range map[string]struct {
		op   turbopipes.Operator[int, int]
		want []string
		err  error
	}{
		"Block":      {operators.OnBackpressureBuffer[int](2, turbopipes.Block), []string{"0@0s", "1@35ms", "2@70ms", "3@105ms", "4@140ms", "5@175ms"}, nil},
		"DropNewest": {operators.OnBackpressureBuffer[int](2, turbopipes.DropNewest), []string{"0@0s", "1@35ms", "2@70ms", "4@105ms"}, nil},
		"DropOldest": {operators.OnBackpressureBuffer[int](2, turbopipes.DropOldest), []string{"0@0s", "2@35ms", "4@70ms", "5@105ms"}, nil},
		"Fail":       {operators.OnBackpressureBuffer[int](2, turbopipes.Fail), []string{"0@0s", "1@35ms", "2@70ms"}, turbopipes.ErrOverflow},
		"Drop":       {operators.OnBackpressureDrop[int](), []string{"0@0s", "4@40ms"}, nil},
		"Latest":     {operators.OnBackpressureLatest[int](), []string{"0@0s", "3@35ms", "5@70ms"}, nil},
		"Error":      {operators.OnBackpressureError[int](), []string{"0@0s"}, turbopipes.ErrOverflow},
		"Reduce":     {operators.OnBackpressureReduce(add), []string{"0@0s", "10203@35ms", "405@70ms"}, nil},
	} {
		bubble(t, name, func(t *testing.T) {
			got, err := slowly(t, c.op(paced(6, tick)), 35*time.Millisecond)
			require.Equal(t, c.want, got)
			if c.err == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.err)
			}
		})
	}
	bubble(t, "Batch", func(t *testing.T) {
		got, err := slowly(t, operators.OnBackpressureBatch[int](3)(paced(9, tick)), 45*time.Millisecond)
		require.NoError(t, err)
		require.Equal(t, []string{"[0]@0s", "[1 2 3]@45ms", "[4 5 6]@90ms", "[7 8]@135ms"}, got)
	})
}

func TestBackpressureOptions(t *testing.T) {
	keys := operators.WithMaxPendingKeys[int](1)
	key := func(v int) int { return v }
	requireInvalid(t, operators.ConflateByKey[int](key, keys, nil), "ConflateByKey: option 2 is nil")
}
