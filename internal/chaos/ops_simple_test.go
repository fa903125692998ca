package chaos

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// simpleOps run on their subscriber's goroutine.
func simpleOps() map[string]*op {
	return map[string]*op{
		"Name":    plain(func(*world, *step) operator { return operators.Name[int]("named") }),
		"Finally": plain(func(*world, *step) operator { return operators.Finally[int](func() {}) }),
		"Checked": plain(func(*world, *step) operator { return tp.Checked[int] }),
		"WithContext": plain(func(*world, *step) operator {
			return operators.WithContext[int](func(ctx context.Context) context.Context { return ctx })
		}),
		"Materialize": plain(func(*world, *step) operator {
			return tp.Compose(operators.Materialize[int](), operators.Dematerialize[int]())
		}),
		"Index": plain(func(*world, *step) operator {
			return tp.Compose(operators.Index[int](), operators.Map(func(v tp.Indexed[int]) int { return v.Value }))
		}),
		"Even": plain(func(*world, *step) operator {
			return operators.Filter(func(v int) bool { return v%2 == 0 })
		}).with(vague).but(func(o *op) {
			o.model = func(_ *model, _ *step, f flow) flow {
				f.seq = slices.DeleteFunc(slices.Clone(f.seq), func(v int) bool { return v%2 != 0 })
				return f
			}
		}),
		"Take": plain(func(_ *world, s *step) operator { return operators.Take[int](s.N * 3) }).with(pos, early).but(func(o *op) {
			o.model = func(_ *model, s *step, f flow) flow {
				return f.exactly(func(seq []int) []int { return seq[:min(len(seq), s.N*3)] })
			}
		}),
		"Skip": plain(func(_ *world, s *step) operator { return operators.Skip[int](s.N) }).with(pos, vague).but(func(o *op) {
			o.model = func(_ *model, s *step, f flow) flow {
				return f.exactly(func(seq []int) []int { return seq[min(len(seq), s.N):] })
			}
		}),
		"TakeLast": plain(func(_ *world, s *step) operator { return operators.TakeLast[int](s.N) }).with(pos, vague).but(func(o *op) {
			o.model = func(m *model, s *step, f flow) flow {
				if !m.actual { // a stop makes other items the last ones
					return f.some()
				}
				return f.exactly(func(seq []int) []int { return seq[max(0, len(seq)-s.N):] })
			}
		}),
		"SkipLast": plain(func(_ *world, s *step) operator { return operators.SkipLast[int](s.N) }).with(pos, vague).but(func(o *op) {
			o.model = func(_ *model, s *step, f flow) flow {
				return f.exactly(func(seq []int) []int { return seq[:max(0, len(seq)-s.N)] })
			}
		}),
		"TakeWhile": plain(func(w *world, s *step) operator {
			return operators.TakeWhile(func(v int) bool { w.must(s.Point, v); return v%1000 < 20 })
		}).with(pos, early, drops),
		"Distinct": plain(func(*world, *step) operator { return operators.Distinct(func(v int) int { return v }) }).with(vague).but(func(o *op) {
			o.model = func(_ *model, _ *step, f flow) flow {
				seen := map[int]bool{}
				f.seq = slices.DeleteFunc(slices.Clone(f.seq), func(v int) bool { was := seen[v]; seen[v] = true; return was })
				return f
			}
		}),
		"Sort": plain(func(*world, *step) operator { return operators.Sort(cmp.Compare[int]) }).but(func(o *op) {
			o.model = func(_ *model, _ *step, f flow) flow {
				f.seq = slices.Sorted(slices.Values(f.seq))
				f.ordered = true
				return f
			}
		}).with(pos),
		"DefaultIfEmpty": plain(func(*world, *step) operator { return operators.DefaultIfEmpty(-1) }).with(vague).but(func(o *op) {
			o.model = func(m *model, _ *step, f flow) flow {
				if m.actual && len(f.seq) > 0 {
					return f
				}
				f.seq = append(slices.Clone(f.seq), -1) // a stop may be before the first item
				if !m.actual {
					f = f.some()
				}
				return f
			}
			o.top = true
		}),
		"EndWith": plain(func(*world, *step) operator { return operators.EndWith(-2) }).with(vague).but(func(o *op) {
			o.model = func(_ *model, _ *step, f flow) flow { f.seq = append(slices.Clone(f.seq), -2); return f }
			o.top, o.cold = true, true
		}),
		"StartWith": plain(func(*world, *step) operator { return operators.StartWith(-3) }).with(vague, late).but(func(o *op) {
			o.model = func(_ *model, _ *step, f flow) flow { f.seq = append([]int{-3}, f.seq...); return f }
		}),
		"Single": plain(func(*world, *step) operator { return operators.First[int]() }).with(pos, early, drops).but(func(o *op) {
			o.errs, o.once = []error{tp.ErrEmpty}, true
		}),
	}
}

