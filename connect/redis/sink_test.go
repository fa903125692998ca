package redis_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/redis"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

func TestPublish(t *testing.T) {
	c := connect(t, server(t))
	stream := newStream(t, c)
	sink := redis.NewSink(c, stream, redis.FieldNames("body", "who"), redis.ExactMaxLen(2))
	for _, v := range []string{"1", "2", "3"} {
		id, err := sink.Publish(t.Context(), redis.Message{Key: "ada", Value: []byte(v), Fields: map[string]string{"n": v}})
		require.NoError(t, err)
		require.NotEmpty(t, id)
	}
	_, err := sink.Publish(t.Context(), redis.Message{Value: []byte("4")})
	require.NoError(t, err)
	all, err := c.XRange(t.Context(), stream, "-", "+").Result()
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, map[string]any{"body": "3", "who": "ada", "n": "3"}, all[0].Values)
	require.Equal(t, map[string]any{"body": "4"}, all[1].Values)
}

func TestPublishErrors(t *testing.T) {
	c := connect(t, server(t))
	stream := newStream(t, c)
	for text, sink := range map[string]*redis.Sink{
		"client is nil":                         redis.NewSink(nil, "s"),
		"stream is empty":                       redis.NewSink(c, ""),
		"option 1 is nil":                       redis.NewSink(c, "s", nil),
		"MaxLen: n is 0, want at least 1":       redis.NewSink(c, "s", redis.MaxLen(0)),
		"ExactMaxLen: n is -1, want at least 1": redis.NewSink(c, "s", redis.ExactMaxLen(-1)),
		"FieldNames: a name is empty":           redis.NewSink(c, "s", redis.FieldNames("", "k")),
	} {
		_, err := sink.Publish(t.Context(), redis.Message{})
		require.ErrorIs(t, err, tp.ErrInvalidArgument)
		require.ErrorContains(t, err, "redis.NewSink: "+text)
	}
	_, err := redis.NewSink(c, stream).Publish(t.Context(), redis.Message{Fields: map[string]string{"key": "k"}})
	require.ErrorIs(t, err, tp.ErrInvalidArgument)
	require.NoError(t, c.Set(t.Context(), stream, "x", 0).Err())
	_, err = redis.NewSink(c, stream).Publish(t.Context(), redis.Message{})
	require.ErrorContains(t, err, "WRONGTYPE")
}

// TestForward goes from one stream to another while the network is cut again and again:
// each event arrives, in order per key.
func TestForward(t *testing.T) {
	const n, cuts, keys = 1500, 6, 10
	addr := server(t)
	c := connect(t, addr)
	from, to := newStream(t, c), newStream(t, c)
	network := newProxy(t, addr)
	cl := connect(t, network.addr)
	add(t, c, from, numbers(0, n, keys)...)
	sink := redis.NewSink(cl, to, redis.MaxLen(10*n))
	receipts := delivery.Through(source(cl, from, redis.Consumer("c")), func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
		return tp.Pipe2(in,
			delivery.Map(func(b []byte) redis.Message { return redis.Message{Value: b} }),
			sink.Each(8, delivery.Retry(tp.Infinite, operators.Constant(10*time.Millisecond))))
	}, delivery.MaxUncommitted(64))
	s := receipts.Subscribe(t.Context(), tp.Observer[delivery.Receipt]{})
	t.Cleanup(s.Dispose)
	length := func() int { return int(c.XLen(t.Context(), to).Val()) }
	for i := range cuts {
		require.Eventually(t, func() bool { return length() >= (i+1)*n/(cuts+1) }, time.Minute, time.Millisecond)
		network.down()
		network.up(t)
	}
	require.Eventually(t, func() bool {
		return length() >= n && pending(t, c, from) == 0 && c.XInfoGroups(t.Context(), from).Val()[0].LastDeliveredID == c.XInfoStream(t.Context(), from).Val().LastGeneratedID
	},
		time.Minute, 10*time.Millisecond)
	require.NoError(t, s.Stop(t.Context()))
	all, err := c.XRange(t.Context(), to, "-", "+").Result()
	require.NoError(t, err)
	seen, last := map[string]bool{}, make([]int, keys)
	for _, m := range all {
		v := m.Values["value"].(string)
		i, err := strconv.Atoi(v)
		require.NoError(t, err)
		if !seen[v] {
			require.GreaterOrEqual(t, i, last[i%keys])
			last[i%keys], seen[v] = i, true
		}
	}
	require.Len(t, seen, n)
	t.Logf("%d events, %d cuts: %d added twice", n, cuts, len(all)-n)
}

func TestDeadLetter(t *testing.T) {
	c := connect(t, server(t))
	from, to := newStream(t, c), newStream(t, c)
	add(t, c, from, numbers(0, 3, 1)...)
	receipts := delivery.Process(source(c, from), 1, func(_ context.Context, d event) error {
		if string(d.Value) == "1" {
			return errors.New("hopeless")
		}
		return nil
	}, delivery.Retry(1, operators.Constant(0)), delivery.DeadLetter(redis.NewSink(c, to).DeadLetter()))
	require.NoError(t, operators.Take[delivery.Receipt](3)(receipts).Drain(t.Context()))
	all, err := c.XRange(t.Context(), to, "-", "+").Result()
	require.NoError(t, err)
	require.Len(t, all, 1)
	v := all[0].Values
	require.Contains(t, v[redis.DeadEventField], from+"/0@")
	delete(v, redis.DeadEventField)
	require.Equal(t, map[string]any{
		"value": "1", "key": "k0", "id": "1", redis.DeadErrorField: "hopeless", redis.DeadTriesField: "2",
	}, v)
}
