package operators_test

import (
	"cmp"
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// parcel is an item that takes memory.
type parcel struct {
	n int
	_ [64]byte
}

// parcels emits n parcels, and then waits for ever. made gets a weak pointer to each
// parcel.
func parcels(n int, made *[]weak.Pointer[parcel]) turbopipes.Observable[*parcel] {
	return turbopipes.Create(func(ctx context.Context, emit func(*parcel) bool) error {
		for i := range n {
			if !sent(i, emit, made) {
				return nil
			}
		}
		<-ctx.Done()
		runtime.KeepAlive(emit) // and with it all that is downstream
		return context.Cause(ctx)
	})
}

// sent makes a parcel and emits it. Its frame, which refers to the parcel, is left then.
//
//go:noinline
func sent(i int, emit func(*parcel) bool, made *[]weak.Pointer[parcel]) bool {
	p := &parcel{n: i}
	*made = append(*made, weak.Make(p))
	return emit(p)
}

func living(made []weak.Pointer[parcel]) (n int) {
	for _, p := range made {
		if p.Value() != nil {
			n++
		}
	}
	return n
}

// anything drops the items of o.
func anything[R any](o turbopipes.Observable[R]) turbopipes.Observable[struct{}] {
	return operators.Map(func(R) struct{} { return struct{}{} })(o)
}

func sumOf(a, b *parcel) int { return a.n + b.n }

// An operator keeps no reference to an item that it has delivered, unless it needs the
// item.
func TestKeepsNothingAlive(t *testing.T) {
	type stream = turbopipes.Observable[*parcel]
	type silence = turbopipes.Observable[struct{}]
	number := func(p *parcel) int { return p.n }
	ascending := func(a, b *parcel) int { return cmp.Compare(a.n, b.n) }
	at := func(p *parcel) time.Time { return time.Unix(int64(p.n), 0) }
	quiet := func(*parcel) turbopipes.Observable[int] { return turbopipes.Never[int]() }
	one := func(*parcel) turbopipes.Observable[int] { return turbopipes.Just(1) }
	both := func(a, b stream) turbopipes.Observable[stream] { return turbopipes.Just(a, b) }
	for name, c := range map[string]struct {
		apply func(a, b stream) silence
		keeps int // of the items of both
	}{
		"Audit":           {func(a, _ stream) silence { return anything(operators.Audit[*parcel](time.Second)(a)) }, 0},
		"BufferWithCount": {func(a, _ stream) silence { return anything(operators.BufferWithCount[*parcel](5)(a)) }, 0},
		"its last slice":  {func(a, _ stream) silence { return anything(operators.BufferWithCount[*parcel](8)(a)) }, 2},
		"BufferWithTime":  {func(a, _ stream) silence { return anything(operators.BufferWithTime[*parcel](time.Second)(a)) }, 0},
		"…TimeOrCount": {func(a, _ stream) silence {
			return anything(operators.BufferWithTimeOrCount[*parcel](time.Second, 4)(a))
		}, 0},
		"BufferWeighted": {func(a, _ stream) silence { // the last batch
			return anything(operators.BufferWeighted(2, func(*parcel) int64 { return 1 })(a))
		}, 2},
		"Catch": {func(a, _ stream) silence { return anything(operators.Catch(func(error) stream { return a })(a)) }, 0},
		"CircuitBreaker": {func(a, _ stream) silence {
			return anything(operators.CircuitBreaker[*parcel](operators.NewBreaker())(a))
		}, 0},
		"CombineLatest":    {func(a, b stream) silence { return anything(operators.CombineLatest(b, sumOf)(a)) }, 2},
		"CombineLatestAll": {func(a, b stream) silence { return anything(operators.CombineLatestAll[*parcel]()(both(a, b))) }, 2},
		"Concat":           {func(a, b stream) silence { return anything(operators.Concat(b)(a)) }, 0},
		"ConcatMap":        {func(a, _ stream) silence { return anything(operators.ConcatMap(one)(a)) }, 0},
		"Debounce":         {func(a, _ stream) silence { return anything(operators.Debounce[*parcel](time.Second)(a)) }, 0},
		"Delay":            {func(a, _ stream) silence { return anything(operators.Delay[*parcel](time.Second)(a)) }, 0},
		"DelayWhen":        {func(a, _ stream) silence { return anything(operators.DelayWhen(one)(a)) }, 0},
		"DistinctUntil…":   {func(a, _ stream) silence { return anything(operators.DistinctUntilChanged(number)(a)) }, 0},
		"ExhaustMap":       {func(a, _ stream) silence { return anything(operators.ExhaustMap(quiet)(a)) }, 1}, // its inner stream has emitted nothing: were it cut, the item would be lost
		"FlatMap":          {func(a, _ stream) silence { return anything(operators.FlatMap(4, one)(a)) }, 0},
		"its inner streams": {func(a, _ stream) silence {
			return anything(operators.FlatMap(20, quiet)(a))
		}, 10},
		"Flatten":  {func(a, b stream) silence { return anything(operators.Flatten[*parcel](2)(both(a, b))) }, 0},
		"ForkJoin": {func(a, b stream) silence { return anything(operators.ForkJoin(b)(a)) }, 2},
		"GroupBy": {func(a, _ stream) silence {
			return anything(operators.FlatMap(20, func(g turbopipes.Group[int, *parcel]) stream { return g.Items })(operators.GroupBy(number)(a)))
		}, 0},
		"Index":      {func(a, _ stream) silence { return anything(operators.Index[*parcel]()(a)) }, 0},
		"Interleave": {func(a, b stream) silence { return anything(operators.Interleave(1, b)(a)) }, 0},
		"Join":       {func(a, b stream) silence { return anything(operators.Join(b, 0, at, at, sumOf)(a)) }, 2},
		"KeepAlive": {func(a, _ stream) silence {
			return anything(operators.KeepAlive(time.Minute, func() *parcel { return nil })(a))
		}, 0},
		"Merge":            {func(a, b stream) silence { return anything(operators.Merge(b)(a)) }, 0},
		"MergePrioritized": {func(a, b stream) silence { return anything(operators.MergePrioritized(b)(a)) }, 0},
		"MergeSorted":      {func(a, b stream) silence { return anything(operators.MergeSorted(ascending, b)(a)) }, 1}, // the last one of b
		"ObserveOn":        {func(a, _ stream) silence { return anything(operators.ObserveOn[*parcel]()(a)) }, 0},
		"Pairwise":         {func(a, _ stream) silence { return anything(operators.Pairwise[*parcel]()(a)) }, 1},
		"Prefetch":         {func(a, _ stream) silence { return anything(operators.Prefetch[*parcel](4)(a)) }, 0},
		"Race":             {func(a, _ stream) silence { return anything(operators.Race(turbopipes.Never[*parcel]())(a)) }, 0},
		"RateLimit":        {func(a, _ stream) silence { return anything(operators.RateLimit[*parcel](1, time.Second)(a)) }, 0},
		"Retry":            {func(a, _ stream) silence { return anything(operators.Retry[*parcel](1)(a)) }, 0},
		"Sample": {func(a, _ stream) silence {
			return anything(operators.Sample[*parcel](turbopipes.Interval(time.Second))(a))
		}, 0},
		"SequenceEqual": {func(a, b stream) silence {
			return anything(operators.SequenceEqual(b, func(a, b *parcel) bool { return a.n == b.n })(a))
		}, 0},
		"Serialize":     {func(a, _ stream) silence { return anything(operators.Serialize(0, number)(a)) }, 0},
		"SessionWindow": {func(a, _ stream) silence { return anything(operators.SessionWindow[*parcel](time.Second)(a)) }, 0},
		"SkipLast":      {func(a, _ stream) silence { return anything(operators.SkipLast[*parcel](2)(a)) }, 2},
		"SkipUntil":     {func(a, _ stream) silence { return anything(operators.SkipUntil[*parcel](turbopipes.Never[int]())(a)) }, 0},
		"SwitchMap":     {func(a, _ stream) silence { return anything(operators.SwitchMap(quiet)(a)) }, 1},
		"TakeLast":      {func(a, _ stream) silence { return anything(operators.TakeLast[*parcel](2)(a)) }, 2},
		"TakeUntil":     {func(a, _ stream) silence { return anything(operators.TakeUntil[*parcel](turbopipes.Never[int]())(a)) }, 0},
		"Throttle":      {func(a, _ stream) silence { return anything(operators.Throttle[*parcel](time.Second)(a)) }, 0},
		"Timeout":       {func(a, _ stream) silence { return anything(operators.Timeout[*parcel](100 * time.Hour)(a)) }, 0},
		"WindowWithCount": {func(a, _ stream) silence {
			return anything(operators.FlatMap(2, func(w stream) stream { return w })(operators.WindowWithCount[*parcel](4)(a)))
		}, 0},
		"WithLatestFrom": {func(a, b stream) silence { return anything(operators.WithLatestFrom(b, sumOf)(a)) }, 1},
		"Zip":            {func(a, b stream) silence { return anything(operators.Zip(b, sumOf)(a)) }, 0},
		"Zip, buffered":  {func(a, b stream) silence { return anything(operators.Zip(b, sumOf, operators.Buffered(4))(a)) }, 0},
		"ZipAll":         {func(a, b stream) silence { return anything(operators.ZipAll[*parcel]()(both(a, b))) }, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			var made, others []weak.Pointer[parcel]
			s := c.apply(parcels(10, &made), parcels(10, &others)).Subscribe(t.Context(), turbopipes.Observer[struct{}]{})
			time.Sleep(time.Hour)
			synctest.Wait()
			runtime.GC()
			runtime.GC()
			left := living(made) + living(others)
			s.Dispose()
			require.Len(t, made, 10)
			require.Equal(t, c.keeps, left, "items alive, of %d and %d", len(made), len(others))
		})
	}
}