// timeOps depend on the clock.
func timeOps() map[string]*op {
	return map[string]*op{
		"Delay":    plain(func(w *world, s *step) operator { return operators.Delay[int](w.time(s.N)) }),
		"DelayFew": plain(func(w *world, s *step) operator { return operators.Delay[int](w.time(s.N), tp.WithQueue(s.N)) }),
		"DelayWhen": plain(func(w *world, s *step) operator {
			return operators.DelayWhen(func(v int) tp.Observable[int] { w.must(s.Point, v); return tp.Timer(w.delay(s.Point, v)) })
		}).with(mixes),
		"RateLimit": plain(func(w *world, s *step) operator { return operators.RateLimit[int](s.N, w.time(2)) }),
		"Debounce":  plain(func(w *world, s *step) operator { return operators.Debounce[int](w.time(s.N)) }).with(drops, vague),
		"Throttle": plain(func(w *world, s *step) operator {
			return operators.Throttle[int](w.time(s.N), operators.WithEdge(operators.BothEdges))
		}).with(drops, vague),
		"Audit": plain(func(w *world, s *step) operator { return operators.Audit[int](w.time(s.N)) }).with(drops, vague),
		"Sample": plain(func(w *world, s *step) operator {
			return operators.Sample[int](tp.Interval(w.time(s.N)), operators.EmitLast())
		}).with(drops, vague),
		"Timeout":           plain(func(w *world, _ *step) operator { return operators.Timeout[int](w.time(10_000_000)) }),
		"DelaySubscription": plain(func(w *world, s *step) operator { return operators.DelaySubscription[int](w.time(s.N)) }).with(late),
		"TakeFor":           plain(func(w *world, s *step) operator { return operators.TakeFor[int](w.time(s.N * 10)) }).with(early, drops),
		"TimeInterval": plain(func(*world, *step) operator {
			return tp.Compose(operators.TimeInterval[int](), operators.Map(func(v tp.Elapsed[int]) int { return v.Value }))
		}),
		"Timestamp": plain(func(*world, *step) operator {
			return tp.Compose(operators.Timestamp[int](), operators.Map(func(v tp.Timestamped[int]) int { return v.Value }))
		}),
	}
}

// bufferOps collect the items into slices, which are then taken apart again.
func bufferOps() map[string]*op {
	slice := func(build func(w *world, s *step) tp.Operator[int, []int]) *op {
		return plain(func(w *world, s *step) operator {
			return tp.Compose(build(w, s), operators.Unbatch[int]())
		})
	}
	return map[string]*op{
		"BufferCount": slice(func(_ *world, s *step) tp.Operator[int, []int] { return operators.BufferWithCount[int](s.N) }),
		"BufferTime":  slice(func(w *world, s *step) tp.Operator[int, []int] { return operators.BufferWithTime[int](w.time(s.N)) }),
		"BufferBoth": slice(func(w *world, s *step) tp.Operator[int, []int] {
			return operators.BufferWithTimeOrCount[int](w.time(s.N), s.N)
		}),
		"BufferWeighted": slice(func(w *world, s *step) tp.Operator[int, []int] {
			return operators.BufferWeighted(4, func(v int) int64 { w.must(s.Point, v); return int64(mod(v, 3)) })
		}),
		"BufferChanged": slice(func(w *world, s *step) tp.Operator[int, []int] {
			return operators.BufferUntilChanged(func(v int) int { w.must(s.Point, v); return v / 3 })
		}),
		"BufferWhen": slice(func(w *world, s *step) tp.Operator[int, []int] {
			return operators.BufferWhen[int](tp.Interval(w.time(s.N)))
		}),
		"Session": slice(func(w *world, s *step) tp.Operator[int, []int] { return operators.SessionWindow[int](w.time(s.N)) }),
		"ToSlice": slice(func(*world, *step) tp.Operator[int, []int] { return operators.ToSlice[int]() }),
	}
}

