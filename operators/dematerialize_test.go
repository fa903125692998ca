package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestDematerialize(t *testing.T) {
	notify := operators.Map(func(v string) turbopipes.Notification[string] {
		switch v {
		case "x":
			return turbopipes.Notification[string]{Kind: turbopipes.KindError, Err: tptest.ErrMarble}
		case "y":
			return turbopipes.Notification[string]{Kind: turbopipes.KindComplete}
		}
		return turbopipes.Notification[string]{Kind: turbopipes.KindNext, Value: v}
	})
	op := turbopipes.Compose2(notify, operators.Dematerialize[string]())
	tptest.Doc(t, "dematerialize.go", "Dematerialize", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":                    {"--|", "--|"},
		"no end among them":        {"a-b-|", "a-b-|"},
		"a completion":             {"a-by-c", "a-b|"},
		"a completion at first":    {"y-a", "|"},
		"an error at first":        {"x-a", "#"},
		"upstream fails":           {"-a-#", "-a-#"},
		"upstream fails at first":  {"#", "#"},
		"upstream fails behind it": {"ay#", "a|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	back := turbopipes.Compose2(operators.Materialize[string](), operators.Dematerialize[string]())
	for name, c := range map[string]struct{ in, out string }{
		"a completion": {"-a-b-|", "-a-b-|"}, "an error": {"-a-b-#", "-a-b-#"},
	} {
		t.Run("and back, "+name, func(t *testing.T) { tptest.Marbles(t, c.in, back, c.out) })
	}
}

// A row has the notification that ends the stream, and the error of upstream's clean-up.
// The key is the text of the stream's error.
func TestDematerializeStopsUpstream(t *testing.T) {
	type notification = turbopipes.Notification[int]
	for want, c := range map[string]struct {
		end     notification
		cleanUp error
	}{
		"boom":       {notification{Kind: turbopipes.KindError, Err: errBoom}, nil},
		"boom\nlate": {notification{Kind: turbopipes.KindError, Err: errBoom}, errLate},
		"late":       {notification{Kind: turbopipes.KindComplete}, errLate},
		"turbopipes: invalid argument: Dematerialize: the Err of a notification of KindError is nil":                                   {notification{Kind: turbopipes.KindError}, nil},
		"turbopipes: invalid argument: Dematerialize: the Kind of a notification is 7, want KindNext, KindError or KindComplete":       {notification{Kind: 7}, nil},
		"turbopipes: invalid argument: Dematerialize: the Kind of a notification is 8, want KindNext, KindError or KindComplete\nlate": {notification{Kind: 8, Err: errBoom}, errLate},
	} {
		in := turbopipes.Create(func(_ context.Context, emit func(notification) bool) error {
			require.True(t, emit(notification{Value: 1}))
			require.False(t, emit(c.end))
			return c.cleanUp
		})
		items, err := operators.Dematerialize[int]()(in).Collect(t.Context())
		require.EqualError(t, err, want)
		require.Equal(t, []int{1}, items)
	}
}

func ExampleDematerialize() {
	recorded := turbopipes.Just(
		turbopipes.Notification[string]{Kind: turbopipes.KindNext, Value: "login"},
		turbopipes.Notification[string]{Kind: turbopipes.KindNext, Value: "logout"},
		turbopipes.Notification[string]{Kind: turbopipes.KindComplete},
		turbopipes.Notification[string]{Kind: turbopipes.KindNext, Value: "of the next record"},
	)
	session := operators.Dematerialize[string]()(recorded)
	fmt.Println(session.Collect(context.Background()))
	// Output: [login logout] <nil>
}

func BenchmarkDematerialize(b *testing.B) {
	notify := operators.Map(func(v int) turbopipes.Notification[int] { return turbopipes.Notification[int]{Value: v} })
	benchmark(b, turbopipes.Compose2(notify, operators.Dematerialize[int]()))
}
