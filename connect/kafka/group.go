package kafka

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/turbopipes/turbopipes/delivery"
)

// each calls fn for each partition of m.
func each(m map[string][]int32, fn func(partition)) {
	for topic, ns := range m {
		for _, n := range ns {
			fn(partition{topic, n})
		}
	}
}

// assigned begins the tenures of m. The client calls it, and the two after it, while no
// poll is between its return and AllowRebalance.
func (s *session) assigned(_ context.Context, cl *kgo.Client, m map[string][]int32) {
	<-s.ready
	_, generation := cl.GroupMetadata()
	each(m, func(k partition) {
		s.forget(k)
		p := &part{s: s, key: k, prefix: k.String() + "@", tenure: s.tracker.Assign(k), epoch: int64(generation), next: -1}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.parts[k] = p
	})
}

// positions notes where the partitions begin.
func (s *session) positions(_ context.Context, _ *kgo.Client, resp *kmsg.OffsetFetchResponse) error {
	<-s.ready
	note := func(topic string, n int32, at int64, code int16) {
		if p := s.parts[partition{topic, n}]; p != nil && code == 0 && at >= 0 && p.next < 0 {
			p.next = at
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			note(t.Topic, p.Partition, p.Offset, p.ErrorCode)
		}
	}
	for _, g := range resp.Groups {
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				note(t.Topic, p.Partition, p.Offset, p.ErrorCode)
			}
		}
	}
	return nil
}

// revoked refuses new events of m, waits for the open ones, commits, and ends the
// tenures, in this order.
func (s *session) revoked(_ context.Context, _ *kgo.Client, m map[string][]int32) {
	<-s.ready
	var ks []partition
	each(m, func(k partition) { ks = append(ks, k) })
	if len(ks) == 0 {
		return
	}
	drain, cancel := context.WithTimeout(s.last, s.revokeWait)
	defer cancel()
	var all sync.WaitGroup
	for _, k := range ks {
		if t := s.tracker.Tenure(k); t != nil {
			all.Go(func() {
				if t.Drain(drain) != nil {
					s.counts.undrained.Add(1) // the next owner gets those that are open
				}
			})
		}
	}
	all.Wait()
	insist, done := context.WithTimeout(s.last, s.commitWait)
	defer done()
	if err := s.committing.CommitNow(insist, ks...); err != nil {
		s.onError(fmt.Errorf("kafka: group %q: the commit of revoked partitions was refused, so their next owner repeats events: %w", s.group, err))
	}
	for _, k := range ks {
		s.forget(k)
	}
}

// lost ends the tenures of m: their partitions may be somebody else's by now.
func (s *session) lost(_ context.Context, _ *kgo.Client, m map[string][]int32) {
	<-s.ready
	each(m, s.forget)
}

// forget ends the tenure of k, if there is one.
func (s *session) forget(k partition) {
	s.mu.Lock()
	if p := s.parts[k]; p != nil {
		delete(s.parts, k)
		s.unpauseLocked(p)
	}
	s.mu.Unlock()
	if t := s.tracker.Tenure(k); t != nil {
		t.End()
	}
}

// commit commits, and confirms what was accepted. The errors are in the response, one
// for each partition.
func (s *session) commit(ctx context.Context, cs []commit) error {
	offsets := map[string]map[int32]kgo.EpochOffset{}
	byKey := make(map[partition]commit, len(cs))
	for _, c := range cs {
		if offsets[c.Key.topic] == nil {
			offsets[c.Key.topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[c.Key.topic][c.Key.n] = c.Next
		byKey[c.Key] = c
	}
	s.counts.commits.Add(1)
	var failed error
	s.cl.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		if err != nil {
			failed = err
			return
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if c, ok := byKey[partition{t.Topic, p.Partition}]; ok && p.ErrorCode == 0 {
					c.Confirm()
					delete(byKey, c.Key)
				} else if err := kerr.ErrorForCode(p.ErrorCode); err != nil && (failed == nil || passing(err)) {
					failed = fmt.Errorf("%s/%d: %w", t.Topic, p.Partition, err)
				}
			}
		}
		if failed == nil && len(byKey) > 0 {
			failed = errors.New("kafka: the broker has not answered for all partitions of a commit")
		}
	})
	return s.judge(ctx, failed)
}

// judge marks an error of a commit that no retry mends, and reports errors that last.
func (s *session) judge(ctx context.Context, err error) error {
	if err == nil {
		s.failures.Store(0)
		return nil
	}
	s.counts.refused.Add(1)
	if n := s.failures.Add(1); ctx.Err() == nil && n >= 8 && bits.OnesCount64(uint64(n)) == 1 { //nolint:gosec // it is positive
		s.onError(fmt.Errorf("kafka: group %q: %d commits in a row were refused: %w", s.group, n, err))
	}
	if passing(err) {
		return err
	}
	return delivery.Permanent(err)
}

// passing reports whether a commit that was refused with err may be accepted later.
// ILLEGAL_GENERATION and STALE_MEMBER_EPOCH come while the client learns of a new
// generation. A member that was removed gets UNKNOWN_MEMBER_ID, and the client calls
// lost.
func passing(err error) bool {
	var e *kerr.Error
	if !errors.As(err, &e) || e.Retriable {
		return true
	}
	return e == kerr.RebalanceInProgress || e == kerr.IllegalGeneration || e == kerr.StaleMemberEpoch
}
