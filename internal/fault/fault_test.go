package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStrip(t *testing.T) {
	ctx := cancelled(errCause)
	both := errors.Join(io.EOF, context.Canceled)
	for name, c := range map[string]struct{ err, want error }{
		"nil":               {nil, nil},
		"ctx.Err":           {context.Canceled, nil},
		"the cause":         {errCause, nil},
		"wrapped":           {fmt.Errorf("task: %w", context.Canceled), nil},
		"wrapped twice":     {fmt.Errorf("a: %w", fmt.Errorf("b: %w", errCause)), nil},
		"both echoes":       {errors.Join(errCause, context.Canceled), nil},
		"by its own Is":     {ownIs{}, nil},
		"another":           {io.EOF, io.EOF},
		"another deadline":  {context.DeadlineExceeded, context.DeadlineExceeded},
		"joined to another": {both, io.EOF},
		"a panic":           {&PanicError{Value: context.Canceled}, &PanicError{Value: context.Canceled}},
		"uncomparable":      {uncomparable{"x"}, uncomparable{"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, Strip(ctx, c.err))
			require.Equal(t, c.err, Strip(context.Background(), c.err), "under a live ctx nothing is an echo")
		})
	}
	mixed := fmt.Errorf("outer: %w", both)
	require.Equal(t, mixed, Strip(ctx, mixed), "a wrapper of a failure and an echo is kept whole")
	wrapped := fmt.Errorf("outer: %w", &PanicError{Value: context.Canceled})
	require.Equal(t, wrapped, Strip(ctx, wrapped))
	p := &PanicError{Value: io.EOF}
	require.NoError(t, Strip(cancelled(p), p), "the very panic that has ended ctx")
	require.Equal(t, p, Strip(cancelled(&PanicError{Value: io.EOF}), p), "another one")
	require.NotPanics(t, func() { Strip(cancelled(uncomparable{"x"}), uncomparable{"y"}) })
	for name, cause := range map[string]error{"several errors": errors.Join(io.EOF, errCause), "a wrapped panic": fmt.Errorf("stage: %w", p)} {
		ctx := cancelled(cause)
		require.NoError(t, Strip(ctx, cause), name)
		require.Equal(t, io.ErrNoProgress, Strip(ctx, errors.Join(cause, io.ErrNoProgress)), name)
		require.Equal(t, cause, Settle(ctx, cause), name)
	}
}

func TestSettle(t *testing.T) {
	ctx := cancelled(errCause)
	require.Equal(t, errCause, Settle(ctx, nil), "a cut run never reads as complete")
	require.Equal(t, errCause, Settle(ctx, context.Canceled))
	require.Equal(t, io.EOF, Settle(ctx, io.EOF))
	require.EqualError(t, Settle(ctx, errors.Join(io.EOF, context.Canceled)), "cause\nEOF")
	require.NoError(t, Settle(context.Background(), nil))
	require.Equal(t, context.Canceled, Settle(context.Background(), context.Canceled))
}

func TestJoin(t *testing.T) {
	require.NoError(t, Join())
	require.NoError(t, Join(nil, nil))
	require.Equal(t, io.EOF, Join(nil, io.EOF, nil))
	require.EqualError(t, Join(io.EOF, nil, errCause), "EOF\ncause")
}

func TestFoot(t *testing.T) {
	end := func(f func() error) (err error) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			Foot(f, func(e error) { err = e })
		}()
		<-done
		return err
	}
	require.NoError(t, end(func() error { return nil }))
	require.Equal(t, io.EOF, end(func() error { return io.EOF }))
	require.Equal(t, ErrGoexit, end(func() error { runtime.Goexit(); return nil }))
	err := end(func() error { panic(io.EOF) })
	require.ErrorIs(t, err, io.EOF)
	var p *PanicError
	require.ErrorAs(t, err, &p)
	require.Contains(t, string(p.Stack), "TestFoot")
	require.Same(t, p, end(func() error { panic(p) }), "raised again, it keeps its stack")
}

func TestPanicErrorFormat(t *testing.T) {
	p := &PanicError{Value: "v", Stage: "fetch", Stack: []byte("goroutine 7 [running]:\nmain.fetch()\n")}
	const text = "turbopipes: panic in fetch: v"
	for format, want := range map[string]string{
		"%v": text, "%s": text, "%q": strconv.Quote(text), "%32s|": "   " + text + "|",
		"%+v": text + "\n\ngoroutine 7 [running]:\nmain.fetch()\n",
	} {
		require.Equal(t, want, fmt.Sprintf(format, p), format)
	}
	require.Contains(t, fmt.Sprintf("%#v", p), `Stage:"fetch"`)
	require.Equal(t, "outer: "+text, fmt.Errorf("outer: %w", p).Error())
	require.Equal(t, "<nil>", fmt.Sprint((*PanicError)(nil)))
	var line strings.Builder
	slog.New(slog.NewTextHandler(&line, nil)).Info("", "error", p)
	require.Contains(t, line.String(), "error="+strconv.Quote(text)+"\n", "a line of a log has no stack")
}
