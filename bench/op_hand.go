package main

import (
	"sync"
	"time"
)

// The ways by hand: what a good engineer writes where there is no library.

// Names of ways, which goals refer to.
const (
	closuresName   = "closures by hand"
	unbufferedName = "unbuffered channels by hand"
	channelName    = "channels of 64 by hand"
	timerName      = "channel of 64 and a timer by hand"
	mutexName      = "mutex by hand"
)

// step makes the state of a run. next is called with each item, and end, which may be
// nil, at the end.
type step func(add adder) (next adder, end func())

// each makes a step without an end.
func each(make func(add adder) adder) step {
	return func(add adder) (adder, func()) { return make(add), nil }
}

// plain passes each item on.
func plain(add adder) (adder, func()) { return add, nil }

// mapping passes the result of f on.
func mapping(f func(int) int) step {
	return each(func(add adder) adder { return func(v int) { add(f(v)) } })
}

// kept passes on what ok accepts.
func kept(ok func(int) bool) step {
	return each(func(add adder) adder {
		return func(v int) {
			if ok(v) {
				add(v)
			}
		}
	})
}

// finish calls end unless it is nil.
func finish(end func()) {
	if end != nil {
		end()
	}
}

// closures calls next in a loop: the floor of a fused operator.
func closures(s step) way {
	return way{closuresName, limit, func(n int, add adder) {
		next, end := s(add)
		for v := range n {
			next(v)
		}
		finish(end)
	}}
}

// byHand is a floor with a run of its own.
func byHand(run func(n int, add adder)) way { return way{closuresName, limit, run} }

// channel moves the items through a channel of k, from a goroutine for the source.
func channel(k int, s step) way {
	return ofChannel(k, func(n int, add adder) {
		in := source(k, 0, n)
		next, end := s(add)
		for v := range in {
			next(v)
		}
		finish(end)
	})
}

// ofChannel names a way after the size of its channels. Without a buffer it is a floor.
func ofChannel(k int, run func(n int, add adder)) way {
	if k == 0 {
		return way{unbufferedName, limit, run}
	}
	return way{channelName, peer, run}
}

// source starts a goroutine that sends the integers from first to last-1.
func source(k, first, last int) <-chan int {
	out := make(chan int, k)
	go func() {
		defer close(out)
		for v := first; v < last; v++ {
			out <- v
		}
	}()
	return out
}

// hours is a time that does not pass.
const hours = 24 * time.Hour

// timed is a step with a timer: fire is called when it fires. It begins stopped.
type timed func(add adder, timer *time.Timer) (next adder, fire, end func())

// withTimer moves the items through a channel of k to a loop that selects on it and on
// a timer.
func withTimer(k int, s timed) way {
	w := ofChannel(k, func(n int, add adder) {
		timer := time.NewTimer(hours)
		defer timer.Stop()
		next, fire, end := s(add, timer)
		in := source(k, 0, n)
		for {
			select {
			case v, ok := <-in:
				if !ok {
					finish(end)
					return
				}
				next(v)
			case <-timer.C:
				fire()
			}
		}
	})
	if k > 0 {
		w.name = timerName
	}
	return w
}

// merged sends the items of all parts through one channel of k. Part i of m has the
// units i, i+m, ….
func merged(k, m int) way {
	return ofChannel(k, func(n int, add adder) {
		out := make(chan int, k)
		var sources sync.WaitGroup
		for i := range m {
			sources.Go(func() {
				for v := range n {
					out <- v*m + i
				}
			})
		}
		go func() { sources.Wait(); close(out) }()
		for v := range out {
			add(v)
		}
	})
}

// workers runs task for each item on m goroutines.
func workers(k, m int, task func(v int, out chan<- int)) way {
	return ofChannel(k, func(n int, add adder) {
		jobs, out := source(k, 0, n), make(chan int, k)
		var all sync.WaitGroup
		for range m {
			all.Go(func() {
				for v := range jobs {
					task(v, out)
				}
			})
		}
		go func() { all.Wait(); close(out) }()
		for v := range out {
			add(v)
		}
	})
}

func sendTo(v int, out chan<- int) { out <- v }
