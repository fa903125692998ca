package redis_test

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/redis"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

func TestInfo(t *testing.T) {
	c := connect(t, server(t))
	stream := newStream(t, c)
	before := time.Now().Add(-time.Second)
	id, err := c.XAdd(t.Context(), &goredis.XAddArgs{Stream: stream, Values: []any{"body", "v", "who", "ada", "b", "2", "a", "1"}}).Result()
	require.NoError(t, err)
	src := redis.Source(c, stream, group, redis.ValueField("body"), redis.KeyField("who"), redis.Block(10*time.Millisecond))
	var got []string
	in := delivery.Process(src, 1, func(_ context.Context, d event) error {
		i := d.Info()
		require.Equal(t, "v", string(d.Value))
		require.Equal(t, "ada", d.Key)
		require.Equal(t, []any{stream, id, id, 1}, []any{i.Source, i.Position, i.ID, i.Attempt})
		require.WithinRange(t, i.Time, before, time.Now().Add(time.Second))
		for k, v := range i.Headers.All() {
			got = append(got, k+"="+v)
		}
		return nil
	})
	require.NoError(t, operators.Take[delivery.Receipt](1)(in).Drain(t.Context()))
	require.Equal(t, []string{"a=1", "b=2"}, got)
}

// TestMessages: whole entries, with a key of one's own.
func TestMessages(t *testing.T) {
	c := connect(t, server(t))
	stream := newStream(t, c)
	add(t, c, stream, numbers(0, 3, 3)...)
	src := redis.Messages(c, stream, group, redis.KeyBy(func(m goredis.XMessage) string { return m.Values["id"].(string) }), redis.Block(10*time.Millisecond))
	in := delivery.Process(src, 1, func(_ context.Context, d delivery.Delivery[goredis.XMessage]) error {
		require.Equal(t, d.Value.Values["value"], d.Key)
		return nil
	})
	require.NoError(t, operators.Take[delivery.Receipt](3)(in).Drain(t.Context()))
}

// TestStartAt: a new group starts where the option says.
func TestStartAt(t *testing.T) {
	c := connect(t, server(t))
	stream := newStream(t, c)
	add(t, c, stream, numbers(0, 3, 1)...)
	src := source(c, stream, redis.StartAt("$"))
	s, err := src.Open(t.Context(), delivery.SessionOptions{})
	require.NoError(t, err)
	require.NoError(t, s.Close(t.Context(), delivery.End{}))
	add(t, c, stream, numbers(3, 1, 1)...)
	a := newAccount()
	p := run(t, src, 1, func(_ context.Context, d event) error { a.add(string(d.Value)); return nil })
	a.wait(t, 1)
	require.NoError(t, p.Stop(t.Context()))
	require.Equal(t, []string{"3"}, a.order)
}

func TestFailures(t *testing.T) {
	c := connect(t, server(t))
	nothing := func(context.Context, event) error { return nil }
	t.Run("no stream", func(t *testing.T) {
		err := delivery.Process(source(c, newStream(t, c), redis.MustExist()), 1, nothing).Drain(t.Context())
		require.ErrorContains(t, err, "no such key")
	})
	t.Run("no group", func(t *testing.T) {
		stream := newStream(t, c)
		add(t, c, stream, numbers(0, 1, 1)...)
		err := delivery.Process(source(c, stream, redis.MustExist()), 1, nothing).Drain(t.Context())
		require.ErrorContains(t, err, `redis: the group "g" of the stream "`+stream+`": it does not exist`)
	})
	t.Run("no stream type", func(t *testing.T) {
		stream := newStream(t, c)
		require.NoError(t, c.Set(t.Context(), stream, "x", 0).Err())
		err := delivery.Process(source(c, stream), 1, nothing).Drain(t.Context())
		require.ErrorContains(t, err, "WRONGTYPE")
	})
	t.Run("the group is deleted", func(t *testing.T) {
		stream := newStream(t, c)
		add(t, c, stream, numbers(0, 1, 1)...)
		a := newAccount()
		s := run(t, source(c, stream), 1, func(_ context.Context, d event) error { a.add(string(d.Value)); return nil })
		a.wait(t, 1)
		require.Eventually(t, func() bool { return pending(t, c, stream) == 0 }, 10*time.Second, time.Millisecond)
		require.NoError(t, c.XGroupDestroy(t.Context(), stream, group).Err())
		require.ErrorContains(t, s.Wait(), "NOGROUP")
	})
	t.Run("the client is closed", func(t *testing.T) {
		stream := newStream(t, c)
		other := goredis.NewClient(c.Options())
		s := run(t, source(other, stream), 1, nothing)
		require.Eventually(t, func() bool { return c.Exists(t.Context(), stream).Val() == 1 }, 10*time.Second, time.Millisecond)
		require.NoError(t, other.Close())
		require.ErrorIs(t, s.Wait(), goredis.ErrClosed)
	})
}

