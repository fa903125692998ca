package main

import (
	"iter"
	"os"
	"strconv"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func backpressureRows() []row {
	rows := append(overflowRows(), droppingRows()...)
	return append(rows, []row{
		{name: "LoadShed", variant: "n = 64", outcome: lastOne, ways: queue(func(in obs) obs { return operators.LoadShed[int](64, hours)(in) })},
		{name: "LimitRate", variant: "n = 64", ways: queue(func(in obs) obs { return operators.LimitRate[int](64)(in) })},
		{name: "BackpressureTimeout", goals: clockGoals, ways: []way{
			us(func(in obs) obs { return operators.BackpressureTimeout[int](hours)(in) }), sendOrLate(0), sendOrLate(64), sendAtOnce(64),
		}},
		{name: "Extrapolate", goals: clockGoals, ways: []way{
			us(func(in obs) obs { return operators.Extrapolate(func(int) iter.Seq[int] { return nil })(in) }),
			withTimer(0, passing), withTimer(64, passing),
		}},
		{name: "Gate", ways: []way{
			us(func(in obs) obs { return operators.Gate[int](turbopipes.Never[bool]())(in) }), closures(flagged(1)),
		}},
		{name: "SpillToDisk", variant: "in memory", needs: 1, ways: append(queue(func(in obs) obs {
			return operators.SpillToDisk(os.TempDir(), 1<<20, digitsCodec)(in)
		}), wide())},
	}...)
}

// queue has a queue of 64 between two goroutines.
func queue(build func(in obs) obs) []way {
	return []way{us(build), channel(0, plain), channel(64, plain)}
}

// wide is a channel that takes all items.
func wide() way { return channel(1<<15, plain).named("a channel without a limit, by hand") }

// overflowRows have a queue that fills up, except under Fail, which would end there.
func overflowRows() []row {
	strategy := func(n int, overflow turbopipes.Overflow) func(in obs) obs {
		return func(in obs) obs { return operators.OnBackpressureBuffer[int](n, overflow)(in) }
	}
	return []row{
		{name: "Block", variant: "a queue of 64", ways: queue(strategy(64, turbopipes.Block))},
		{name: "DropNewest", variant: "a queue of 64", outcome: someCount, ways: []way{
			us(strategy(64, turbopipes.DropNewest)), droppingHand(0, false), droppingHand(64, false),
		}},
		{name: "DropOldest", variant: "a queue of 64", outcome: someCount, ways: []way{
			us(strategy(64, turbopipes.DropOldest)), droppingHand(1, true).as(unbufferedName).floor(), droppingHand(64, true),
		}},
		{name: "Fail", variant: "a queue that is not full", ways: append(queue(strategy(1<<15, turbopipes.Fail)), wide())},
		{name: "OnBackpressureBuffer", variant: "n = 64, Block", ways: queue(strategy(64, turbopipes.Block))},
		{name: "OnBackpressureError", variant: "a subscription", subscription: true, ways: []way{
			repeated(us(func(in obs) obs { return operators.OnBackpressureError[int]()(in) })), repeated(channel(0, plain)),
		}},
	}
}

// droppingRows have a consumer that is always free, so that which items are dropped
// depends on the clock.
func droppingRows() []row {
	lossy := func(build func(in obs) obs) []way {
		return []way{us(build), droppingHand(0, false), droppingHand(64, false)}
	}
	return []row{
		{name: "OnBackpressureDrop", outcome: unchecked, ways: lossy(func(in obs) obs { return operators.OnBackpressureDrop[int]()(in) })},
		{name: "OnBackpressureLatest", outcome: lastOne, ways: queue(func(in obs) obs { return operators.OnBackpressureLatest[int]()(in) })},
		{name: "OnBackpressureReduce", outcome: someCount, ways: queue(func(in obs) obs { return operators.OnBackpressureReduce(plus)(in) })},
		{name: "OnBackpressureBatch", variant: "n = 64", outcome: someCount, needs: 1, ways: []way{
			slicesOf(func(in obs) turbopipes.Observable[[]int] { return operators.OnBackpressureBatch[int](64)(in) }),
			channel(0, plain), channel(64, plain),
		}},
		{name: "Conflate", outcome: someCount, ways: queue(func(in obs) obs { return operators.Conflate(same, plus)(in) })},
		{name: "ConflateByKey", outcome: someCount, ways: queue(func(in obs) obs {
			return operators.ConflateByKey(func(v int) int { return v & 63 })(in)
		})},
	}
}

// floor makes w the floor of its row.
func (w way) floor() way { return way{w.name, limit, w.run} }

// droppingHand drops an item when the channel has no room: the newest or the oldest.
func droppingHand(k int, oldest bool) way {
	return ofChannel(k, func(n int, add adder) {
		in := make(chan int, k)
		go func() {
			defer close(in)
			for v := range n {
				offer(in, v, oldest || v == n-1)
			}
		}()
		for v := range in {
			add(v)
		}
	})
}

// offer sends v if there is room. To keep v, it makes room, or waits where there is no
// queue.
func offer(to chan int, v int, keep bool) {
	for {
		select {
		case to <- v:
			return
		default:
		}
		if !keep {
			return
		}
		if cap(to) == 0 {
			to <- v
			return
		}
		select {
		case <-to:
		default:
		}
	}
}

// sendOrLate waits with a timer for each item.
func sendOrLate(k int) way {
	w := ofChannel(k, func(n int, add adder) {
		in := make(chan int, k)
		go func() {
			defer close(in)
			timer := time.NewTimer(hours)
			defer timer.Stop()
			for v := range n {
				timer.Reset(hours)
				select {
				case in <- v:
				case <-timer.C:
					return
				}
			}
		}()
		for v := range in {
			add(v)
		}
	})
	if k > 0 {
		w.name = timerName
	}
	return w
}

// sendAtOnce sets the timer only where there is no room.
func sendAtOnce(k int) way {
	w := ofChannel(k, func(n int, add adder) {
		in := make(chan int, k)
		go func() {
			defer close(in)
			timer := time.NewTimer(hours)
			defer timer.Stop()
			for v := range n {
				select {
				case in <- v:
					continue
				default:
				}
				timer.Reset(hours)
				select {
				case in <- v:
				case <-timer.C:
					return
				}
			}
		}()
		for v := range in {
			add(v)
		}
	})
	return w.named("the same, a timer only where it is full")
}

// passing selects on a timer that is not set.
func passing(add adder, timer *time.Timer) (next adder, fire, end func()) {
	return add, func() {}, nil
}

var digitsCodec = turbopipes.Codec[int]{
	Encode: func(v int) ([]byte, error) { return strconv.AppendInt(nil, int64(v), 10), nil },
	Decode: func(b []byte) (int, error) { return strconv.Atoi(string(b)) },
}
