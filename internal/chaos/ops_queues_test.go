package chaos

import (
	"iter"
	"strconv"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

type operator = tp.Operator[int, int]

func (w *world) time(n int) time.Duration { return time.Duration(n) * w.unit }

// queueOps have a queue, or share a hot stream.
func queueOps() map[string]*op {
	size := func(s *step) tp.QueueSetting { return tp.WithQueue(s.N) }
	return map[string]*op{
		"ObserveOn": plain(func(_ *world, s *step) operator { return operators.ObserveOn[int](size(s)) }),
		"Prefetch":  plain(func(_ *world, s *step) operator { return operators.Prefetch[int](s.N) }),
		"LimitRate": plain(func(_ *world, s *step) operator { return operators.LimitRate[int](s.N) }),
		"Buffer":    plain(func(_ *world, s *step) operator { return operators.OnBackpressureBuffer[int](s.N, tp.Block) }),
		"BufferOldest": plain(func(_ *world, s *step) operator {
			return operators.OnBackpressureBuffer[int](s.N, tp.DropOldest)
		}).with(drops),
		"BufferNewest": plain(func(_ *world, s *step) operator {
			return operators.OnBackpressureBuffer[int](s.N, tp.DropNewest)
		}).with(drops),
		"BufferFail": plain(func(_ *world, s *step) operator {
			return operators.OnBackpressureBuffer[int](s.N*4, tp.Fail)
		}).with(drops).but(func(o *op) { o.errs = []error{tp.ErrOverflow} }),
		"Drop":    plain(func(*world, *step) operator { return operators.OnBackpressureDrop[int]() }).with(drops),
		"Latest":  plain(func(*world, *step) operator { return operators.OnBackpressureLatest[int]() }).with(drops),
		"OnError": plain(func(*world, *step) operator { return operators.OnBackpressureError[int]() }).with(drops).but(func(o *op) { o.errs = []error{tp.ErrOverflow} }),
		"LoadShed": plain(func(w *world, s *step) operator {
			return operators.LoadShed(s.N, w.time(s.N), operators.WithShedPriority(func(v int) int { w.must1(s.Point, v); return v % 3 }))
		}).with(drops, mixes),
		"ByKey": plain(func(w *world, s *step) operator {
			return operators.ConflateByKey(func(v int) int { w.must1(s.Point, v); return v % s.N })
		}).with(drops, mixes),
		"Reduce": plain(func(*world, *step) operator {
			return operators.OnBackpressureReduce(func(_, next int) int { return next })
		}).with(drops, vague),
		"Conflate": plain(func(*world, *step) operator {
			return operators.Conflate(func(v int) int { return v }, func(_, next int) int { return next })
		}).with(drops, vague),
		"Batch": plain(func(_ *world, s *step) operator {
			return tp.Compose(operators.OnBackpressureBatch[int](s.N), operators.Unbatch[int]())
		}),
		"Slow": plain(func(w *world, _ *step) operator { return operators.BackpressureTimeout[int](w.time(10_000_000)) }),
		"Extrapolate": plain(func(*world, *step) operator {
			return operators.Extrapolate(func(int) iter.Seq[int] { return nil })
		}),
		"Spill": plain(func(w *world, s *step) operator {
			return operators.SpillToDisk(w.dir, s.N, tp.Codec[int]{
				Encode: func(v int) ([]byte, error) { return []byte(strconv.Itoa(v)), nil },
				Decode: func(b []byte) (int, error) { return strconv.Atoi(string(b)) },
			})
		}),
		"Gate": plain(func(w *world, s *step) operator {
			return operators.Gate[int](tp.Pipe2(tp.Interval(w.time(s.N)), operators.Take[int](6), operators.Map(func(i int) bool { return i%2 == 1 })))
		}),
		"Share":       plain(func(*world, *step) operator { return operators.Share[int]() }),
		"ShareSmall":  plain(func(_ *world, s *step) operator { return operators.Share[int](size(s)) }),
		"ShareReplay": plain(func(_ *world, s *step) operator { return operators.ShareReplay[int](s.N) }),
		"RefCount": plain(func(_ *world, s *step) operator {
			return func(in stream) stream { return tp.Publish(in, size(s)).RefCount() }
		}),
		"Broadcast1": plain(func(_ *world, s *step) operator {
			return func(in stream) stream { return tp.Broadcast(in, 1, size(s))[0] }
		}),
		"Balance1": plain(func(_ *world, s *step) operator {
			return func(in stream) stream { return tp.Balance(in, 1, size(s))[0] }
		}),
		"Broadcast2":   plain(broadcast2).with(mixes, vague).but(func(o *op) { o.model, o.top = twice, true }),
		"Balance2":     plain(balance2).with(mixes).but(func(o *op) { o.top = true }),
		"SubscribeOn":  plain(func(*world, *step) operator { return operators.SubscribeOn[int](nil) }),
		"SubscribeOnB": plain(func(*world, *step) operator { return operators.SubscribeOn[int](func(task func()) { task() }) }),
	}
}

func twice(_ *model, _ *step, f flow) flow { return f.each(func(v int) []int { return []int{v, v} }) }

func broadcast2(_ *world, s *step) operator {
	return func(in stream) stream {
		both := tp.Broadcast(in, 2, tp.WithQueue(s.N))
		return operators.Merge(both[1])(both[0])
	}
}

func balance2(_ *world, s *step) operator {
	return func(in stream) stream {
		both := tp.Balance(in, 2, tp.WithQueue(s.N))
		return operators.Merge(both[1])(both[0])
	}
}
