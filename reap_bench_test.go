package turbopipes_test

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// BenchmarkReapWarning disposes of 4,000 subscriptions at once, whose tasks ignore
// their ctx for two seconds. It does so without the warning, and with a warning for
// all of them. Both have to take the same time.
func BenchmarkReapWarning(b *testing.B) {
	const subscriptions, stubborn = 4000, 2 * time.Second
	for name, after := range map[string]time.Duration{"off": 0, "on": stubborn / 2} {
		b.Run(name, func(b *testing.B) {
			var reaping time.Duration
			for b.Loop() {
				ctx, cancel := context.WithCancel(tp.WithReapWarning(b.Context(), after, slog.New(slog.NewTextHandler(io.Discard, nil))))
				var begun sync.WaitGroup
				begun.Add(2 * subscriptions)
				pipeline := operators.Parallel(2, func(ctx context.Context, _ int) (int, error) {
					begun.Done()
					<-ctx.Done()
					time.Sleep(stubborn)
					return 0, nil
				})(tp.Range(0, 2))
				all := make([]*tp.Subscription, subscriptions)
				for i := range all {
					all[i] = pipeline.Subscribe(ctx, tp.Observer[int]{})
				}
				begun.Wait()
				begin := time.Now()
				cancel()
				for _, s := range all {
					_ = s.Wait()
				}
				reaping += time.Since(begin)
			}
			b.ReportMetric(reaping.Seconds()/float64(b.N), "s/reaped")
		})
	}
}
