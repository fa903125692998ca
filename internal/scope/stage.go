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
	once     sync.Once
	labels   *Labels // nil before the first goroutine
	ctx      run.Context
}

// Labels are the pprof labels of a stage. No two running stages share them. They are
// used again after the stage has ended, because to make them costs as much as to
// start a goroutine. So a number can appear on two stages if user code has started a
// goroutine in the first one, and that goroutine is still alive.
type Labels struct {
	ID  string          // the number
	ctx context.Context //nolint:containedctx // pprof passes labels in a ctx
	of  *sync.Pool      // where they return to; nil: nowhere
}

var (
	scopes atomic.Uint64
	unused sync.Map // from the names of operators to the labels that no stage uses, as a *sync.Pool
)

const (
	stageLabel = "turbopipes"
	scopeLabel = "turbopipes-scope"
)

// labelled returns ctx with the labels of s. Each call returns the same ctx.
func (s *stage) labelled(ctx context.Context) context.Context {
	s.once.Do(func() {
		s.labels = labelsFor(ctx, s.operator)
		s.ctx.Labels(ctx, s.labels.ctx)
	})
	return &s.ctx
}

// id is the number of s; empty before the first goroutine.
func (s *stage) id() string {
	if s.labels == nil {
		return ""
	}
	return s.labels.ID
}

// labelsFor returns the labels of a stage under ctx.
func labelsFor(ctx context.Context, operator string) *Labels {
	if run.Name(ctx) != "" || hasLabels(ctx) {
		return newLabels(ctx, run.StageName(ctx, operator))
	}
	pool, known := unused.Load(operator)
	if !known {
		pool, _ = unused.LoadOrStore(operator, &sync.Pool{})
	}
	of := pool.(*sync.Pool) //nolint:forcetypeassert // see unused
	if l, ok := of.Get().(*Labels); ok {
		return l
	}
	l := newLabels(context.Background(), operator)
	l.of = of
	return l
}

func newLabels(ctx context.Context, name string) *Labels {
	id := strconv.FormatUint(scopes.Add(1), 10)
	all := []string{stageLabel, name, scopeLabel, id}
	pprof.ForLabels(ctx, func(key, value string) bool {
		if !isOurs(key) {
			all = append(all, key, value)
		}
		return true
	})
	return &Labels{ID: id, ctx: pprof.WithLabels(context.Background(), pprof.Labels(all...))}
}

// hasLabels reports whether ctx has labels that a stage under ctx keeps.
func hasLabels(ctx context.Context) (has bool) {
	pprof.ForLabels(ctx, func(key, _ string) bool {
		has = !isOurs(key)
		return !has
	})
	return has
}

func isOurs(key string) bool { return key == stageLabel || key == scopeLabel }

// free gives the labels of s to later stages. No goroutine of s is left.
func (s *stage) free() {
	if s.labels != nil {
		s.labels.Free()
		s.labels = nil
	}
}

// Free gives l to another stage. No goroutine has l any more.
func (l *Labels) Free() {
	if l.of != nil {
		l.of.Put(l)
	}
}

func label(ctx context.Context) { pprof.SetGoroutineLabels(ctx) }
