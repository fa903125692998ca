package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
)

var sharing = workload{
	id: "W10", title: "one source to many subscribers",
	about: `Every subscriber gets every item, and counts and adds on a goroutine of its own. Its queue has room for 256
items in turbopipes, for 64 in the channels by hand, and for none or 1024 in rxgo. ro calls its subscribers
one after another on the goroutine of the source, so there is no hand-over; the limit does the same. Times,
bytes and allocations are per item and subscriber, and include the subscription.`,
	cells: func(s scale) (all []cell) {
		for _, subscribers := range []int{1, 10, 1000} {
			all = append(all, share(subscribers, s.of(1_000_000)))
		}
		return all
	},
}

// share makes a cell with about that many deliveries, for any number of subscribers.
func share(subscribers, deliveries int) cell {
	items := max(deliveries/subscribers, 1)
	in, all := upTo(items), items*subscribers
	return cell{
		name: fmt.Sprintf("subscribers: %d", subscribers), layout: cost, per: all, unit: time.Nanosecond, unitName: "ns per item and subscriber",
		want: tally{all, subscribers * items * (items - 1) / 2},
		contenders: []contender{
			{"a loop that calls functions", limit, anyBound, func(t *trial) { shareLoop(t, in, subscribers) }},
			{"turbopipes Publish, AutoConnect", ours, anyBound, func(t *trial) { shareTurbopipes(t, in, subscribers) }},
			{"channels by hand, 64", peer, anyBound, func(t *trial) { shareChannels(t, in, subscribers) }},
			{"ro Connectable", reference, anyBound, func(t *trial) { shareRo(t, in, subscribers) }},
			{"rxgo Connect", peer, anyBound, func(t *trial) { shareRx(t, in, subscribers) }},
			{"rxgo Connect, 1024", peer, anyBound, func(t *trial) { shareRx(t, in, subscribers, rx1024) }},
		},
	}
}

// counter is the tally of one subscriber. It fills a cache line, so that subscribers
// do not slow each other down.
type counter struct {
	tally
	_ [6]int
}

func (c *counter) add(v int) { c.count++; c.sum += v }

func (t *trial) joinAll(counters []counter) {
	for i := range counters {
		t.join(counters[i].tally)
	}
}

func shareLoop(t *trial, in []int, n int) {
	counters, subscribers := make([]counter, n), make([]func(int), n)
	for i := range subscribers {
		subscribers[i] = counters[i].add
	}
	for _, v := range in {
		for _, next := range subscribers {
			next(v)
		}
	}
	t.joinAll(counters)
}

func shareTurbopipes(t *trial, in []int, n int) {
	counters, subscriptions := make([]counter, n), make([]*turbopipes.Subscription, n)
	o := turbopipes.Publish(turbopipes.FromSlice(in)).AutoConnect(background, n)
	for i := range subscriptions {
		subscriptions[i] = o.Subscribe(background, turbopipes.Observer[int]{Next: counters[i].add})
	}
	for _, s := range subscriptions {
		must(s.Wait())
	}
	t.joinAll(counters)
}

func shareChannels(t *trial, in []int, n int) {
	counters, queues := make([]counter, n), make([]chan int, n)
	var all sync.WaitGroup
	for i := range queues {
		queues[i] = make(chan int, 64)
		all.Go(func() {
			for v := range queues[i] {
				counters[i].add(v)
			}
		})
	}
	for _, v := range in {
		for _, q := range queues {
			q <- v
		}
	}
	for _, q := range queues {
		close(q)
	}
	all.Wait()
	t.joinAll(counters)
}

func shareRo(t *trial, in []int, n int) {
	counters, subscriptions := make([]counter, n), make([]ro.Subscription, n)
	c := ro.Connectable(ro.FromSlice(in))
	for i := range subscriptions {
		subscriptions[i] = c.Subscribe(ro.NewObserver(counters[i].add, must, func() {}))
	}
	c.Connect().Wait()
	for _, s := range subscriptions {
		s.Wait()
	}
	t.joinAll(counters)
}

func shareRx(t *trial, in []int, n int, opts ...rxgo.Option) {
	o := rxgo.Create([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
		for _, v := range in {
			next <- rxgo.Of(v)
		}
	}}, append(opts, rxgo.WithPublishStrategy())...)
	counters := make([]counter, n)
	var all sync.WaitGroup
	for i := range counters {
		items := o.Observe(opts...)
		all.Go(func() {
			for item := range items {
				must(item.E)
				counters[i].add(item.V.(int))
			}
		})
	}
	o.Connect(background)
	all.Wait()
	t.joinAll(counters)
}
