package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// hotWorld is one run of a hotPlan.
type hotWorld struct {
	*world
	plan    hotPlan
	streams []stream // one for each member
	members []*run
	begun   atomic.Int64 // items whose hand-over has begun
	before  []int64      // by member: the value of begun after it had subscribed
	attempt atomic.Int64 // runs of the source
	missed  []int        // items that the loss hook was called with
	conn    *tp.Connection
	connect func(ctx context.Context) *tp.Connection
	limit   context.Context //nolint:containedctx // for streams without an owner
	end     context.CancelFunc
}

func newHotWorld(p hotPlan, unit time.Duration) *hotWorld {
	h := &hotWorld{plan: p}
	w := newWorld(plan{Seed: p.Seed, Faults: []failure{p.Fault}, Source: p.Source}, unit)
	h.world = w
	h.limit, h.end = context.WithCancel(context.Background())
	h.build()
	h.before = make([]int64, len(p.Members))
	for i, m := range p.Members {
		r := newRunOf(w, h.streams[i%len(h.streams)])
		r.how, r.cuts, r.first, r.shared, r.slow = m.Consume, m.Cut, m.Request, true, m.Slow
		r.ctx = tp.WithLossHook(r.ctx, h.miss)
		h.members = append(h.members, r)
	}
	return h
}

func (h *hotWorld) miss(l tp.Loss) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.missed = append(h.missed, l.Item.(int)) //nolint:forcetypeassert // all items are
}

// source is the upstream of a shared stream. Each of its runs has items of its own.
func (h *hotWorld) source() stream {
	return tp.Create(func(ctx context.Context, emit func(int) bool) error {
		h.alive.Add(1)
		defer h.alive.Add(-1)
		attempt := int(h.attempt.Add(1))
		for i := range h.plan.Source.N {
			v := attempt*1000 + i + 1
			h.pause(ctx, h.plan.Source, v)
			if err := h.user(1, v, false); err != nil {
				return err
			}
			h.hand(v)
			if !emit(v) {
				return nil
			}
		}
		return nil
	})
}

func (h *hotWorld) hand(v int) {
	h.begun.Add(1)
	h.mu.Lock()
	h.given[1] = append(h.given[1], v)
	h.mu.Unlock()
}

func (h *hotWorld) build() {
	p := h.plan
	queue := []tp.QueueOption{tp.WithQueue(p.Queue), tp.WithOverflow(tp.Overflow(p.Overflow))}
	share := []tp.ShareSetting{tp.WithMinSubscribers(min(p.Min, len(p.Members)))}
	if p.Grace > 0 {
		share = append(share, tp.WithGrace(h.time(p.Grace)))
	}
	one := func(o stream) { h.streams = []stream{o} }
	switch p.Kind {
	case "Share":
		one(operators.Share[int](sharing[operators.ShareOption](share, queue)...)(h.source()))
	case "ShareReplay":
		one(operators.ShareReplay[int](p.Queue, sharing[operators.ShareReplayOption](share, queue)...)(h.source()))
	case "RefCount":
		one(tp.Publish(h.source(), queue...).RefCount(sharing[tp.RefCountOption](share, nil)...))
	case "AutoConnect":
		one(tp.Publish(h.source(), queue...).AutoConnect(h.limit, min(p.Min, len(p.Members))))
	case "Publish":
		c := tp.Publish(h.source(), queue...)
		h.connect = c.Connect
		one(c.Observable())
	case "Broadcast":
		h.streams = tp.Broadcast(h.source(), len(p.Members), queue...)
	case "Balance":
		h.streams = tp.Balance(h.source(), len(p.Members), queue[:1]...)
	default:
		h.buildFed(queue)
	}
}

// sharing are share and queue as options of one family.
func sharing[O any](share []tp.ShareSetting, queue []tp.QueueOption) (opts []O) {
	for _, o := range share {
		opts = append(opts, any(o).(O)) //nolint:forcetypeassert // the caller knows the family
	}
	for _, o := range queue {
		opts = append(opts, any(o).(O)) //nolint:forcetypeassert // the caller knows the family
	}
	return opts
}

func (h *hotWorld) buildFed(queue []tp.QueueOption) {
	var next func(ctx context.Context, v int) error
	var end func()
	subject := func(f fed) {
		next, end, h.streams = f.Next, f.Complete, []stream{f.Observable()}
	}
	switch h.plan.Kind {
	case "Subject":
		subject(tp.NewSubject[int](queue...))
	case "BehaviorSubject":
		subject(tp.NewBehaviorSubject(0, queue...))
	case "ReplaySubject":
		subject(tp.NewReplaySubject[int](h.plan.Queue, tp.WithQueue(h.plan.Queue), tp.WithOverflow(tp.Overflow(h.plan.Overflow))))
	case "Topic":
		t := tp.NewTopic[string, int](queue...)
		next = func(ctx context.Context, v int) error { return t.Publish(ctx, "k", v) }
		end, h.streams = t.Close, []stream{t.Subscribe("k")}
	case "FromEventSource":
		ch := make(chan int)
		next = func(ctx context.Context, v int) error {
			select {
			case ch <- v:
			case <-ctx.Done():
			}
			return nil
		}
		end = func() { close(ch) }
		h.streams = []stream{tp.FromEventSource(h.limit, ch, queue...)}
	}
	h.feeders = append(h.feeders, func(ctx context.Context) {
		defer end()
		for i := range h.plan.Source.N {
			v := 1000 + i + 1
			h.pause(ctx, h.plan.Source, v)
			if ctx.Err() != nil {
				return
			}
			h.hand(v)
			_ = next(ctx, v)
		}
	})
}

