package tptest

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
)

// steps checks with a Probe a stream of three items that then fails.
func steps(t *testing.T) {
	s := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		for i := range 3 {
			if !emit(i) {
				return nil
			}
		}
		return io.EOF
	})
	p := NewProbe(t, s)
	p.ExpectNone(5 * Step)
	p.Request(1)
	p.ExpectNext(0)
	p.ExpectNone(5 * Step)
	p.Request(1)
	p.Request(1)
	p.ExpectNext(1, 2)
	p.ExpectError(io.EOF)
	require.EqualValues(t, 3, p.Subscription().Stats().Delivered)
	p.Cancel()
	p.Cancel()
}

func TestProbe(t *testing.T) {
	t.Run("on virtual time", func(t *testing.T) { synctest.Test(t, steps) })
	t.Run("on real time", steps)
	t.Run("completion needs no demand", func(t *testing.T) { NewProbe(t, turbopipes.Empty[int]()).ExpectComplete() })
	t.Run("the cleanup cancels", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := NewProbe(t, turbopipes.Interval(time.Second))
			p.Request(2)
			p.ExpectNext(0, 1)
		})
	})
	t.Run("in a scenario", func(t *testing.T) {
		Run(t, func(s *Scenario) {
			p := NewProbe(s, Cold[string](s, "a-b-c|", nil, Subscribed("^-!")))
			p.Request(9)
			p.ExpectNext("a", "b")
			p.Cancel()
		})
	})
	t.Run("a bad request", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := NewProbe(t, turbopipes.Never[int]())
			p.Request(0)
			p.ExpectError(turbopipes.ErrInvalidArgument)
		})
	})
}

func TestProbeFailures(t *testing.T) {
	stuck := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
		<-ctx.Done()
		sleepLong()
		return context.Cause(ctx)
	})
	leaky := turbopipes.Create(func(context.Context, func(int) bool) error {
		go sleepLong()
		return nil
	})
	for name, c := range map[string]struct {
		test func(t *fakeTB)
		says []string
	}{
		"no demand": {
			func(t *fakeTB) { NewProbe(t, turbopipes.Just(1)).ExpectNext(1) },
			[]string{"tptest: wanted the item 1 (1 of 1), got nothing within 10s"},
		},
		"another item": {
			func(t *fakeTB) { request(t, turbopipes.Just(1, 2)).ExpectNext(1, 3) },
			[]string{"tptest: wanted the item 3 (2 of 2), got the item 2"},
		},
		"the end": {
			func(t *fakeTB) { request(t, turbopipes.Just(1)).ExpectNext(1, 2) },
			[]string{"tptest: wanted the item 2 (2 of 2), got completion"},
		},
		"something": {
			func(t *fakeTB) { request(t, turbopipes.Interval(time.Second)).ExpectNone(time.Minute) },
			[]string{"tptest: wanted nothing for 1m0s, got the item 0"},
		},
		"an error": {
			func(t *fakeTB) { NewProbe(t, turbopipes.Throw[int](io.EOF)).ExpectComplete() },
			[]string{`tptest: wanted completion, got the error "EOF"`},
		},
		"another error": {
			func(t *fakeTB) { NewProbe(t, turbopipes.Throw[int](io.EOF)).ExpectError(ErrMarble) },
			[]string{`tptest: wanted the error "marble error", got the error "EOF"`},
		},
		"no error": {
			func(t *fakeTB) { NewProbe(t, turbopipes.Empty[int]()).ExpectError(ErrMarble) },
			[]string{`tptest: wanted the error "marble error", got completion`},
		},
		"it does not end": {
			func(t *fakeTB) { NewProbe(t, stuck); synctest.Wait() },
			[]string{"tptest: the stream did not end within 10s of its cancellation:\n", "tptest.sleepLong\n"},
		},
		"a goroutine is left": {
			func(t *fakeTB) { NewProbe(t, leaky).ExpectComplete() },
			[]string{"tptest: a goroutine was left behind:\n", "tptest.sleepLong\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told []string
			_ = fakeBubble(t, &told)(func(tb testing.TB) { c.test(tb.(*fakeTB)) })
			for _, part := range c.says {
				require.Contains(t, strings.Join(told, "\n"), part)
			}
		})
	}
}

func request(t *fakeTB, o turbopipes.Observable[int]) *Probe[int] {
	p := NewProbe(t, o)
	p.Request(100)
	return p
}

func TestProbeFindsWhatIsLeftOnRealTime(t *testing.T) {
	release, gone := make(chan struct{}), make(chan struct{})
	fake := &fakeTB{TB: t}
	fake.run(func() {
		NewProbe(fake, turbopipes.Create(func(context.Context, func(int) bool) error {
			go func() { <-release; close(gone) }()
			return nil
		})).ExpectComplete()
	})
	close(release)
	<-gone
	require.Len(t, fake.told, 1)
	require.Contains(t, fake.told[0], "tptest: a goroutine was left behind:")
}
