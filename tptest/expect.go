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

// expectation has the arguments of [Expect], without its type.
type expectation struct {
	settings
	want  []signal // the last one is the end
	index int      // position among the expectations of the scenario
}

// Expect fails the test unless o does what diagram draws. It subscribes at once and
// returns when o has ended. After that, you can check what else the stream has done
// (see [Scenario.Whole]). For several subscribers at the same time, see [At].
//
// Columns are counted from the subscription. values has the item for each letter, as
// with [Cold]. Items are compared by [reflect.DeepEqual]. # is [ErrMarble] unless
// [Error] sets another error. ! is a ctx that is cancelled in the middle of its
// column. If the diagram has no end, ctx is cancelled in the last column.
//
// When o has ended, and before any more virtual time passes, no goroutine that it
// has started may be left. o must not call emit twice at the same time, nor after
// emit has refused, nor after its end.
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
				case n < len(wanted) && key == x.want[n].key: // another value with the same text
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

// watched is o with a report of calls of emit after a refusal: a consuming call
// would not let these through.
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

// read parses the diagram of an expectation, and returns its items.
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

// drive runs jobs beside one another until all have ended.
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
	synctest.Wait() // goroutines may be past their last statement and still exist
	for _, j := range jobs {
		if j.hasEnded() {
			j.left = j.mark.alive()
		}
		s.judge(j)
		j.cancel(nil) // not before: goroutines that wait for the end of ctx are also left behind
	}
}

var (
	errLeft = errors.New("tptest: downstream has left")
	errCut  = errors.New("tptest: cancelled")
)
