package chaos

import (
	"context"
	"slices"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// sourceNames are the kinds of the main source. coldNames are the kinds of a second
// upstream.
var (
	coldNames   = append([]string{"Create", "FromSlice", "Range", "FromChannel", "Unfold", "Interval", "FromSeq", "Paginate", "Replayed"}, rxSources...)
	hotSources  = []string{"Subject", "BehaviorSubject", "ReplaySubject", "UnicastSubject", "AsyncSubject", "Topic", "FromEventSource", "MergeHub"}
	sourceNames = slices.Concat([]string{"Create", "Create", "Using", "UsingContext", "Defer", "Concat"}, hotSources, coldNames)
	// hotStages are the stages that report the items that a hot source still had.
	hotStages = []string{"Subject", "Topic", "FromEventSource", "MergeHub", "FromRx", "Observe"}
)

func (s source) items() []int {
	all := make([]int, s.N)
	for i := range all {
		all[i] = base(s.Point) + i + 1
	}
	if s.Kind == "AsyncSubject" && s.N > 0 {
		return all[s.N-1:]
	}
	return all
}

// pause is called by a source before each item.
func (w *world) pause(ctx context.Context, s source, item int) {
	if s.Gap == 0 {
		return
	}
	d := time.Duration(roll(w.plan.Seed, uint64(s.Point), uint64(item), 1)%uint64(s.Gap+1)) * w.unit
	if d == 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// create is a source that is user code.
func (w *world) create(s source) stream {
	return tp.Create(func(ctx context.Context, emit func(int) bool) error {
		for _, v := range s.items() {
			w.pause(ctx, s, v)
			if err := w.user(s.Point, v, false); err != nil {
				return err
			}
			if !emit(v) {
				return nil
			}
		}
		return w.user(s.Point, 0, false)
	})
}

func (w *world) source(s source) stream {
	return w.probe(s.Point, w.bare(s))
}

func (w *world) bare(s source) stream {
	first := base(s.Point) + 1
	switch s.Kind {
	case "Create":
		return w.create(s)
	case "FromSlice":
		return tp.FromSlice(s.items())
	case "Range":
		return tp.Range(first, s.N)
	case "FromSeq":
		return tp.FromSeq(func(yield func(int) bool) {
			for _, v := range s.items() {
				w.must1(s.Point, v)
				if !yield(v) {
					return
				}
			}
		})
	case "Unfold":
		return tp.Unfold(first, func(v int) (int, int, bool) {
			if v < first+s.N {
				w.must1(s.Point, v)
			}
			return v, v + 1, v < first+s.N
		})
	case "Paginate":
		return tp.Paginate(0, func(_ context.Context, at int) ([]int, int, bool, error) {
			to := min(at+4, s.N)
			return s.items()[at:to], to, to < s.N, w.user(s.Point, at, false)
		})
	case "Interval":
		return tp.Pipe2(tp.Interval(time.Duration(s.Gap+1)*w.unit), operators.Take[int](s.N),
			operators.Map(func(i int) int { return first + i }))
	case "FromChannel":
		ch := make(chan int, s.N)
		for _, v := range s.items() {
			ch <- v
		}
		close(ch)
		return tp.FromChannel(ch)
	case "Using":
		return tp.Using(func(context.Context) (int, error) { return 0, w.user(s.Point, 0, false) },
			func(int) stream { return tp.FromSlice(s.items()) },
			func(int) error { return w.user(s.Point, 1, false) })
	case "UsingContext":
		return tp.UsingContext(func(context.Context) (int, error) { return 0, w.user(s.Point, 0, false) },
			func(int) stream { return tp.FromSlice(s.items()) },
			func(ctx context.Context, _ int, how tp.End) error {
				if ctx.Err() != nil {
					w.violated("release gets a ctx that has ended (%v)", how)
				}
				return w.user(s.Point, 1, false)
			})
	case "Defer":
		return tp.Defer(func(context.Context) (stream, error) {
			return tp.FromSlice(s.items()), w.user(s.Point, 0, false)
		})
	case "Concat":
		half := s.N / 2
		return operators.Concat(tp.FromSlice(s.items()[half:]))(tp.FromSlice(s.items()[:half]))
	case "FromRx":
		return fromRx(tp.FromSlice(s.items()))
	}
	return w.hot(s)
}

// must1 is must without an item in hand.
func (w *world) must1(point, item int) {
	if err := w.user(point, item, false); err != nil {
		panic(err)
	}
}

type fed interface {
	Next(ctx context.Context, v int) error
	Complete()
	Observable() stream
}

// hot is a source that is fed by another goroutine.
func (w *world) hot(s source) stream {
	var f fed
	switch s.Kind {
	case "Subject":
		f = tp.NewSubject[int](tp.WithQueue(1 + s.N%5))
	case "BehaviorSubject":
		f = tp.NewBehaviorSubject(base(s.Point))
	case "ReplaySubject":
		f = tp.NewReplaySubject[int](1 + s.N%7)
	case "UnicastSubject":
		f = tp.NewUnicastSubject[int](tp.WithQueue(1 + s.N%5))
	case "AsyncSubject":
		f = tp.NewAsyncSubject[int]()
	case "Replayed":
		r := tp.NewReplaySubject[int](max(s.N, 1))
		for _, v := range s.items() {
			_ = r.Next(context.Background(), v)
		}
		r.Complete()
		return r.Observable()
	case "Topic":
		t := tp.NewTopic[int, int](tp.WithQueue(2))
		w.feed(s, func(ctx context.Context, v int) error { return t.Publish(ctx, v%2, v) }, t.Close)
		return t.Subscribe(0, 1)
	case "MergeHub":
		h := tp.NewMergeHub[int](tp.WithQueue(2))
		w.feeders = append(w.feeders, func(ctx context.Context) {
			defer h.Close()
			_ = h.Attach(ctx, tp.Create(func(ctx context.Context, emit func(int) bool) error {
				for _, v := range s.items() {
					if w.pause(ctx, s, v); !emit(v) {
						return nil
					}
				}
				return nil
			}))
		})
		return h.Observable()
	case "FromEventSource":
		ch := make(chan int)
		ctx, cancel := context.WithCancel(context.Background())
		w.feeders = append(w.feeders, func(feeding context.Context) {
			<-feeding.Done()
			cancel()
		})
		w.feed(s, func(ctx context.Context, v int) error {
			select {
			case ch <- v:
			case <-ctx.Done():
			}
			return nil
		}, func() { close(ch) })
		return tp.FromEventSource(ctx, ch, tp.WithQueue(3))
	default:
		panic("no source " + s.Kind)
	}
	w.feed(s, f.Next, f.Complete)
	return f.Observable()
}

// feed hands the items to a hot source once the pipeline runs.
func (w *world) feed(s source, next func(ctx context.Context, v int) error, end func()) {
	w.feeders = append(w.feeders, func(ctx context.Context) {
		all := make([]int, s.N)
		for i := range all {
			all[i] = base(s.Point) + i + 1
		}
		for _, v := range all {
			w.pause(ctx, s, v)
			if next(ctx, v) != nil {
				break
			}
		}
		end()
	})
}
