package main

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/reugn/go-streams/flow"
	"github.com/sourcegraph/conc/pool"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"golang.org/x/sync/errgroup"
)

var disposal = workload{
	id: "W7", title: "disposing of 10,000 blocked tasks",
	about: `10,000 tasks wait for their context. The time is from the cancellation to the return of the call that ends
the pipeline. "tasks left" is the number of tasks that still ran at that return. "goroutines left" is the
number of goroutines that were there 5 ms later. A contender that leaves tasks behind is not the best peer.
With a clean-up, each task sleeps 20 ms before it ends. rill and go-streams pass no context to tasks, so
their tasks use a context of the caller.`,
	cells: func(s scale) []cell {
		n := s.of(10_000)
		return []cell{disposing("no clean-up", n, 0), disposing("20 ms of clean-up", n, 20*time.Millisecond)}
	},
}

func disposing(name string, n int, cleanUp time.Duration) cell {
	over := func(start func(b *blocked) (end func())) func(*trial) {
		return func(t *trial) { disposeOf(t, &blocked{n: n, cleanUp: cleanUp}, start) }
	}
	return cell{
		name: name, layout: teardown, per: 1, unit: time.Millisecond, unitName: "ms", want: tally{n, n},
		contenders: []contender{
			{"goroutines and a WaitGroup", limit, anyBound, over(blockGoroutines)},
			{"turbopipes Parallel, Dispose", ours, anyBound, over(blockTurbopipes)},
			{"errgroup", peer, anyBound, over(blockErrgroup)},
			{"conc pool", peer, anyBound, over(blockConc)},
			{"rill Map", peer, anyBound, over(blockRill)},
			{"rxgo WithPool", peer, anyBound, over(blockRx)},
			{"go-streams Map", peer, anyBound, over(blockGoStreams)},
		},
	}
}

// blocked has n tasks that wait.
type blocked struct {
	n              int
	cleanUp        time.Duration
	begun, running atomic.Int64
}

func (b *blocked) task(ctx context.Context) error {
	b.begun.Add(1)
	b.running.Add(1)
	<-ctx.Done()
	if b.cleanUp > 0 {
		time.Sleep(b.cleanUp)
	}
	b.running.Add(-1)
	return ctx.Err()
}

// disposeOf times the end of a pipeline while all its tasks wait.
func disposeOf(t *trial, b *blocked, start func(*blocked) (end func())) {
	before := runtime.NumGoroutine()
	end := b.begin(start)
	t.begin()
	end()
	t.end()
	t.tasks = int(b.running.Load())
	time.Sleep(5 * time.Millisecond) // a goroutine that has ended is counted for a moment longer
	t.goroutines = max(0, runtime.NumGoroutine()-before)
	b.settle(before)
	t.tally = tally{int(b.begun.Load()), b.n}
}

// begin starts a pipeline, and returns when all its tasks wait.
func (b *blocked) begin(start func(*blocked) (end func())) (end func()) {
	end = start(b)
	for b.begun.Load() < int64(b.n) {
		time.Sleep(100 * time.Microsecond)
	}
	return end
}

// settle waits until no more goroutines are left than there were before, so that the
// next run has the machine to itself.
func (b *blocked) settle(before int) {
	for b.running.Load() > 0 || runtime.NumGoroutine() > before {
		time.Sleep(time.Millisecond)
	}
}

func blockGoroutines(b *blocked) (end func()) {
	ctx, cancel := context.WithCancel(background)
	var all sync.WaitGroup
	for range b.n {
		all.Go(func() { _ = b.task(ctx) })
	}
	return func() { cancel(); all.Wait() }
}

func blockTurbopipes(b *blocked) (end func()) {
	op := operators.Parallel(b.n, func(ctx context.Context, v int) (int, error) { return v, b.task(ctx) })
	return op(turbopipes.Range(0, b.n)).Subscribe(background, turbopipes.Observer[int]{}).Dispose
}

func blockErrgroup(b *blocked) (end func()) {
	own, cancel := context.WithCancel(background)
	g, ctx := errgroup.WithContext(own)
	for range b.n {
		g.Go(func() error { return b.task(ctx) })
	}
	return func() { cancel(); _ = g.Wait() }
}

func blockConc(b *blocked) (end func()) {
	ctx, cancel := context.WithCancel(background)
	p := pool.New().WithContext(ctx).WithFirstError()
	for range b.n {
		p.Go(b.task)
	}
	return func() { cancel(); _ = p.Wait() }
}

func blockRill(b *blocked) (end func()) {
	ctx, cancel := context.WithCancel(background)
	results := rill.Map(rill.FromSlice(upTo(b.n), nil), b.n, func(v int) (int, error) { return v, b.task(ctx) })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = rill.Err(results)
	}()
	return func() { cancel(); <-ended }
}

func blockRx(b *blocked) (end func()) {
	ctx, cancel := context.WithCancel(background)
	o := rxgo.Range(0, b.n).Map(func(ctx context.Context, v any) (any, error) {
		return v, b.task(ctx)
	}, rxgo.WithPool(b.n), rxgo.WithContext(ctx))
	ended := o.Run(rxgo.WithContext(ctx))
	return func() { cancel(); <-ended }
}

func blockGoStreams(b *blocked) (end func()) {
	ctx, cancel := context.WithCancel(background)
	out := sourceGS(b.n).Via(flow.NewMap(func(v int) error { return b.task(ctx) }, b.n)).Out()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range out {
		}
	}()
	return func() { cancel(); <-ended }
}