// all runs the plan.
func (h *hotWorld) all() {
	feeding, fed := context.WithCancel(context.Background())
	defer fed()
	var others sync.WaitGroup
	for i, r := range h.members {
		others.Go(func() {
			time.Sleep(h.time(h.plan.Members[i].At))
			r.start()
			h.before[i] = h.begun.Load()
			r.outside()
		})
	}
	time.Sleep(h.time(h.plan.Connect))
	if h.connect != nil {
		h.conn = h.connect(h.limit)
	}
	for _, feed := range h.feeders {
		others.Go(func() { feed(feeding) })
	}
	// A member that came too late for a run waits for the next run. On the real clock, this
	// time is long enough for the run to end by itself on a loaded machine.
	late := time.AfterFunc(max(time.Second, h.time(2_000)), func() {
		for _, r := range h.members {
			r.late.Store(true)
			r.cancel(errCut)
		}
	})
	defer late.Stop()
	limit := time.After(max(time.Minute, h.time(60_000)))
	for _, r := range h.members {
		select {
		case <-r.done:
		case <-limit:
			h.violated("it stands still:\n%s", strings.Join(stacks(), "\n"))
			h.end()
			return
		}
	}
	if n := h.alive.Load(); n != 0 && h.plan.owned() {
		h.violated("%d of user code are alive when all subscribers have left", n)
	}
	h.end()
	fed()
	time.Sleep(h.time(100)) // everything under limit ends meanwhile
	others.Wait()
	if h.conn != nil {
		_ = h.conn.Wait()
	}
}

// check checks the outcome.
func (h *hotWorld) check() {
	h.mu.Lock()
	fired, given, missed := slices.Clone(h.fired), slices.Clone(h.given[1]), slices.Clone(h.missed)
	h.mu.Unlock()
	slices.Sort(given)
	seen := map[int]int{}
	for _, v := range missed {
		seen[v]++
	}
	for i, r := range h.members {
		h.checkMember(i, r, given, fired)
		for _, v := range r.got {
			seen[v]++
		}
	}
	if !h.plan.owned() {
		return
	}
	var lost []int
	for _, v := range given {
		if seen[v] == 0 {
			lost = append(lost, v)
		}
		if h.plan.Kind == "Balance" && seen[v] > 1 {
			h.violated("%d came or was lost %d times", v, seen[v])
		}
	}
	if len(lost) > 0 {
		h.violated("neither delivered nor reported: %v; handed over %v, reported %v", lost, given, missed)
	}
}

func (h *hotWorld) checkMember(i int, r *run, given []int, fired []error) {
	err, _ := r.ended()
	if r.late.Load() {
		r.cut, r.cuts.How = true, "ctx"
	}
	overflow := tp.Overflow(h.plan.Overflow)
	closed := h.plan.Kind == "Balance" && errors.Is(err, tp.ErrClosed) // all others had left
	if !closed && !(overflow == tp.Fail && errors.Is(err, tp.ErrOverflow)) && !r.caused(err, fired) {
		h.violated("member %d: the cause is no fault that has fired: %v (fired: %v)", i, err, fired)
	}
	if len(r.got) > 0 && h.plan.Kind == "BehaviorSubject" && r.got[0] == 0 {
		given = append([]int{0}, given...)
	}
	lossy := overflow == tp.DropNewest || overflow == tp.DropOldest
	h.checkFirst(i, r, given, lossy)
	if len(r.got) == 0 {
		return
	}
	switch at := slices.Index(given, r.got[0]); {
	case h.plan.Kind == "Balance": // items that one member leaves go to the others
		if extra := surplus(r.got, given); len(extra) > 0 {
			h.violated("member %d: %v come twice or from nowhere", i, extra)
		}
	case lossy && !inOrder(r.got, given):
		h.violated("member %d: out of order: %v", i, r.got)
	case !lossy && (at < 0 || at+len(r.got) > len(given) || !slices.Equal(given[at:at+len(r.got)], r.got)):
		h.violated("member %d: not contiguous: %v of %v", i, r.got, given)
	case !lossy && err == nil && !r.cut && !r.exits && !r.late.Load() && len(fired) == 0:
		last := r.got[len(r.got)-1]
		if next := slices.Index(given, last) + 1; next < len(given) && given[next]/1000 == last/1000 {
			h.violated("member %d: it has completed after %d, but %d came after that", i, last, given[next])
		}
	}
}

// checkFirst checks that a subscriber of a stream that is fed by hand got the next item.
func (h *hotWorld) checkFirst(i int, r *run, given []int, lossy bool) {
	n := int(h.before[i])
	if !h.plan.fed() || h.plan.Kind == "FromEventSource" || r.how != "Subscribe" || lossy || n >= len(given) || given[0] == 0 {
		return
	}
	if len(r.got) > 0 && slices.Index(given, r.got[0]) > n {
		h.violated("member %d: it had subscribed before item %d was given, and its first one is %d", i, given[n], r.got[0])
	}
	if len(r.got) == 0 && r.err == nil && !r.cut && !r.late.Load() {
		h.violated("member %d: it had subscribed before item %d was given, and got none", i, given[n])
	}
}

func (p hotPlan) title() string { return fmt.Sprintf("hot seed %d", p.Seed) }

func (p hotPlan) play(t *testing.T) []string {
	return inBubble(t, func() (w *world, run, check func()) {
		h := newHotWorld(p, ms)
		return h.world, h.all, h.check
	})
}

// TestHotStreams runs random hot streams.
func TestHotStreams(t *testing.T) {
	drive(t, *hots, func(seed uint64) random { return newHotPlan(seed) })
}
