package kafka_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/turbopipes/turbopipes/connect/kafka"
	"github.com/turbopipes/turbopipes/delivery"
)

// Report: after a passing failure of a commit, with acks out of order, nothing was
// committed any more.
func TestEveryThirdCommitIsRefused(t *testing.T) {
	const n = 2000
	b, c, all := newBroker(t, 2), &kafka.Counts{}, newAccount()
	b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Group: group, Err: kerr.RebalanceInProgress, Count: -1, When: every(3)})
	b.publish(t, numbered(n, 50)...)
	s := b.subscription(kafka.Counting(c), kafka.CommitEvery(time.Millisecond))
	sub := s.start(t, 16, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if len(d.Value)%2 == 0 {
			time.Sleep(100 * time.Microsecond)
		}
		return all.handle(ctx, d)
	}, delivery.MaxUncommitted(40))
	all.has(t, n)
	stop(t, sub)
	require.Positive(t, c.Refused())
	all.check(t, n)
	at := b.committed(t, 2)
	require.EqualValues(t, n, at[0]+at[1])
	require.Zero(t, all.repeated())
}

// A commit has an error for each partition: one that is refused holds back no other one,
// and is committed later.
func TestErrorsInsideACommitResponse(t *testing.T) {
	b, c, all := newBroker(t, 2), &kafka.Counts{}, newAccount()
	refusal := b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Topic: topic, Partitions: []int32{1}, Err: kerr.TopicAuthorizationFailed, Count: -1})
	b.in(t, 0, 0, 8)
	b.in(t, 1, 0, 8)
	reported := make(chan error, 100)
	s := b.subscription(kafka.Counting(c), kafka.CommitEvery(5*time.Millisecond), kafka.OnError(func(err error) {
		select {
		case reported <- err:
		default:
		}
	}))
	sub := s.start(t, 4, all.handle, delivery.MaxUncommitted(4), delivery.Ahead(0))
	eventually(t, "the commit of one partition", func() bool { return b.committed(t, 2)[0] == 8 })
	all.has(t, 8+4)
	require.Equal(t, int64(-1), b.committed(t, 2)[1])
	err := <-reported
	require.ErrorIs(t, err, kerr.TopicAuthorizationFailed)
	require.ErrorContains(t, err, "8 commits in a row were refused: orders/1")
	refusal.Remove()
	all.has(t, 16)
	stop(t, sub)
	require.Equal(t, []int64{8, 8}, b.committed(t, 2))
}

// The last commit is insisted on while the refusal is a passing one. If it is for good,
// the stream says so.
func TestLastCommitIsRefused(t *testing.T) {
	b, all := newBroker(t, 1), newAccount()
	b.in(t, 0, 0, 8)
	s := b.subscription(kafka.CommitEvery(time.Hour))
	sub := s.start(t, 4, all.handle)
	all.has(t, 8)
	for _, err := range []*kerr.Error{kerr.RebalanceInProgress, kerr.IllegalGeneration, kerr.KafkaStorageError} {
		b.refuse(err, 1)
	}
	stop(t, sub)
	require.Equal(t, []int64{8}, b.committed(t, 1))

	b.in(t, 0, 8, 1)
	sub = s.start(t, 4, all.handle)
	all.has(t, 9)
	defer b.refuse(kerr.UnknownMemberID, -1)()
	err := sub.Stop(context.Background())
	require.ErrorIs(t, err, kerr.UnknownMemberID)
	require.ErrorContains(t, err, "kafka: the last commit")
}

func TestCommitHasTheLeaderEpoch(t *testing.T) {
	b, all := newBroker(t, 1), newAccount()
	require.NoError(t, b.MoveTopicPartition(topic, 0, 0)) // a new leader epoch
	b.in(t, 0, 0, 3)
	var epochs []int32
	var mu sync.Mutex
	b.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		for _, t := range r.(*kmsg.OffsetCommitRequest).Topics {
			epochs = append(epochs, t.Partitions[0].LeaderEpoch)
		}
		return nil, nil, false
	})
	sub := b.subscription(kafka.CommitEvery(time.Hour)).start(t, 1, all.handle)
	all.has(t, 3)
	stop(t, sub)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, epochs, 1)
	require.Positive(t, epochs[0])
}

// Report: contiguity by offset + 1 waited for ever at transaction markers. Records of
// aborted transactions are not delivered.
func TestTransactions(t *testing.T) {
	const rounds = 20
	b, all := newBroker(t, 1), newAccount()
	ctx := t.Context()
	cl := client(t, b.addresses, kgo.TransactionalID("orders-writer"))
	defer cl.Close()
	n := 0
	for range rounds {
		for _, how := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
			require.NoError(t, cl.BeginTransaction())
			for i := range 3 {
				value := itoa(n + i + 1)
				if how == kgo.TryAbort {
					value = "aborted"
				}
				require.NoError(t, cl.ProduceSync(ctx, kgo.KeyStringRecord("k", value)).FirstErr())
			}
			require.NoError(t, cl.EndTransaction(ctx, how))
			if how == kgo.TryCommit {
				n += 3
			}
		}
	}
	s := b.subscription()
	sub := s.start(t, 4, all.handle, delivery.MaxUncommitted(4))
	all.has(t, n)
	stop(t, sub)
	all.check(t, n)
	b.publish(t, kgo.KeyStringRecord("k", itoa(n+1)))
	sub = s.start(t, 4, all.handle, delivery.MaxUncommitted(4))
	all.has(t, n+1)
	stop(t, sub)
	all.check(t, n+1)
	require.Zero(t, all.repeated())
}

