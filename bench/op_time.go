package main

import (
	"context"
	"math"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func timeRows() []row {
	const short = 50 * time.Microsecond
	slower := []goal{atMost(0.9, timerName)}
	return []row{
		{name: "Throttle", goals: clockGoals, ways: []way{
			us(func(in obs) obs { return operators.Throttle[int](hours)(in) }), withTimer(0, throttled), withTimer(64, throttled),
		}},
		{name: "Audit", variant: "50 µs", units: manyItems, outcome: lastOne, goals: clockGoals, ways: []way{
			us(func(in obs) obs { return operators.Audit[int](short)(in) }),
			withTimer(0, audited(short)), withTimer(64, audited(short)),
		}},
		{name: "RateLimit", variant: "without a limit", ways: []way{
			us(func(in obs) obs { return operators.RateLimit[int](math.MaxInt, time.Second)(in) }),
			closures(each(func(add adder) adder {
				begun, passed := time.Now(), 0
				return func(v int) {
					if passed++; time.Since(begun) < hours {
						add(v)
					}
				}
			})),
		}},
		{name: "Delay", variant: "1 µs", goals: slower, ways: []way{
			us(func(in obs) obs { return operators.Delay[int](time.Microsecond)(in) }),
			delayHand(64, time.Microsecond),
		}},
		{name: "DelayWhen", variant: "of Just", outcome: anyOrder, needs: 2, ways: []way{
			us(func(in obs) obs { return operators.DelayWhen(just)(in) }), channel(0, plain), channel(64, plain),
		}},
		{name: "DelaySubscription", ways: []way{
			us(func(in obs) obs { return operators.DelaySubscription[int](0)(in) }), closures(plain),
		}},
		{name: "KeepAlive", goals: slower, ways: []way{
			us(func(in obs) obs { return operators.KeepAlive(hours, zero)(in) }), withTimer(0, resetting), withTimer(64, resetting),
		}},
		{name: "TimeInterval", outcome: someCount, ways: []way{
			usOf(func(e turbopipes.Elapsed[int]) int { return e.Value }, func(in obs) turbopipes.Observable[turbopipes.Elapsed[int]] {
				return operators.TimeInterval[int]()(in)
			}),
			closures(each(func(add adder) adder {
				last := time.Now()
				return func(v int) { now := time.Now(); add(v + int(now.Sub(last))); last = now }
			})),
			viaRoOf(func(e ro.IntervalValue[int]) int { return e.Value }, func(in roInt) ro.Observable[ro.IntervalValue[int]] {
				return ro.TimeInterval[int]()(in)
			}),
			viaRxOf(func(any) int { return 0 }, func(in rxgo.Observable) rxgo.Iterable { return in.TimeInterval() }),
		}},
		{name: "Timestamp", outcome: someCount, ways: []way{
			usOf(func(e turbopipes.Timestamped[int]) int { return e.Value }, func(in obs) turbopipes.Observable[turbopipes.Timestamped[int]] {
				return operators.Timestamp[int]()(in)
			}),
			closures(each(func(add adder) adder {
				return func(v int) { add(v + time.Now().Nanosecond()) }
			})),
			viaRoOf(func(e ro.TimestampValue[int]) int { return e.Value }, func(in roInt) ro.Observable[ro.TimestampValue[int]] {
				return ro.Timestamp[int]()(in)
			}),
			viaRxOf(func(any) int { return 0 }, func(in rxgo.Observable) rxgo.Iterable { return in.Timestamp() }),
		}},
	}
}

func throttled(add adder, timer *time.Timer) (next adder, fire, end func()) {
	open := false
	next = func(v int) {
		if !open {
			open = true
			timer.Reset(hours)
			add(v)
		}
	}
	return next, func() { open = false }, nil
}

// audited emits the newest item when span has passed since the first. At the end it
// waits for that moment.
func audited(span time.Duration) timed {
	return func(add adder, timer *time.Timer) (next adder, fire, end func()) {
		last, waits := 0, false
		next = func(v int) {
			if last = v; !waits {
				timer.Reset(span)
				waits = true
			}
		}
		fire = func() {
			add(last)
			waits = false
		}
		return next, fire, func() {
			if waits {
				<-timer.C
				fire()
			}
		}
	}
}

// resetting sets the timer after each item.
func resetting(add adder, timer *time.Timer) (next adder, fire, end func()) {
	timer.Reset(hours)
	return func(v int) { add(v); timer.Reset(hours) }, func() { add(0); timer.Reset(hours) }, nil
}

// delayHand notes when an item is due, and waits for it. Without a buffer it would wait
// for each item.
func delayHand(k int, delay time.Duration) way {
	type late struct {
		v   int
		due time.Time
	}
	return way{timerName, limit, func(n int, add adder) {
		in := make(chan late, k)
		go func() {
			defer close(in)
			for v := range n {
				in <- late{v, time.Now().Add(delay)}
			}
		}()
		timer := time.NewTimer(hours)
		defer timer.Stop()
		for item := range in {
			if rest := time.Until(item.due); rest > 0 {
				timer.Reset(rest)
				<-timer.C
			}
			add(item.v)
		}
	}}
}

func errorRows() []row {
	fused := func(build func(in obs) obs, peers ...way) []way {
		return append([]way{us(build), closures(plain)}, peers...)
	}
	breaker := operators.NewBreaker()
	empty := func(error) obs { return turbopipes.Empty[int]() }
	return []row{
		{name: "Retry", ways: fused(func(in obs) obs { return operators.Retry[int](3)(in) },
			viaRo(func(in roInt) roInt { return ro.Retry[int]()(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Retry(3, func(error) bool { return true }) }))},
		{name: "Catch", ways: fused(func(in obs) obs { return operators.Catch(empty)(in) },
			viaRo(func(in roInt) roInt { return ro.Catch(func(error) roInt { return ro.Empty[int]() })(in) }))},
		{name: "Timeout", goals: clockGoals, ways: []way{
			us(func(in obs) obs { return operators.Timeout[int](hours)(in) }), withTimer(0, resetting), withTimer(64, resetting),
			viaRo(func(in roInt) roInt { return ro.Timeout[int](hours)(in) }),
		}},
		{name: "OnErrorResumeNext", ways: fused(func(in obs) obs { return operators.OnErrorResumeNext(turbopipes.Empty[int]())(in) },
			viaRo(func(in roInt) roInt { return ro.OnErrorResumeNextWith(ro.Empty[int]())(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable {
				return in.OnErrorResumeNext(func(error) rxgo.Observable { return rxgo.Empty() })
			}))},
		{name: "OnErrorReturn", ways: fused(func(in obs) obs { return operators.OnErrorReturn(func(error) int { return 0 })(in) },
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.OnErrorReturn(func(error) any { return 0 }) }))},
		{name: "OnErrorReturnItem", ways: fused(func(in obs) obs { return operators.OnErrorReturnItem(0)(in) },
			viaRo(func(in roInt) roInt { return ro.OnErrorReturn(0)(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.OnErrorReturnItem(0) }))},
		{name: "OnErrorComplete", ways: fused(func(in obs) obs { return operators.OnErrorComplete[int](nil)(in) })},
		{name: "MapError", ways: fused(func(in obs) obs { return operators.MapError[int](func(err error) error { return err })(in) })},
		{name: "Results", ways: []way{
			usOf(value, func(in obs) turbopipes.Observable[turbopipes.Result[int]] { return operators.Results[int]()(in) }),
			closures(plain),
		}},
		{name: "DeadLetter", ways: fused(func(in obs) obs {
			return operators.DeadLetter(func(context.Context, turbopipes.Result[int]) error { return nil })(operators.Map(result)(in))
		})},
		{name: "CircuitBreaker", ways: fused(func(in obs) obs { return operators.CircuitBreaker[int](breaker)(in) })},
		{name: "Guarded", variant: "in TryMap", ways: []way{
			us(func(in obs) obs { return operators.TryMap(operators.Guarded(breaker, incTask))(in) }), closures(mapping(inc)),
		}},
		{name: "Retrying", variant: "in TryMap", ways: []way{
			us(func(in obs) obs { return operators.TryMap(operators.Retrying(incTask, 3))(in) }), closures(mapping(inc)),
		}},
		{name: "TimeLimit", variant: "in TryMap", needs: 5, ways: []way{
			us(func(in obs) obs { return operators.TryMap(operators.TimeLimit(hours, incTask))(in) }),
			closures(each(func(add adder) adder {
				return func(v int) {
					ctx, cancel := context.WithTimeout(background, hours)
					defer cancel()
					r, err := incTask(ctx, v)
					must(err)
					add(r)
				}
			})),
		}},
	}
}

func value(r turbopipes.Result[int]) int { return r.Value }

func result(v int) turbopipes.Result[int] { return turbopipes.Result[int]{Value: v} }
