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

func TestBufferWhen(t *testing.T) {
	doc := tptest.DocDiagram(t, "buffer_when.go", "BufferWhen")
	empties, flush, most := operators.EmitEmpty(), operators.FlushOnError(), operators.WithMaxItems(2)
	overflow := []tptest.Option{tptest.Error(turbopipes.ErrOverflow)}
	for name, c := range map[string]struct {
		opts              []operators.BufferWithTimeOption
		in, boundary, out string
		expect            []tptest.Option
	}{
		"as documented":              {nil, doc["in"], doc["notifier"], doc["out"], nil},
		"empties":                    {[]operators.BufferWithTimeOption{empties}, "a----b-|", "--x-x", "2:a 4:0 7:b 7:|", nil},
		"empties at completion":      {[]operators.BufferWithTimeOption{empties}, "--|", "-x", "1:0 2:0 2:|", nil},
		"empty":                      {nil, "--|", "-x", "--|", nil},
		"boundary completes":         {nil, "a-b-c|", "-x|", "1:a 5:{bc} 5:|", nil},
		"an empty boundary":          {nil, "-a|", "|", "--(a|)", nil},
		"at its most it holds":       {[]operators.BufferWithTimeOption{most}, "abcd------|", "------x", "6:{ab} 10:{cd} 10:|", nil},
		"full, and no boundary":      {[]operators.BufferWithTimeOption{most}, "-a-b-c-|", "x|", "-----#", overflow},
		"full, and boundary ends":    {[]operators.BufferWithTimeOption{most}, "abc------|", "-----|", "-----#", overflow},
		"full at completion":         {[]operators.BufferWithTimeOption{most}, "-a-b-|", "|", "-----({ab}|)", nil},
		"flushing before overflow":   {[]operators.BufferWithTimeOption{most, flush}, "-a-b-c-|", "|", "5:{ab} 5:c 5:#", append(overflow, tptest.Once())},
		"an error at first":          {nil, "#", "-x", "#", nil},
		"an error late":              {nil, "a--b#", "-x", "-a--#", nil},
		"an error late, flushing":    {[]operators.BufferWithTimeOption{flush}, "a--b#", "-x", "-a--(b#)", []tptest.Option{tptest.Once()}},
		"an error of boundary":       {nil, "a-a-a|", "---#", "---#", nil},
		"boundary's error, flushing": {[]operators.BufferWithTimeOption{flush}, "a-a-a|", "---#", "---({aa}#)", []tptest.Option{tptest.Once()}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				boundary := tptest.Cold[string](s, c.boundary, nil)
				op := strung(operators.BufferWhen[string](boundary, c.opts...))
				tptest.Expect(s, op(tptest.Cold[string](s, c.in, nil)), c.out, nil, c.expect...)
			})
		})
	}
	never := turbopipes.Never[int]()
	for text, op := range map[string]turbopipes.Operator[int, []int]{
		"notifier is the zero Observable": operators.BufferWhen[int](turbopipes.Observable[int]{}),
		"option 1 is nil":                 operators.BufferWhen[int](never, nil),
	} {
		requireInvalid(t, op, "BufferWhen: "+text)
	}
}

func TestBufferWhenDiscards(t *testing.T) {
	accounted[operators.BufferWithTimeOption](t, operators.FlushOnError(), func(opts ...operators.BufferWithTimeOption) turbopipes.Operator[int, []int] {
		return operators.BufferWhen[int](turbopipes.Never[int](), opts...)
	})
}

// The item that is one too many, and the items before it, are counted.
func TestBufferWhenOverflow(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		op := operators.BufferWhen[int](turbopipes.Empty[int](), operators.WithMaxItems(2))
		s := endedBy(t, op(timed(1, 2, 3, 4)), 0, 0, itself)
		require.EqualError(t, s.err, "turbopipes: overflow: BufferWhen: more than 2 items, and no item of notifier to come")
		require.EqualValues(t, 3, s.stats.Discarded)
	})
}

// A graceful stop ends boundary as well, and items that a full slice holds up are
// delivered.
func TestBufferWhenGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		op := operators.BufferWhen[int](turbopipes.Never[int](), operators.WithMaxItems(2))
		sizes := operators.Map(func(b []int) int { return len(b) })(op(timed(1, 2, 3, 4)))
		s := endedBy(t, sizes, 0, 5*time.Second, stop)
		require.NoError(t, s.err)
		require.Equal(t, []int{2, 2}, s.items, "the last one was in upstream's hand")
		require.Zero(t, s.stats.Discarded)
	})
}

// Both are reaped when boundary fails or panics, and upstream's end cancels it.
func TestBufferWhenReaps(t *testing.T) {
	for name, boundary := range map[string]turbopipes.Observable[int]{
		"fails":  boom[int](time.Second),
		"panics": operators.Map(func(int) int { panic(errBoom) })(turbopipes.Timer(time.Second)),
	} {
		bubble(t, name, func(t *testing.T) {
			err := operators.BufferWhen[int](boundary)(failingCleanUp[int](errLate)).Drain(t.Context())
			require.ErrorIs(t, err, errBoom)
			require.ErrorIs(t, err, errLate, "of upstream's clean-up")
		})
	}
	bubble(t, "upstream ends", func(t *testing.T) {
		err := operators.BufferWhen[int](failingCleanUp[int](errLate))(timed(0, 1)).Drain(t.Context())
		require.Equal(t, errLate, err)
	})
}

func ExampleBufferWhen() {
	keys := turbopipes.Just("h", "e", "l", "l", "o")
	flush := turbopipes.Interval(time.Second)
	fmt.Println(operators.BufferWhen[string](flush)(keys).Collect(context.Background()))
	// Output: [[h e l l o]] <nil>
}

func BenchmarkBufferWhen(b *testing.B) {
	benchmark(b, operators.BufferWhen[int](turbopipes.Never[int]()))
}
