package operators_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestOnBackpressureBuffer(t *testing.T) {
	busy := tptest.Busy(5 * tptest.Step)
	buffer := operators.OnBackpressureBuffer[string](2, turbopipes.DropOldest)
	tptest.Doc(t, "on_backpressure_buffer.go", "OnBackpressureBuffer", buffer, busy)
	tptest.Marbles(t, "--|", buffer, "--|", busy)
	requireInvalid(t, operators.OnBackpressureBuffer[int](0, turbopipes.Block), "OnBackpressureBuffer: n is 0, want at least 1")
	requireInvalid(t, operators.OnBackpressureBuffer[int](1, 7), "OnBackpressureBuffer: the overflow strategy is 7, want Block, DropNewest, DropOldest or Fail")
}

// A panic of the drop hook ends the stream. Every lost item is counted.
func TestOnBackpressureBufferHookPanics(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := operators.OnBackpressureBuffer(1, turbopipes.DropOldest, operators.OnDrop(func(int) { panic(errBoom) }))(paced(9, time.Second)).
			Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(int) { time.Sleep(time.Minute) }})
		require.ErrorIs(t, s.Wait(), errBoom)
		require.Equal(t, turbopipes.Stats{Delivered: 2, Dropped: 1}, s.Stats())
	})
}

func ExampleOnBackpressureBuffer() {
	readings := turbopipes.Range(1, 5) // a sensor that can't be asked to wait
	latest := operators.OnBackpressureBuffer(2, turbopipes.DropOldest, operators.OnDrop(func(v int) {
		// counted in Stats as well
	}))(readings)
	last := 0
	err := latest.Each(context.Background(), func(v int) error { last = v; return nil })
	fmt.Println(last, err)
	// Output: 5 <nil>
}

func BenchmarkOnBackpressureBuffer(b *testing.B) {
	benchmark(b, operators.OnBackpressureBuffer[int](64, turbopipes.Block))
}
