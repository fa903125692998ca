package turbopipes_test

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// ear is a log that may be written at any time.
type ear struct {
	mu   sync.Mutex
	text strings.Builder
}

func (e *ear) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.Write(b)
}

func (e *ear) heard() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.String()
}

// under returns a ctx whose log is e, without warnings.
func (e *ear) under(ctx context.Context) context.Context {
	return tp.WithReapWarning(ctx, 0, slog.New(slog.NewTextHandler(e, nil)))
}

const unheard = "nobody has asked"

// A bug is logged at once, unless somebody gets the error.
func TestBugsAreLoggedAtOnce(t *testing.T) {
	bad := operators.Parallel(0, identity)(tp.Just(1))
	panics := tp.Observer[int]{Next: func(int) { panic(errBoom) }}
	for name, c := range map[string]struct {
		o    tp.Observable[int]
		obs  tp.Observer[int]
		then func(s *tp.Subscription)
		says string // empty: nothing
	}{
		"an invalid argument":      {bad, tp.Observer[int]{}, nil, "Parallel"},
		"a panic of Next":          {tp.Just(1), panics, nil, "panic: boom"},
		"with its stack":           {tp.Just(1), panics, nil, "TestBugsAreLoggedAtOnce"},
		"a Goexit of Next":         {tp.Just(1), tp.Observer[int]{Next: func(int) { runtime.Goexit() }}, nil, "Goexit"},
		"a panic of a task":        {operators.Parallel(2, func(context.Context, int) (int, error) { panic(errBoom) })(tp.Just(1)), tp.Observer[int]{}, nil, "panic: boom"},
		"a panic of Complete":      {tp.Just(1), tp.Observer[int]{Error: func(error) {}, Complete: func() { panic(errLate) }}, nil, "panic: late"},
		"a panic of Error":         {tp.Throw[int](errBoom), tp.Observer[int]{Error: func(error) { panic(errLate) }}, nil, "panic: late"},
		"Request(0)":               {tp.Never[int](), tp.Observer[int]{}, func(s *tp.Subscription) { s.Request(0) }, "Request"},
		"Done":                     {bad, tp.Observer[int]{}, func(s *tp.Subscription) { <-s.Done() }, "Parallel"},
		"Error":                    {tp.Just(1), tp.Observer[int]{Next: panics.Next, Error: func(error) {}}, nil, ""},
		"somebody waits":           {tp.Timer(time.Second), panics, func(s *tp.Subscription) { _ = s.Wait() }, ""},
		"somebody stops":           {operators.TakeLast[int](1)(operators.Merge(tp.Never[int]())(tp.Just(1))), panics, func(s *tp.Subscription) { _ = s.Stop(context.Background()) }, ""},
		"somebody has asked":       {tp.Timer(time.Second), panics, func(s *tp.Subscription) { _ = s.Err(); time.Sleep(time.Minute) }, ""},
		"another error":            {tp.Throw[int](errBoom), tp.Observer[int]{}, nil, ""},
		"Dispose":                  {tp.Never[int](), tp.Observer[int]{}, (*tp.Subscription).Dispose, ""},
		"nobody stops":             {operators.TakeLast[int](1)(tp.Just(1)), panics, nil, "panic: boom"},
		"Cancel, and nobody waits": {operators.Finally[int](func() { panic(errLate) })(tp.Never[int]()), tp.Observer[int]{}, (*tp.Subscription).Cancel, "panic: late"},
	} {
		bubble(t, name, func(t *testing.T) {
			var log ear
			s := c.o.Subscribe(log.under(t.Context()), c.obs)
			if c.then != nil {
				synctest.Wait()
				c.then(s)
			}
			synctest.Wait()
			if c.says == "" {
				require.Empty(t, log.heard())
			} else {
				require.Equal(t, 1, strings.Count(log.heard(), unheard), log.heard())
				require.Contains(t, log.heard(), c.says)
			}
			runtime.KeepAlive(s)
		})
	}
	bubble(t, "a log handler that panics, or exits", func(t *testing.T) {
		for _, handler := range []slog.Handler{panicking{}, exiting{}} {
			s := bad.Subscribe(tp.WithReapWarning(t.Context(), 0, slog.New(handler)), tp.Observer[int]{})
			<-s.Done()
			require.ErrorIs(t, s.Err(), tp.ErrInvalidArgument)
		}
	})
}

// collected calls the garbage collector until log has been written to times times.
func collected(t *testing.T, log *ear, times int) {
	t.Helper()
	for range 500 {
		if strings.Count(log.heard(), unheard) >= times {
			break
		}
		runtime.GC()
	}
	for range 3 { // collect other garbage
		runtime.GC()
	}
	require.Equal(t, times, strings.Count(log.heard(), unheard), log.heard())
}

