package kafka_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/kafka"
	"github.com/turbopipes/turbopipes/delivery"
)

// in publishes n events to partition p, with a key for each partition.
func (b *broker) in(t testing.TB, p int32, from, n int) {
	t.Helper()
	records := numbered(n, 1)
	for i, r := range records {
		*r = kgo.Record{Partition: p, Key: []byte(keyOf(p)), Value: []byte(itoa(from + i + 1))}
	}
	cl := client(t, b.addresses, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer cl.Close()
	require.NoError(t, cl.ProduceSync(context.Background(), records...).FirstErr())
}

// short is a subscription that does not wait long for what runs.
func (b *broker) short(c *kafka.Counts) *subscription {
	return b.subscription(kafka.RevokeWait(100*time.Millisecond), kafka.Counting(c))
}

// gate is a handler that holds all events until it opens, whatever becomes of their ctx.
type gate struct {
	*account
	once   sync.Once
	opened chan struct{}
	inside atomic.Int64
}

func newGate(a *account) *gate { return &gate{account: a, opened: make(chan struct{})} }

func (g *gate) handle(ctx context.Context, d delivery.Delivery[[]byte]) error {
	g.inside.Add(1)
	<-g.opened
	return g.account.handle(ctx, d)
}

func (g *gate) open() { g.once.Do(func() { close(g.opened) }) }

// holds waits until n events are held.
func (g *gate) holds(t testing.TB, n int64) {
	t.Helper()
	eventually(t, "the gate holds events", func() bool { return g.inside.Load() >= n })
}

// Report: commits that went up to the highest position that was seen, when a partition
// was revoked before its tasks had begun.
func TestRevokedBeforeTheTasksBegin(t *testing.T) {
	b, c, all := newBroker(t, 2), &kafka.Counts{}, newAccount()
	s, g := b.short(c), newGate(all)
	defer g.open()
	b.in(t, 0, 0, 8)
	b.in(t, 1, 0, 8)
	first := s.start(t, 1, g.handle, delivery.Ahead(20))
	g.holds(t, 1)
	second := s.start(t, 4, all.handle)
	all.has(t, 8) // the partition that the second one has got, from its beginning
	require.Equal(t, int64(1), c.Undrained())
	require.ElementsMatch(t, []int64{-1, 8}, settled(t, b, 8))
	g.open()
	all.has(t, 16)
	stop(t, first)
	stop(t, second)
	all.check(t, 16)
	require.Equal(t, []int64{8, 8}, b.committed(t, 2))
}

// settled returns the committed positions, when one of two partitions has reached n.
func settled(t testing.TB, b *broker, n int64) []int64 {
	t.Helper()
	var at []int64
	eventually(t, "a commit", func() bool {
		at = b.committed(t, 2)
		return at[0] == n || at[1] == n
	})
	return at
}

// Report: a batch that waited when its partition was revoked was skipped.
func TestRevokedWithABatchThatNeverFills(t *testing.T) {
	b, c, all := newBroker(t, 2), &kafka.Counts{}, newAccount()
	s := b.short(c)
	b.in(t, 0, 0, 20)
	b.in(t, 1, 0, 20)
	var waits atomic.Int64
	first := delivery.Through(s, func(in turbopipes.Observable[delivery.Delivery[[]byte]]) turbopipes.Observable[delivery.Receipt] {
		return turbopipes.Pipe3(in,
			delivery.Map(func(v []byte) []byte { waits.Add(1); return v }),
			delivery.Batch[[]byte](1000, time.Hour),
			delivery.Each(1, func(ctx context.Context, d delivery.Delivery[[][]byte]) error {
				return ctx.Err() // a batch with events of an ended tenure comes again
			}))
	}).Subscribe(t.Context(), turbopipes.Observer[delivery.Receipt]{})
	defer first.Dispose()
	eventually(t, "the batch", func() bool { return waits.Load() == 40 })
	second := s.start(t, 4, all.handle)
	all.has(t, 20) // none of the events that the batch held is skipped
	require.ElementsMatch(t, []int64{-1, 20}, settled(t, b, 20))
	first.Dispose() // the batch is not processed, so its other members come again, too
	all.has(t, 40)
	stop(t, second)
	all.check(t, 40)
	require.Zero(t, all.repeated())
}

// Report: an ack after the revocation moved the position of a partition that another
// consumer has.
func TestLateSettlementElsewhere(t *testing.T) {
	b, c, all := newBroker(t, 2), &kafka.Counts{}, newAccount()
	s, g := b.short(c), newGate(newAccount())
	defer g.open()
	b.in(t, 0, 0, 8)
	b.in(t, 1, 0, 8)
	first := s.start(t, 16, g.handle, delivery.Unordered(), delivery.MaxUncommitted(100))
	g.holds(t, 16)
	second := s.start(t, 4, all.handle)
	all.has(t, 8)
	at := settled(t, b, 8)
	moved := int32(0)
	if at[1] == 8 {
		moved = 1
	}
	b.in(t, moved, 8, 1)
	eventually(t, "the position of the new owner", func() bool { return b.committed(t, 2)[moved] == 9 })
	g.open()
	eventually(t, "the position of the old owner", func() bool { return b.committed(t, 2)[1-moved] == 8 })
	stop(t, first)
	require.Equal(t, int64(8), c.Late())
	require.Equal(t, int64(9), b.committed(t, 2)[moved], "a late settlement has moved the position")
	stop(t, second)
}

// Report: the ack of an old delivery acknowledged the redelivery of the same event, when
// the partition was revoked and came back to the same process.
func TestLateSettlementOfAPartitionThatCameBack(t *testing.T) {
	b, c := newBroker(t, 2), &kafka.Counts{}
	s, old, again := b.short(c), newGate(newAccount()), newGate(newAccount())
	defer old.open()
	defer again.open()
	b.in(t, 0, 0, 8)
	b.in(t, 1, 0, 8)
	epochs := make(chan int64, 100)
	first := s.start(t, 64, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if old.inside.Load() < 16 {
			epochs <- d.Info().Epoch
			return old.handle(ctx, d)
		}
		epochs <- d.Info().Epoch
		return again.handle(ctx, d)
	}, delivery.Unordered(), delivery.MaxUncommitted(100))
	old.holds(t, 16)
	holds := newGate(newAccount())
	defer holds.open()
	second := s.start(t, 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		holds.inside.Add(1)
		<-ctx.Done()
		return ctx.Err()
	}, delivery.Unordered())
	holds.holds(t, 8)
	second.Dispose() // nothing is done
	again.holds(t, 8)
	require.Equal(t, []int64{-1, -1}, b.committed(t, 2))
	old.open() // 8 of them are of an ended tenure
	require.ElementsMatch(t, []int64{-1, 8}, settled(t, b, 8))
	again.open()
	eventually(t, "the position", func() bool { at := b.committed(t, 2); return at[0] == 8 && at[1] == 8 })
	stop(t, first)
	require.Equal(t, int64(8), c.Late())
	close(epochs)
	lowest, highest := <-epochs, int64(0)
	for e := range epochs {
		highest = max(highest, e)
	}
	require.Greater(t, highest, lowest, "the epoch grows with each tenure")
}

