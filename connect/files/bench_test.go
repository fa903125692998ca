package files

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/delivery"
)

// BenchmarkLines reads a file of 100,000 lines with 100 bytes each: with a bufio.Scanner,
// as a stream, and as deliveries that cost nothing.
func BenchmarkLines(b *testing.B) {
	const n = 100_000
	name := filepath.Join(b.TempDir(), "lines")
	require.NoError(b, os.WriteFile(name, []byte(strings.Repeat(strings.Repeat("x", 99)+"\n", n)), 0o600))
	perLine := func(b *testing.B) {
		b.Helper()
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/line")
	}
	b.Run("Scanner", func(b *testing.B) {
		for b.Loop() {
			file, err := os.Open(name) //nolint:gosec // the test's
			require.NoError(b, err)
			got := 0
			for s := bufio.NewScanner(file); s.Scan(); {
				got += len(s.Text()) / 99
			}
			require.Equal(b, n, got)
			require.NoError(b, file.Close())
		}
		perLine(b)
	})
	b.Run("Lines", func(b *testing.B) {
		for b.Loop() {
			got := 0
			require.NoError(b, Lines(name).Each(b.Context(), func(string) error { got++; return nil }))
			require.Equal(b, n, got)
		}
		perLine(b)
	})
	b.Run("Source", func(b *testing.B) {
		for b.Loop() {
			position := filepath.Join(b.TempDir(), "position")
			require.NoError(b, delivery.Process(Source(name, position, Once()), 64,
				func(context.Context, delivery.Delivery[[]byte]) error { return nil }).Drain(b.Context()))
		}
		perLine(b)
	})
	b.Run("Source,10000 uncommitted", func(b *testing.B) {
		for b.Loop() {
			position := filepath.Join(b.TempDir(), "position")
			require.NoError(b, delivery.Process(Source(name, position, Once()), 64,
				func(context.Context, delivery.Delivery[[]byte]) error { return nil }, delivery.MaxUncommitted(10_000)).Drain(b.Context()))
		}
		perLine(b)
	})
}

// BenchmarkAppender appends lines that are synced, by 1 and by 64 tasks.
func BenchmarkAppender(b *testing.B) {
	line := []byte(strings.Repeat("x", 99))
	for name, n := range map[string]int{"1 task": 1, "64 tasks": 64} {
		b.Run(name, func(b *testing.B) {
			a, err := OpenAppender(filepath.Join(b.TempDir(), "out"))
			require.NoError(b, err)
			b.ResetTimer()
			left := make(chan struct{}, b.N)
			for range b.N {
				left <- struct{}{}
			}
			close(left)
			ended := make(chan error, n)
			for range n {
				go func() {
					for range left {
						if err := a.Append(b.Context(), line); err != nil {
							ended <- err
							return
						}
					}
					ended <- nil
				}()
			}
			for range n {
				require.NoError(b, <-ended)
			}
			require.NoError(b, a.Close())
		})
	}
}
