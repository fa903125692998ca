package redis

import (
	"context"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// fetch returns entries, which the session has then: first those that are pending for
// this consumer, then those whose session is silent, and then new ones. It may return
// none.
func (s *session[T]) fetch(ctx context.Context, room int) ([]*item, error) {
	if s.history != "" {
		items, over, err := s.readHistory(ctx, room)
		s.report()
		if err != nil || !over {
			return items, err
		}
		s.history = ""
	}
	now := time.Now()
	if !now.Before(s.nextSweep) {
		items, err := s.sweep(ctx, room)
		s.report()
		if err != nil || len(items) > 0 {
			return items, err
		}
	}
	if !now.Before(s.nextClean) {
		s.nextClean = now.Add(time.Minute)
		if err := s.clean(ctx); err != nil {
			return nil, err
		}
	}
	block := min(s.src.o.block, time.Until(s.nextSweep))
	messages, err := s.readGroup(ctx, ">", min(room, s.src.o.prefetch), max(block, time.Millisecond))
	if err != nil {
		return nil, err
	}
	return s.begin(messages, nil), nil
}

// report calls the user's function for entries that were found deleted.
func (s *session[T]) report() {
	if len(s.deleted) > 0 {
		s.src.o.deleted(s.deleted)
		s.deleted = nil
	}
}

// readHistory reads what is pending for this consumer. over: there is no more.
func (s *session[T]) readHistory(ctx context.Context, room int) (items []*item, over bool, err error) {
	s.settling.Lock()
	defer s.settling.Unlock()
	messages, err := s.readGroup(ctx, s.history, min(room, s.src.o.prefetch), -1)
	if err != nil || len(messages) == 0 {
		return nil, err == nil, err
	}
	messages = messages[:min(len(messages), room)] // some servers ignore the count here
	last := messages[len(messages)-1].ID
	items, err = s.take(ctx, messages)
	if err == nil {
		s.history = last
	}
	return items, false, err
}

// sweep claims entries whose session has sent no sign of life for AckWait.
func (s *session[T]) sweep(ctx context.Context, room int) ([]*item, error) {
	s.settling.Lock()
	defer s.settling.Unlock()
	for {
		messages, next, deleted, err := s.src.client.XAutoClaimWithDeleted(ctx, &goredis.XAutoClaimArgs{
			Stream: s.src.stream, Group: s.src.group, Consumer: s.name,
			MinIdle: s.src.o.ackWait, Start: s.cursor, Count: int64(min(room, s.src.o.prefetch)),
		}).Result()
		if err != nil {
			return nil, err
		}
		s.deleted = append(s.deleted, deleted...) // the server has removed them
		s.cursor = next
		over := next == "0-0"
		if over {
			s.nextSweep = time.Now().Add(min(s.src.o.ackWait/3, time.Second))
		}
		items, err := s.take(ctx, messages)
		if over || err != nil || len(items) > 0 {
			return items, err
		}
	}
}

// take begins entries that were delivered before, and acks those that were deleted. The
// caller holds settling since before the server has answered.
func (s *session[T]) take(ctx context.Context, messages []goredis.XMessage) ([]*item, error) {
	var there []goredis.XMessage
	var deleted []string
	s.mu.Lock()
	for _, m := range messages {
		it := s.has[m.ID]
		switch {
		case it != nil && !it.letGo(): // it runs here, or waits for its ack
		case m.Values == nil:
			deleted = append(deleted, m.ID)
		default:
			there = append(there, m)
		}
	}
	s.mu.Unlock()
	if len(deleted) > 0 {
		if err := s.src.client.XAck(ctx, s.src.stream, s.src.group, deleted...).Err(); err != nil {
			return nil, err
		}
		s.deleted = append(s.deleted, deleted...)
	}
	attempts, err := s.attempts(ctx, there)
	if err != nil {
		return nil, err
	}
	return s.begin(there, attempts), nil
}

// attempts returns how often the server has delivered each entry.
func (s *session[T]) attempts(ctx context.Context, messages []goredis.XMessage) ([]int, error) {
	if len(messages) == 0 {
		return nil, nil
	}
	p := s.src.client.Pipeline()
	cmds := make([]*goredis.XPendingExtCmd, len(messages))
	for i, m := range messages {
		cmds[i] = p.XPendingExt(ctx, &goredis.XPendingExtArgs{
			Stream: s.src.stream, Group: s.src.group, Start: m.ID, End: m.ID, Count: 1, Consumer: s.name,
		})
	}
	if _, err := p.Exec(ctx); err != nil {
		return nil, err
	}
	attempts := make([]int, len(messages))
	for i, cmd := range cmds {
		if got := cmd.Val(); len(got) > 0 {
			attempts[i] = int(got[0].RetryCount)
		}
	}
	return attempts, nil
}

// begin notes entries. Those without attempts are new.
func (s *session[T]) begin(messages []goredis.XMessage, attempts []int) []*item {
	if len(messages) == 0 {
		return nil
	}
	items := make([]*item, 0, len(messages))
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range messages {
		it := &item{XMessage: m, attempt: 1}
		if attempts != nil {
			it.attempt = attempts[i]
		}
		entry, ok := s.ledger.Begin(it)
		if !ok {
			break // closed: the entries stay pending
		}
		it.entry = entry
		s.has[m.ID] = it
		items = append(items, it)
	}
	return items
}

// clean deletes consumers that crashed sessions have left, when nothing is pending for
// them any more.
func (s *session[T]) clean(ctx context.Context) error {
	consumers, err := s.src.client.XInfoConsumers(ctx, s.src.stream, s.src.group).Result()
	if err != nil {
		return err
	}
	args := []any{s.src.group}
	for _, c := range consumers {
		if c.Pending == 0 && c.Name != s.name && strings.HasPrefix(c.Name, ownPrefix) && c.Idle > max(time.Minute, 10*s.src.o.ackWait) {
			args = append(args, c.Name)
		}
	}
	if len(args) == 1 {
		return nil
	}
	return leave.Run(ctx, s.src.client, []string{s.src.stream}, args...).Err()
}
