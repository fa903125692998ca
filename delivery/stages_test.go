package delivery_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// through runs a pipeline over a broker with the words, and returns how many events are
// committed at its end.
func through[R any](t *testing.T, use func(tp.Observable[event]) tp.Observable[R], words ...string) (out []R, committed int, err error) {
	t.Helper()
	b := published(words...)
	out, err = delivery.Through(logOf(b), use).Collect(t.Context())
	return out, b.Committed(), err
}

func text(v []byte) string { return string(v) }

func TestStages(t *testing.T) {
	nop := func(context.Context, delivery.Delivery[string]) error { return nil }
	bubble(t, "Map, Filter, FilterMap, FlatMap, Each", func(t *testing.T) {
		var got []string
		out, committed, err := through(t, func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
			return delivery.Each(1, func(_ context.Context, d delivery.Delivery[string]) error {
				got = append(got, d.Value)
				return nil
			})(tp.Pipe4(in,
				delivery.Map(text),
				delivery.Filter(func(v string) bool { return v != "a2" }),
				delivery.FilterMap(func(v string) (string, bool) { return strings.ToUpper(v), v != "a3" }),
				delivery.FlatMap(func(v string) []string {
					if v == "A4" {
						return nil
					}
					return []string{v, v + "!"}
				})))
		}, "a1", "a2", "a3", "a4", "a5")
		require.NoError(t, err)
		require.Equal(t, []string{"A1", "A1!", "A5", "A5!"}, got)
		require.Len(t, out, 4)
		require.Equal(t, 5, committed)
	})
	bubble(t, "a part that fails keeps the event", func(t *testing.T) {
		_, committed, err := through(t, func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
			return tp.Pipe3(in, delivery.Map(text), delivery.FlatMap(func(v string) []string { return []string{v, v + "!"} }),
				delivery.Each(1, func(_ context.Context, d delivery.Delivery[string]) error {
					if d.Value == "a2!" {
						return errBoom
					}
					return nil
				}))
		}, "a1", "a2", "a3")
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, 1, committed)
	})
	bubble(t, "Batch", func(t *testing.T) {
		var got []int
		_, committed, err := through(t, func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
			return tp.Pipe2(in, delivery.Batch[[]byte](2, time.Second),
				delivery.Each(1, func(_ context.Context, d delivery.Delivery[[][]byte]) error {
					got = append(got, len(d.Value))
					return nil
				}))
		}, "a1", "b1", "a3")
		require.NoError(t, err)
		require.Equal(t, []int{2, 1}, got)
		require.Equal(t, 3, committed)
	})
	bubble(t, "TryMap", func(t *testing.T) {
		var dead []string
		tries := 0
		out, committed, err := through(t, func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
			return tp.Pipe2(in, delivery.TryMap(func(_ context.Context, v []byte) (string, error) {
				if tries++; string(v) == "a2" {
					return "", errBoom
				}
				return string(v), nil
			}, delivery.Retry(2, operators.Constant(time.Second)), delivery.DeadLetter(func(_ context.Context, d delivery.Dead[[]byte]) error {
				dead = append(dead, string(d.Delivery.Value))
				return nil
			})), delivery.AckAll[string]())
		}, "a1", "a2", "a3")
		require.NoError(t, err)
		require.Equal(t, []string{"a2"}, dead)
		require.Equal(t, 5, tries)
		require.Len(t, out, 2)
		require.Equal(t, "log/0@2", out[1].Info.String())
		require.Equal(t, 3, committed)
	})
	bubble(t, "Parallel", func(t *testing.T) {
		var mu sync.Mutex
		var got []string
		began := time.Now()
		_, committed, err := through(t, func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
			return tp.Pipe2(in, delivery.Parallel(3, func(ctx context.Context, d event) (string, error) {
				return string(d.Value), sleep(ctx, time.Second)
			}), delivery.Each(3, func(_ context.Context, d delivery.Delivery[string]) error {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, d.Value)
				return nil
			}))
		}, "a1", "b1", "a2", "c1")
		require.NoError(t, err)
		require.Equal(t, 2*time.Second, time.Since(began))
		require.Less(t, slices.Index(got, "a1"), slices.Index(got, "a2"))
		require.Equal(t, 4, committed)
	})
	bubble(t, "Tee", func(t *testing.T) {
		slow, quick := 0, 0
		out, committed, err := through(t, func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
			return tp.Pipe2(in, delivery.Map(text), delivery.Tee(
				delivery.Each(1, func(ctx context.Context, _ delivery.Delivery[string]) error {
					slow++
					return sleep(ctx, time.Second)
				}),
				delivery.Each(1, func(context.Context, delivery.Delivery[string]) error { quick++; return nil }),
				delivery.AckAll[string]()))
		}, "a1", "b1", "a2")
		require.NoError(t, err)
		require.Equal(t, 3, slow)
		require.Equal(t, 3, quick)
		require.Len(t, out, 9)
		require.Equal(t, 3, committed)
	})
	bubble(t, "Tee acks only when every sink has", func(t *testing.T) {
		_, committed, err := through(t, func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
			return tp.Pipe2(in, delivery.Map(text), delivery.Tee(
				delivery.AckAll[string](),
				delivery.Each(1, func(ctx context.Context, d delivery.Delivery[string]) error {
					if d.Value == "a2" {
						return errors.Join(sleep(ctx, time.Second), errBoom) // the other sink has acked all by then
					}
					return nil
				})))
		}, "a1", "a2", "a3")
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, 1, committed)
	})
	bubble(t, "an operator that drops is noticed", func(t *testing.T) {
		_, committed, err := through(t, func(in tp.Observable[event]) tp.Observable[delivery.Receipt] {
			//turbopipesvet:ignore forgottenclaim the test is about forgotten claims
			return tp.Pipe3(in, delivery.Map(text), operators.Filter(func(d delivery.Delivery[string]) bool { return d.Value != "a2" }),
				delivery.Each(1, nop))
		}, "a1", "a2", "a3")
		require.ErrorIs(t, err, delivery.ErrForgotten)
		require.ErrorContains(t, err, "1 of them, the oldest is log/0@1")
		require.Equal(t, 1, committed)
	})
}

