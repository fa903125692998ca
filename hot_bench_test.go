package turbopipes_test

import (
	"runtime"
	"sync"
	"testing"

	tp "github.com/turbopipes/turbopipes"
)

func BenchmarkSubject1(b *testing.B)    { benchmarkSubject(b, 1) }
func BenchmarkSubject10(b *testing.B)   { benchmarkSubject(b, 10) }
func BenchmarkSubject1000(b *testing.B) { benchmarkSubject(b, 1000) }

// benchmarkSubject measures the cost of an item for each subscriber.
func benchmarkSubject(b *testing.B, subscribers int) {
	items := max(1<<18/subscribers, 1<<10)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := tp.NewSubject[int]()
		var group sync.WaitGroup
		for range subscribers {
			group.Go(func() { _ = s.Observable().Drain(b.Context()) })
		}
		for s.Subscribers() < subscribers {
			runtime.Gosched()
		}
		b.StartTimer()
		for i := range items {
			_ = s.Next(b.Context(), i)
		}
		s.Complete()
		group.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(items*subscribers), "ns/item")
}

// For comparison with the subjects: a channel for each subscriber.
func BenchmarkChannels1(b *testing.B)    { benchmarkChannels(b, 1) }
func BenchmarkChannels10(b *testing.B)   { benchmarkChannels(b, 10) }
func BenchmarkChannels1000(b *testing.B) { benchmarkChannels(b, 1000) }

func benchmarkChannels(b *testing.B, subscribers int) {
	items := max(1<<18/subscribers, 1<<10)
	for b.Loop() {
		b.StopTimer()
		all := make([]chan int, subscribers)
		var group sync.WaitGroup
		for i := range all {
			all[i] = make(chan int, 64)
			group.Go(func() {
				for range all[i] {
				}
			})
		}
		b.StartTimer()
		for i := range items {
			for _, ch := range all {
				ch <- i
			}
		}
		for _, ch := range all {
			close(ch)
		}
		group.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(items*subscribers), "ns/item")
}
