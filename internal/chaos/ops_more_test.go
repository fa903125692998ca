package chaos

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// wild is for stages that turn the items into other values. The stages after them are
// checked against everything except the model.
func wild(o *op) {
	o.exact = false
	o.model = func(_ *model, _ *step, f flow) flow { f.any = true; return f.some() }
}

// ends is for stages that may complete, or fail with one of errs, at any item.
func ends(errs ...error) func(o *op) {
	return func(o *op) { o.early, o.exact, o.errs = true, false, errs }
}

// number turns the result of an operator back into an item.
func number[T any](build func(w *world, s *step) tp.Operator[int, T], value func(v T) int) *op {
	return plain(func(w *world, s *step) operator {
		return tp.Compose(build(w, s), operators.Map(value))
	}).with(wild)
}

func truth(v bool) int {
	if v {
		return 1
	}
	return 0
}

// pred is a user's predicate that is rarely true.
func pred(w *world, s *step) func(v int) bool {
	return func(v int) bool { w.must(s.Point, v); return mod(v, 1000) == 10*s.N }
}

// oneOps turn all items into one value.
func oneOps() map[string]*op {
	self := func(v int) int { return v }
	return map[string]*op{
		"Count":         number(func(*world, *step) tp.Operator[int, int] { return operators.Count[int]() }, self),
		"Sum":           number(func(*world, *step) tp.Operator[int, int] { return operators.Sum[int]() }, self),
		"Average":       number(func(*world, *step) tp.Operator[int, float64] { return operators.Average[int]() }, func(v float64) int { return int(v) }),
		"Min":           number(func(*world, *step) tp.Operator[int, int] { return operators.Min(cmp.Compare[int]) }, self),
		"Max":           number(func(*world, *step) tp.Operator[int, int] { return operators.Max(cmp.Compare[int]) }, self),
		"Last":          number(func(*world, *step) tp.Operator[int, int] { return operators.Last[int]() }, self).with(ends(tp.ErrEmpty)),
		"LastOrDefault": number(func(*world, *step) tp.Operator[int, int] { return operators.LastOrDefault(-7) }, self),
		"FirstDefault":  number(func(*world, *step) tp.Operator[int, int] { return operators.FirstOrDefault(-7) }, self).with(ends()),
		"ElementAt":     number(func(_ *world, s *step) tp.Operator[int, int] { return operators.ElementAt[int](3 * s.N) }, self).with(ends(tp.ErrIndexOutOfRange)),
		"Find":          number(func(w *world, s *step) tp.Operator[int, int] { return operators.Find(pred(w, s)) }, self).with(ends()),
		"FindIndex":     number(func(w *world, s *step) tp.Operator[int, int] { return operators.FindIndex(pred(w, s)) }, self).with(ends()),
		"All": number(func(w *world, s *step) tp.Operator[int, bool] {
			return operators.All(func(v int) bool { return !pred(w, s)(v) })
		}, truth).with(ends()),
		"Any":      number(func(w *world, s *step) tp.Operator[int, bool] { return operators.Any(pred(w, s)) }, truth).with(ends()),
		"Contains": number(func(_ *world, s *step) tp.Operator[int, bool] { return operators.Contains(1000 + 5*s.N) }, truth).with(ends()),
		"IsEmpty":  number(func(*world, *step) tp.Operator[int, bool] { return operators.IsEmpty[int]() }, truth).with(ends()),
		"OnlyOne": number(func(w *world, s *step) tp.Operator[int, int] { return operators.Single(pred(w, s)) }, self).
			with(ends(tp.ErrEmpty, tp.ErrNotFound, tp.ErrTooManyItems)),
		"ReduceAll": number(func(*world, *step) tp.Operator[int, int] {
			return operators.Reduce(0, func(a, v int) int { return a + v })
		}, self),
		"ReduceWith": number(func(w *world, s *step) tp.Operator[int, map[int]int] {
			return operators.ReduceWith(func() map[int]int { return map[int]int{} },
				func(m map[int]int, v int) map[int]int { w.must(s.Point, v); m[v]++; return m })
		}, func(m map[int]int) int { return len(m) }),
		"ToMap": number(func(w *world, s *step) tp.Operator[int, map[int]int] {
			return operators.ToMap(func(v int) int { w.must(s.Point, v); return v % 3 })
		}, func(m map[int]int) int { return len(m) }),
		"ToMapValue": number(func(w *world, s *step) tp.Operator[int, map[int]int] {
			return operators.ToMapWithValueSelector(func(v int) int { w.must(s.Point, v); return v % 3 }, func(v int) int { return v })
		}, func(m map[int]int) int { return len(m) }),
		"ToMultiMap": number(func(w *world, s *step) tp.Operator[int, map[int][]int] {
			return operators.ToMultiMap(func(v int) int { w.must(s.Point, v); return v % 3 })
		}, func(m map[int][]int) int { return len(m) }),
		"MapReduce": number(func(w *world, s *step) tp.Operator[int, map[int]int] {
			return operators.MapReduce(s.N, func(_ context.Context, v int) (int, int, error) {
				return v % 3, 1, w.user(s.Point, v, true)
			}, func(a, b int) int { return a + b })
		}, func(m map[int]int) int { return len(m) }),
		"TopK":   plain(func(_ *world, s *step) operator { return operators.TopK(s.N, cmp.Compare[int]) }).with(pos, mixes, drops, vague),
		"Ignore": plain(func(*world, *step) operator { return operators.IgnoreElements[int]() }).with(drops, vague),
	}
}

