package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// hold sets the idle time of entries that still are the consumer's, and changes neither
// their counts nor the entries of others. After the group and the consumer, its arguments
// are pairs of an id and an idle time in milliseconds.
var hold = goredis.NewScript(`
local held = 0
for i = 3, #ARGV - 1, 2 do
  local p = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2])
  if #p > 0 then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'IDLE', ARGV[i+1], 'RETRYCOUNT', p[1][4], 'JUSTID')
    held = held + 1
  end
end
return held`)

// leave deletes the consumers for which nothing is pending. To delete a consumer deletes
// what is pending for it, so the look and the deletion are one step.
var leave = goredis.NewScript(`
local gone = 0
for i = 2, #ARGV do
  if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[i]) == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[i])
    gone = gone + 1
  end
end
return gone`)

// perScript is how many entries one script or command gets: others wait meanwhile.
const perScript = 256

// setIdle runs hold for entries, with the idle time of each.
func (s *session[T]) setIdle(ctx context.Context, items []*item, idle func(*item) time.Duration) error {
	for len(items) > 0 {
		n := min(len(items), perScript)
		args := append(make([]any, 0, 2+2*n), s.src.group, s.name)
		for _, it := range items[:n] {
			args = append(args, it.ID, max(0, idle(it)).Milliseconds())
		}
		if err := hold.Run(ctx, s.src.client, []string{s.src.stream}, args...).Err(); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}

// oneTry is a read that the client does not repeat by itself. The entries of a read whose
// answer was lost are pending for this consumer, and come with its history; a repetition
// would return later entries before them.
type oneTry struct{ *goredis.XStreamSliceCmd }

func (oneTry) NoRetry() bool { return true }

// readGroup reads entries after id: ">" are new ones, and others are those that are
// pending for this consumer.
func (s *session[T]) readGroup(ctx context.Context, id string, count int, block time.Duration) ([]goredis.XMessage, error) {
	queued := s.src.client.Pipeline()
	cmd := queued.XReadGroup(ctx, &goredis.XReadGroupArgs{
		Group: s.src.group, Consumer: s.name, Streams: []string{s.src.stream, id}, Count: int64(count), Block: block,
	})
	queued.Discard()
	switch err := s.src.client.Process(ctx, oneTry{cmd}); {
	case err == goredis.Nil: //nolint:errorlint // as the client returns it
		return nil, nil
	case err != nil:
		return nil, err
	case len(cmd.Val()) == 0:
		return nil, nil
	}
	return cmd.Val()[0].Messages, nil
}
