package operators_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestSingle(t *testing.T) {
	tptest.Doc(t, "single.go", "Single", operators.Single(letters))
	for name, c := range map[string]struct {
		pred    func(string) bool
		in, out string
		err     error
	}{
		"any item":                    {nil, "-a-|", "---(a|)", nil},
		"empty":                       {letters, "--|", "--#", turbopipes.ErrEmpty},
		"empty, any item":             {nil, "--|", "--#", turbopipes.ErrEmpty},
		"none":                        {letters, "-1-2|", "----#", turbopipes.ErrNotFound},
		"others before and behind":    {letters, "1a2-|", "----(a|)", nil},
		"two":                         {letters, "-a-1-b--|", "-----#", turbopipes.ErrTooManyItems},
		"two, any item":               {nil, "-1-a--|", "---#", turbopipes.ErrTooManyItems},
		"more in one instant":         {nil, "-(abc)|", "-#", turbopipes.ErrTooManyItems},
		"an error at first":           {letters, "#", "#", tptest.ErrMarble},
		"an error without a match":    {letters, "-1#", "--#", tptest.ErrMarble},
		"an error behind a match":     {letters, "-a#", "--#", tptest.ErrMarble},
		"an error behind two of them": {letters, "-ab#", "--#", turbopipes.ErrTooManyItems},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Marbles(t, c.in, operators.Single(c.pred), c.out, tptest.Error(c.err))
		})
	}
	for text, in := range map[string]turbopipes.Observable[string]{
		"turbopipes: empty: Single":          turbopipes.Empty[string](),
		"turbopipes: not found: Single":      turbopipes.Just("1"),
		"turbopipes: too many items: Single": turbopipes.Just("a", "b"),
	} {
		require.EqualError(t, operators.Single(letters)(in).Drain(t.Context()), text)
	}
	requirePanics(t, operators.Single(func(string) bool { panic(errBoom) }))
	requireDiscards(t, operators.Single(func(v int) bool { return v == 3 }), discards{failure: 1})
}

// The second match is the end of upstream.
func TestSingleStopsUpstream(t *testing.T) {
	in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		require.True(t, emit(1))
		require.False(t, emit(2))
		return errBoom
	})
	bubble(t, "", func(t *testing.T) {
		s := endedBy(t, operators.Single[int](nil)(in), 0, 0, itself)
		require.Empty(t, s.items)
		require.EqualError(t, s.err, "turbopipes: too many items: Single\nboom", "the failed clean-up stands behind")
		require.EqualValues(t, 2, s.stats.Discarded)
	})
}

func ExampleSingle() {
	users := turbopipes.Just("ann <admin>", "bob", "cid <admin>")
	admin := operators.Single(func(user string) bool { return strings.HasSuffix(user, "<admin>") })(users)
	items, err := admin.Collect(context.Background())
	fmt.Println(items, errors.Is(err, turbopipes.ErrTooManyItems))
	// Output: [] true
}

func BenchmarkSingle(b *testing.B) {
	benchmark(b, operators.Single(func(v int) bool { return v == 0 }))
}