// moreOps are the others.
func moreOps() map[string]*op {
	return map[string]*op{
		"Scan": number(func(w *world, s *step) tp.Operator[int, int] {
			return operators.Scan(0, func(a, v int) int { w.must(s.Point, v); return a + v })
		}, func(v int) int { return v }),
		"ScanWith": number(func(w *world, s *step) tp.Operator[int, int] {
			return operators.ScanWith(func() int { return 0 }, func(a, v int) int { w.must(s.Point, v); return a + v })
		}, func(v int) int { return v }),
		"Pairwise": plain(func(*world, *step) operator {
			return tp.Compose(operators.Pairwise[int](), operators.Map(func(p tp.Pair[int, int]) int { return p.Second }))
		}).with(drops, vague),
		"Sliding": number(func(_ *world, s *step) tp.Operator[int, []int] {
			return operators.SlidingWindow[int](s.N, 1+s.N/2, operators.Partial())
		}, func(v []int) int { return len(v) }),
		"EventTime": plain(func(w *world, s *step) operator {
			return tp.Compose(operators.EventTimeWindow(time.Duration(s.N)*time.Second, func(v int) time.Time {
				w.must(s.Point, v)
				return time.Unix(int64(mod(v, 1000)), 0)
			}), operators.FlatMapSeq(func(v tp.TimeWindow[int]) iter.Seq[int] { return slices.Values(v.Items) }))
		}).with(mixes, drops, vague),
		"FlatMapSeq": plain(func(w *world, s *step) operator {
			return operators.FlatMapSeq(func(v int) iter.Seq[int] { w.must(s.Point, v); return slices.Values([]int{v}) })
		}),
		"Expand": plain(func(w *world, s *step) operator {
			return operators.Expand(s.N, func(v int) stream {
				w.must1(s.Point, v)
				if v >= twin/2 {
					return tp.Empty[int]()
				}
				return tp.Just(v + twin)
			})
		}).with(mixes, vague).but(func(o *op) {
			o.cold = true // a stop begins nothing new
			o.model = func(_ *model, _ *step, f flow) flow {
				return f.each(func(v int) []int {
					if v >= twin/2 {
						return []int{v}
					}
					return []int{v, v + twin}
				})
			}
		}),
		"Tasks": plain(func(w *world, s *step) operator {
			return tp.Compose(operators.Map(func(v int) tp.Task[int] {
				return func(context.Context) (int, error) { return v, w.user(s.Point, v, true) }
			}), tp.Compose(operators.Tasks[int](s.N), operators.Unwrap[int]()))
		}).with(mixes, vague),
		"DeadLetter": plain(func(w *world, s *step) operator {
			return tp.Compose(operators.ParallelResults(s.N, func(_ context.Context, v int) (int, error) { return v, w.user(s.Point, v, true) }),
				operators.DeadLetter(func(context.Context, tp.Result[int]) error { return nil }))
		}).with(mixes, drops, vague).but(func(o *op) { o.recovers = true }),
		"Partition": plain(func(w *world, s *step) operator {
			return func(in stream) stream {
				match, rest := operators.Partition(in, func(v int) bool { w.must(s.Point, v); return v%2 == 0 })
				return operators.Concat(rest)(match)
			}
		}).with(mixes, vague).but(func(o *op) {
			o.top, o.cold, o.once = true, true, true
			o.errs = []error{tp.ErrAlreadySubscribed, tp.ErrClosed}
			o.model = func(m *model, _ *step, f flow) flow { f = f.some(); f.many = true; return f }
		}),
		"KeepAlive": number(func(w *world, s *step) tp.Operator[int, int] {
			return operators.KeepAlive(w.time(s.N), func() int { return -8 })
		}, func(v int) int { return v }).but(func(o *op) { o.once = true }),
		"Intersperse": number(func(*world, *step) tp.Operator[int, int] { return operators.Intersperse(-6) }, func(v int) int { return v }),
		"Equal": {other: true, early: true, model: func(_ *model, _ *step, f flow) flow { f.any = true; return f.some() }, build: func(w *world, s *step, in stream) stream {
			return tp.Compose(operators.SequenceEqual(w.source(s.Other), func(a, b int) bool { return a%1000 == b%1000 }), operators.Map(truth))(in)
		}},
		"ForkJoin": {other: true, early: true, model: func(_ *model, _ *step, f flow) flow { f.any = true; return f.some() }, build: func(w *world, s *step, in stream) stream {
			return tp.Compose(operators.ForkJoin(w.source(s.Other)), operators.Unbatch[int]())(in)
		}},
		"Resume": plain(func(*world, *step) operator { return operators.OnErrorResumeNext(tp.Just(-9)) }).with(vague).but(func(o *op) {
			o.recovers, o.top, o.cold = true, true, true
			o.model = func(_ *model, _ *step, f flow) flow { f.seq = append(slices.Clone(f.seq), -9); return f.some() }
		}),
		"Json": plain(func(*world, *step) operator {
			return tp.Compose(operators.Marshal[int](json.Marshal), operators.Unmarshal[int](json.Unmarshal))
		}),
		"OfType": plain(func(*world, *step) operator {
			return tp.Compose(operators.Map(func(v int) any { return v }), operators.OfType[int, any]())
		}),
		"Cast": plain(func(*world, *step) operator {
			return tp.Compose(operators.Map(func(v int) any { return v }), operators.Cast[int, any]())
		}),
		"Results": plain(func(*world, *step) operator {
			return tp.Compose(operators.Results[int](), operators.Unwrap[int]())
		}).with(vague), // it makes one more item from an error
		"Log": plain(func(*world, *step) operator {
			return operators.Log[int](slog.New(slog.DiscardHandler), "log")
		}),
		"Dedup": plain(func(w *world, s *step) operator {
			return operators.Dedup(func(v int) int { w.must(s.Point, v); return v }, 4, w.time(s.N))
		}).with(drops, vague),
		"UntilChanged": plain(func(w *world, s *step) operator {
			return operators.DistinctUntilChanged(func(v int) int { w.must(s.Point, v); return v / 2 })
		}).with(drops, vague),
		"SkipFor": plain(func(w *world, s *step) operator { return operators.SkipFor[int](w.time(s.N)) }).with(pos, drops, vague),
		"SkipWhile": plain(func(w *world, s *step) operator {
			return operators.SkipWhile(func(v int) bool { w.must(s.Point, v); return mod(v, 1000) < 3 })
		}).with(pos, drops, vague),
		"UntilMatch": plain(func(w *world, s *step) operator { return operators.TakeUntilMatch(pred(w, s)) }).with(pos, drops, early),
		"ThrowIfEmpty": plain(func(*world, *step) operator {
			return operators.ThrowIfEmpty[int](func() error { return errNone })
		}).but(func(o *op) { o.errs = []error{errNone} }),
		"Fallback": plain(func(w *world, s *step) operator {
			return operators.Timeout[int](w.time(s.N), operators.FallbackTo(tp.Just(-10)))
		}).with(early, drops).but(func(o *op) {
			o.recovers, o.cold, o.top, o.errs = true, true, true, []error{tp.ErrTimeout} // a stop begins no fallback
			o.model = func(_ *model, _ *step, f flow) flow { f.seq = append(slices.Clone(f.seq), -10); return f.some() }
		}),
	}
}

