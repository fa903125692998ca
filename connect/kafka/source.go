package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/turbopipes/turbopipes/delivery"
)

// openWithin is how long the brokers may take to say that they know the topics.
const openWithin = 10 * time.Second

// defaultUncommitted is for a pipeline whose window is not known.
const defaultUncommitted = 1024

// Source returns the subscription of a consumer group to a topic. A delivery has the
// value of the record and, as its key, the key of the record. Nothing runs before the
// stream is subscribed to. Each subscription is a member of the group, and has a client
// of its own.
//
// The position of a partition is committed up to the first event that is not settled.
// After a crash at most MaxUncommitted events of each partition come again, and after a
// graceful stop none. A partition with so many is paused, and the others go on.
//
// When a partition is revoked, its events that are in work are waited for, see
// [RevokeWait]; then their positions are committed. A graceful rebalance repeats nothing.
// A partition that is lost, since the broker has removed this member, is not waited for.
// A settlement that comes later has no effect.
//
// It fails when the topic does not exist or the brokers don't answer within 10 s, and
// later on errors that no retry mends, such as a missing permission. An instance id that
// another process has taken is a [delivery.ErrFenced]. Brokers that are away later are
// waited for. Bad arguments are an ErrInvalidArgument of the stream.
//
// Memory, beside the pipeline's: the fetches of the client (see kgo.FetchMaxBytes, 50 MB
// for each broker by default), and the records of a few polls (see [MaxPollRecords]).
// Goroutines: those of the client, one that polls and one that commits, joined before
// the stream ends.
func Source(c Cluster, topic, group string, opts ...Option) delivery.Source[[]byte] {
	s, err := settingsOf(topic, group, opts)
	return &source{c, s, err}
}

type source struct {
	cluster Cluster
	settings
	bad error
}

// partition names one.
type partition struct {
	topic string
	n     int32
}

type (
	tracker = delivery.Tracker[partition, kgo.EpochOffset]
	tenure  = delivery.Tenure[partition, kgo.EpochOffset]
	commit  = delivery.Commit[partition, kgo.EpochOffset]
)

// counts are the counters of all sessions of a source.
type counts struct {
	commits, refused, undrained, left, paused, late atomic.Int64
}

// session is a member of the group.
type session struct {
	settings
	cl         *kgo.Client
	ready      chan struct{} // closed when cl is set
	tracker    *tracker
	committing *delivery.Committing[partition]
	failures   atomic.Int64  // commits in a row that were refused
	commitWait time.Duration // of a revocation
	poller     sync.WaitGroup

	last  context.Context //nolint:containedctx // it ends when the time of Close is over
	abort context.CancelFunc

	waiting []*part // of Receive: those with records that the tail has no room for

	mu    sync.Mutex
	parts map[partition]*part
}

// part is a tenure of a partition.
type part struct {
	s      *session
	key    partition
	prefix string // of the ids of its events
	tenure *tenure
	epoch  int64
	held   []*kgo.Record // of Receive: the tail is full

	// under mu of the session
	next   int64 // the position that is to be polled next; negative: it is not known
	paused bool  // at the client
}

// Open joins the group.
func (s *source) Open(ctx context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	if s.bad != nil {
		return nil, s.bad
	}
	bound := o.MaxUncommitted
	if bound == 0 {
		bound = defaultUncommitted
	}
	n := &session{
		settings: s.settings, ready: make(chan struct{}), tracker: delivery.NewTracker[partition, kgo.EpochOffset](bound),
		parts: map[partition]*part{},
	}
	n.last, n.abort = context.WithCancel(context.WithoutCancel(ctx))
	cl, err := kgo.NewClient(n.options(s.cluster)...)
	if err != nil {
		n.abort()
		return nil, fmt.Errorf("kafka: %w", err)
	}
	n.cl = cl
	n.committing = delivery.Committer(n.tracker, s.every, max(1, bound/4), n.commit)
	timeout, _ := cl.OptValue(kgo.RebalanceTimeout).(time.Duration)
	n.commitWait = min(10*time.Second, max(time.Second, (timeout-s.revokeWait)/2))
	close(n.ready)
	if timeout <= s.revokeWait {
		err = fmt.Errorf("kafka: RevokeWait is %v, want less than the RebalanceTimeout, which is %v", s.revokeWait, timeout)
	} else {
		err = n.look(ctx)
	}
	if err != nil {
		now, cancel := context.WithCancel(context.WithoutCancel(ctx))
		cancel() // there is nothing to commit, and nobody to wait for
		_ = n.Close(now, delivery.End{})
		return nil, err
	}
	return n, nil
}

// options are those of the client. The later ones win.
func (s *session) options(c Cluster) []kgo.Opt {
	opts := []kgo.Opt{
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(500 * time.Millisecond),
	}
	opts = append(opts, c...)
	opts = append(opts, s.client...)
	return append(opts,
		kgo.ConsumerGroup(s.group), kgo.ConsumeTopics(s.topics...), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(s.assigned), kgo.OnPartitionsRevoked(s.revoked), kgo.OnPartitionsLost(s.lost),
		kgo.OnOffsetsFetched(s.positions),
		kgo.WithContext(s.last), // kgo.Close waits for a join, which the brokers may hold for a minute
	)
}

// look asks the brokers for the topics.
func (s *session) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range s.topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = &name
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, s.cl)
	if err != nil {
		return fmt.Errorf("kafka: the brokers can't be asked for the topic: %w", err)
	}
	for _, t := range resp.Topics {
		err := kerr.ErrorForCode(t.ErrorCode)
		if err != nil && t.Topic != nil && (!kerr.IsRetriable(err) || errors.Is(err, kerr.UnknownTopicOrPartition)) {
			return fmt.Errorf("kafka: topic %q: %w", *t.Topic, err)
		}
	}
	return nil
}

// Close commits the events that are done, and leaves the group. It takes no more time
// than ctx has, a part of which is kept for the end of the client.
func (s *session) Close(ctx context.Context, _ delivery.End) error {
	defer s.abort()
	left := 10 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	ctx, cancel := context.WithTimeout(ctx, left-min(left/4, time.Second))
	defer cancel()
	defer context.AfterFunc(ctx, s.abort)()
	s.committing.Close()
	err := s.committing.CommitNow(ctx)
	for _, t := range s.tracker.Tenures() {
		t.End() // open events will not be settled any more. A revocation waits no longer
	}
	s.counts.late.Add(s.tracker.Late())
	s.poller.Wait()
	s.cl.AllowRebalance()
	_ = s.cl.LeaveGroupContext(ctx) // the broker removes a member that it does not hear of
	s.cl.Close()
	if err != nil {
		return fmt.Errorf("kafka: the last commit: %w", err)
	}
	return nil
}
