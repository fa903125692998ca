package main

import (
	"fmt"
	"slices"
	"time"
)

var latency = workload{
	id: "latency", title: "the time from the end of a task to the delivery of its result",
	about: `As W3, n = 8. Each task notes the time at its end, and the consumer reads the clock when it has the result.
The figures include these two readings. p50, p99 and max are within a repetition; the table shows their
medians over the repetitions. A stage that is fast because it holds many results delivers them late.`,
	cells: func(s scale) (all []cell) {
		for _, d := range []time.Duration{time.Microsecond, 10 * time.Microsecond} {
			all = append(all, delivery(d, spinItems(s, d)))
		}
		return all
	},
}

func delivery(d time.Duration, items int) cell {
	const n = 8
	ended := make([]time.Duration, items)
	task := spinning(d)
	c := parallel(fmt.Sprintf("%s of CPU, n = %d", micros(d), n), n, items, func(v int) int {
		r := task(v)
		ended[v] = time.Since(epoch)
		return r
	})
	c.layout, c.unitName = delay, "ns per item"
	c.prepare = func(t *trial) {
		t.ended, t.delays = ended, make([]time.Duration, 0, items)
	}
	c.contenders = slices.DeleteFunc(c.contenders, func(k contender) bool { return k.role == reference })
	return c
}
