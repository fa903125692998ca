package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func utilityRows() []row {
	fused := func(build func(in obs) obs, peers ...way) []way {
		return append([]way{us(build), closures(plain)}, peers...)
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	swapped := func(v int) int { return v ^ 1 }
	return []row{
		{name: "Do", ways: []way{
			us(func(in obs) obs { n := 0; return operators.Do(operators.Hooks[int]{Next: func(int) { n++ }})(in) }),
			closures(each(func(add adder) adder { n := 0; return func(v int) { n++; add(v) } })),
			viaRo(func(in roInt) roInt { n := 0; return ro.TapOnNext(func(int) { n++ })(in) }),
		}},
		{name: "Finally", ways: fused(func(in obs) obs { return operators.Finally[int](func() {})(in) },
			viaRo(func(in roInt) roInt { return ro.TapOnFinalize[int](func() {})(in) }))},
		{name: "Name", ways: fused(func(in obs) obs { return operators.Name[int]("stage")(in) })},
		{name: "Log", variant: "below the level", ways: fused(func(in obs) obs {
			return operators.Log[int](quiet, "stage", operators.WithLevel(slog.LevelDebug))(in)
		})},
		{name: "WithContext", ways: fused(func(in obs) obs {
			return operators.WithContext[int](func(ctx context.Context) context.Context { return ctx })(in)
		}, viaRo(func(in roInt) roInt { return ro.ContextWithValue[int](oursName, 1)(in) }))},
		{name: "Repeat", per: 2, ways: []way{
			us(func(in obs) obs { return operators.Repeat[int](2)(in) }),
			byHand(func(n int, add adder) {
				for range 2 {
					for v := range n {
						add(v)
					}
				}
			}),
			viaRo(func(in roInt) roInt { return ro.RepeatWith[int](2)(in) }),
		}},
		{name: "ObserveOn", ways: append(queue(func(in obs) obs { return operators.ObserveOn[int]()(in) }),
			viaRo(func(in roInt) roInt { return ro.ObserveOn[int](256)(in) }))},
		{name: "Prefetch", variant: "n = 64", ways: append(queue(func(in obs) obs { return operators.Prefetch[int](64)(in) }),
			viaRo(func(in roInt) roInt { return ro.ObserveOn[int](64)(in) }))},
		{name: "SubscribeOn", goals: []goal{within(handOver, chainName)}, ways: append(queue(func(in obs) obs {
			return operators.SubscribeOn[int](nil)(in)
		}), fusedChain(), viaRo(func(in roInt) roInt { return ro.SubscribeOn[int](64)(in) }))},
		{name: "Serialize", variant: "neighbours swapped", per: 2, ways: []way{
			usN(func(n int) obs {
				return operators.Serialize(0, operators.Self[int])(operators.Map(swapped)(turbopipes.Range(0, 2*n)))
			}),
			byHand(func(n int, add adder) {
				waits, due := map[int]struct{}{}, 0
				for v := range 2 * n {
					w := swapped(v)
					if w != due {
						waits[w] = struct{}{}
						continue
					}
					add(w)
					for due++; ; due++ {
						if _, ok := waits[due]; !ok {
							break
						}
						delete(waits, due)
						add(due)
					}
				}
			}),
			viaRxN(asInt, func(n int) rxgo.Iterable {
				return rxgo.Range(0, 2*n).Map(rxFunc(swapped)).Serialize(0, asInt)
			}),
		}},
		{name: "Dematerialize", ways: fused(func(in obs) obs {
			return operators.Dematerialize[int]()(operators.Map(notification)(in))
		}, viaRo(func(in roInt) roInt {
			return ro.Dematerialize[int]()(ro.Map(ro.NewNotificationNext[int])(in))
		}))},
	}
}

func notification(v int) turbopipes.Notification[int] { return turbopipes.Notification[int]{Value: v} }

// rxgoRows are the bridge to rxgo, whose channels it crosses.
func rxgoRows() []row {
	through := func(o rxgo.Observable) rxgo.Observable { return o.Map(rxFunc(same)) }
	relayed := viaRx(func(in rxgo.Observable) rxgo.Iterable { return in })
	return []row{
		{name: "FromRx", needs: 2, ways: []way{
			usN(func(n int) obs { return turbopipes.FromRx[int](rxgo.Range(0, n)) }), channel(0, plain), channel(64, plain), relayed,
		}},
		{name: "FromRxResults", needs: 2, ways: []way{
			usNOf(value, func(n int) turbopipes.Observable[turbopipes.Result[int]] {
				return turbopipes.FromRxResults[int](rxgo.Range(0, n))
			}), channel(0, plain), channel(64, plain), relayed,
		}},
		{name: "LiftRx", variant: "a Map", needs: 2, ways: []way{
			us(func(in obs) obs { return turbopipes.LiftRx[int, int](through)(in) }), channel(0, plain), channel(64, plain),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return through(in) }),
		}},
	}
}
