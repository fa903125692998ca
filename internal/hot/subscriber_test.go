package hot

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/turbopipes/turbopipes/internal/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

// item is the n-th item of a producer.
type item struct{ producer, n int }

// subscriber is a subscriber that ends in a random way.
type subscriber struct {
	how  string
	at   int // it ends after this many items, or microseconds
	work func()
	seen []item
	err  error
}

func (s *subscriber) run(h *Hub[item], lost func(*subscriber)) {
	handle := &run.Handle{}
	handle.Init(context.Background())
	ctx, cancel := context.WithCancelCause(handle.Begin(context.Background()))
	defer cancel(nil)
	rec := run.From(ctx)
	switch s.how {
	case "is cancelled":
		defer time.AfterFunc(time.Duration(s.at)*time.Microsecond, func() { cancel(errBoom) }).Stop()
	case "is stopped":
		defer time.AfterFunc(time.Duration(s.at)*time.Microsecond, rec.Stop).Stop()
	}
	defer func() {
		if p := recover(); p != nil && s.how != "panics" {
			panic(p)
		}
		lost(s)
	}()
	s.err = h.Join(ctx).Run(ctx, func(v item) bool {
		s.seen = append(s.seen, v)
		s.work()
		if len(s.seen) == s.at {
			switch s.how {
			case "panics":
				panic(errBoom)
			case "leaves":
				return false
			}
		}
		return ctx.Err() == nil
	}, nil, nil)
}
