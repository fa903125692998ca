package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// A row has the cause that cancels ctx, the cause of the caller's ctx, and the text of the
// error. EOF is the failure before the wait.
func TestCutShort(t *testing.T) {
	for name, c := range map[string]struct {
		cause, called error
		want          string
	}{
		"the caller's cause":     {errCause, errCause, "cause\nEOF"},
		"the caller cancels":     {nil, context.Canceled, "context canceled\nEOF"},
		"a deadline":             {context.DeadlineExceeded, nil, "context deadline exceeded\nEOF"},
		"a Timeout":              {ErrTimeUp, nil, "turbopipes: time is up\nEOF"},
		"downstream has left":    {nil, nil, "context canceled"},
		"another stream's":       {errCause, nil, "cause"},
		"its own deadline":       {fmt.Errorf("own: %w", context.DeadlineExceeded), nil, "own: context deadline exceeded"},
		"left, and then the ctx": {errCause, context.Canceled, "cause"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := cancelled(c.cause)
			err := CutShort(ctx, io.EOF, c.called)
			require.EqualError(t, err, c.want)
			require.True(t, Cut(ctx, err))
			require.EqualError(t, Settle(ctx, err), c.want)
			require.EqualError(t, Settle(ctx, Settle(ctx, err)), c.want)
			require.EqualError(t, Settle(ctx, Strip(ctx, err)), c.want, "also where the cause was stripped on the way")
		})
	}
	require.NotPanics(t, func() { CutShort(cancelled(uncomparable{"x"}), io.EOF, uncomparable{"x"}) })
}

// A row has an error, and whether it shows only that ctx has ended.
func TestCut(t *testing.T) {
	ctx := cancelled(errCause)
	waited := &Waited{io.EOF}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":              {nil, true},
		"an echo":              {errCause, true},
		"a failure":            {io.EOF, false},
		"a wait":               {errors.Join(errCause, waited), true},
		"a wrapped one":        {fmt.Errorf("stage: %w", waited), true},
		"two":                  {errors.Join(waited, waited), true},
		"beside a failure":     {errors.Join(errCause, waited, io.EOF), false},
		"a panic":              {&PanicError{Value: 1}, false},
		"a wrapper of nothing": {&PanicError{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, Cut(ctx, c.err))
			require.False(t, Cut(context.Background(), c.err), "ctx lives")
		})
	}
}

func TestWrap(t *testing.T) {
	wrap := func(err error) error { return fmt.Errorf("stage: %w", err) }
	live, dead := context.Background(), cancelled(errCause)
	require.NoError(t, Wrap(live, nil, wrap))
	require.NoError(t, Wrap(dead, nil, wrap))
	require.EqualError(t, Wrap(live, errCause, wrap), "stage: cause")
	require.Equal(t, errCause, Wrap(dead, errCause, wrap), "an echo stays as it is")
	require.EqualError(t, Wrap(dead, io.EOF, wrap), "stage: EOF")
	both := Wrap(dead, errors.Join(context.Canceled, io.EOF), wrap)
	require.EqualError(t, both, "cause\nstage: EOF")
	require.EqualError(t, Strip(dead, both), "stage: EOF")
}
