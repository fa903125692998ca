package delivery_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// sessionOf is a source of one session, whose functions a test sets.
type sessionOf struct {
	receive func(ctx context.Context, emit func(event) bool) error
	closed  func(ctx context.Context, how delivery.End) error
	options delivery.SessionOptions
}

func (s *sessionOf) Open(_ context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	s.options = o
	return s, nil
}

func (s *sessionOf) Receive(ctx context.Context, emit func(event) bool) error {
	return s.receive(ctx, emit)
}

func (s *sessionOf) Close(ctx context.Context, how delivery.End) error {
	if s.closed == nil {
		return nil
	}
	return s.closed(ctx, how)
}

// emits emits the events of s with these tokens.
func emits(s *settled, tokens ...uint64) *sessionOf {
	return &sessionOf{receive: func(_ context.Context, emit func(event) bool) error {
		for _, token := range tokens {
			if !emit(delivery.With(s.event(token), []byte{byte(token)})) {
				break
			}
		}
		return nil
	}}
}

func TestProcessRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSettled()
		time.AfterFunc(time.Second, func() { s.end(delivery.ErrRevoked) })
		began := 0
		receipts, err := delivery.Process(emits(s, 1, 2, 3), 2, func(ctx context.Context, d event) error {
			began++
			type key struct{}
			require.Nil(t, ctx.Value(key{}))
			err := sleep(ctx, time.Hour)
			require.ErrorIs(t, err, delivery.ErrRevoked)
			require.ErrorIs(t, context.Cause(ctx), delivery.ErrRevoked)
			return err
		}, delivery.Retry(5, operators.Constant(time.Second))).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, began, "the others of the key are not begun")
		require.Len(t, receipts, 3)
		for _, r := range receipts {
			require.Equal(t, delivery.Revoked, r.Outcome)
			require.Error(t, r.Err)
		}
		require.Empty(t, s.got)
	})
}

// TestProcessRevokedInAPause: the wait of a retry ends with the tenure.
func TestProcessRevokedInAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSettled()
		time.AfterFunc(time.Second, func() { s.end(delivery.ErrRevoked) })
		receipts, err := delivery.Process(emits(s, 1), 2, func(context.Context, event) error { return errBoom },
			delivery.Retry(tp.Infinite, operators.Constant(time.Hour))).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, delivery.Revoked, receipts[0].Outcome)
		require.ErrorIs(t, receipts[0].Err, errBoom)
		require.Equal(t, time.Second, receipts[0].Took)
	})
}

func TestThrough(t *testing.T) {
	pass := func(in tp.Observable[event]) tp.Observable[event] { return in }
	bubble(t, "forgotten deliveries", func(t *testing.T) {
		s := newSettled()
		var how delivery.End
		src := emits(s, 1, 2, 3)
		src.closed = func(_ context.Context, end delivery.End) error { how = end; return errBroker }
		err := delivery.Through(src, pass).Drain(t.Context())
		require.ErrorIs(t, err, delivery.ErrForgotten)
		require.ErrorIs(t, err, errBroker)
		require.ErrorContains(t, err, "3 of them, the oldest is s/3@1")
		require.Equal(t, tp.Completed, how.Kind)

		n, err := operators.Count[event]()(operators.Take[event](2)(delivery.Through(src, pass))).Collect(t.Context())
		require.ErrorIs(t, err, errBroker)
		require.NotErrorIs(t, err, delivery.ErrForgotten, "it was ended early")
		_ = n
		require.Equal(t, tp.Disposed, how.Kind)
	})
	bubble(t, "a second subscription", func(t *testing.T) {
		err := delivery.Through(emits(newSettled()), func(in tp.Observable[event]) tp.Observable[event] {
			return operators.Concat(in)(in)
		}).Drain(t.Context())
		require.ErrorIs(t, err, tp.ErrAlreadySubscribed)
	})
	bubble(t, "CloseTimeout", func(t *testing.T) {
		src := emits(newSettled())
		src.closed = func(ctx context.Context, _ delivery.End) error { <-ctx.Done(); return ctx.Err() }
		began := time.Now()
		require.ErrorIs(t, delivery.Through(src, pass, delivery.CloseTimeout(3*time.Second)).Drain(t.Context()), context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(began))
	})
	bubble(t, "OnStall", func(t *testing.T) {
		s := newSettled()
		tr := newTrace()
		src := emits(s, 1, 2, 3)
		src.receive = func(ctx context.Context, emit func(event) bool) error {
			first := s.event(1)
			emit(delivery.With(first, []byte{1}))
			emit(delivery.With(s.event(2), []byte{2}))
			_ = sleep(ctx, 250*time.Second)
			first.Ack()
			_ = sleep(ctx, 60*time.Second)
			return errBroker
		}
		err := delivery.Through(src, pass, delivery.OnStall(100*time.Second, func(oldest delivery.Info, open int) {
			tr.add("%v %d", oldest, open)
		})).Drain(t.Context())
		require.ErrorIs(t, err, errBroker)
		require.Len(t, tr.lines, 2)
		require.Contains(t, tr.lines[0], "s/3@1 2")
	})
	bubble(t, "options and sources", func(t *testing.T) {
		src := emits(newSettled())
		require.NoError(t, delivery.Through(src, pass).Drain(t.Context()))
		require.Equal(t, delivery.SessionOptions{}, src.options)
		require.NoError(t, delivery.Process(src, 3, func(context.Context, event) error { return nil }).Drain(t.Context()))
		require.Equal(t, delivery.SessionOptions{Window: 15, MaxUncommitted: 60}, src.options)
		require.NoError(t, delivery.Process(src, 3, func(context.Context, event) error { return nil },
			delivery.Ahead(1), delivery.MaxUncommitted(7)).Drain(t.Context()))
		require.Equal(t, delivery.SessionOptions{Window: 4, MaxUncommitted: 7}, src.options)
		require.ErrorContains(t, delivery.Through(nothing{}, pass).Drain(t.Context()), "neither a session nor an error")
	})
}

type nothing struct{}

func (nothing) Open(context.Context, delivery.SessionOptions) (delivery.Session[[]byte], error) {
	return nil, nil //nolint:nilnil // the mistake under test
}
