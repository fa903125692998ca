package kafka_test

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
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

const (
	topic = "orders"
	group = "billing"
)

// broker is a cluster in this process.
type broker struct {
	*kfake.Cluster
	addresses []string
}

// newBroker starts one with a topic.
func newBroker(t testing.TB, partitions int32) *broker {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, topic), kfake.GroupMinSessionTimeout(time.Second))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return &broker{c, c.ListenAddrs()}
}

// network is how the clients of one process reach the brokers.
type network struct {
	mu    sync.Mutex
	away  bool
	conns map[net.Conn]bool
}

func newNetwork() *network { return &network{conns: map[net.Conn]bool{}} }

var errAway = errors.New("the brokers are away")

func (n *network) dial(ctx context.Context, kind, address string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, kind, address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.away {
		_ = c.Close()
		return nil, &net.OpError{Op: "dial", Net: kind, Err: errAway}
	}
	n.conns[c] = true
	return c, nil
}

// cut takes the brokers away, or brings them back.
func (n *network) cut(away bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.away = away
	if away {
		for c := range n.conns {
			_ = c.Close()
		}
		clear(n.conns)
	}
}

// quick makes the group notice changes soon.
func quick(addresses []string) kafka.Cluster {
	return kafka.Cluster{
		kgo.SeedBrokers(addresses...), kgo.HeartbeatInterval(50 * time.Millisecond), kgo.SessionTimeout(20 * time.Second),
		kgo.FetchMaxWait(50 * time.Millisecond), kgo.MetadataMinAge(50 * time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }),
	}
}

// subscription is a source whose sessions are in a process of their own: crash ends it.
type subscription struct {
	b    *broker
	opts []kafka.Option

	mu  sync.Mutex
	now *network
}

func (b *broker) subscription(opts ...kafka.Option) *subscription {
	quiet := kafka.OnError(func(error) {})
	return &subscription{b: b, opts: append([]kafka.Option{kafka.CommitEvery(20 * time.Millisecond), quiet}, opts...), now: newNetwork()}
}

func (s *subscription) network() *network {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *subscription) Open(ctx context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	c := append(quick(s.b.addresses), kgo.Dialer(s.network().dial))
	return kafka.Source(c, topic, group, s.opts...).Open(ctx, o)
}

// crash cuts the open sessions off, and removes them from the group, as the broker does
// when it has not heard of a member for its session timeout.
func (s *subscription) crash(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	old := s.now
	s.now = newNetwork()
	s.mu.Unlock()
	old.cut(true)
	kick(t, s.b.addresses)
}

// client returns one that is closed with the test.
func client(t testing.TB, addresses []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(addresses...), kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(0)}, opts...)...)
	require.NoError(t, err)
	return cl
}

// kick removes all members from the group.
func kick(t testing.TB, addresses []string) {
	t.Helper()
	cl := client(t, addresses)
	defer cl.Close()
	describe := kmsg.NewPtrDescribeGroupsRequest()
	describe.Groups = []string{group}
	d, err := describe.RequestWith(context.Background(), cl)
	require.NoError(t, err)
	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Group = group
	for _, m := range d.Groups[0].Members {
		member := kmsg.NewLeaveGroupRequestMember()
		member.MemberID = m.MemberID
		leave.Members = append(leave.Members, member)
	}
	if len(leave.Members) > 0 {
		_, err = leave.RequestWith(context.Background(), cl)
		require.NoError(t, err)
	}
}

// publish appends records, in order.
func (b *broker) publish(t testing.TB, records ...*kgo.Record) {
	t.Helper()
	cl := client(t, b.addresses, kgo.MaxBufferedRecords(50_000))
	defer cl.Close()
	require.NoError(t, cl.ProduceSync(context.Background(), records...).FirstErr())
}

// committed returns the committed position of each partition, -1 where there is none.
func (b *broker) committed(t testing.TB, partitions int32) []int64 {
	t.Helper()
	cl := client(t, b.addresses)
	defer cl.Close()
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Group = group
	rg := kmsg.NewOffsetFetchRequestGroup()
	rg.Group = group
	rt := kmsg.NewOffsetFetchRequestGroupTopic()
	rt.Topic = topic
	for n := range partitions {
		rt.Partitions = append(rt.Partitions, n)
	}
	rg.Topics = append(rg.Topics, rt)
	req.Groups = append(req.Groups, rg)
	resp, err := req.RequestWith(context.Background(), cl)
	require.NoError(t, err)
	if code := resp.Groups[0].ErrorCode; code != kerr.GroupIDNotFound.Code {
		require.NoError(t, kerr.ErrorForCode(code))
	}
	at := make([]int64, partitions)
	for i := range at {
		at[i] = -1
	}
	for _, g := range resp.Groups {
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				at[p.Partition] = p.Offset
			}
		}
	}
	return at
}

// refuse makes the broker refuse commits with err, count of them or, for -1, until the
// returned function is called.
func (b *broker) refuse(err *kerr.Error, count int) (end func()) {
	return b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Group: group, Err: err, Count: count}).Remove
}

// eventually waits until ok returns true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			require.FailNow(t, "it takes too long", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// numbered returns n records with keys keys in turn, which are numbered within their key
// from 1 on.
func numbered(n, keys int) []*kgo.Record {
	records := make([]*kgo.Record, n)
	for i := range records {
		records[i] = kgo.KeyStringRecord("k"+strconv.Itoa(i%keys), strconv.Itoa(i/keys+1))
	}
	return records
}

// join of addresses, for the environment of another process.
func join(addresses []string) string  { return strings.Join(addresses, ",") }
func split(addresses string) []string { return strings.Split(addresses, ",") }

// members is how many members the group has, if it is stable.
func members(t testing.TB, b *broker) int {
	t.Helper()
	cl := client(t, b.addresses)
	defer cl.Close()
	describe := kmsg.NewPtrDescribeGroupsRequest()
	describe.Groups = []string{group}
	d, err := describe.RequestWith(context.Background(), cl)
	require.NoError(t, err)
	if d.Groups[0].State != "Stable" {
		return -1
	}
	return len(d.Groups[0].Members)
}

func keyOf(p int32) string { return "p" + itoa(int(p)) }

func itoa(n int) string { return strconv.Itoa(n) }

// durationOf is that of an environment variable, or 0.
func durationOf(name string) time.Duration {
	d, _ := time.ParseDuration(os.Getenv(name))
	return d
}

// heap is what is in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
