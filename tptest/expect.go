package tptest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// expectation is what [Expect] was told, but for its type.
type expectation struct {
	settings
	want  []signal // the last one is the end
	index int      // among those of the scenario
}

// Expect fails the test unless o does what diagram draws. It subscribes at once
// and returns when o has ended, so what the stream has done besides can be
// looked at behind it (see [Scenario.Whole]); see [At] for several subscribers
// at the same time.
//
// Columns are counted from the subscription. values has the item for each
// letter, as with [Cold]; items are compared by [reflect.DeepEqual]. # is
// [ErrMarble] unless [Error] says otherwise. ! is a ctx that is cancelled in the
// middle of its column; where no end is drawn, that comes in the last column.
//
// When o has ended, and no virtual time has passed since, no goroutine that it
// has started may be left; it must not call emit twice at the same time, nor
// after emit has refused, nor after its end.
func Expect[T any](s *Scenario, o turbopipes.Observable[T], diagram string, values map[string]T, opts ...Option) {
	s.Helper()
	given, bad := opt.Gather(settings{target: ErrMarble, at: -1}, opts)
	if bad != "" {
		s.abort(fmt.Errorf("tptest: Expect: %s", bad))
	}
	x := &expectation{settings: given, index: len(s.jobs)}
	names := naming[T]{values}
	wanted, err := read(x, diagram, names)
	if err != nil {
		s.abort(err)
	}
	if s.variant.checked {
		o = turbopipes.Checked(o)
	}
	j := newJob(s, x)
	j.run = func(ctx context.Context) error {
		next := func(v T) error {
			return j.take(func(n int) string {
				key := names.key(v)
				switch {
				case n < len(wanted) && reflect.DeepEqual(v, wanted[n]):
					key = x.want[n].key
				case n < len(wanted) && key == x.want[n].key: // it only prints alike
					key = fmt.Sprintf("%T(%#v)", v, v)
				}
				return key
			})
		}
		if j.stops() {
			return stoppable(ctx, j, watched(j, o, names), next)
		}
		return watched(j, o, names).Each(ctx, next)
	}
	s.jobs = append(s.jobs, j)
	if x.at >= 0 {
		if _, file, line, ok := runtime.Caller(1); ok {
			j.place = fmt.Sprintf("%s:%d: ", filepath.Base(file), line)
		}
		return
	}
	s.drive([]*job{j})
}

// watched is o, whose calls of emit after a refusal are told: a consuming call
// would not let them through.
func watched[T any](j *job, o turbopipes.Observable[T], names naming[T]) turbopipes.Observable[T] {
	return turbopipes.Lift("Expect", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		j.runner = goroutineID()
		var refused atomic.Bool
		return in.Push(ctx, func(v T) bool {
			if refused.Load() {
				j.problem(fmt.Sprintf("emit was called with %v though it had refused", signal{kind: item, key: names.key(v)}))
				return false
			}
			j.delivers(v)
			ok := emit(v)
			refused.Store(!ok)
			return ok
		})
	})(o)
}

// read parses the diagram of an expectation, and gives its items.
func read[T any](x *expectation, text string, names naming[T]) (wanted []T, err error) {
	d, err := parse(text, "|#!")
	if err != nil {
		return nil, err
	}
	x.want = d.signals
	for _, s := range d.signals {
		if s.kind == item {
			v, err := names.value(s.key)
			if err != nil {
				return nil, err
			}
			wanted = append(wanted, v)
		}
	}
	if len(wanted) == len(d.signals) { // no end is drawn
		x.want = append(x.want, signal{at: d.columns - 1, kind: cancelled})
	}
	return wanted, nil
}

// drive runs jobs next to one another until all have ended.
func (s *Scenario) drive(jobs []*job) {
	s.Helper()
	if len(jobs) == 0 {
		return
	}
	slices.SortStableFunc(jobs, func(a, b *job) int { return cmp.Compare(a.x.at, b.x.at) })
	for _, j := range jobs {
		if j.x.at >= 0 {
			time.Sleep(time.Until(s.begin.Add(time.Duration(j.x.at) * Step)))
		}
		j.start()
		if len(jobs) > 1 {
			synctest.Wait() // the order is that of the calls
		}
	}
	for _, j := range jobs {
		<-j.watched
	}
	synctest.Wait() // goroutines may be past their last statement and not be gone
	for _, j := range jobs {
		if j.hasEnded() {
			j.left = j.mark.alive()
		}
		s.judge(j)
		j.cancel(nil) // not before: what waits for the end of ctx is left behind, too
	}
}

var (
	errLeft = errors.New("tptest: downstream has left")
	errCut  = errors.New("tptest: cancelled")
)