func TestArguments(t *testing.T) {
	c := connect(t, server(t))
	for text, src := range map[string]delivery.Source[[]byte]{
		"client is nil":                         redis.Source(nil, "s", "g"),
		"stream is empty":                       redis.Source(c, "", "g"),
		"group is empty":                        redis.Source(c, "s", ""),
		"option 1 is nil":                       redis.Source(c, "s", "g", nil),
		"Consumer: the text is empty":           redis.Source(c, "s", "g", redis.Consumer("")),
		"StartAt: the text is empty":            redis.Source(c, "s", "g", redis.StartAt("")),
		"ValueField: the text is empty":         redis.Source(c, "s", "g", redis.ValueField("")),
		"KeyField: the text is empty":           redis.Source(c, "s", "g", redis.KeyField("")),
		"KeyBy: fn is nil":                      redis.Source(c, "s", "g", redis.KeyBy(nil)),
		"OnDeleted: fn is nil":                  redis.Source(c, "s", "g", redis.OnDeleted(nil)),
		"Prefetch: n is 0, want at least 1":     redis.Source(c, "s", "g", redis.Prefetch(0)),
		"AckWait: d is 1ms, want at least 10ms": redis.Source(c, "s", "g", redis.AckWait(time.Millisecond)),
		"MaxHold: d is 0s, want at least 1ms":   redis.Source(c, "s", "g", redis.MaxHold(0)),
		"Block: d is 0s, want at least 1ms":     redis.Source(c, "s", "g", redis.Block(0)),
	} {
		_, err := src.Open(t.Context(), delivery.SessionOptions{})
		require.ErrorIs(t, err, tp.ErrInvalidArgument)
		require.EqualError(t, err, tp.ErrInvalidArgument.Error()+": redis.Source: "+text)
	}
}

// TestCuts cuts the network again and again: nothing is lost, and a consumer with a fixed
// name keeps the order. REDIS_AWAY is for how many seconds the server is away once.
func TestCuts(t *testing.T) {
	const n, cuts, keys = 3000, 12, 10
	addr := server(t)
	c := connect(t, addr)
	stream := newStream(t, c)
	network := newProxy(t, addr)
	cl := connect(t, network.addr)
	add(t, c, stream, numbers(0, n, keys)...)
	a := newAccount()
	s := run(t, source(cl, stream, redis.Consumer("c")), 8, func(_ context.Context, d event) error {
		if i, err := strconv.Atoi(string(d.Value)); err == nil && i%5 == 0 {
			time.Sleep(time.Millisecond)
		}
		a.add(string(d.Value))
		return nil
	}, delivery.MaxUncommitted(64))
	away, err := strconv.Atoi(os.Getenv("REDIS_AWAY"))
	for i := range cuts {
		a.wait(t, (i+1)*n/(cuts+1))
		network.down()
		if i == 0 && err == nil {
			time.Sleep(time.Duration(away) * time.Second)
		}
		network.up(t)
	}
	a.wait(t, n)
	require.NoError(t, s.Stop(t.Context()))
	all := len(a.order)
	t.Logf("%d events, %d cuts: %d repeated", n, cuts, all-n)
	require.Zero(t, pending(t, c, stream))
	seen := map[string]bool{}
	last := make([]int, keys)
	for _, v := range a.order {
		if i, err := strconv.Atoi(v); !seen[v] {
			require.NoError(t, err)
			require.GreaterOrEqual(t, i, last[i%keys])
			last[i%keys], seen[v] = i, true
		}
	}
	require.Equal(t, n, all, "the session still has what it had, and sends its acks again")
}
