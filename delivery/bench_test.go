package delivery_test

import (
	"context"
	"strconv"
	"testing"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// benchLog is a log that costs as little as a log can: a tracker, and a commit that
// does nothing.
type benchLog struct{ n int }

type benchSession struct {
	n          int
	tenure     *delivery.Tenure[int, int]
	committing *delivery.Committing[int]
	keys       []string
}

func (b benchLog) Open(_ context.Context, o delivery.SessionOptions) (delivery.Session[int], error) {
	t := delivery.NewTracker[int, int](max(4096, o.MaxUncommitted))
	s := &benchSession{n: b.n, tenure: t.Assign(0), keys: benchKeys}
	s.committing = delivery.Committer(t, 1e8, 0, func(context.Context, []delivery.Commit[int, int]) error { return nil })
	return s, nil
}

func (s *benchSession) Receive(ctx context.Context, emit func(delivery.Delivery[int]) bool) error {
	for i := range s.n {
		token, ok := s.tenure.Wait(ctx, i+1)
		if !ok || !emit(delivery.New(i, s.keys[i%len(s.keys)], s, token)) {
			return nil
		}
	}
	return nil
}

func (s *benchSession) Close(ctx context.Context, _ delivery.End) error {
	s.committing.Close()
	err := s.committing.CommitNow(ctx)
	s.tenure.End()
	return err
}

func (s *benchSession) Settle(token uint64, err error) {
	if err == nil {
		s.tenure.Done(token)
	}
}

func (s *benchSession) Info(uint64) delivery.Info { return delivery.Info{Source: "bench"} }
func (s *benchSession) Context() context.Context  { return s.tenure.Context() }

var benchKeys = func() (keys []string) {
	for i := range 1000 {
		keys = append(keys, strconv.Itoa(i))
	}
	return keys
}()

const benchItems = 1 << 16

// BenchmarkTracker is the account alone: begin, done, and a commit for each 1024.
func BenchmarkTracker(b *testing.B) {
	t := delivery.NewTracker[int, int](4096)
	p := t.Assign(0)
	defer p.End()
	b.ReportAllocs()
	for i := range b.N {
		token, _, _ := p.Begin(i)
		p.Done(token)
		if i%1024 == 1023 {
			for _, c := range t.Ready() {
				c.Confirm()
			}
		}
	}
}

// BenchmarkProcess has the same window with and without delivery: compare ns/item.
func BenchmarkProcess(b *testing.B) {
	const n, ahead = 64, 256
	type item struct {
		v   int
		key string
	}
	items := tp.Create(func(_ context.Context, emit func(item) bool) error {
		for i := range benchItems {
			if !emit(item{i, benchKeys[i%len(benchKeys)]}) {
				break
			}
		}
		return nil
	})
	task := func(context.Context, item) (int, error) { return 0, nil }
	handler := func(context.Context, delivery.Delivery[int]) error { return nil }
	run := func(name string, drain func(ctx context.Context) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := drain(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchItems, "ns/item")
		})
	}
	run("keyed/plain", operators.ParallelBy(n, func(i item) string { return i.key }, task, operators.Buffered(ahead))(items).Drain)
	run("keyed/delivery", delivery.Process(benchLog{benchItems}, n, handler).Drain)
	run("unordered/plain", operators.Parallel(n, task, operators.Buffered(ahead))(items).Drain)
	run("unordered/delivery", delivery.Process(benchLog{benchItems}, n, handler, delivery.Unordered()).Drain)
}
