package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/delivery"
)

var errBoom = errors.New("it fails")

// settled keeps what becomes of the events of a tenure.
type settled struct {
	ctx  context.Context //nolint:containedctx // of the tenure
	end  context.CancelCauseFunc
	got  []string
	errs map[uint64]error
}

func newSettled() *settled {
	s := &settled{errs: map[uint64]error{}}
	s.ctx, s.end = context.WithCancelCause(context.Background())
	return s
}

func (s *settled) Settle(token uint64, err error) {
	s.got = append(s.got, fmt.Sprint(token))
	s.errs[token] = err
}

func (s *settled) Info(token uint64) delivery.Info {
	return delivery.Info{Source: "s", Partition: 3, Position: fmt.Sprint(token)}
}

func (s *settled) Context() context.Context { return s.ctx }

func (s *settled) event(token uint64) delivery.Delivery[string] {
	return delivery.New(fmt.Sprint("v", token), "k", s, token)
}

func TestDeliveryIsSettledOnce(t *testing.T) {
	s := newSettled()
	a, b := s.event(1), s.event(2)
	a.Ack()
	a.Nack(errBoom)
	delivery.With(a, 7).Ack()
	b.Nack(nil)
	b.Ack()
	require.Equal(t, []string{"1", "2"}, s.got)
	require.NoError(t, s.errs[1])
	require.Error(t, s.errs[2])
	require.Equal(t, "s/3@1", a.Info().String())
	require.Equal(t, delivery.Delivery[int]{Value: 7, Key: "k"}.Key, delivery.With(a, 7).Key)
}

func TestZeroDelivery(t *testing.T) {
	d := delivery.Delivery[int]{Value: 1}
	for _, part := range delivery.Split(d, 1, 2) {
		part.Ack()
	}
	delivery.Join([]delivery.Delivery[int]{d, d}).Nack(errBoom)
	delivery.Join[int](nil).Ack()
	d.Ack()
	require.Zero(t, d.Info().Position)
	require.NoError(t, d.Context().Err())
	delivery.New(1, "", nil, 0).Ack()
	require.Zero(t, delivery.Join([]delivery.Delivery[int]{d}).Info())
}

func TestSplit(t *testing.T) {
	s := newSettled()
	parts := delivery.Split(s.event(1), "a", "b", "c")
	parts[0].Ack()
	parts[0].Ack()
	parts[2].Ack()
	require.Empty(t, s.got)
	require.Equal(t, "1", parts[1].Info().Position)
	parts[1].Ack()
	require.NoError(t, s.errs[1])
	require.Len(t, s.got, 1)

	parts = delivery.Split(s.event(2), "a", "b")
	parts[0].Nack(errBoom)
	require.Len(t, s.got, 1)
	parts[1].Ack()
	require.ErrorIs(t, s.errs[2], errBoom)

	require.Empty(t, delivery.Split[string, string](s.event(3)))
	require.Equal(t, []string{"1", "2", "3"}, s.got)
}

func TestJoin(t *testing.T) {
	s := newSettled()
	j := delivery.Join([]delivery.Delivery[string]{s.event(1), s.event(2)})
	require.Equal(t, []string{"v1", "v2"}, j.Value)
	require.Empty(t, j.Key)
	require.Equal(t, "1", j.Info().Position)
	j.Ack()
	j.Nack(errBoom)
	require.Equal(t, []string{"1", "2"}, s.got)
}

// TestSplitAndJoinNest: parts of joined ones of parts.
func TestSplitAndJoinNest(t *testing.T) {
	s := newSettled()
	a := delivery.Split(s.event(1), 1, 2)
	b := delivery.Split(s.event(2), 3, 4)
	joined := delivery.Join([]delivery.Delivery[int]{a[0], b[0]})
	parts := delivery.Split(joined, "x", "y")
	parts[0].Ack()
	a[1].Ack()
	require.Empty(t, s.got)
	require.Equal(t, "1", parts[1].Info().Position)
	parts[1].Nack(errBoom)
	require.Equal(t, []string{"1"}, s.got)
	require.ErrorIs(t, s.errs[1], errBoom)
	b[1].Ack()
	require.ErrorIs(t, s.errs[2], errBoom)
}

func TestDeliveryContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other := newSettled(), newSettled()
		one := delivery.Split(s.event(1), 1)[0]
		same := delivery.Join([]delivery.Delivery[string]{s.event(1), s.event(2)})
		several := delivery.Join([]delivery.Delivery[string]{s.event(1), other.event(2)})
		part := delivery.Split(delivery.Join([]delivery.Delivery[string]{s.event(1), other.event(2)}), "a")[0]
		require.Equal(t, s.ctx, one.Context())
		require.Equal(t, s.ctx, same.Context())
		require.NoError(t, several.Context().Err())
		other.end(delivery.ErrRevoked)
		synctest.Wait()
		require.ErrorIs(t, context.Cause(several.Context()), delivery.ErrRevoked)
		require.ErrorIs(t, context.Cause(part.Context()), delivery.ErrRevoked)
		require.NoError(t, same.Context().Err())

		settled := delivery.Join([]delivery.Delivery[string]{s.event(5), newSettled().event(6)})
		before := settled.Context()
		settled.Ack()
		require.Error(t, before.Err(), "nothing is held on to")
		unasked := delivery.Join([]delivery.Delivery[string]{s.event(7), newSettled().event(8)})
		unasked.Ack()
		require.Error(t, unasked.Context().Err())
	})
}

func TestHeaders(t *testing.T) {
	require.Empty(t, delivery.Headers{}.Get("a"))
	require.Empty(t, slices.Collect(maps.Keys(maps.Collect(delivery.Headers{}.All()))))
	h := delivery.NewHeaders(func(yield func(string, string) bool) {
		_ = yield("a", "1") && yield("b", "2") && yield("a", "3")
	})
	require.Equal(t, "1", h.Get("a"))
	require.Equal(t, "2", h.Get("b"))
	require.Empty(t, h.Get("A"))
}

func TestPermanent(t *testing.T) {
	require.NoError(t, delivery.Permanent(nil))
	require.EqualError(t, delivery.Permanent(errBoom), errBoom.Error())
	require.ErrorIs(t, delivery.Permanent(errBoom), errBoom)
	_, ok := delivery.RequeueDelay(errBoom)
	require.False(t, ok)
}
