package scope

import (
	"context"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

// named returns err. If it is a panic, it adds the stage where the panic happened.
func named(ctx context.Context, err error) error {
	if p, ok := err.(*fault.PanicError); ok { //nolint:errorlint // only an error that was made of a panic, not one that wraps it
		return p.In(run.Name(ctx))
	}
	return err
}

// stage is the operator that a scope serves, with the pprof labels of its
// goroutines. The label "turbopipes" is the stage's name, for filters of profiles.
// "turbopipes-scope" is a number, by which a report finds the stacks.
type stage struct {
	operator string
	id       string
	once     sync.Once
	ctx      context.Context //nolint:containedctx // pprof passes labels in a ctx
}

var scopes atomic.Uint64

const (
	stageLabel = "turbopipes"
	scopeLabel = "turbopipes-scope"
)

// name is the operator's name, after the name that Named has set.
func (s *stage) name(ctx context.Context) string { return run.StageName(ctx, s.operator) }

func (s *stage) labels(ctx context.Context) context.Context {
	s.once.Do(func() {
		s.id = strconv.FormatUint(scopes.Add(1), 10)
		s.ctx = pprof.WithLabels(ctx, pprof.Labels(stageLabel, s.name(ctx), scopeLabel, s.id))
	})
	return s.ctx
}

func label(ctx context.Context) { pprof.SetGoroutineLabels(ctx) }