var errNone = errors.New("none")

// moreFlatOps are other kinds of windows, groups and inner streams.
func moreFlatOps() map[string]*op {
	part := func(build func(w *world, s *step, inner func(o stream) stream) operator) *op {
		return plain(func(w *world, s *step) operator {
			return build(w, s, func(o stream) stream { return w.chain(o, s.Inner) })
		}).but(func(o *op) { o.inner = true; partwise(o) })
	}
	return map[string]*op{
		"WindowWhen": part(func(w *world, s *step, inner func(o stream) stream) operator {
			return tp.Compose(operators.WindowWhen[int](tp.Interval(w.time(s.N))), operators.ConcatMap(inner))
		}),
		"WindowBoth": part(func(w *world, s *step, inner func(o stream) stream) operator {
			return tp.Compose(operators.WindowWithTimeOrCount[int](w.time(s.N), s.N), operators.FlatMap(tp.Infinite, inner))
		}).with(mixes),
		"GroupIdle": part(func(w *world, s *step, inner func(o stream) stream) operator {
			return tp.Compose(operators.GroupBy(func(v int) int { w.must(s.Point, v); return mod(v, 3) }, operators.WithIdle(w.time(s.N))),
				operators.FlatMap(tp.Infinite, func(g tp.Group[int, int]) stream { return inner(g.Items) }))
		}).with(mixes),
		"SwitchAll": plain(func(w *world, s *step) operator {
			return tp.Compose(operators.Map(func(v int) stream { w.must(s.Point, v); return w.inner(s, v) }), operators.SwitchAll[int]())
		}).with(drops, vague).but(func(o *op) { o.inner, o.model = true, flat }),
		"CombineAll": plain(func(w *world, s *step) operator {
			return tp.Compose(tp.Compose(operators.Take[int](3), operators.Map(func(v int) stream { return w.inner(s, v) })),
				tp.Compose(operators.CombineLatestAll[int](), operators.Unbatch[int]()))
		}).with(wild, ends()).but(func(o *op) { o.inner = true }),
		"ZipAll": plain(func(w *world, s *step) operator {
			return tp.Compose(tp.Compose(operators.Take[int](3), operators.Map(func(v int) stream { return w.inner(s, v) })),
				tp.Compose(operators.ZipAll[int](), operators.Unbatch[int]()))
		}).with(wild, ends()).but(func(o *op) { o.inner = true }),
	}
}
