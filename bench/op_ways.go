package main

import (
	"context"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// The ways of the libraries. A name with "Of" is for results that are no int.

// Names of ways, which goals refer to.
const (
	oursName  = "turbopipes"
	chainName = "fused chain"
	roName    = "ro"
	rillName  = "rill"
	rxName    = "rxgo"
)

type (
	obs   = turbopipes.Observable[int]
	roInt = ro.Observable[int]
	rills = <-chan rill.Try[int]
)

// naturals has the integers from 0, for sources that are slices.
var naturals = upTo(1 << 17)

// us applies build to a Range of n items.
func us(build func(in obs) obs) way {
	return usN(func(n int) obs { return build(turbopipes.Range(0, n)) })
}

func usN(build func(n int) obs) way { return usNOf(same, build) }

func usOf[R any](to func(R) int, build func(in obs) turbopipes.Observable[R]) way {
	return usNOf(to, func(n int) turbopipes.Observable[R] { return build(turbopipes.Range(0, n)) })
}

func usNOf[R any](to func(R) int, build func(n int) turbopipes.Observable[R]) way {
	return usRun(func(n int, add adder) { drain(build(n), to, add) })
}

func usRun(run func(n int, add adder)) way { return way{oursName, ours, run} }

// drain consumes o.
func drain[R any](o turbopipes.Observable[R], to func(R) int, add adder) {
	must(o.Each(background, func(r R) error { add(to(r)); return nil }))
}

// as returns w under another name, in the same role.
func (w way) as(name string) way { return way{name, w.role, w.run} }

// named returns w under another name, as a reference in a row.
func (w way) named(name string) way { return way{name, reference, w.run} }

// fusedChain is a Map, for operators that should cost little more.
func fusedChain() way {
	return us(func(in obs) obs { return operators.Map(same)(in) }).named(chainName)
}

// viaRo applies build to a slice of n items.
func viaRo(build func(in roInt) roInt) way { return viaRoOf(same, build) }

func viaRoOf[R any](to func(R) int, build func(in roInt) ro.Observable[R]) way {
	return viaRoN(to, func(n int) ro.Observable[R] { return build(roFrom(n)) })
}

func viaRoN[R any](to func(R) int, build func(n int) ro.Observable[R]) way {
	return way{roName, peer, func(n int, add adder) {
		build(n).Subscribe(ro.NewObserver(func(r R) { add(to(r)) }, must, func() {})).Wait()
	}}
}

func roFrom(n int) roInt { return ro.FromSlice(naturals[:n]) }

// viaRill applies build to a slice of n items.
func viaRill(build func(in rills) rills) way { return viaRillOf(same, build) }

func viaRillOf[R any](to func(R) int, build func(in rills) <-chan rill.Try[R]) way {
	return viaRillN(to, func(n int) <-chan rill.Try[R] { return build(rillFrom(n)) })
}

func viaRillN[R any](to func(R) int, build func(n int) <-chan rill.Try[R]) way {
	return way{rillName, peer, func(n int, add adder) {
		must(rill.ForEach(build(n), 1, func(r R) error { add(to(r)); return nil }))
	}}
}

func rillFrom(n int) rills { return rill.FromSlice(naturals[:n], nil) }

// rillRun is for functions of rill that consume a stream.
func rillRun(run func(in rills, add adder)) way {
	return way{rillName, peer, func(n int, add adder) { run(rillFrom(n), add) }}
}

// viaRx applies build to a Range of n items, without buffers, as rxgo does it by default.
func viaRx(build func(in rxgo.Observable) rxgo.Iterable) way { return viaRxOf(asInt, build) }

func viaRxOf(to func(any) int, build func(in rxgo.Observable) rxgo.Iterable) way {
	return viaRxN(to, func(n int) rxgo.Iterable { return build(rxgo.Range(0, n)) })
}

func viaRxN(to func(any) int, build func(n int) rxgo.Iterable) way {
	return way{rxName, peer, func(n int, add adder) {
		for item := range build(n).Observe() {
			must(item.E)
			add(to(item.V))
		}
	}}
}

// Functions that the rows share.

func asInt(v any) int { return v.(int) }

func inc(v int) int { return v + 1 }

func incTask(_ context.Context, v int) (int, error) { return v + 1, nil }

func incErr(v int) (int, error) { return v + 1, nil }

func even(v int) bool { return v&1 == 0 }

func never(v int) bool { return v < 0 }

func plus(a, b int) int { return a + b }

func hundreds(v int) int { return v / 100 }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// digest returns a checksum of a slice.
func digest(all []int) (sum int) {
	for _, v := range all {
		sum += v
	}
	return sum + len(all)
}

// leaving returns s. The compiler can't see that, so a slice that a way by hand makes is
// allocated, as one is that a stream emits.
var leaving = func(s []int) []int { return s }

func just(v int) obs { return turbopipes.Just(v) }

// rxFunc makes f a function for rxgo.
func rxFunc(f func(int) int) rxgo.Func {
	return func(_ context.Context, v any) (any, error) { return f(v.(int)), nil }
}

func rxPlus(_ context.Context, a, b any) (any, error) {
	if a == nil {
		return b, nil
	}
	return a.(int) + b.(int), nil
}