func TestDecoding(t *testing.T) {
	require.Nil(t, delivery.JSON[int](nil))
	require.Nil(t, delivery.Decoding(tp.Codec[int]{}, func(context.Context, delivery.Delivery[int]) error { return nil }))
	got := 0
	fn := delivery.Decoding(tp.Codec[int]{Decode: func(b []byte) (v int, err error) {
		err = json.Unmarshal(b, &v)
		return v, err
	}}, func(_ context.Context, d delivery.Delivery[int]) error { got = d.Value; return nil })
	require.NoError(t, fn(t.Context(), event{Value: []byte("7")}))
	require.Equal(t, 7, got)
	require.ErrorContains(t, fn(t.Context(), event{Value: []byte("x")}), "delivery: decoding: ")
}

type brokenSeen struct{}

func (brokenSeen) Seen(context.Context, string) (bool, error) { return false, errBroker }
func (brokenSeen) Add(context.Context, string) error          { return errBroker }

func TestDedup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		fn := func(context.Context, event) error {
			if calls++; calls == 1 {
				return errBoom
			}
			return nil
		}
		require.Nil(t, delivery.Dedup(nil, fn))
		require.Nil(t, delivery.Dedup[int](delivery.Recent(1), nil))
		b := published("a1", "a1", "a2", "a1", "a3", "a4", "a1")
		require.NoError(t, delivery.Process(logOf(b), 1, delivery.Dedup(delivery.Recent(3), fn),
			delivery.Retry(1, operators.Constant(0))).Drain(t.Context()))
		require.Equal(t, 1+5, calls, "the failure is no effect, and a1 is forgotten after 3 others")
		require.Equal(t, 7, b.Committed())
		require.ErrorIs(t, delivery.Process(logOf(published("a1")), 1, delivery.Dedup(brokenSeen{}, fn)).Drain(t.Context()), errBroker)
		require.NoError(t, delivery.Dedup(brokenSeen{}, fn)(t.Context(), event{}), "an event without an id")
	})
}