// Any other error is logged when nobody can ask for it any more, and nobody has.
func TestFailuresThatNobodyReads(t *testing.T) {
	fails := func(obs tp.Observer[int], then func(s *tp.Subscription)) func(ctx context.Context) {
		return func(ctx context.Context) {
			s := tp.Throw[int](errBoom).Subscribe(ctx, obs)
			<-s.Done()
			then(s)
		}
	}
	nothing := func(*tp.Subscription) {}
	for name, c := range map[string]struct {
		subscribe func(ctx context.Context)
		logs      int
	}{
		"nobody asks": {fails(tp.Observer[int]{}, nothing), 1},
		"Dispose":     {fails(tp.Observer[int]{}, (*tp.Subscription).Dispose), 1},
		"Error":       {fails(tp.Observer[int]{Error: func(error) {}}, nothing), 0},
		"Err":         {fails(tp.Observer[int]{}, func(s *tp.Subscription) { _ = s.Err() }), 0},
		"Wait":        {fails(tp.Observer[int]{}, func(s *tp.Subscription) { _ = s.Wait() }), 0},
		"Stop":        {fails(tp.Observer[int]{}, func(s *tp.Subscription) { _ = s.Stop(context.Background()) }), 0},
		"asked too early": {func(ctx context.Context) {
			var ready sync.WaitGroup
			ready.Add(1)
			s := tp.Defer(func(context.Context) (tp.Observable[int], error) { ready.Wait(); return tp.Empty[int](), errBoom }).Subscribe(ctx, tp.Observer[int]{})
			_ = s.Err()
			ready.Done()
			<-s.Done()
		}, 1},
		"a panic, and somebody in Dispose": {func(ctx context.Context) {
			begun := make(chan struct{})
			hangs := tp.Create(func(ctx context.Context, _ func(int) bool) error { close(begun); <-ctx.Done(); panic(errBoom) })
			s := hangs.Subscribe(ctx, tp.Observer[int]{})
			<-begun
			s.Dispose()
		}, 1},
		"ctx ends": {func(ctx context.Context) {
			ctx, cancel := context.WithCancelCause(ctx)
			s := tp.Never[int]().Subscribe(ctx, tp.Observer[int]{})
			cancel(errBoom)
			<-s.Done()
		}, 0},
		"disposed of": {func(ctx context.Context) {
			tp.Never[int]().Subscribe(ctx, tp.Observer[int]{}).Dispose()
		}, 0},
		"in a ctx that leads to the handle": {func(ctx context.Context) {
			var app struct{ s *tp.Subscription }
			app.s = tp.Throw[int](errBoom).Subscribe(context.WithValue(ctx, ownKey{}, &app), tp.Observer[int]{})
			<-app.s.Done()
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var log ear
			c.subscribe(log.under(context.Background()))
			collected(t, &log, c.logs)
			if c.logs > 0 {
				require.Contains(t, log.heard(), "boom")
			}
		})
	}
	t.Run("made in a bubble", func(t *testing.T) {
		var log ear
		synctest.Test(t, func(*testing.T) { fails(tp.Observer[int]{}, nothing)(log.under(context.Background())) })
		collected(t, &log, 1)
	})
	t.Run("a log handler that panics, or exits", func(t *testing.T) {
		for _, handler := range []slog.Handler{panicking{}, exiting{}} {
			fails(tp.Observer[int]{}, nothing)(tp.WithReapWarning(context.Background(), 0, slog.New(handler)))
		}
		var log ear
		fails(tp.Observer[int]{}, nothing)(log.under(context.Background()))
		collected(t, &log, 1)
	})
}

// The wait of ToChannel is a handle too.
func TestFailuresOfToChannelThatNobodyReads(t *testing.T) {
	for name, c := range map[string]struct {
		run  func(ctx context.Context)
		logs int
	}{
		"nobody waits": {func(ctx context.Context) {
			items, wait := tp.Throw[int](errBoom).ToChannel(ctx)
			<-items
			runtime.KeepAlive(wait)
		}, 1},
		"nobody can wait": {func(ctx context.Context) {
			release := make(chan struct{})
			items, _ := tp.Defer(func(context.Context) (tp.Observable[int], error) { <-release; return tp.Empty[int](), errBoom }).ToChannel(ctx)
			for range 3 {
				runtime.GC()
			}
			close(release)
			<-items
		}, 1},
		"a bad option": {func(ctx context.Context) {
			items, _ := tp.Just(1).ToChannel(ctx, tp.WithQueue(-1))
			<-items
		}, 1},
		"somebody waits": {func(ctx context.Context) {
			_, wait := tp.Throw[int](errBoom).ToChannel(ctx)
			_ = wait()
		}, 0},
		"ctx ends": {func(ctx context.Context) {
			ctx, cancel := context.WithCancelCause(ctx)
			items, _ := tp.Never[int]().ToChannel(ctx)
			cancel(errBoom)
			<-items
		}, 0},
		"completes": {func(ctx context.Context) {
			items, _ := tp.Empty[int]().ToChannel(ctx)
			<-items
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var log ear
			c.run(log.under(context.Background()))
			collected(t, &log, c.logs)
		})
	}
}

type ownKey struct{}
