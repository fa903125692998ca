package kafka_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/kafka"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// weather is a storm of rebalances.
type weather struct {
	events, joins, leaves int  // at least so many joins and leaves
	disposals             bool // half of the leaves are not graceful
	balancer              kgo.GroupBalancer
}

// TestStorm has members join and leave while keyed tasks run and fail now and then, and
// while the broker refuses commits. With KAFKA_STORM=100000 there are so many events,
// and 15 joins and leaves each.
func TestStorm(t *testing.T) {
	n, changes := number("KAFKA_STORM", 6000), 4
	if n >= 50_000 {
		changes = 15
	}
	for _, c := range []struct {
		name string
		w    weather
	}{
		{"CooperativeGraceful", weather{n, changes, changes, false, kgo.CooperativeStickyBalancer()}},
		{"RangeGraceful", weather{n, changes, changes, false, kgo.RangeBalancer()}},
		{"Cooperative", weather{n, changes, changes, true, kgo.CooperativeStickyBalancer()}},
		{"Range", weather{n, changes, changes, true, kgo.RangeBalancer()}},
	} {
		t.Run(c.name, func(t *testing.T) { c.w.storm(t) })
	}
}

// work takes a while for some events. It fails for others, but not in a graceful storm: a
// Stop ends the wait of a retry, and the event comes again.
func (w weather) work(all *account) handler {
	var tries atomic.Int64
	return func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		all.enter(d.Key)
		defer all.leave(d.Key)
		switch i := tries.Add(1); {
		case i%50 == 0 && w.disposals:
			return errNow
		case i%4 == 0:
			time.Sleep(time.Duration(rand.IntN(4000)) * time.Microsecond)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return all.handle(ctx, d)
	}
}

func (w weather) storm(t *testing.T) {
	t.Helper()
	const partitions, bound = 6, 256
	b, c, all := newBroker(t, partitions), &kafka.Counts{}, newAccount()
	b.publish(t, numbered(w.events, 300)...)
	s := b.subscription(kafka.Counting(c), kafka.CommitEvery(10*time.Millisecond), kafka.MaxPollRecords(200), kafka.Client(
		kgo.Balancers(w.balancer), kgo.FetchMaxPartitionBytes(1<<14)))
	work := w.work(all)
	var joins, leaves, disposals int
	join := func() *turbopipes.Subscription {
		joins++
		return s.start(t, 32, work, delivery.MaxUncommitted(bound), delivery.Retry(10, operators.Constant(time.Millisecond)))
	}
	live := []*turbopipes.Subscription{join(), join()}
	steps := w.joins + w.leaves
	for step := range steps {
		all.has(t, (step+1)*w.events/(steps+2))
		if step%2 == 0 {
			b.refuse(kerr.RebalanceInProgress, rand.IntN(4)+1)
		}
		remaining := steps - step
		leaving := len(live) > 1 && (len(live) == 4 || rand.IntN(2) == 0)
		if joins-2 < w.joins && w.joins-(joins-2) >= remaining {
			leaving = false
		} else if w.leaves-leaves >= remaining && len(live) > 1 {
			leaving = true
		}
		if !leaving {
			live = append(live, join())
			continue
		}
		leaves++
		i := rand.IntN(len(live))
		one := live[i]
		live = append(live[:i], live[i+1:]...)
		if w.disposals && leaves%2 == 0 {
			disposals++
			one.Dispose()
			continue
		}
		leave(t, one)
	}
	all.has(t, w.events)
	var ends sync.WaitGroup
	for _, one := range live {
		ends.Go(func() { leave(t, one) })
	}
	ends.Wait()
	t.Logf("%d events, %d joins, %d leaves, %d of them by Dispose: %d repeated, %d overlaps of a key; %d commits, %d refused; %d tenures not drained, %d records left to the next owner, %d late settlements",
		w.events, joins, leaves, disposals, all.repeated(), all.overlaps, c.Commits(), c.Refused(), c.Undrained(), c.Left(), c.Late())
	all.check(t, w.events)
	require.Zero(t, all.overlaps, "two consumers have worked on one key")
	require.Equal(t, int64(w.events), sum(b.committed(t, partitions)))
	if disposals == 0 {
		require.Zero(t, all.repeated(), "graceful changes repeat nothing")
	}
	require.LessOrEqual(t, all.repeated(), leaves*partitions*bound)
}

var errNow = errors.New("now and then")

// leave stops a stream. An event whose retry waits then stays open, and its error is the
// stream's.
func leave(t testing.TB, s *turbopipes.Subscription) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil && !errors.Is(err, errNow) {
		require.NoError(t, err)
	}
}
