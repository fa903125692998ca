package run

import (
	"context"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
)

// Spread tells an operator that runs several streams that the failure of one stream
// is the failure of all: they are parts of one stream, as groups are. Then each part
// delivers the items that it has, although its ctx has ended with this failure.
type Spread struct{ on atomic.Bool }

type spreadKey struct{}

// With returns a ctx for the streams that the operator runs.
func (s *Spread) With(ctx context.Context) context.Context {
	return context.WithValue(ctx, spreadKey{}, s)
}

// SpreadOf returns the Spread of the innermost operator that runs several streams,
// or nil.
func SpreadOf(ctx context.Context) *Spread {
	s, _ := ctx.Value(spreadKey{}).(*Spread)
	return s
}

// Note is called by a part before it reports the failure.
func (s *Spread) Note() {
	if s != nil {
		s.on.Store(true)
	}
}

// On reports whether Note was called.
func (s *Spread) On() bool { return s != nil && s.on.Load() }

// Own reports whether ctx has ended with failure, which is the failure of all parts.
func (s *Spread) Own(ctx context.Context, failure error) bool {
	return failure != nil && s.On() && ctx.Err() != nil && fault.Strip(ctx, failure) == nil
}
