package operators_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

var randomRuns = flag.Int("random.runs", 1000, "random runs of the Parallel group for each width")

// TestParallelRandom runs the Parallel group over random sources, with random
// delays, errors, panics, Goexits and cancellations at random moments, in the
// source, the tasks and the consumer, and holds it to the promises: bounded,
// reaped, accounted.
func TestParallelRandom(t *testing.T) {
	for _, n := range []int{1, 2, 7, 1000} {
		t.Run(fmt.Sprint("n=", n), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(*randomRuns) {
				r := newRandomRun(n, seed)
				synctest.Test(t, func(t *testing.T) { r.check(t) })
				if t.Failed() {
					t.Fatalf("%+v", r.plan)
				}
			}
		})
	}
}

// plan describes a random run. It is printed when the run fails.
type plan struct {
	Seed                uint64
	N, Ahead, Items     int
	Ordered, Keyed      bool
	Policy              operators.Policy
	SourceEnds          string // "complete", "error", "panic", "hang"
	SourceDelay         time.Duration
	TaskDelay           time.Duration
	ConsumerDelay       time.Duration
	Fails, Panics, Exit int // one task in so many; 0: none
	LeaveAt             int // the consumer leaves at this item; 0: it stays
	How                 string
	CancelAt            time.Duration // 0: never
}

type randomRun struct {
	plan
	rand *rand.Rand
	mu   sync.Mutex // guards rand

	given, started, victims, running, held, failed atomic.Int64
	sourceRuns                                     atomic.Bool
	delivered                                      []int
	discardedItems, discardedOuts                  int
	lastOf                                         sync.Map // key → last item that was started
	runningOf                                      [3]atomic.Int64
	broken                                         atomic.Pointer[string]
}

var (
	errTask   = errors.New("task")
	errSource = errors.New("source")
	errLeave  = errors.New("leave")
	errCause  = errors.New("cause")
)

func newRandomRun(n int, seed uint64) *randomRun {
	rnd := rand.New(rand.NewPCG(seed, uint64(n)))
	pick := func(of ...int) int { return of[rnd.IntN(len(of))] }
	wait := func() time.Duration { return time.Duration(pick(0, 0, 1, 3, 10)) * time.Millisecond }
	return &randomRun{rand: rnd, plan: plan{
		Seed: seed, N: n, Ahead: pick(0, 0, 1, 5, 64), Items: pick(0, 1, 5, 20, 60),
		Ordered: rnd.IntN(2) == 0, Keyed: rnd.IntN(2) == 0,
		Policy:      operators.Policy(pick(0, 0, 1, 2, 3)),
		SourceEnds:  []string{"complete", "complete", "error", "panic", "hang"}[rnd.IntN(5)],
		SourceDelay: wait(), TaskDelay: wait(), ConsumerDelay: wait(),
		Fails: pick(0, 0, 0, 5, 20), Panics: pick(0, 0, 0, 10), Exit: pick(0, 0, 0, 15),
		LeaveAt: pick(0, 0, 1, 3, 10), How: []string{"error", "break", "panic"}[rnd.IntN(3)],
		CancelAt: time.Duration(pick(0, 0, 1, 7, 40)) * time.Millisecond,
	}}
}

func (r *randomRun) intN(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rand.IntN(n)
}

func (r *randomRun) nap(most time.Duration) {
	if most > 0 {
		time.Sleep(time.Duration(r.intN(int(most))))
	}
}

func (r *randomRun) report(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.broken.CompareAndSwap(nil, &text)
}

