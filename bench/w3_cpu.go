package main

import (
	"fmt"
	"runtime"
	"time"
)

var cpu = workload{
	id: "W3", title: "a parallel map over tasks that use the processor",
	about: `As W2, with tasks that spin for 1, 10 or 100 µs, or for 1 ms. The limit is a loop that is split over the
processors, without a stream.` + aboutParallel,
	cells: func(s scale) (all []cell) {
		for _, d := range []time.Duration{time.Microsecond, 10 * time.Microsecond, 100 * time.Microsecond, time.Millisecond} {
			for _, n := range []int{2, 8} {
				c := parallel(fmt.Sprintf("%s of CPU, n = %d", micros(d), n), n, spinItems(s, d), spinning(d))
				c.layout = efficiency
				all = append(all, c)
			}
		}
		return all
	},
}

// spinItems returns how many tasks of d keep all processors busy for 50 ms.
func spinItems(s scale, d time.Duration) int {
	return s.of(int(50*time.Millisecond/d) * runtime.GOMAXPROCS(0))
}

// spinning returns a function that is affine after d of processor time.
func spinning(d time.Duration) func(int) int {
	spins := spinsFor(d)
	return func(v int) int { spin(spins); return affine(v) }
}

// micros returns d as text.
func micros(d time.Duration) string {
	if d >= time.Millisecond {
		return fmt.Sprintf("%d ms", d/time.Millisecond)
	}
	return fmt.Sprintf("%d µs", d/time.Microsecond)
}
