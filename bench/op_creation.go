package main

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func creationRows() []row {
	loop := closures(plain)
	return slices.Concat([]row{
		{name: "Range", ways: []way{
			usN(func(n int) obs { return turbopipes.Range(0, n) }), loop,
			viaRoN(toInt[int64], func(n int) ro.Observable[int64] { return ro.Range(0, int64(n)) }),
			viaRxN(asInt, func(n int) rxgo.Iterable { return rxgo.Range(0, n) }),
		}},
		{name: "Just", ways: []way{
			usN(func(n int) obs { return turbopipes.Just(naturals[:n]...) }), loop,
			viaRoN(same, func(n int) roInt { return ro.Just(naturals[:n]...) }),
		}},
		{name: "FromSlice", ways: []way{
			usN(func(n int) obs { return turbopipes.FromSlice(naturals[:n]) }), loop,
			viaRoN(same, roFrom), viaRillN(same, rillFrom),
		}},
		{name: "FromSeq", ways: []way{
			usN(func(n int) obs { return turbopipes.FromSeq(slices.Values(naturals[:n])) }), loop,
			viaRillN(same, func(n int) rills { return rill.FromSeq(slices.Values(naturals[:n]), nil) }),
		}},
		{name: "FromSeq2", ways: []way{
			usN(func(n int) obs { return turbopipes.FromSeq2(valuesAndErrors(n)) }), loop,
			viaRillN(same, func(n int) rills { return rill.FromSeq2(valuesAndErrors(n)) }),
		}},
		{name: "FromChannel", variant: "a channel of 64", ways: []way{
			usN(func(n int) obs { return turbopipes.FromChannel(source(64, 0, n)) }), channel(64, plain).as("channel of 64").floor(),
			viaRoN(same, func(n int) roInt { return ro.FromChannel(source(64, 0, n)) }),
			viaRillN(same, func(n int) rills { return rill.FromChan(source(64, 0, n), nil) }),
		}},
		{name: "FromEventSource", variant: "a channel of 64", ways: []way{
			usRun(func(n int, add adder) {
				in := make(chan int, 64)
				sub := turbopipes.FromEventSource(background, in).Subscribe(background, turbopipes.Observer[int]{Next: add})
				for v := range n {
					in <- v
				}
				close(in)
				must(sub.Wait())
			}), relay(0), relay(64),
		}},
		{name: "Create", ways: []way{
			usN(func(n int) obs {
				return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
					for v := range n {
						if !emit(v) {
							return nil
						}
					}
					return nil
				})
			}), loop,
			viaRoN(same, func(n int) roInt {
				return ro.NewObservable(func(to ro.Observer[int]) ro.Teardown {
					for v := range n {
						to.Next(v)
					}
					to.Complete()
					return nil
				})
			}),
			viaRillN(same, func(n int) rills {
				return rill.Generate(func(send func(int), _ func(error)) {
					for v := range n {
						send(v)
					}
				})
			}),
			viaRxN(asInt, func(n int) rxgo.Iterable {
				return rxgo.Create([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
					for v := range n {
						next <- rxgo.Of(v)
					}
				}})
			}),
		}},
	}, functionRows(), emptyRows())
}

func writingRows() []row {
	return []row{{name: "Checked", ways: []way{us(turbopipes.Checked[int]), closures(plain)}}}
}

func functionRows() []row {
	loop := closures(plain)
	done := func(int) error { return nil }
	return []row{
		{name: "Start", ways: []way{
			usN(func(n int) obs { return turbopipes.Start(starts[:n]...) }), loop,
		}},
		{name: "Unfold", ways: []way{
			usN(func(n int) obs {
				return turbopipes.Unfold(0, func(s int) (v, next int, ok bool) { return s, s + 1, s < n })
			}), loop,
		}},
		{name: "Paginate", variant: "pages of 100", ways: []way{
			usN(func(n int) obs {
				return turbopipes.Paginate(0, func(_ context.Context, at int) ([]int, int, bool, error) {
					next := min(at+100, n)
					return naturals[at:next], next, next < n, nil
				})
			}), loop,
		}},
		{name: "Defer", ways: []way{
			us(func(in obs) obs { return turbopipes.Defer(func(context.Context) (obs, error) { return in, nil }) }), loop,
			viaRo(func(in roInt) roInt { return ro.Defer(func() roInt { return in }) }),
		}},
		{name: "Iif", ways: []way{
			us(func(in obs) obs { return turbopipes.Iif(func() bool { return true }, in, in) }), loop,
			viaRo(func(in roInt) roInt { return ro.Iif(func() bool { return true }, in, in)() }),
		}},
		{name: "Using", ways: []way{
			us(func(in obs) obs {
				return turbopipes.Using(func(context.Context) (int, error) { return 0, nil }, func(int) obs { return in }, done)
			}), loop,
		}},
		{name: "UsingContext", ways: []way{
			us(func(in obs) obs {
				return turbopipes.UsingContext(func(context.Context) (int, error) { return 0, nil }, func(int) obs { return in },
					func(context.Context, int, turbopipes.End) error { return nil })
			}), loop,
		}},
		{name: "Interval", variant: "1 ns", units: 2000, ways: []way{
			usN(func(n int) obs { return operators.Take[int](n)(turbopipes.Interval(1)) }),
			byHand(func(n int, add adder) {
				ticker := time.NewTicker(1)
				defer ticker.Stop()
				for v := range n {
					<-ticker.C
					add(v)
				}
			}).as("time.Ticker by hand"),
		}},
	}
}

// emptyRows subscribe once for each unit.
func emptyRows() []row {
	ended, end := context.WithCancel(background)
	end()
	fail := errors.New("failed")
	once := func(build func(n int, add adder)) way {
		return usRun(func(n int, add adder) {
			for range n {
				build(n, add)
			}
		})
	}
	nothing := byHand(func(int, adder) {})
	return []row{
		{name: "Empty", variant: "a subscription", subscription: true, ways: []way{
			once(func(_ int, add adder) { drain(turbopipes.Empty[int](), same, add) }), nothing,
		}},
		{name: "Never", variant: "a subscription that ends at once", subscription: true, ways: []way{
			once(func(int, adder) { _ = turbopipes.Never[int]().Drain(ended) }), nothing,
		}},
		{name: "Throw", variant: "a subscription", subscription: true, ways: []way{
			once(func(int, adder) { _ = turbopipes.Throw[int](fail).Drain(background) }), nothing,
		}},
		{name: "Timer", variant: "of 0, a subscription", subscription: true, ways: []way{
			once(func(_ int, add adder) { drain(turbopipes.Timer(0), same, add) }),
			byHand(func(n int, add adder) {
				for range n {
					add(0)
				}
			}),
		}},
	}
}

// starts are functions that return their index.
var starts = func() []func(ctx context.Context) (int, error) {
	all := make([]func(ctx context.Context) (int, error), itemsPerRun)
	for i := range all {
		all[i] = func(context.Context) (int, error) { return i, nil }
	}
	return all
}()

func valuesAndErrors(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for v := range n {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// relay passes the items of a channel on through another one, on a goroutine.
func relay(k int) way {
	return ofChannel(k, func(n int, add adder) {
		out := make(chan int, k)
		go func() {
			defer close(out)
			for v := range source(64, 0, n) {
				out <- v
			}
		}()
		for v := range out {
			add(v)
		}
	})
}
