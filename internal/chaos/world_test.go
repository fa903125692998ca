package chaos

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

type stream = turbopipes.Observable[int]

// world is one run of a plan.
type world struct {
	plan plan
	unit time.Duration // the duration of a plan's millisecond
	dir  string        // for SpillToDisk
	idle int           // goroutines before the run

	alive  atomic.Int64 // user code and sources that run now
	handed atomic.Int64 // items that sources have handed to emit
	failed atomic.Int64 // items whose user code has failed
	lost   atomic.Int64 // calls of the loss hook
	queued atomic.Int64 // the calls of the loss hook for items that a hot source still had

	calls []atomic.Int64 // of user code, by point

	mu    sync.Mutex
	fired []error       // the faults that have fired
	given map[int][]int // the items that each source has handed to emit, by point
	bad   []string      // violations

	losses []string // the calls of the loss hook

	feeders []func(ctx context.Context)
}

var errCut = errors.New("cut")

func newWorld(p plan, unit time.Duration) *world {
	most := p.Source.Point
	eachStep(p.Stages, func(s *step) { most = max(most, s.Point, s.Other.Point) })
	return &world{plan: p, unit: unit, calls: make([]atomic.Int64, most+1), given: map[int][]int{}, dir: spillDir, idle: runtime.NumGoroutine()}
}

func (w *world) violated(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.bad) < 5 {
		w.bad = append(w.bad, fmt.Sprintf(format, args...))
	}
}

// delay returns the time that user code at a point takes for an item.
func (w *world) delay(point, item int) time.Duration {
	h := roll(w.plan.Seed, uint64(point), uint64(item))
	if roll(w.plan.Seed, uint64(point))%3 != 0 || h%2 == 0 {
		return 0
	}
	return time.Duration(h>>8%5) * w.unit
}

// user is the user code at a point. It takes a while and may fail. hand means that user
// code has an item in hand, which then fails too.
func (w *world) user(point, item int, hand bool) error {
	w.alive.Add(1)
	defer w.alive.Add(-1)
	if d := w.delay(point, item); d > 0 {
		time.Sleep(d)
	}
	k := int(w.calls[point].Add(1))
	for _, f := range w.plan.Faults {
		if f.Point != point || f.K != k {
			continue
		}
		err := fmt.Errorf("fault at point %d, call %d", f.Point, f.K)
		if f.Kind == "goexit" {
			err = turbopipes.ErrGoexit
		}
		w.mu.Lock()
		w.fired = append(w.fired, err)
		w.mu.Unlock()
		if hand {
			w.failed.Add(1)
		}
		switch f.Kind {
		case "panic":
			panic(err)
		case "goexit":
			runtime.Goexit()
		}
		return err
	}
	return nil
}

// must is user for code that can't return an error.
func (w *world) must(point, item int) {
	if err := w.user(point, item, true); err != nil {
		panic(err)
	}
}

// probe counts the items that a source hands to emit, and checks that the source keeps
// the rules.
func (w *world) probe(point int, in stream) stream {
	return turbopipes.Lift(own.Mark+"probe", func(ctx context.Context, in stream, emit func(int) bool) error {
		var busy, over atomic.Bool
		w.alive.Add(1)
		defer w.alive.Add(-1)
		defer over.Store(true)
		return in.Push(ctx, func(v int) bool {
			if busy.Swap(true) {
				w.violated("point %d: two calls of emit at a time", point)
			}
			if over.Load() {
				w.violated("point %d: emit is called after the end", point)
			}
			w.handed.Add(1)
			w.mu.Lock()
			w.given[point] = append(w.given[point], v)
			w.mu.Unlock()
			ok := emit(v)
			busy.Store(false)
			return ok
		})
	})(in)
}

// hook is the loss hook of a run.
func (w *world) hook(l turbopipes.Loss) {
	w.lost.Add(1)
	w.mu.Lock()
	w.losses = append(w.losses, fmt.Sprintf("%s lost %v (%v)", l.Stage, l.Item, l.Reason))
	w.mu.Unlock()
	for _, name := range hotStages {
		if strings.HasSuffix(l.Stage, name) {
			w.queued.Add(1)
			break
		}
	}
}

// ctx returns the ctx for a pipeline.
func (w *world) ctx() (context.Context, context.CancelCauseFunc) {
	ctx := turbopipes.WithReapWarning(context.Background(), 0, slog.New(slog.DiscardHandler))
	return context.WithCancelCause(turbopipes.WithLossHook(ctx, w.hook))
}

// build returns the pipeline of the plan.
func (w *world) build() stream {
	return w.chain(w.source(w.plan.Source), w.plan.Stages)
}

func (w *world) chain(o stream, steps []step) stream {
	for i := range steps {
		o = ops[steps[i].Op].build(w, &steps[i], o)
	}
	return o
}

// inner returns the inner stream of an item.
func (w *world) inner(s *step, v int) stream {
	o := turbopipes.Just(v)
	if s.Wide {
		o = turbopipes.Just(v, v+twin)
	}
	return w.chain(o, s.Inner)
}

// twin is added to an item to make a second item.
const twin = 1_000_000
