package main

import (
	"slices"
	"sync"
	"time"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

const (
	batchOf  = 100
	perBatch = 1. / batchOf
)

// batchGoals are those of batches by a clock.
var batchGoals = []goal{atMost(0.4, timerName), atMost(4, mutexName)}

func slicesOf(build func(in obs) turbopipes.Observable[[]int]) way { return usOf(digest, build) }

func batchRows() []row {
	return []row{
		{name: "BufferWithCount", variant: "n = 100", needs: perBatch, ways: []way{
			slicesOf(func(in obs) turbopipes.Observable[[]int] { return operators.BufferWithCount[int](batchOf)(in) }),
			closures(batched(batchOf)),
			viaRoOf(digest, func(in roInt) ro.Observable[[]int] { return ro.BufferWithCount[int](batchOf)(in) }),
			viaRillOf(digest, func(in rills) <-chan rill.Try[[]int] { return rill.Batch(in, batchOf, -1) }),
			viaRxOf(digestAny, func(in rxgo.Observable) rxgo.Iterable { return in.BufferWithCount(batchOf) }),
		}},
		{name: "BufferWithTimeOrCount", variant: "n = 100 or 1 min", needs: perBatch, goals: batchGoals, ways: []way{
			slicesOf(func(in obs) turbopipes.Observable[[]int] {
				return operators.BufferWithTimeOrCount[int](time.Minute, batchOf)(in)
			}),
			withTimer(0, batchedOrLate(batchOf)), withTimer(64, batchedOrLate(batchOf)), batchMutex(batchOf),
			viaRoOf(digest, func(in roInt) ro.Observable[[]int] {
				return ro.Filter(func(b []int) bool { return len(b) > 0 })(ro.BufferWithTimeOrCount[int](batchOf, time.Minute)(in))
			}),
			viaRillOf(digest, func(in rills) <-chan rill.Try[[]int] { return rill.Batch(in, batchOf, time.Minute) }),
		}},
	}
}

func windowRows() []row {
	all := append(clockedBatchRows(), countedBatchRows()...)
	return slices.Concat(all, groupRows(), innerWindowRows())
}

// clockedBatchRows make one batch of all items, because their time does not pass.
func clockedBatchRows() []row {
	hand := func(peers ...way) []way {
		return append([]way{withTimer(0, batchedOrLate(1<<20)), withTimer(64, batchedOrLate(1<<20)), batchMutex(1 << 20)}, peers...)
	}
	return []row{
		{name: "BufferWithTime", goals: batchGoals, ways: append([]way{
			slicesOf(func(in obs) turbopipes.Observable[[]int] { return operators.BufferWithTime[int](hours)(in) }),
		}, hand(viaRoOf(digest, func(in roInt) ro.Observable[[]int] { return ro.BufferWithTime[int](hours)(in) }))...)},
		{name: "BufferWhen", goals: batchGoals, ways: append([]way{
			slicesOf(func(in obs) turbopipes.Observable[[]int] {
				return operators.BufferWhen[int](turbopipes.Never[int]())(in)
			}),
		}, hand()...)},
		{name: "SessionWindow", goals: batchGoals, ways: append([]way{
			slicesOf(func(in obs) turbopipes.Observable[[]int] { return operators.SessionWindow[int](hours)(in) }),
		}, hand()...)},
	}
}

func countedBatchRows() []row {
	at := func(v int) time.Time { return time.Unix(int64(v), 0) }
	return []row{
		{name: "BufferWeighted", variant: "n = 100", needs: perBatch, ways: []way{
			slicesOf(func(in obs) turbopipes.Observable[[]int] {
				return operators.BufferWeighted(batchOf, func(int) int64 { return 1 })(in)
			}), closures(batched(batchOf)),
		}},
		{name: "BufferUntilChanged", variant: "n = 100", needs: perBatch, ways: []way{
			slicesOf(func(in obs) turbopipes.Observable[[]int] { return operators.BufferUntilChanged(hundreds)(in) }),
			closures(batched(batchOf)),
		}},
		{name: "SlidingWindow", variant: "10 of each item", needs: 1, ways: []way{
			slicesOf(func(in obs) turbopipes.Observable[[]int] { return operators.SlidingWindow[int](10, 1)(in) }),
			closures(each(func(add adder) adder {
				var last []int
				return func(v int) {
					if last = append(last, v); len(last) > 10 {
						last = slices.Delete(last, 0, 1)
					}
					if len(last) == 10 {
						add(digest(leaving(slices.Clone(last))))
					}
				}
			})),
		}},
		{name: "EventTimeWindow", variant: "n = 100", needs: perBatch, ways: []way{
			usOf(func(w turbopipes.TimeWindow[int]) int { return digest(w.Items) }, func(in obs) turbopipes.Observable[turbopipes.TimeWindow[int]] {
				return operators.EventTimeWindow(batchOf*time.Second, at)(in)
			}), closures(batched(batchOf)),
		}},
	}
}

// manyItems make the set-up of a group, and of a timer, small beside the items.
const manyItems = 10 * itemsPerRun

// perGroup has 20 allocations for each group.
const perGroup = 20. * 100 / manyItems

func groupRows() []row {
	key := func(v int) int { return v % 100 }
	flat := operators.FlatMap(turbopipes.Infinite, func(g turbopipes.Group[int, int]) obs { return g.Items })
	plain := us(func(in obs) obs { return flat(operators.GroupBy(key)(in)) })
	idle := us(func(in obs) obs { return flat(operators.GroupBy(key, operators.WithIdle(time.Hour))(in)) })
	viaRoGroups := viaRo(func(in roInt) roInt { return ro.MergeAll[int]()(ro.GroupBy(key)(in)) })
	const without = "without WithIdle"
	return []row{
		{name: "GroupBy", variant: "100 keys", units: manyItems, needs: perGroup, outcome: anyOrder, goals: []goal{atMost(0.6, roName)}, ways: []way{
			plain, groupsHand(0, 100), groupsHand(64, 100), viaRoGroups,
		}},
		{name: "GroupBy", variant: "100 keys, WithIdle", units: manyItems, needs: perGroup, outcome: anyOrder, goals: []goal{atMost(0.6, roName), atMost(1.5, without)}, ways: []way{
			idle, plain.named(without), groupsHand(0, 100), groupsHand(64, 100), viaRoGroups,
		}},
		{name: "GroupByN", variant: "100 groups", units: manyItems, needs: perGroup, outcome: anyOrder, ways: []way{
			us(func(in obs) obs { return flat(operators.GroupByN(100, key)(in)) }), groupsHand(0, 100), groupsHand(64, 100),
		}},
	}
}

func innerWindowRows() []row {
	inner := func(build turbopipes.Operator[int, obs]) way {
		return us(func(in obs) obs { return operators.ConcatMap(func(w obs) obs { return w })(build(in)) })
	}
	return []row{
		{name: "WindowWithCount", variant: "n = 100", ways: []way{inner(operators.WindowWithCount[int](batchOf)), channel(0, plain), channel(64, plain)}, needs: 2 * perBatch},
		{name: "WindowWithTimeOrCount", variant: "n = 100 or 1 min", ways: []way{
			inner(operators.WindowWithTimeOrCount[int](time.Minute, batchOf)), channel(0, plain), channel(64, plain),
		}, needs: 2 * perBatch},
		{name: "WindowWithTime", ways: []way{inner(operators.WindowWithTime[int](hours)), channel(0, plain), channel(64, plain)}},
		{name: "WindowWhen", ways: []way{inner(operators.WindowWhen[int](turbopipes.Never[int]())), channel(0, plain), channel(64, plain)}},
	}
}

func digestAny(v any) (sum int) {
	for _, w := range v.([]any) {
		sum += w.(int)
	}
	return sum + len(v.([]any))
}

// batched makes slices of size, and one of the rest.
func batched(size int) step {
	return func(add adder) (adder, func()) {
		batch := make([]int, 0, size)
		next := func(v int) {
			if batch = append(batch, v); len(batch) == size {
				add(digest(leaving(batch)))
				batch = make([]int, 0, size)
			}
		}
		return next, func() {
			if len(batch) > 0 {
				add(digest(leaving(batch)))
			}
		}
	}
}

// batchedOrLate makes slices of at most size, which wait at most a minute.
func batchedOrLate(size int) timed {
	return func(add adder, timer *time.Timer) (next adder, fire, end func()) {
		var batch []int
		flush := func() {
			if len(batch) > 0 {
				add(digest(leaving(batch)))
				batch = nil
			}
		}
		next = func(v int) {
			if len(batch) == 0 {
				batch = make([]int, 0, min(size, batchOf))
				timer.Reset(time.Minute)
			}
			if batch = append(batch, v); len(batch) == size {
				timer.Stop()
				flush()
			}
		}
		return next, flush, flush
	}
}

// batchMutex fills a batch under a mutex, while the batch before it is delivered.
func batchMutex(size int) way {
	return way{mutexName, peer, func(n int, add adder) {
		var mu sync.Mutex
		var filling, ready []int
		done := false
		changed := sync.NewCond(&mu)
		flush := func() { // with mu
			for ready != nil {
				changed.Wait()
			}
			ready, filling = filling, nil
			changed.Broadcast()
		}
		late := time.AfterFunc(hours, func() {
			mu.Lock()
			defer mu.Unlock()
			flush()
		})
		defer late.Stop()
		go func() {
			for v := range n {
				mu.Lock()
				if filling == nil {
					filling = make([]int, 0, min(size, batchOf))
					late.Reset(time.Minute)
				}
				if filling = append(filling, v); len(filling) == size {
					flush()
				}
				mu.Unlock()
			}
			mu.Lock()
			defer mu.Unlock()
			if filling != nil {
				flush()
			}
			done = true
			changed.Broadcast()
		}()
		for {
			mu.Lock()
			for ready == nil && !done {
				changed.Wait()
			}
			batch := ready
			ready = nil
			changed.Broadcast()
			mu.Unlock()
			if batch == nil {
				return
			}
			add(digest(leaving(batch)))
		}
	}}
}

// groupsHand has a channel and a goroutine for each key, and one channel for the
// results.
func groupsHand(k, keys int) way {
	return ofChannel(k, func(n int, add adder) {
		out := make(chan int, k)
		var readers sync.WaitGroup
		go func() {
			groups := map[int]chan int{}
			for v := range n {
				group := groups[v%keys]
				if group == nil {
					group = make(chan int, k)
					groups[v%keys] = group
					readers.Go(func() {
						for w := range group {
							out <- w
						}
					})
				}
				group <- v
			}
			for _, group := range groups {
				close(group)
			}
			readers.Wait()
			close(out)
		}()
		for v := range out {
			add(v)
		}
	})
}
