package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/turbopipes/turbopipes/delivery"
)

// batch is the records of a partition from one poll.
type batch struct {
	*part
	records []*kgo.Record
}

// polled is a poll, sorted by tenure. An err ends the stream.
type polled struct {
	batches []batch
	err     error
}

// Receive emits the events of the partitions that this member has.
func (s *session) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	polls := make(chan polled)
	// The poller may be held by a revocation, which waits for the pipeline. So Receive
	// does not join it: Close does.
	s.poller.Go(func() { s.poll(ctx, polls) })
	for {
		select {
		case <-ctx.Done():
			return nil
		case p := <-polls:
			if p.err != nil {
				return p.err
			}
			if !s.takeAll(ctx, p.batches, emit) {
				return nil
			}
		case <-s.tracker.Room():
			if !s.resume(ctx, emit) {
				return nil
			}
		}
	}
}

// poll polls until ctx ends.
func (s *session) poll(ctx context.Context, polls chan<- polled) {
	for ctx.Err() == nil {
		fetches := s.cl.PollRecords(ctx, s.maxPoll)
		// No rebalance happens until AllowRebalance. So each record belongs to the tenure
		// that is current now.
		batches, deleted := s.byTenure(fetches)
		s.cl.AllowRebalance()
		p := polled{batches, s.errorOf(ctx, fetches, deleted)}
		if len(p.batches) == 0 && p.err == nil {
			continue
		}
		select {
		case polls <- p:
		case <-ctx.Done(): // nothing of it was noted, so it comes again
		}
	}
}

// byTenure finds the tenure of each partition.
func (s *session) byTenure(fetches kgo.Fetches) (batches []batch, deleted error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fetches.EachPartition(func(f kgo.FetchTopicPartition) {
		p := s.parts[partition{f.Topic, f.Partition}]
		if p == nil {
			s.counts.left.Add(int64(len(f.Records)))
			return
		}
		if p.next >= 0 && p.next < f.LogStartOffset {
			deleted = errors.Join(deleted, fmt.Errorf("%w: %s/%d, positions %d to %d", ErrDeleted, f.Topic, f.Partition, p.next, f.LogStartOffset-1))
			p.next = f.LogStartOffset
		}
		if len(f.Records) > 0 {
			p.next = f.Records[len(f.Records)-1].Offset + 1
			batches = append(batches, batch{p, f.Records})
		}
	})
	return batches, deleted
}

// errorOf reports the errors of a poll that are survived, and returns the others.
func (s *session) errorOf(ctx context.Context, fetches kgo.Fetches, deleted error) (fatal error) {
	if deleted != nil {
		if s.stopAtDeleted {
			return deleted
		}
		s.onError(deleted)
	}
	fetches.EachError(func(topic string, n int32, err error) {
		if ctx.Err() != nil {
			return
		}
		var session *kgo.ErrGroupSession
		ends := false
		if errors.As(err, &session) {
			ends = hopeless(session.Err)
			err = fmt.Errorf("kafka: group %q: %w", s.group, fenced(err))
		} else {
			ends = fails(err)
			err = fmt.Errorf("kafka: %v: %w", partition{topic, n}, err)
		}
		if ends {
			fatal = err
			return
		}
		s.onError(err)
	})
	return fatal
}

// fails reports whether an error of a fetch ends the stream.
func fails(err error) bool {
	var loss *kgo.ErrDataLoss
	return !kerr.IsRetriable(err) && !kgo.IsRetryableBrokerErr(err) && !errors.As(err, &loss)
}

