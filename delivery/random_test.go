package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
	"github.com/turbopipes/turbopipes/operators"
)

// world is a broker with the effects that its events have had.
type world struct {
	t      *testing.T
	seed   int
	r      *rand.Rand // of the goroutine that starts and ends the sessions
	b      *deliverytest.Broker
	total  int
	most   int // uncommitted in a partition
	parts  int
	faulty bool // some functions fail

	mu      sync.Mutex
	effects map[int]int
	last    map[string]int
	again   map[int]bool // those of an earlier session that have one in this one
	now     map[int]bool // those that have their first in this one
	dead    bool         // the process is, so it has no effects
	story   []string
}

// note tells the story of a run that fails.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.story = append(w.story, fmt.Sprintf(format, args...))
}

var errDead = errors.New("the process has ended")

func newWorld(t *testing.T, seed int) *world {
	w := &world{t: t, seed: seed, r: rand.New(rand.NewPCG(2, uint64(seed)))} //nolint:gosec // a test
	w.parts = 1 + w.r.IntN(3)
	w.most = 1 + w.r.IntN(40)
	w.b = deliverytest.NewBroker(w.parts)
	w.total = w.r.IntN(80)
	w.effects, w.last = map[int]int{}, map[string]int{}
	for i := range w.total {
		w.b.Publish(deliverytest.Event{Key: strconv.Itoa(w.r.IntN(8)), Value: []byte(strconv.Itoa(i))})
	}
	w.b.End()
	return w
}

// effect is that of an event, at least the first part.
func (w *world) effect(key string, v []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return errDead
	}
	i, _ := strconv.Atoi(string(v))
	w.story = append(w.story, fmt.Sprintf("effect of %d, key %s", i, key))
	if w.effects[i]++; w.effects[i] > 1 {
		if !w.now[i] { // a batch that is tried again is no repetition by the broker
			w.again[i] = true
		}
		return nil
	}
	w.now[i] = true
	if last, ok := w.last[key]; ok && last > i {
		w.t.Errorf("seed %d: %d after %d of key %s", w.seed, i, last, key)
	}
	w.last[key] = i
	return nil
}

// handle is the function of the tasks.
func (w *world) handle(ctx context.Context, key string, v []byte) error {
	i, _ := strconv.Atoi(string(v))
	if w.faulty && i%11 == 3 {
		w.note("%d fails, key %s", i, key)
		return errBoom
	}
	if i%3 == 0 {
		time.Sleep(time.Duration(i%5) * time.Millisecond)
	}
	if i%7 == 0 && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return w.effect(key, v)
}

// pipeline is one of several shapes.
func (w *world) pipeline(shape int) tp.Observable[delivery.Receipt] {
	src := w.b.Log(deliverytest.LogOptions{CommitEvery: time.Millisecond, RevokeWait: time.Second})
	one := func(ctx context.Context, d event) error { return w.handle(ctx, d.Key, d.Value) }
	opts := []delivery.Option{delivery.Retry(w.r.IntN(3), operators.Constant(time.Millisecond)), delivery.Ahead(w.r.IntN(20))}
	most := delivery.MaxUncommitted(w.most)
	n := 1 + w.r.IntN(8)
	size, within := 1+w.r.IntN(10), time.Duration(1+w.r.IntN(5))*time.Millisecond
	switch shape {
	case 0:
		return delivery.Process(src, n, one, append(opts, most)...)
	case 1: // filtered, and split into parts; the last part has the effect
		return delivery.Through(src, func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
			return tp.Pipe3(in,
				delivery.Filter(func(v []byte) bool {
					i, _ := strconv.Atoi(string(v))
					if i%5 == 0 {
						w.mu.Lock()
						w.effects[i]++ // its effect is to be dropped
						w.mu.Unlock()
					}
					return i%5 != 0
				}),
				delivery.FlatMap(func(v []byte) [][]byte { return [][]byte{nil, nil, v} }),
				delivery.Each(n, func(ctx context.Context, d event) error {
					if d.Value == nil {
						return nil
					}
					return one(ctx, d)
				}, opts...))
		}, most)
	case 2: // batches
		return delivery.Through(src, func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
			return tp.Pipe3(in,
				operators.Map(func(d event) delivery.Delivery[event] { return delivery.With(d, d) }),
				delivery.Batch[event](size, within),
				delivery.Each(1, func(ctx context.Context, ds delivery.Delivery[[]event]) error {
					for _, d := range ds.Value {
						if err := one(ctx, d); err != nil {
							return err
						}
					}
					return nil
				}, opts...))
		}, most)
	}
	// two stages, and a tee
	return delivery.Through(src, func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
		return tp.Pipe2(in,
			delivery.Parallel(n, func(_ context.Context, d event) ([]byte, error) { return d.Value, nil }, opts...),
			delivery.Tee(delivery.AckAll[[]byte](), delivery.Each(n, one, opts...)))
	}, most)
}

