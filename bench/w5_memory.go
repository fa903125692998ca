package main

import (
	"runtime"
	"time"
)

var blockedTasks = workload{
	id: "W5", title: "the memory of blocked tasks",
	about: `100,000 tasks wait for their context, all at the same time, as in W7. The bytes are the growth of heap and
stacks after a garbage collection, per task. The limit is a goroutine for each task. The runtime keeps the
descriptors of goroutines, some 400 bytes each, for later goroutines. The warm-up has made them, so they are
not in the figures. "goroutines" is the number of goroutines that hold those bytes.`,
	cells: func(s scale) []cell { return []cell{holding("100,000 tasks", s.of(100_000))} },
}

func holding(name string, n int) cell {
	over := func(start func(b *blocked) (end func())) func(*trial) {
		return func(t *trial) { heldBy(t, &blocked{n: n}, start) }
	}
	return cell{
		name: name, layout: memory, per: n, unit: time.Nanosecond, unitName: "bytes per task", want: tally{n, n},
		contenders: []contender{
			{"goroutines and a WaitGroup", limit, anyBound, over(blockGoroutines)},
			{"turbopipes Parallel", ours, anyBound, over(blockTurbopipes)},
			{"errgroup", peer, anyBound, over(blockErrgroup)},
			{"conc pool", peer, anyBound, over(blockConc)},
			{"rill Map", peer, anyBound, over(blockRill)},
			{"rxgo WithPool", peer, anyBound, over(blockRx)},
			{"go-streams Map", peer, anyBound, over(blockGoStreams)},
		},
	}
}

// heldBy measures the memory that a pipeline holds while all its tasks wait.
func heldBy(t *trial, b *blocked, start func(*blocked) (end func())) {
	goroutines := runtime.NumGoroutine()
	before := inUse()
	end := b.begin(start)
	t.goroutines = runtime.NumGoroutine() - goroutines
	t.held = inUse() - before
	end()
	b.settle(goroutines)
	t.tally = tally{int(b.begun.Load()), b.n}
}

// inUse returns the size of heap and stacks. The second collection frees the stacks
// that the first one has taken from goroutines that have ended.
func inUse() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}
