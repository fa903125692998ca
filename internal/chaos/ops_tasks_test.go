package chaos

import (
	"context"
	"slices"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// taskOps run user code for each item.
func taskOps() map[string]*op {
	task := func(w *world, s *step) func(context.Context, int) (int, error) {
		return func(_ context.Context, v int) (int, error) { return v, w.user(s.Point, v, true) }
	}
	return map[string]*op{
		"Parallel": plain(func(w *world, s *step) operator { return operators.Parallel(s.N, task(w, s)) }).with(mixes),
		"ParallelOrdered": plain(func(w *world, s *step) operator {
			return operators.Parallel(s.N, task(w, s), operators.Ordered())
		}),
		"ParallelBy": plain(func(w *world, s *step) operator {
			return operators.ParallelBy(s.N, func(v int) int { return mod(v, 3) }, task(w, s))
		}).with(mixes),
		"ParallelResults": plain(func(w *world, s *step) operator {
			return tp.Compose(operators.ParallelResults(s.N, task(w, s)), operators.Unwrap[int]())
		}).with(mixes),
		"ParallelPipes": {
			inner: true, mixes: true,
			build: func(w *world, s *step, in stream) stream {
				return operators.Parallel(s.N, func(ctx context.Context, v int) (int, error) {
					all, err := w.inner(s, v).Collect(ctx)
					if err != nil || len(all) == 0 {
						return v, err
					}
					return v, w.user(s.Point, v, true)
				})(in)
			},
		},
		"TryMap": plain(func(w *world, s *step) operator { return operators.TryMap(task(w, s)) }),
		"Map": plain(func(w *world, s *step) operator {
			return operators.Map(func(v int) int { w.must(s.Point, v); return v })
		}),
		"MapTwice": plain(func(w *world, s *step) operator { return tp.Compose(fusedMap(w, s), fusedMap(w, s)) }),
		"Filter": plain(func(w *world, s *step) operator {
			return operators.Filter(func(v int) bool { w.must(s.Point, v); return true })
		}),
		"FilterMap": plain(func(w *world, s *step) operator {
			return operators.FilterMap(func(v int) (int, bool) { w.must(s.Point, v); return v, true })
		}),
		"Do": plain(func(w *world, s *step) operator {
			return operators.Do(operators.Hooks[int]{Next: func(v int) { w.must(s.Point, v) }})
		}),
		"StatefulMap": plain(func(w *world, s *step) operator {
			return operators.StatefulMap(func(context.Context) (int, error) { return 0, nil },
				func(_ context.Context, n, v int) (int, int, error) { return n + 1, v, w.user(s.Point, v, true) }, nil)
		}).with(late),
	}
}

func fusedMap(w *world, s *step) operator {
	return operators.Map(func(v int) int { w.must(s.Point, v); return v })
}

// flatOps run a stream for each item.
func flatOps() map[string]*op {
	fn := func(w *world, s *step) func(v int) stream {
		return func(v int) stream { w.must(s.Point, v); return w.inner(s, v) }
	}
	nested := func(build func(w *world, s *step) operator) *op {
		return plain(build).but(func(o *op) { o.inner, o.flat, o.model = true, true, flat })
	}
	return map[string]*op{
		"FlatMap":         nested(func(w *world, s *step) operator { return operators.FlatMap(s.N, fn(w, s)) }).with(mixes),
		"FlatMapBuffered": nested(func(w *world, s *step) operator { return operators.FlatMap(s.N, fn(w, s), operators.Buffered(s.N)) }).with(mixes),
		"FlatMapAll":      nested(func(w *world, s *step) operator { return operators.FlatMap(tp.Infinite, fn(w, s)) }).with(mixes),
		"FlatMapStops": nested(func(w *world, s *step) operator {
			return operators.FlatMap(s.N, fn(w, s), operators.StopInner())
		}).with(mixes, vague).but(func(o *op) { o.cold = true }), // a stop may end an inner stream before its first item
		"ConcatMap": nested(func(w *world, s *step) operator { return operators.ConcatMap(fn(w, s)) }),
		"SwitchMap": nested(func(w *world, s *step) operator { return operators.SwitchMap(fn(w, s)) }).with(drops, vague),
		"ExhaustMap": nested(func(w *world, s *step) operator {
			return operators.ExhaustMap(fn(w, s))
		}).with(drops, vague),
		"GroupBy": nested(func(w *world, s *step) operator {
			return tp.Compose(operators.GroupBy(func(v int) int { w.must(s.Point, v); return mod(v, 3) }),
				operators.FlatMap(tp.Infinite, func(g tp.Group[int, int]) stream { return w.chain(g.Items, s.Inner) }))
		}).with(mixes).but(partwise),
		"GroupByN": nested(func(w *world, s *step) operator {
			return tp.Compose(operators.GroupByN(s.N, func(v int) int { w.must(s.Point, v); return mod(v, s.N) }),
				operators.FlatMap(tp.Infinite, func(g tp.Group[int, int]) stream { return w.chain(g.Items, s.Inner) }))
		}).with(mixes).but(partwise),
		"WindowFlat": nested(func(w *world, s *step) operator {
			return tp.Compose(operators.WindowWithCount[int](s.N), operators.FlatMap(2, func(o stream) stream { return w.chain(o, s.Inner) }))
		}).with(mixes).but(partwise),
		"WindowConcat": nested(func(w *world, s *step) operator {
			return tp.Compose(operators.WindowWithCount[int](s.N), operators.ConcatMap(func(o stream) stream { return w.chain(o, s.Inner) }))
		}).but(partwise),
		"WindowTime": nested(func(w *world, s *step) operator {
			return tp.Compose(operators.WindowWithTime[int](w.time(s.N)), operators.ConcatMap(func(o stream) stream { return w.chain(o, s.Inner) }))
		}).but(partwise),
		"Flatten": nested(func(w *world, s *step) operator {
			return tp.Compose(operators.Map(fn(w, s)), operators.Flatten[int](s.N))
		}).with(mixes, vague), // Map makes a stream, not an item
		"Unbatch": nested(func(w *world, s *step) operator {
			return tp.Compose(operators.Map(func(v int) []int { w.must(s.Point, v); return []int{v} }), operators.Unbatch[int]())
		}).but(func(o *op) { o.inner, o.model = false, nil }),
	}
}

// partwise is for stages whose inner streams are parts of upstream. The stages of these
// inner streams must not depend on the position of an item.
func partwise(o *op) {
	o.flat = false
	o.model = func(m *model, s *step, f flow) flow {
		one := step{Op: s.Op, Inner: slices.Clone(s.Inner)}
		one.Inner = slices.DeleteFunc(one.Inner, func(s step) bool { return ops[s.Op].pos })
		f = flat(m, &one, f)
		f.any = f.any || m.innerOf(&one, 0).any // also of a group without items
		if has(s.Inner, func(_ *step, o *op) bool { return o.pos }) {
			f = f.some()
		}
		if has(s.Inner, func(_ *step, o *op) bool { return o.early || o.mixes }) {
			f = f.mixed()
		}
		return f
	}
}
