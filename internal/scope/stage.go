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

// named is err, told in which stage it happened if it is a panic.
func named(ctx context.Context, err error) error {
	if p, ok := err.(*fault.PanicError); ok { //nolint:errorlint // one that was made of a panic: not wrapped
		return p.In(run.Name(ctx))
	}
	return err
}

// stage is the operator that a scope serves, and the pprof labels of its
// goroutines: "turbopipes" is the stage's name, which profiles can be filtered
// by, and "turbopipes-scope" a number, by which a report finds the stacks.
type stage struct {
	operator string
	id       string
	once     sync.Once
	ctx      context.Context //nolint:containedctx // the way pprof passes labels
}

var scopes atomic.Uint64

const (
	stageLabel = "turbopipes"
	scopeLabel = "turbopipes-scope"
)

// name is the operator's, after the name that Named has set.
func (s *stage) name(ctx context.Context) string { return run.StageName(ctx, s.operator) }

func (s *stage) labels(ctx context.Context) context.Context {
	s.once.Do(func() {
		s.id = strconv.FormatUint(scopes.Add(1), 10)
		s.ctx = pprof.WithLabels(ctx, pprof.Labels(stageLabel, s.name(ctx), scopeLabel, s.id))
	})
	return s.ctx
}

func label(ctx context.Context) { pprof.SetGoroutineLabels(ctx) }