// Report: a partition that was paused, with gaps in its tail, stayed paused for ever
// after it was revoked and came back.
func TestPausedPartitionComesBack(t *testing.T) {
	b, c, all := newBroker(t, 2), &kafka.Counts{}, newAccount()
	s, g := b.short(c), newGate(newAccount())
	defer g.open()
	b.in(t, 0, 0, 50)
	b.in(t, 1, 0, 50)
	fast := newAccount()
	first := s.start(t, 64, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if string(d.Value) == "1" {
			return g.handle(ctx, d)
		}
		return fast.handle(ctx, d)
	}, delivery.Unordered(), delivery.MaxUncommitted(8))
	eventually(t, "both partitions are paused", func() bool { return c.Paused() == 2 })
	fast.has(t, 14)
	second := s.start(t, 4, all.handle)
	all.has(t, 50)
	stop(t, second) // its partition comes back
	b.in(t, 0, 50, 5)
	b.in(t, 1, 50, 5)
	fast.has(t, 14+5) // those of the partition that came back
	g.open()
	fast.has(t, 14+5+47) // and of the other one
	stop(t, first)
	require.Equal(t, []int64{55, 55}, b.committed(t, 2))
}

// Report: records that were polled before a rebalance were emitted after it. The gate
// holds the emission, while a partition goes away and comes back.
func TestRecordsOfAnEndedTenure(t *testing.T) {
	b, c, all := newBroker(t, 2), &kafka.Counts{}, newAccount()
	s := b.short(c)
	b.in(t, 0, 0, 20)
	b.in(t, 1, 0, 20)
	opened, arrived := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var ended atomic.Int64
	first := delivery.Through(s, func(in turbopipes.Observable[delivery.Delivery[[]byte]]) turbopipes.Observable[delivery.Delivery[[]byte]] {
		return in
	}).Subscribe(t.Context(), turbopipes.Observer[delivery.Delivery[[]byte]]{Next: func(d delivery.Delivery[[]byte]) {
		waits := false
		once.Do(func() { waits = true })
		if waits {
			close(arrived)
			<-opened
		} else if d.Context().Err() != nil {
			ended.Add(1)
		}
		all.effect(d.Key, string(d.Value))
		d.Ack()
	}})
	defer first.Dispose()
	<-arrived
	other := newGate(newAccount())
	defer other.open()
	second := s.start(t, 4, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		other.inside.Add(1)
		<-ctx.Done()
		return ctx.Err()
	})
	other.holds(t, 1)
	second.Dispose()
	at := b.committed(t, 2)
	require.Equal(t, []int64{-1, -1}, at)
	eventually(t, "both partitions are back", func() bool { return members(t, b) == 1 })
	close(opened)
	all.has(t, 40)
	stop(t, first)
	all.check(t, 40)
	require.Zero(t, ended.Load(), "an event of an ended tenure was emitted")
	require.Positive(t, c.Left(), "the records that were polled before are left out")
	require.Equal(t, []int64{20, 20}, b.committed(t, 2))
}

