package main

import (
	"context"
	"sync"

	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// fed is a stream that is fed by hand.
type fed interface {
	Next(ctx context.Context, v int) error
	Complete()
	Observable() obs
}

// feed subscribes to a new stream, and feeds it n items.
func feed[S fed](make func() S) way {
	return usRun(func(n int, add adder) {
		s := make()
		sub := s.Observable().Subscribe(background, turbopipes.Observer[int]{Next: add})
		for v := range n {
			must(s.Next(background, v))
		}
		s.Complete()
		must(sub.Wait())
	})
}

// feedRo calls the subscriber on the caller's goroutine, as ro does.
func feedRo(make func() ro.Subject[int]) way {
	return way{roName, peer, func(n int, add adder) {
		s := make()
		sub := s.Subscribe(ro.NewObserver(add, must, func() {}))
		for v := range n {
			s.Next(v)
		}
		s.Complete()
		sub.Wait()
	}}
}

func hotRows() []row {
	lastWay := channel(0, newestOnly)
	rows := []row{
		{name: "Subject", ways: []way{
			feed(func() *turbopipes.Subject[int] { return turbopipes.NewSubject[int]() }), channel(0, plain), channel(64, plain), feedRo(ro.NewPublishSubject[int]),
		}},
		{name: "BehaviorSubject", ways: []way{
			feed(func() *turbopipes.BehaviorSubject[int] { return turbopipes.NewBehaviorSubject(-1) }),
			channel(0, afterOne), channel(64, afterOne), feedRo(func() ro.Subject[int] { return ro.NewBehaviorSubject(-1) }),
		}},
		{name: "ReplaySubject", variant: "n = 16", ways: []way{
			feed(func() *turbopipes.ReplaySubject[int] { return turbopipes.NewReplaySubject[int](16) }), channel(0, plain), channel(64, plain),
			feedRo(func() ro.Subject[int] { return ro.NewReplaySubject[int](16) }),
		}},
		{name: "AsyncSubject", ways: []way{
			feed(func() *turbopipes.AsyncSubject[int] { return turbopipes.NewAsyncSubject[int]() }), lastWay, channel(64, newestOnly), feedRo(ro.NewAsyncSubject[int]),
		}},
		{name: "UnicastSubject", ways: []way{
			feed(func() *turbopipes.UnicastSubject[int] { return turbopipes.NewUnicastSubject[int]() }), channel(0, plain), channel(64, plain),
		}},
	}
	return append(rows, sharedRows()...)
}

func sharedRows() []row {
	return []row{
		{name: "Publish", variant: "AutoConnect, 1 subscriber", ways: []way{
			us(func(in obs) obs { return turbopipes.Publish(in).AutoConnect(background, 1) }), channel(0, plain), channel(64, plain),
			viaRo(func(in roInt) roInt { return ro.Share[int]()(in) }),
		}},
		{name: "Connectable", variant: "RefCount, 1 subscriber", ways: []way{
			us(func(in obs) obs { return turbopipes.Publish(in).RefCount() }), channel(0, plain), channel(64, plain),
			viaRo(func(in roInt) roInt { return ro.Share[int]()(in) }),
		}},
		{name: "Share", variant: "1 subscriber", ways: []way{
			us(func(in obs) obs { return operators.Share[int]()(in) }), channel(0, plain), channel(64, plain),
			viaRo(func(in roInt) roInt { return ro.Share[int]()(in) }),
		}},
		{name: "ShareReplay", variant: "n = 16, 1 subscriber", ways: []way{
			us(func(in obs) obs { return operators.ShareReplay[int](16)(in) }), channel(0, plain), channel(64, plain),
			viaRo(func(in roInt) roInt { return ro.ShareReplay[int](16)(in) }),
		}},
		{name: "Broadcast", variant: "2 subscribers", per: 2, outcome: anyOrder, ways: []way{
			branches(func(in obs) []obs { return turbopipes.Broadcast(in, 2) }), fanOut(0, true), fanOut(64, true),
		}},
		{name: "Balance", variant: "2 subscribers", outcome: anyOrder, ways: []way{
			branches(func(in obs) []obs { return turbopipes.Balance(in, 2) }), fanOut(0, false), fanOut(64, false),
		}},
		{name: "MergeHub", variant: "1 producer", ways: []way{
			usRun(func(n int, add adder) {
				hub := turbopipes.NewMergeHub[int]()
				sub := hub.Observable().Subscribe(background, turbopipes.Observer[int]{Next: add})
				must(hub.Attach(background, turbopipes.Range(0, n)))
				hub.Close()
				must(sub.Wait())
			}), channel(0, plain), channel(64, plain),
		}},
		{name: "Topic", variant: "1 key, 1 subscriber", ways: []way{
			usRun(func(n int, add adder) {
				topic := turbopipes.NewTopic[string, int]()
				sub := topic.Subscribe("key").Subscribe(background, turbopipes.Observer[int]{Next: add})
				for v := range n {
					must(topic.Publish(background, "key", v))
				}
				topic.Close()
				must(sub.Wait())
			}), channel(0, plain), channel(64, plain),
		}},
	}
}

// afterOne emits -1 before the items.
func afterOne(add adder) (adder, func()) {
	add(-1)
	return add, nil
}

// branches consumes two streams at the same time.
func branches(build func(in obs) []obs) way {
	return usRun(func(n int, add adder) {
		var sums [2]tally
		var all sync.WaitGroup
		for i, o := range build(turbopipes.Range(0, n)) {
			all.Go(func() {
				drain(o, same, func(v int) { sums[i].count++; sums[i].sum += v })
			})
		}
		all.Wait()
		add(sums[0].count + sums[1].count)
		add(sums[0].sum + sums[1].sum)
	})
}

// fanOut has a channel for each of two consumers: both get each item, or the one that
// is free.
func fanOut(k int, both bool) way {
	return ofChannel(k, func(n int, add adder) {
		outs := [2]chan int{make(chan int, k), make(chan int, k)}
		if !both {
			outs[1] = outs[0]
		}
		var sums [2]tally
		var all sync.WaitGroup
		for i, out := range outs {
			all.Go(func() {
				for v := range out {
					sums[i].count++
					sums[i].sum += v
				}
			})
		}
		for v := range n {
			outs[0] <- v
			if both {
				outs[1] <- v
			}
		}
		close(outs[0])
		if both {
			close(outs[1])
		}
		all.Wait()
		add(sums[0].count + sums[1].count)
		add(sums[0].sum + sums[1].sum)
	})
}
