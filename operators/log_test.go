package operators_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// plainLog writes to w without the time.
func plainLog(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

func TestLog(t *testing.T) {
	op := operators.Log[string](plainLog(io.Discard, slog.LevelDebug), "letters")
	tptest.Doc(t, "log.go", "Log", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "-a-b#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Log[int](nil, "", nil), "Log: option 1 is nil")
	requirePanics(t, operators.Log[string](slog.New(panicking{}), "letters"))
}

// panicking is a handler that panics at the first item.
type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool { return true }
func (panicking) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "next" {
		panic(errBoom)
	}
	return nil
}

func TestLogWrites(t *testing.T) {
	const begin = "level=DEBUG msg=subscribe stream=s\nlevel=DEBUG msg=next stream=s item=1\n"
	panics := operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(1))
	for name, c := range map[string]struct {
		in  turbopipes.Observable[int]
		end func(*testing.T, *turbopipes.Subscription)
		out string
	}{
		"completion": {turbopipes.Just(1), itself, begin + "level=DEBUG msg=complete stream=s\n"},
		"an error":   {operators.Concat(turbopipes.Throw[int](errBoom))(turbopipes.Just(1)), itself, begin + "level=DEBUG msg=error stream=s error=boom\n"},
		"a panic":    {operators.Concat(panics)(turbopipes.Just(1)), itself, begin + "level=DEBUG msg=error stream=s error=\"turbopipes: panic: boom\"\n"},
		"a stop":     {silent(turbopipes.Just(1)), stop, begin + "level=DEBUG msg=complete stream=s\n"},
		"disposed":   {silent(turbopipes.Just(1)), dispose, begin + "level=DEBUG msg=stop stream=s cause=\"turbopipes: disposed\"\n"},
	} {
		bubble(t, name, func(t *testing.T) {
			var log bytes.Buffer
			endedBy(t, operators.Log[int](plainLog(&log, slog.LevelDebug), "s")(c.in), 0, time.Second, c.end)
			require.Equal(t, c.out, log.String())
		})
	}
	t.Run("downstream stops", func(t *testing.T) {
		var log bytes.Buffer
		op := turbopipes.Compose2(operators.Log[int](plainLog(&log, slog.LevelDebug), "s"), operators.Take[int](1))
		require.NoError(t, op(turbopipes.Just(1, 2)).Drain(t.Context()))
		require.Equal(t, begin+"level=DEBUG msg=stop stream=s\n", log.String())
	})
}

// A record is written before downstream gets the signal.
func TestLogComesFirst(t *testing.T) {
	var log bytes.Buffer
	op := operators.Log[int](plainLog(&log, slog.LevelDebug), "")
	_ = op(turbopipes.Just(7)).Each(t.Context(), func(int) error {
		require.Equal(t, "level=DEBUG msg=subscribe\nlevel=DEBUG msg=next item=7\n", log.String(), "without a name")
		return nil
	})
}

func TestLogLevels(t *testing.T) {
	lines := func(level slog.Leveler, opts ...operators.LogOption) int {
		var log bytes.Buffer
		require.NoError(t, operators.Log[int](plainLog(&log, level), "s", opts...)(turbopipes.Just(1)).Drain(t.Context()))
		return strings.Count(log.String(), "\n")
	}
	require.Equal(t, 3, lines(slog.LevelDebug))
	require.Zero(t, lines(slog.LevelInfo))
	require.Equal(t, 3, lines(slog.LevelInfo, operators.WithLevel(slog.LevelInfo)))
	require.Zero(t, lines(slog.LevelError, operators.WithLevel(slog.LevelWarn)))
}

// The default logger is the default at the moment of the subscription.
func TestLogDefault(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	o := operators.Log[int](nil, "s")(turbopipes.Just(1))
	var log bytes.Buffer
	slog.SetDefault(plainLog(&log, slog.LevelDebug))
	require.NoError(t, o.Drain(t.Context()))
	require.Contains(t, log.String(), "msg=next stream=s item=1")
}

func ExampleLog() {
	l := plainLog(os.Stdout, slog.LevelInfo)
	orders := operators.Log[int](l, "orders", operators.WithLevel(slog.LevelInfo))(turbopipes.Just(17, 4))
	_ = orders.Drain(context.Background())
	// Output:
	// level=INFO msg=subscribe stream=orders
	// level=INFO msg=next stream=orders item=17
	// level=INFO msg=next stream=orders item=4
	// level=INFO msg=complete stream=orders
}

func BenchmarkLog(b *testing.B) {
	benchmark(b, operators.Log[int](plainLog(io.Discard, slog.LevelInfo), "below the level"))
}