// session runs one pipeline, and ends it in some way.
func (w *world) session(shape, try int) {
	w.faulty = try < 10 && w.r.IntN(3) == 0
	var refusal func() error
	if try < 10 {
		r := rand.New(rand.NewPCG(uint64(w.seed), uint64(try))) //nolint:gosec // a test
		refusal = func() error {                                // under the lock of the broker
			if r.IntN(4) == 0 {
				return errBroker
			}
			return nil
		}
	}
	w.b.Refuse(refusal)
	w.mu.Lock()
	w.again, w.now = map[int]bool{}, map[int]bool{}
	w.dead = false
	w.mu.Unlock()
	after, n := w.r.IntN(40), 0
	if try > 15 {
		after = -1 // let it finish
	}
	reached := make(chan struct{})
	subs := []*tp.Subscription{w.pipeline(shape).Subscribe(w.t.Context(), tp.Observer[delivery.Receipt]{Next: func(delivery.Receipt) {
		if n++; n == after {
			close(reached)
		}
	}})}
	if w.r.IntN(3) == 0 { // another one joins
		subs = append(subs, w.pipeline(shape).Subscribe(w.t.Context(), tp.Observer[delivery.Receipt]{}))
	}
	select {
	case <-reached:
	case <-subs[0].Done():
		after = -1
	}
	how := w.r.IntN(3)
	w.note("end %d of %d sessions of shape %d after %d", how, len(subs), shape, after)
	for _, s := range subs {
		switch {
		case after < 0:
			_ = s.Wait()
		case how == 0:
			s.Dispose()
		case how == 1:
			_ = s.Stop(w.t.Context())
		default:
			w.mu.Lock()
			w.dead = true
			w.mu.Unlock()
			w.b.Crash()
			s.Dispose()
		}
		w.note("ended: %v", s.Err())
		if err := s.Err(); errors.Is(err, delivery.ErrForgotten) {
			w.t.Errorf("seed %d: %v", w.seed, err)
		}
	}
}

// TestPipelinesRandom runs random pipelines over a broker. They are disposed of, are
// stopped, crash, fail, share the partitions, and are refused commits. They begin again
// until all is committed. No event is lost, none of a key comes out of order, and what a
// session repeats is bounded.
func TestPipelinesRandom(t *testing.T) {
	repeated, sessions := 0, 0
	for seed := range runs(t, 2_000) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			shape := w.r.IntN(4)
			for try := 0; w.b.Committed() < w.total; try++ {
				if try > 60 {
					t.Fatalf("seed %d: no progress: %d of %d", seed, w.b.Committed(), w.total)
				}
				w.session(shape, try)
				sessions++
				repeated += len(w.again)
				if most := 2 * w.parts * w.most; len(w.again) > most {
					t.Errorf("seed %d: %d repeated, at most %d may be", seed, len(w.again), most)
				}
			}
			for i := range w.total {
				if w.effects[i] == 0 {
					t.Errorf("seed %d: %d is lost", seed, i)
				}
			}
			for _, wrong := range w.b.Breaches() {
				t.Errorf("seed %d: %s", seed, wrong)
			}
			if t.Failed() {
				t.Log(strings.Join(w.story, "\n"))
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d sessions, %d effects repeated", sessions, repeated)
}