// sideOps have a second upstream.
func sideOps() map[string]*op {
	side := func(build func(w *world, s *step, other stream) operator) *op {
		return &op{exact: true, other: true, build: func(w *world, s *step, in stream) stream {
			return build(w, s, w.source(s.Other))(in)
		}}
	}
	at := func(v int) time.Time { return time.Unix(int64(v%1000), 0) }
	return map[string]*op{
		"Merge":       side(func(_ *world, _ *step, o stream) operator { return operators.Merge(o) }).but(func(o *op) { o.model = added }),
		"Prioritized": side(func(_ *world, _ *step, o stream) operator { return operators.MergePrioritized(o) }).but(func(o *op) { o.model = added }),
		"Interleave":  side(func(_ *world, s *step, o stream) operator { return operators.Interleave(s.N, o) }).but(func(o *op) { o.model = added }),
		"MergeSorted": side(func(_ *world, _ *step, o stream) operator { return operators.MergeSorted(cmp.Compare[int], o) }).but(func(o *op) { o.model = added }),
		"Concat": side(func(_ *world, _ *step, o stream) operator { return operators.Concat(o) }).but(func(o *op) {
			o.model, o.cold = added, true
		}),
		"Race": side(func(_ *world, _ *step, o stream) operator { return operators.Race(o) }).with(drops, early).but(func(o *op) { o.model, o.recovers = added, true }),
		"Zip":  side(func(_ *world, _ *step, o stream) operator { return operators.Zip(o, func(a, _ int) int { return a }) }).with(drops, early),
		"CombineLatest": side(func(_ *world, _ *step, o stream) operator {
			return operators.CombineLatest(o, func(a, b int) int { return max(a, b) })
		}).with(drops, vague).but(func(o *op) { o.model, o.early = any2, true }),
		"WithLatestFrom": side(func(_ *world, _ *step, o stream) operator {
			return operators.WithLatestFrom(o, func(a, _ int) int { return a })
		}).with(drops, early),
		"Join": side(func(w *world, s *step, o stream) operator {
			return operators.Join(o, time.Duration(s.N)*time.Second, at, at, func(a, b int) int { return a })
		}).with(drops, vague).but(func(o *op) { o.model, o.early = any2, true }),
		"TakeUntil": side(func(_ *world, _ *step, o stream) operator { return operators.TakeUntil[int](o) }).with(drops, early).but(func(o *op) { o.recovers = true }),
		"SkipUntil": side(func(_ *world, _ *step, o stream) operator { return operators.SkipUntil[int](o) }).with(drops, vague),
		"SwitchIfEmpty": side(func(_ *world, _ *step, o stream) operator { return operators.SwitchIfEmpty(o) }).with(vague).but(func(o *op) {
			o.cold = true
			o.model = func(m *model, s *step, f flow) flow {
				if len(f.seq) == 0 && !f.any {
					return m.source(s.Other)
				}
				return added(m, s, f).some()
			}
		}),
	}
}

// any2 is the model of stages that emit any number of items.
func any2(m *model, s *step, f flow) flow {
	f = added(m, s, f).some()
	f.many = true
	return f
}

var errMapped = errors.New("mapped")

// faultOps hide errors.
func faultOps() map[string]*op {
	hides := func(o *op) { o.recovers, o.top, o.cold = true, true, true }
	again := func(_ *model, s *step, f flow) flow {
		out := f
		for range s.N {
			out.seq = append(slices.Clone(out.seq), f.seq...)
		}
		return out.mixed().some()
	}
	return map[string]*op{
		"Retry": plain(func(_ *world, s *step) operator {
			return operators.Retry[int](s.N, operators.RetryIf(func(error) bool { return true }))
		}).with(hides).but(func(o *op) { o.model, o.once, o.errs = again, true, []error{tp.ErrAlreadySubscribed, tp.ErrClosed} }),
		"Repeat": plain(func(_ *world, s *step) operator { return operators.Repeat[int](s.N) }).with(hides).but(func(o *op) { o.model, o.once, o.errs = again, true, []error{tp.ErrAlreadySubscribed, tp.ErrClosed} }),
		"Catch": plain(func(*world, *step) operator {
			return operators.Catch(func(error) stream { return tp.Just(-4) })
		}).with(hides, vague).but(func(o *op) {
			o.model = func(_ *model, _ *step, f flow) flow { f.seq = append(slices.Clone(f.seq), -4); return f.some() }
		}),
		"OnErrorComplete": plain(func(*world, *step) operator { return operators.OnErrorComplete[int](nil) }).with(hides, drops),
		"OnErrorReturn": plain(func(*world, *step) operator { return operators.OnErrorReturnItem(-5) }).with(hides, vague).but(func(o *op) {
			o.model = func(_ *model, _ *step, f flow) flow { f.seq = append(slices.Clone(f.seq), -5); return f.some() }
		}),
		"MapError": plain(func(*world, *step) operator {
			return operators.MapError[int](func(err error) error { return errors.Join(err, errMapped) })
		}),
		"Breaker": plain(func(*world, *step) operator { return operators.CircuitBreaker[int](operators.NewBreaker()) }).but(func(o *op) {
			o.errs = []error{tp.ErrCircuitOpen}
		}),
		"Serialize": plain(func(*world, *step) operator {
			return tp.Compose(operators.Index[int](), tp.Compose(
				operators.Serialize(0, func(v tp.Indexed[int]) int { return v.Index }),
				operators.Map(func(v tp.Indexed[int]) int { return v.Value })))
		}).but(func(o *op) { o.top = true }),
	}
}
