package scope

import (
	"context"
	"runtime"
	"runtime/pprof"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

func TestScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ended := false
		err := within(t, t.Context(), func(s *Scope) error {
			s.Go(func(ctx context.Context) error {
				<-ctx.Done()
				require.Equal(t, errBoom, context.Cause(ctx))
				time.Sleep(time.Hour)
				ended = true
				return ctx.Err()
			})
			s.Go(func(ctx context.Context) error {
				<-ctx.Done()
				return errLate
			})
			s.Go(func(context.Context) error {
				time.Sleep(time.Second)
				return errBoom
			})
			<-s.Ctx.Done()
			return nil
		})
		require.EqualError(t, err, "boom\nlate", "the first one wins, echoes are dropped, failures joined")
		require.True(t, ended)
		require.Equal(t, time.Hour+time.Second, time.Since(begin))
	})
}

// A failure that several goroutines report at the same time is one failure, and so
// is a panic.
func TestScopeToldTwice(t *testing.T) {
	for name, failure := range map[string]error{"an error": errBoom, "a panic": &fault.PanicError{Value: errBoom}} {
		t.Run(name, func(t *testing.T) {
			s := Open(t.Context(), "test")
			require.True(t, s.note(failure, true), "the first one, which has not cancelled yet")
			require.False(t, s.note(failure, true), "not the first")
			s.Fail(failure)
			s.Fail(errLate)
			var err error
			s.Close(&err)
			require.EqualError(t, err, failure.Error()+"\nlate")
		})
	}
}

func TestScopeCarriesPanicsAndGoexit(t *testing.T) {
	err := within(t, t.Context(), func(s *Scope) error {
		s.Go(func(context.Context) error { panic(errBoom) })
		<-s.Ctx.Done()
		return nil
	})
	require.ErrorIs(t, err, errBoom)
	err = within(t, run.Named(t.Context(), "fetch"), func(s *Scope) error {
		s.Go(func(context.Context) error { panic(errBoom) })
		<-s.Ctx.Done()
		return nil
	})
	var p *fault.PanicError
	require.ErrorAs(t, err, &p)
	require.Equal(t, "fetch", p.Stage)
	err = within(t, t.Context(), func(s *Scope) error {
		s.Go(func(context.Context) error { runtime.Goexit(); return nil })
		<-s.Ctx.Done()
		return nil
	})
	require.Equal(t, fault.ErrGoexit, err)
}

// The caller's own failure comes first, and a Canceled under a live ctx counts.
func TestScopeCallersFailure(t *testing.T) {
	err := within(t, t.Context(), func(s *Scope) error {
		s.Go(func(ctx context.Context) error { <-ctx.Done(); return errLate })
		return context.Canceled
	})
	require.EqualError(t, err, "context canceled\nlate")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBoom)
	require.NoError(t, within(t, ctx, func(*Scope) error { return ctx.Err() }), "an echo")
	require.NoError(t, within(t, t.Context(), func(s *Scope) error {
		s.Go(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		s.Stop()
		return nil
	}))
}

// A panic of the caller goes on after everything is joined.
func TestScopeCallersPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		require.PanicsWithValue(t, "mine", func() {
			_ = within(t, t.Context(), func(s *Scope) error {
				s.Go(func(ctx context.Context) error { <-ctx.Done(); time.Sleep(time.Minute); ended = true; return nil })
				panic("mine")
			})
		})
		require.True(t, ended)
	})
}

func TestOnDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		OnDone(context.Background(), func() { t.Error("called") })()
		ctx, cancel := context.WithCancel(t.Context())
		OnDone(ctx, func() { t.Error("called") })()
		ran := false
		release := OnDone(ctx, func() { time.Sleep(time.Second); ran = true })
		cancel()
		synctest.Wait()
		release()
		require.True(t, ran, "release waits for an f that runs")
	})
}

// ender counts its calls.
type ender struct{ calls int }

func (e *ender) CtxEnded() { e.calls++ }

func TestHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var called, released, never struct {
			ender
			Hook
		}
		called.On(ctx, &called)
		released.On(ctx, &released)
		never.On(context.Background(), &never)
		released.Release()
		cancel()
		synctest.Wait()
		called.Release()
		never.Release()
		require.Equal(t, []int{1, 0, 0}, []int{called.calls, released.calls, never.calls})
	})
}

// Running scopes never share a number, since a report finds their goroutines by it.
// The labels of a scope that has ended are used again.
func TestLabels(t *testing.T) {
	for range 3 {
		first, second := Open(t.Context(), "labels"), Open(t.Context(), "labels")
		for _, s := range []*Scope{first, second} {
			var label, number string
			s.Go(func(ctx context.Context) error {
				label, _ = pprof.Label(ctx, stageLabel)
				number, _ = pprof.Label(ctx, scopeLabel)
				return nil
			})
			s.tasks.Wait()
			require.Equal(t, []string{"labels", s.stage.id()}, []string{label, number})
		}
		require.NotEqual(t, first.stage.id(), second.stage.id())
		var err error
		first.Close(&err)
		second.Close(&err)
		require.NoError(t, err)
	}
}

// The labels of the user's ctx stay, and so does the name of the stage.
func TestLabelsOfTheUser(t *testing.T) {
	pprof.Do(run.Named(t.Context(), "fetch"), pprof.Labels("tenant", "a", stageLabel, "outer"), func(ctx context.Context) {
		var tenant, name string
		require.NoError(t, within(t, ctx, func(s *Scope) error {
			s.Go(func(ctx context.Context) error {
				tenant, _ = pprof.Label(ctx, "tenant")
				name, _ = pprof.Label(ctx, stageLabel)
				return nil
			})
			s.tasks.Wait()
			return nil
		}))
		require.Equal(t, []string{"a", "fetch/test"}, []string{tenant, name})
	})
}

func BenchmarkScope(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s := Open(b.Context(), "bench")
		s.Go(func(context.Context) error { return nil })
		var err error
		s.Close(&err)
	}
}