func TestInvalidArguments(t *testing.T) {
	src := emits(newSettled())
	fn := func(context.Context, event) error { return nil }
	process := func(opts ...delivery.Option) tp.Observable[delivery.Receipt] {
		return delivery.Process(src, 1, fn, opts...)
	}
	wait := operators.Constant(0)
	for text, o := range map[string]tp.Observable[delivery.Receipt]{
		"Process: src is nil":                                                       delivery.Process[[]byte](nil, 1, fn),
		"Process: n is 0, want at least 1":                                          delivery.Process(src, 0, fn),
		"Process: fn is nil":                                                        delivery.Process[[]byte](src, 1, nil),
		"Process: option 2 is nil":                                                  process(delivery.Unordered(), nil),
		"Process: Retry: count is -2, want at least 0, or Infinite":                 process(delivery.Retry(-2, wait)),
		"Process: Retry: backoff is nil":                                            process(delivery.Retry(1, nil)),
		"Process: RetryIf: pred is nil":                                             process(delivery.RetryIf(nil)),
		"Process: Timeout: d is 0s, want more than 0":                               process(delivery.Timeout(0)),
		"Process: DeadLetter: sink is nil":                                          process(delivery.DeadLetter[[]byte](nil)),
		"Process: DeadLetter[int] was given, want DeadLetter[[]uint8]":              process(delivery.DeadLetter(func(context.Context, delivery.Dead[int]) error { return nil })),
		"Process: OrderBy[int] was given, want OrderBy[[]uint8]":                    process(delivery.OrderBy(func(delivery.Delivery[int]) string { return "" })),
		"Process: OrderBy: key is nil":                                              process(delivery.OrderBy[[]byte](nil)),
		"Process: Skip: tell is nil":                                                process(delivery.Skip(nil)),
		"Process: Stop: Skip was given, too":                                        process(delivery.Skip(func(delivery.Receipt) {}), delivery.Stop()),
		"Process: Requeue: delay is nil":                                            process(delivery.Requeue(nil)),
		"Process: Requeue: a requeued event loses its place, so it needs Unordered": process(delivery.Requeue(func(delivery.Info, error) time.Duration { return 0 })),
		"Process: Requeue: the source, a *delivery_test.sessionOf, does not deliver a nacked event again": process(delivery.Unordered(),
			delivery.Requeue(func(delivery.Info, error) time.Duration { return 0 })),
		"Process: Ahead: k is -1, want at least 0":           process(delivery.Ahead(-1)),
		"Process: CloseTimeout: d is -1ns, want more than 0": process(delivery.CloseTimeout(-1)),
		"Process: MaxUncommitted: k is 0, want at least 1":   process(delivery.MaxUncommitted(0)),
		"Process: OnStall: after is 0s, want more than 0":    process(delivery.OnStall(0, func(delivery.Info, int) {})),
		"Process: OnStall: fn is nil":                        process(delivery.OnStall(1, nil)),
		"Process: Attempts: k is 0, want at least 1":         process(delivery.Attempts(0, nil)),
		"Process: Attempts: j is nil":                        process(delivery.Attempts(1, nil)),
		"Through: src is nil":                                delivery.Through(nil, delivery.AckAll[int]()),
		"Through: use is nil":                                delivery.Through[[]byte, delivery.Receipt](src, nil),
		"Through: option 1 is nil":                           delivery.Through(src, delivery.AckAll[[]byte](), nil),
		"delivery.Each: n is 0, want at least 1":             delivery.Each(0, fn)(tp.Empty[event]()),
		"delivery.Tee: no sink was given, want at least 1":   delivery.Tee[[]byte]()(tp.Empty[event]()),
		"delivery.Tee: sinks[1] is nil":                      delivery.Tee(delivery.AckAll[[]byte](), nil)(tp.Empty[event]()),
		"delivery.Batch: n is 0, want at least 1":            delivery.AckAll[[][]byte]()(delivery.Batch[[]byte](0, 1)(tp.Empty[event]())),
		"delivery.Batch: within is 0s, want more than 0":     delivery.AckAll[[][]byte]()(delivery.Batch[[]byte](1, 0)(tp.Empty[event]())),
		"delivery.Map: fn is nil":                            delivery.AckAll[int]()(delivery.Map[[]byte, int](nil)(tp.Empty[event]())),
		"delivery.Filter: pred is nil":                       delivery.AckAll[[]byte]()(delivery.Filter[[]byte](nil)(tp.Empty[event]())),
		"delivery.FilterMap: fn is nil":                      delivery.AckAll[int]()(delivery.FilterMap[[]byte, int](nil)(tp.Empty[event]())),
		"delivery.FlatMap: fn is nil":                        delivery.AckAll[int]()(delivery.FlatMap[[]byte, int](nil)(tp.Empty[event]())),
		"delivery.TryMap: fn is nil":                         delivery.AckAll[int]()(delivery.TryMap[[]byte, int](nil)(tp.Empty[event]())),
		"delivery.Parallel: fn is nil":                       delivery.AckAll[int]()(delivery.Parallel[[]byte, int](1, nil)(tp.Empty[event]())),
		"delivery.Parallel: n is -1, want at least 1":        delivery.AckAll[int]()(delivery.Parallel[[]byte, int](-1, nil)(tp.Empty[event]())),
	} {
		err := o.Drain(t.Context())
		require.ErrorIs(t, err, tp.ErrInvalidArgument, text)
		require.EqualError(t, err, "turbopipes: invalid argument: "+text)
	}
	for text, f := range map[string]func(){
		"delivery: NewTracker: maxUncommitted is 0, want at least 1": func() { delivery.NewTracker[int, int](0) },
		"delivery: Recent: k is 0, want at least 1":                  func() { delivery.Recent(0) },
	} {
		require.PanicsWithValue(t, text, f)
	}
}
