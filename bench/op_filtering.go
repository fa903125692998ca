package main

import (
	"sync/atomic"
	"time"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// clockGoals are those of operators that look at a clock while upstream goes on.
var clockGoals = []goal{atMost(0.6, timerName)}

func filteringRows() []row {
	rows := []row{
		{name: "Filter", ways: []way{
			us(func(in obs) obs { return operators.Filter(even)(in) }), closures(kept(even)),
			viaRo(func(in roInt) roInt { return ro.Filter(even)(in) }),
			viaRill(func(in rills) rills {
				return rill.OrderedFilter(in, 1, func(v int) (bool, error) { return even(v), nil })
			}),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Filter(func(v any) bool { return even(v.(int)) }) }),
		}},
		{name: "IgnoreElements", ways: []way{
			us(func(in obs) obs { return operators.IgnoreElements[int]()(in) }), closures(kept(never)),
			viaRo(func(in roInt) roInt { return ro.IgnoreElements[int]()(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.IgnoreElements() }),
		}},
		{name: "Debounce", goals: clockGoals, ways: []way{
			us(func(in obs) obs { return operators.Debounce[int](hours)(in) }), withTimer(0, debounced), withTimer(64, debounced),
		}},
		{name: "Sample", variant: "EmitLast", goals: clockGoals, ways: []way{
			us(func(in obs) obs { return operators.Sample[int](turbopipes.Never[int](), operators.EmitLast())(in) }),
			withTimer(0, newest), withTimer(64, newest),
		}},
		{name: "Distinct", variant: "items that are new", needs: 0.02, ways: []way{
			us(func(in obs) obs { return operators.Distinct(operators.Self[int])(in) }), closures(unseen(same)),
			viaRo(func(in roInt) roInt { return ro.Distinct[int]()(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Distinct(rxFunc(same)) }),
		}},
		{name: "Distinct", variant: "items that are known", ways: []way{
			us(func(in obs) obs { return operators.Distinct(few)(in) }), closures(unseen(few)),
			viaRo(func(in roInt) roInt { return ro.DistinctBy(few)(in) }),
		}},
		{name: "DistinctUntilChanged", ways: []way{
			us(func(in obs) obs { return operators.DistinctUntilChanged(operators.Self[int])(in) }),
			closures(each(func(add adder) adder {
				last, has := 0, false
				return func(v int) {
					if !has || v != last {
						add(v)
					}
					last, has = v, true
				}
			})),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.DistinctUntilChanged(rxFunc(same)) }),
		}},
		{name: "Dedup", variant: "n = 100", ways: []way{
			us(func(in obs) obs { return operators.Dedup(operators.Self[int], 100, 0)(in) }),
			closures(each(func(add adder) adder {
				seen, ring := make(map[int]struct{}, 101), make([]int, 0, 100)
				at := 0
				return func(v int) {
					if _, known := seen[v]; known {
						return
					}
					if len(ring) < 100 {
						ring = append(ring, v)
					} else {
						delete(seen, ring[at])
						ring[at] = v
						at = (at + 1) % 100
					}
					seen[v] = struct{}{}
					add(v)
				}
			})),
		}},
	}
	rows = append(rows, takingRows()...)
	rows = append(rows, skippingRows()...)
	return append(rows, oneItemRows()...)
}

