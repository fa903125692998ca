package run

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func handleUnder(ctx context.Context) *Handle {
	h := &Handle{}
	h.Init(ctx)
	return h
}

func callUnder(ctx context.Context) *Record {
	r := &Record{}
	r.Init(ctx)
	return r
}

// seven is an engine that runs seven tasks.
type seven struct{}

func (seven) Running() int64 { return 7 }

func TestInside(t *testing.T) {
	for range 100 { // ids of one to three digits
		r := handleUnder(context.Background())
		inner := handleUnder(r.With(context.Background()))
		seen := make(chan bool, 3)
		go r.Mark(func() { seen <- r.Inside(); seen <- inner.Inside() })
		require.True(t, <-seen)
		require.False(t, <-seen)
		go inner.Mark(func() { seen <- r.Inside(); seen <- inner.Inside() })
		require.True(t, <-seen, "a subscription within")
		require.True(t, <-seen)
		require.False(t, r.Inside(), "the test's own goroutine")
		inner.End()
		r.End()
	}
}

func TestInsideInnermostMark(t *testing.T) {
	var marked []*Handle
	for range 1 << 10 { // ids of up to four digits, with every digit in every place
		r := handleUnder(context.Background())
		defer r.End()
		marked = append(marked, r)
	}
	for i, r := range marked {
		marked[len(marked)-1-i].Mark(func() {
			r.Mark(func() { require.True(t, r.Inside(), "id %o", r.own.id) })
		})
	}
}

func TestInsideNested(t *testing.T) {
	outer := handleUnder(context.Background())
	defer outer.End()
	inner := handleUnder(outer.With(context.Background()))
	defer inner.End()
	outer.Mark(func() {
		require.True(t, outer.Inside())
		require.False(t, inner.Inside())
	})
}

func TestStop(t *testing.T) {
	r := handleUnder(context.Background())
	defer r.End()
	var stopped []string
	leaf := r.Enter("a", func() { stopped = append(stopped, "a") })
	r.Leave(r.Enter("b", func() { stopped = append(stopped, "b") }))
	require.Equal(t, []string{"a"}, r.Running())
	r.Stop()
	r.Stop()
	require.Equal(t, []string{"a"}, stopped)
	r.Leave(leaf)
	r.Leave(r.Enter("late", func() { stopped = append(stopped, "late") }))
	require.Equal(t, []string{"a", "late"}, stopped)
	<-r.Stopped()
	require.False(t, From(Shield(r.With(context.Background()))).Stopping())
}

// A leaf is used again. The stop of the source before does not end its next source,
// also if Stop has come to it late.
func TestLeavesAreRecycled(t *testing.T) {
	r := handleUnder(context.Background())
	defer r.End()
	var stopped []string
	stop := func(name string) func() { return func() { stopped = append(stopped, name) } }
	a, b, c := r.Enter("a", stop("a")), r.Enter("b", stop("b")), r.Enter("c", stop("c"))
	r.Leave(b)
	require.Equal(t, []string{"c", "a"}, r.Running())
	require.Same(t, b, r.Enter("d", stop("d")))
	r.Leave(c)
	r.Leave(a)
	require.Equal(t, []string{"d"}, r.Running())
	e := r.Enter("e", func() {
		r.Leave(b)
		require.Same(t, b, r.Enter("f", stop("f")), "the leaf of d, while Stop runs")
	})
	r.Stop()
	require.Equal(t, []string{"f", "d"}, stopped, "f, because Stop was called before, and d, which has just ended")
	require.Equal(t, []string{"f", "e"}, r.Running())
	r.Leave(e)
	r.Leave(b)
	require.Empty(t, r.Running())
	require.Zero(t, testing.AllocsPerRun(10, func() { r.Leave(r.Enter("g", noStop)) }))
}

func noStop() {}

func TestCountsGoUp(t *testing.T) {
	outer := handleUnder(context.Background())
	defer outer.End()
	inner := callUnder(Shield(outer.With(context.Background())))
	inner.count(Discarded, 2)
	inner.count(Dropped, 3)
	var g Gauge
	g.Add(inner, seven{})
	require.EqualValues(t, 2, outer.Discarded.Load())
	require.EqualValues(t, 3, outer.Dropped.Load())
	require.EqualValues(t, 7, outer.Tasks())
	g.Remove()
	require.Zero(t, outer.Tasks())
	From(context.Background()).count(Discarded, 1)
	require.Zero(t, none.Discarded.Load(), "the record of nobody counts nothing")
	require.True(t, inner.FirstReport())
	require.False(t, outer.FirstReport(), "one report a subscription")
}

// The tasks of an engine count in each subscription around it, as long as it runs.
func TestGauges(t *testing.T) {
	outer := handleUnder(context.Background())
	defer outer.End()
	inner := handleUnder(outer.With(context.Background()))
	defer inner.End()
	counts := func() []int64 { return []int64{outer.Tasks(), inner.Tasks()} }
	var a, b, c Gauge
	a.Add(callUnder(inner.With(context.Background())), seven{})
	b.Add(&inner.Record, seven{})
	c.Add(&outer.Record, seven{})
	require.Equal(t, []int64{21, 14}, counts())
	b.Remove()
	require.Equal(t, []int64{14, 7}, counts())
	c.Remove()
	require.Equal(t, []int64{7, 7}, counts())
	a.Remove()
	require.Equal(t, []int64{0, 0}, counts())
	var nobody Gauge
	nobody.Add(none, seven{})
	nobody.Remove()
}

func BenchmarkMark(b *testing.B) {
	bench := func(b *testing.B) {
		b.Helper()
		r := handleUnder(context.Background())
		defer r.End()
		for b.Loop() {
			r.Mark(func() {})
		}
	}
	b.Run("one digit", bench)
	for range 1 << 6 {
		defer handleUnder(context.Background()).End()
	}
	b.Run("three digits", bench)
}

func BenchmarkInside(b *testing.B) {
	r := handleUnder(context.Background())
	defer r.End()
	r.Mark(func() {
		for b.Loop() {
			r.Inside()
		}
	})
}