// poll holds the first poll that has records, between the client and its caller.
type poll struct {
	once          sync.Once
	inside, ended chan struct{}
}

func (p *poll) OnFetchRecordUnbuffered(_ *kgo.Record, polled bool) {
	if polled {
		p.once.Do(func() {
			close(p.inside)
			<-p.ended
		})
	}
}

// Records belong to the tenure that was there at their poll. So no rebalance begins
// before their tenure is looked up.
func TestNoRebalanceBetweenPollAndTenure(t *testing.T) {
	b, all := newBroker(t, 2), newAccount()
	b.in(t, 0, 0, 20)
	b.in(t, 1, 0, 20)
	p := &poll{inside: make(chan struct{}), ended: make(chan struct{})}
	release := sync.OnceFunc(func() { close(p.ended) })
	first := b.subscription(kafka.Client(kgo.WithHooks(p))).start(t, 4, all.handle)
	t.Cleanup(release) // before the stream is disposed of
	<-p.inside
	others := newAccount()
	second := b.subscription().start(t, 4, others.handle)
	eventually(t, "the rebalance", func() bool { return members(t, b) != 1 })
	time.Sleep(200 * time.Millisecond)
	require.Zero(t, others.distinct(), "the partition has moved")
	release()
	eventually(t, "the end", func() bool { return all.distinct()+others.distinct() >= 40 })
	stop(t, first)
	stop(t, second)
	require.Zero(t, all.repeated()+others.repeated())
	require.Equal(t, []int64{20, 20}, b.committed(t, 2))
}