func takingRows() []row {
	positive := func(v int) bool { return v >= 0 }
	return []row{
		{name: "Take", ways: []way{
			us(func(in obs) obs { return operators.Take[int](1 << 40)(in) }), closures(plain),
			viaRo(func(in roInt) roInt { return ro.Take[int](1 << 40)(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Take(1 << 40) }),
		}},
		{name: "TakeWhile", ways: []way{
			us(func(in obs) obs { return operators.TakeWhile(positive)(in) }), closures(kept(positive)),
			viaRo(func(in roInt) roInt { return ro.TakeWhile(positive)(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.TakeWhile(func(v any) bool { return v.(int) >= 0 }) }),
		}},
		{name: "TakeUntil", ways: []way{
			us(func(in obs) obs { return operators.TakeUntil[int](turbopipes.Never[int]())(in) }), closures(flagged(1)),
		}},
		{name: "TakeUntilMatch", ways: []way{
			us(func(in obs) obs { return operators.TakeUntilMatch(never)(in) }), closures(kept(positive)),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.TakeUntil(func(v any) bool { return v.(int) < 0 }) }),
		}},
		{name: "TakeFor", ways: []way{us(func(in obs) obs { return operators.TakeFor[int](hours)(in) }), closures(flagged(1))}},
		{name: "TakeLast", variant: "n = 100", ways: []way{
			us(func(in obs) obs { return operators.TakeLast[int](100)(in) }),
			closures(func(add adder) (adder, func()) {
				ring, at := make([]int, 0, 100), 0
				return func(v int) {
						if len(ring) < 100 {
							ring = append(ring, v)
							return
						}
						ring[at] = v
						at = (at + 1) % 100
					}, func() {
						for i := range ring {
							add(ring[(at+i)%len(ring)])
						}
					}
			}),
			viaRo(func(in roInt) roInt { return ro.TakeLast[int](100)(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.TakeLast(100) }),
		}},
	}
}

func skippingRows() []row {
	return []row{
		{name: "Skip", ways: []way{
			us(func(in obs) obs { return operators.Skip[int](1)(in) }), closures(from(1)),
			viaRo(func(in roInt) roInt { return ro.Skip[int](1)(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Skip(1) }),
		}},
		{name: "SkipWhile", ways: []way{
			us(func(in obs) obs { return operators.SkipWhile(func(v int) bool { return v < 1 })(in) }), closures(from(1)),
			viaRo(func(in roInt) roInt { return ro.SkipWhile(func(v int) bool { return v < 1 })(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.SkipWhile(func(v any) bool { return v.(int) < 1 }) }),
		}},
		{name: "SkipUntil", variant: "which has emitted", outcome: unchecked, ways: []way{
			us(func(in obs) obs { return operators.SkipUntil[int](turbopipes.Just(1))(in) }), closures(flagged(1)),
		}},
		{name: "SkipFor", ways: []way{us(func(in obs) obs { return operators.SkipFor[int](hours)(in) }), closures(flagged(0))}},
		{name: "SkipLast", variant: "n = 100", ways: []way{
			us(func(in obs) obs { return operators.SkipLast[int](100)(in) }),
			closures(each(func(add adder) adder {
				ring, at := make([]int, 0, 100), 0
				return func(v int) {
					if len(ring) < 100 {
						ring = append(ring, v)
						return
					}
					add(ring[at])
					ring[at] = v
					at = (at + 1) % 100
				}
			})),
			viaRo(func(in roInt) roInt { return ro.SkipLast[int](100)(in) }),
		}},
	}
}

// oneItemRows take the last item, where the operator can, so that all items count.
func oneItemRows() []row {
	first := repeated(byHand(func(n int, add adder) {
		for v := range n {
			add(v)
			return
		}
	}))
	last := func(n int) func(v int) bool { return func(v int) bool { return v == n-1 } }
	return []row{
		{name: "First", variant: "a subscription", subscription: true, ways: []way{
			repeated(us(func(in obs) obs { return operators.First[int]()(in) })), first,
			repeated(viaRo(func(in roInt) roInt { return ro.Head[int]()(in) })),
		}},
		{name: "FirstOrDefault", variant: "a subscription", subscription: true, ways: []way{
			repeated(us(func(in obs) obs { return operators.FirstOrDefault(0)(in) })), first,
		}},
		{name: "Last", ways: []way{
			us(func(in obs) obs { return operators.Last[int]()(in) }), closures(newestOnly),
			viaRo(func(in roInt) roInt { return ro.Last(func(int) bool { return true })(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Last() }),
		}},
		{name: "LastOrDefault", ways: []way{
			us(func(in obs) obs { return operators.LastOrDefault(0)(in) }), closures(newestOnly),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.LastOrDefault(0) }),
		}},
		{name: "ElementAt", ways: []way{
			usN(func(n int) obs { return operators.ElementAt[int](n - 1)(turbopipes.Range(0, n)) }), closures(newestOnly),
			viaRoN(same, func(n int) roInt { return ro.ElementAt[int](n - 1)(roFrom(n)) }),
			viaRxN(asInt, func(n int) rxgo.Iterable { return rxgo.Range(0, n).ElementAt(uint(n - 1)) }),
		}},
		{name: "Single", ways: []way{
			usN(func(n int) obs { return operators.Single(last(n))(turbopipes.Range(0, n)) }), closures(newestOnly),
		}},
		{name: "Find", ways: []way{
			usN(func(n int) obs { return operators.Find(last(n))(turbopipes.Range(0, n)) }), closures(newestOnly),
			viaRoN(same, func(n int) roInt { return ro.Find(last(n))(roFrom(n)) }),
			viaRxN(asInt, func(n int) rxgo.Iterable {
				return rxgo.Range(0, n).Find(func(v any) bool { return v.(int) == n-1 })
			}),
		}},
		{name: "FindIndex", ways: []way{
			usN(func(n int) obs { return operators.FindIndex(last(n))(turbopipes.Range(0, n)) }), closures(newestOnly),
		}},
	}
}

func few(v int) int { return v & 7 }

// from passes on what is at least first.
func from(first int) step { return kept(func(v int) bool { return v >= first }) }

// unseen passes on the items whose key is new.
func unseen(key func(int) int) step {
	return each(func(add adder) adder {
		seen := map[int]struct{}{}
		return func(v int) {
			k := key(v)
			if _, known := seen[k]; !known {
				seen[k] = struct{}{}
				add(v)
			}
		}
	})
}

// flagged passes the items on while a flag, which a timer or another goroutine may
// change, is 1.
func flagged(value int32) step {
	return each(func(add adder) adder {
		var flag atomic.Int32
		flag.Store(value)
		return func(v int) {
			if flag.Load() == 1 {
				add(v)
			}
		}
	})
}

// newestOnly emits the last item.
func newestOnly(add adder) (adder, func()) {
	last := 0
	return func(v int) { last = v }, func() { add(last) }
}

// debounced emits an item after a pause, or at the end. The timer is set once and looks
// at the clock when it fires, which is cheaper than to set it for each item.
func debounced(add adder, timer *time.Timer) (next adder, fire, end func()) {
	last, waits := 0, false
	var due time.Time
	next = func(v int) {
		if last, due = v, time.Now().Add(hours); !waits {
			timer.Reset(hours)
			waits = true
		}
	}
	fire = func() {
		if rest := time.Until(due); rest > 0 {
			timer.Reset(rest)
			return
		}
		add(last)
		waits = false
	}
	return next, fire, func() {
		if waits {
			add(last)
		}
	}
}

// newest emits the newest item when the timer fires, and at the end.
func newest(add adder, timer *time.Timer) (next adder, fire, end func()) {
	last, waits := 0, false
	flush := func() {
		if waits {
			add(last)
			waits = false
		}
	}
	timer.Reset(hours)
	return func(v int) { last, waits = v, true }, flush, flush
}
