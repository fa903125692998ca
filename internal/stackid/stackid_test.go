package stackid

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ids returns the ids on the calling goroutine's stack, the innermost first, and the
// names of the functions that called Call with them.
func ids() (ids []uint64, callers []string) {
	pcs := make([]uintptr, 100)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	var r Reader
	for {
		f, more := frames.Next()
		if id, ok := r.Next(f.Function); ok {
			ids = append(ids, id)
			callers = append(callers, f.Function[strings.LastIndex(f.Function, ".")+1:])
		}
		if !more {
			return ids, callers
		}
	}
}

//go:noinline
func first(id uint64, f func()) { Call(id, f) }

//go:noinline
func second(id uint64, f func()) { Call(id, f) }

func TestCall(t *testing.T) {
	for _, id := range []uint64{0, 1, 7, 0o10, 0o777, 0o1000, 0o76543210, 0o1234567, 1<<64 - 1} {
		var read []uint64
		var callers []string
		first(id, func() { second(id^1, func() { read, callers = ids() }) })
		require.Equal(t, []uint64{id ^ 1, id}, read)
		require.Equal(t, []string{"second", "first"}, callers)
	}
	read, _ := ids()
	require.Empty(t, read)
}

func TestCallAllocatesNothing(t *testing.T) {
	n := 0
	require.Zero(t, testing.AllocsPerRun(10, func() { Call(0o1234, func() { n++ }) }))
}

func BenchmarkCall(b *testing.B) {
	for name, id := range map[string]uint64{"one digit": 5, "three digits": 0o345, "four digits": 0o1234} {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				Call(id, func() { n++ })
			}
		})
	}
}
