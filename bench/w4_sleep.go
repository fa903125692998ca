package main

import (
	"time"
)

var sleeps = workload{
	id: "W4", title: "a parallel map over tasks that wait",
	about: `As W2, with tasks that sleep for 1 ms, 1000 at a time. The limit is 1000 goroutines that sleep, without a
stream. The timers are most of the work.` + aboutParallel,
	cells: func(s scale) []cell {
		const n = 1000
		sleep := func(v int) int { time.Sleep(time.Millisecond); return affine(v) }
		items := max(s.of(20_000), n)
		c := parallel("1 ms, n = 1000", n, items, sleep)
		in := upTo(items)
		c.contenders[0] = contender{"1000 goroutines with a loop each", limit, anyBound, func(t *trial) { splitLoop(t, n, in, sleep) }}
		return []cell{c}
	},
}