func (r *randomRun) source(ctx context.Context, emit func(int) bool) error {
	r.sourceRuns.Store(true)
	defer r.sourceRuns.Store(false)
	for i := range r.Items {
		r.nap(r.SourceDelay)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.given.Add(1)
		if !emit(i) {
			return nil
		}
		held := r.held.Add(1)
		// One more may be seen: the place of an item in the consumer's hand is free.
		if limit := int64(r.N + r.Ahead + 1); held > limit {
			r.report("%d items held, at most %d may be", held, limit)
		}
	}
	switch r.SourceEnds {
	case "error":
		return errSource
	case "panic":
		panic(errSource)
	case "hang":
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return nil
}

func (r *randomRun) task(ctx context.Context, v int) (int, error) {
	r.started.Add(1)
	now := r.running.Add(1)
	defer r.running.Add(-1)
	if now > int64(r.N) {
		r.report("%d tasks run", now)
	}
	if r.Keyed {
		if last, ok := r.lastOf.Swap(v%3, v); ok && last.(int) > v {
			r.report("key %d: %v before %d", v%3, last, v)
		}
		if r.runningOf[v%3].Add(1) > 1 {
			r.report("key %d: two tasks at once", v%3)
		}
		defer r.runningOf[v%3].Add(-1)
	}
	one := func(in int) bool { return in > 0 && r.intN(in) == 0 }
	fail := func() { r.failed.Add(1); r.held.Add(-1) }
	if r.TaskDelay > 0 {
		d := time.NewTimer(time.Duration(r.intN(int(r.TaskDelay))))
		defer d.Stop()
		select {
		case <-d.C:
		case <-ctx.Done():
			if r.intN(2) == 0 {
				fail()
				r.victims.Add(1)
				return 0, ctx.Err()
			}
			<-d.C // ignores it
		}
	}
	switch {
	case one(r.Fails):
		fail()
		return 0, errTask
	case one(r.Panics):
		fail()
		panic(errTask)
	case one(r.Exit):
		fail()
		runtime.Goexit()
	}
	return -v - 1, nil // results differ from items by their sign
}

func (r *randomRun) options() []operators.ParallelOption {
	opts := []operators.ParallelOption{operators.Buffered(r.Ahead), operators.WithPolicy(r.Policy), operators.OnDiscard(func(item any) {
		if item.(int) < 0 {
			r.discardedOuts++
		} else {
			r.discardedItems++
		}
	})}
	if r.Ordered {
		opts = append(opts, operators.Ordered())
	}
	return opts
}

func (r *randomRun) consume(ctx context.Context, o turbopipes.Observable[int]) (err error) {
	body := func(v int) error {
		r.held.Add(-1)
		r.delivered = append(r.delivered, v)
		r.nap(r.ConsumerDelay)
		if len(r.delivered) == r.LeaveAt {
			if r.How == "panic" {
				panic(errLeave)
			}
			return errLeave
		}
		return nil
	}
	if r.How == "error" {
		return o.Each(ctx, body)
	}
	defer func() {
		if p := recover(); p != nil {
			err = p.(error)
		}
	}()
	for v, err := range o.Seq(ctx) {
		if err != nil {
			return err
		}
		if body(v) != nil {
			break
		}
	}
	return nil
}

func (r *randomRun) check(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	if r.CancelAt > 0 {
		defer time.AfterFunc(r.CancelAt, func() { cancel(errCause) }).Stop()
	} else if r.SourceEnds == "hang" {
		defer time.AfterFunc(time.Second, func() { cancel(errCause) }).Stop()
	}
	src := turbopipes.Create(r.source)
	op := operators.Parallel(r.N, r.task, r.options()...)
	if r.Keyed {
		op = operators.ParallelBy(r.N, func(v int) int { return v % 3 }, r.task, r.options()...)
	}
	err := r.consume(ctx, op(src))

	require.Zero(t, r.running.Load(), "tasks left")
	require.False(t, r.sourceRuns.Load(), "the source is left")
	if broken := r.broken.Load(); broken != nil {
		t.Fatal(*broken)
	}
	failed := int(r.failed.Load())
	lost := int(r.given.Load() - r.started.Load() + r.victims.Load())
	if r.Policy == operators.SkipErrors {
		skipped := r.discardedItems - lost // the inputs of failed tasks
		require.True(t, skipped >= 0 && skipped <= failed, "%d of %d failed items were discarded", skipped, failed)
	} else {
		// A task that fails by itself with the error that has ended the stream looks like a victim.
		same := failed - int(r.victims.Load())
		require.True(t, lost <= r.discardedItems && r.discardedItems <= lost+same, "%d items that were not begun, or cancelled: %d were discarded", lost, r.discardedItems)
	}
	require.Equal(t, int(r.started.Load()), len(r.delivered)+r.discardedOuts+failed, "started = delivered + discarded + failed")
	if r.Ordered {
		for i := 1; i < len(r.delivered); i++ {
			require.Greater(t, r.delivered[i-1], r.delivered[i], "order")
		}
	}
	r.checkEnd(t, err, failed)
}

// checkEnd compares the end with the events of the run.
func (r *randomRun) checkEnd(t *testing.T, err error, failed int) {
	t.Helper()
	whole := len(r.delivered)+failed == r.Items && r.SourceEnds == "complete"
	switch {
	case err == nil:
		left := r.LeaveAt > 0 && len(r.delivered) == r.LeaveAt && r.How == "break"
		if !left && !whole {
			t.Fatalf("read as complete: %d of %d delivered, %d failed", len(r.delivered), r.Items, failed)
		}
		if !left && failed > 0 && r.Policy != operators.SkipErrors {
			t.Fatal("the failures were swallowed")
		}
	case errors.Is(err, errLeave), errors.Is(err, errTask), errors.Is(err, errSource), errors.Is(err, errCause), errors.Is(err, turbopipes.ErrGoexit):
		require.NotErrorIs(t, err, context.Canceled, "a victim's error")
	default:
		t.Fatal(err)
	}
}