// The same for the gaps of compaction, with a MaxUncommitted that is smaller than they are.
func TestCompactedTopic(t *testing.T) {
	b, all := newBroker(t, 1), newAccount()
	configure(t, b, map[string]string{"cleanup.policy": "compact", "segment.bytes": "100", "min.cleanable.dirty.ratio": "0", "min.compaction.lag.ms": "0"})
	for round := range 3 {
		for i := range 40 {
			b.publish(t, kgo.KeyStringRecord("k"+itoa(i%8), itoa(round*40+i+1)))
		}
	}
	b.Compact()
	left := &sync.Map{}
	sub := b.subscription().start(t, 4, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		left.Store(d.Info().Position, true)
		return all.handle(ctx, d)
	}, delivery.MaxUncommitted(3), delivery.Ahead(0))
	for i := range 8 {
		eventually(t, "the last event of each key", func() bool { return all.of("k"+itoa(i)) > 112 })
	}
	stop(t, sub)
	n := 0
	left.Range(func(any, any) bool { n++; return true })
	require.Less(t, n, 120, "the topic is not compacted, so this test shows nothing")
	require.Equal(t, []int64{120}, b.committed(t, 1))
}

// every returns a filter of a fault, for each nth request. It is called on one goroutine,
// several times for a request.
func every(nth int) func(kmsg.Request) bool {
	var last kmsg.Request
	n := 0
	return func(r kmsg.Request) bool {
		if r != last {
			last = r
			n++
		}
		return n%nth == 0
	}
}

func configure(t testing.TB, b *broker, to map[string]string) {
	t.Helper()
	cl := client(t, b.addresses)
	defer cl.Close()
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	r := kmsg.NewIncrementalAlterConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, topic
	for k, v := range to {
		c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		c.Name, c.Value = k, kmsg.StringPtr(v)
		r.Configs = append(r.Configs, c)
	}
	req.Resources = append(req.Resources, r)
	resp, err := req.RequestWith(t.Context(), cl)
	require.NoError(t, err)
	require.NoError(t, kerr.ErrorForCode(resp.Resources[0].ErrorCode))
}

// deleteBefore makes the broker delete what is before position at of partition 0.
func deleteBefore(t testing.TB, b *broker, at int64) {
	t.Helper()
	cl := client(t, b.addresses)
	defer cl.Close()
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.TimeoutMillis = 1000
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic = topic
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	p.Offset = at
	rt.Partitions = append(rt.Partitions, p)
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(t.Context(), cl)
	require.NoError(t, err)
	require.NoError(t, kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode))
}

// Events that the retention takes before they are consumed are reported.
func TestDeletedEvents(t *testing.T) {
	b, all := newBroker(t, 1), newAccount()
	b.in(t, 0, 0, 10)
	sub := b.subscription().start(t, 1, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if string(d.Value) == "4" {
			return errors.New("the fourth fails")
		}
		return all.handle(ctx, d)
	})
	require.ErrorContains(t, failure(t, sub), "the fourth fails")
	require.Equal(t, []int64{3}, b.committed(t, 1))
	deleteBefore(t, b, 6)

	err := failure(t, b.subscription(kafka.StopAtDeleted()).start(t, 1, all.handle))
	require.ErrorIs(t, err, kafka.ErrDeleted)
	require.ErrorContains(t, err, "orders/0, positions 3 to 5")
	require.Equal(t, 3, all.distinct())

	reported := make(chan error, 10)
	sub = b.subscription(kafka.OnError(func(err error) { reported <- err })).start(t, 1, all.handle)
	all.has(t, 7)
	stop(t, sub)
	require.ErrorIs(t, <-reported, kafka.ErrDeleted)
	require.Empty(t, reported)
}

// A partition whose tail is full is paused. The others go on.
func TestFullTailPausesItsPartitionOnly(t *testing.T) {
	const n = 3000
	b, c := newBroker(t, 2), &kafka.Counts{}
	stuck, free := newGate(newAccount()), newAccount()
	defer stuck.open()
	b.in(t, 0, 0, n)
	b.in(t, 1, 0, n)
	sub := b.subscription(kafka.Counting(c), kafka.MaxPollRecords(100)).start(t, 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if d.Key == "p0" {
			return stuck.handle(ctx, d)
		}
		return free.handle(ctx, d)
	}, delivery.MaxUncommitted(16), delivery.Ahead(24))
	free.has(t, n)
	require.Equal(t, []int64{-1, n}, settledAt(t, b, []int64{-1, n}))
	require.Positive(t, c.Paused())
	stuck.open()
	stuck.has(t, n)
	stop(t, sub)
	stuck.check(t, n)
	require.Equal(t, []int64{n, n}, b.committed(t, 2))
}

func settledAt(t testing.TB, b *broker, want []int64) (at []int64) {
	t.Helper()
	eventually(t, "the commits", func() bool { at = b.committed(t, 2); return at[0] == want[0] && at[1] == want[1] })
	return at
}