// hopeless reports whether the group can't be joined again. The client tries again after
// all other errors.
func hopeless(err error) bool {
	for _, e := range []error{
		kerr.GroupAuthorizationFailed, kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.SaslAuthenticationFailed,
		kerr.UnsupportedSaslMechanism, kerr.IllegalSaslState, kerr.InvalidGroupID, kerr.InconsistentGroupProtocol,
		kerr.InvalidSessionTimeout, kerr.UnsupportedVersion, kerr.FencedInstanceID,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// fenced adds ErrFenced to the error of a consumer that another process has.
func fenced(err error) error {
	if errors.Is(err, kerr.FencedInstanceID) {
		return fmt.Errorf("%w: %w", delivery.ErrFenced, err)
	}
	return err
}

// chunk is how many records of a partition are emitted before it is the turn of the next
// one. So the tails of all partitions fill at the same time.
const chunk = 64

// takeAll emits the records of a poll.
func (s *session) takeAll(ctx context.Context, batches []batch, emit func(delivery.Delivery[[]byte]) bool) bool {
	for len(batches) > 0 {
		left := batches[:0]
		for _, b := range batches {
			n := min(chunk, len(b.records))
			if !s.take(ctx, b.part, b.records[:n], emit) {
				return false
			}
			if b.records = b.records[n:]; len(b.records) > 0 {
				left = append(left, b)
			}
		}
		batches = left
	}
	return true
}

// take emits the records of p, after those that wait for room.
func (s *session) take(ctx context.Context, p *part, records []*kgo.Record, emit func(delivery.Delivery[[]byte]) bool) bool {
	if len(p.held) > 0 {
		p.held = append(p.held[:len(p.held):len(p.held)], records...)
		return true
	}
	more := s.pass(ctx, p, records, emit)
	if len(p.held) > 0 {
		s.waiting = append(s.waiting, p)
		s.pause(p)
	}
	return more
}

// patience is how long a full tail is waited for before its partition is paused, when
// the commit that makes room is due. The client drops the fetched records of a partition
// that is paused, and a resumed one waits for the fetch that is out, so pauses are for
// tails that stay full.
const patience = 200 * time.Millisecond

// begin notes an event.
func (s *session) begin(ctx context.Context, p *part, after kgo.EpochOffset) (token uint64, ok, full bool) {
	if token, ok, full = p.tenure.Begin(after); !full || len(s.tracker.Ready(p.key)) == 0 {
		return token, ok, full
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if token, ok = p.tenure.Wait(ctx, after); ok {
		return token, true, false
	}
	return p.tenure.Begin(after)
}

// pass notes and emits records, as far as the tail has room. It keeps the others.
func (s *session) pass(ctx context.Context, p *part, records []*kgo.Record, emit func(delivery.Delivery[[]byte]) bool) bool {
	events := make([]event, len(records))
	for i, r := range records {
		token, ok, full := s.begin(ctx, p, kgo.EpochOffset{Epoch: r.LeaderEpoch, Offset: r.Offset + 1})
		switch {
		case full:
			p.held = records[i:]
			return true
		case !ok: // the next owner gets them
			s.counts.left.Add(int64(len(records) - i))
			return true
		}
		events[i] = event{p, r}
		if !emit(delivery.New(r.Value, string(r.Key), &events[i], token)) {
			return false
		}
	}
	return true
}

// resume emits the records that have waited for room.
func (s *session) resume(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) bool {
	waiting := s.waiting
	s.waiting = nil
	for i, p := range waiting {
		over := p.tenure.Context().Err() != nil
		if !over && p.tenure.Full() {
			s.waiting = append(s.waiting, p)
			continue
		}
		held := p.held
		p.held = nil
		if over {
			s.counts.left.Add(int64(len(held)))
			continue
		}
		if !s.pass(ctx, p, held, emit) {
			s.waiting = append(s.waiting, waiting[i+1:]...)
			return false
		}
		if len(p.held) > 0 {
			s.waiting = append(s.waiting, p)
			continue
		}
		s.unpause(p)
	}
	return true
}

// pause stops the fetches of p, if it still is the tenure of its partition.
func (s *session) pause(p *part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts[p.key] == p && !p.paused {
		p.paused = true
		s.counts.paused.Add(1)
		s.cl.PauseFetchPartitions(p.key.only())
	}
}

func (s *session) unpause(p *part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unpauseLocked(p)
}

// unpauseLocked lets the client fetch p again. The client keeps a pause when the
// partition goes to another member and comes back. The caller holds mu.
func (s *session) unpauseLocked(p *part) {
	if p.paused {
		p.paused = false
		s.cl.ResumeFetchPartitions(p.key.only())
	}
}

func (k partition) only() map[string][]int32 { return map[string][]int32{k.topic: {k.n}} }

func (k partition) String() string { return k.topic + "/" + strconv.Itoa(int(k.n)) }
