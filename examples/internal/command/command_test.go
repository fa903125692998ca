package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	tp "github.com/turbopipes/turbopipes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// failing is an output on which a write fails.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

var closed = failing{&fs.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}}

func TestArguments(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		most int
		want int
		says string
	}{
		"none":     {nil, 0, 0, ""},
		"one":      {[]string{"-n", "3", "dir"}, 1, 0, ""},
		"help":     {[]string{"--help"}, 1, 2, "usage: test [-n N] [DIR]\n  -n int\n"},
		"h":        {[]string{"-h"}, 1, 2, "usage: test [-n N] [DIR]\n"},
		"bad flag": {[]string{"-x"}, 1, 2, "flag provided but not defined: -x\nusage: test [-n N] [DIR]\n"},
		"bad":      {[]string{"-n", "many"}, 1, 2, "usage: test [-n N] [DIR]\n"},
		"one more": {[]string{"a", "b\x1b"}, 1, 2, "test: too many arguments: [\"b\\x1b\"]\nusage: test [-n N] [DIR]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			c2 := &Command{Name: "test", Args: c.args, Stdout: &stdout, Stderr: &stderr}
			c2.Flags("[-n N] [DIR]").Int("n", 1, "a number")
			require.Equal(t, c.want, c2.Exit(c2.Parse(c.most)))
			require.Empty(t, stdout.String())
			require.Contains(t, stderr.String(), c.says)
		})
	}
}

func TestExit(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		to   failing
		err  func(out error) error
		want int
		says string
	}{
		"well":                     {failing{}, func(error) error { return nil }, 0, ""},
		"an error":                 {failing{}, func(error) error { return boom }, 1, "test: boom\n"},
		"interrupted":              {failing{}, func(error) error { return fmt.Errorf("stop: %w", tp.ErrInterrupted) }, 130, "test: interrupted\n"},
		"another pipe":             {failing{}, func(error) error { return syscall.EPIPE }, 1, "test: broken pipe\n"},
		"closed":                   {closed, func(error) error { return nil }, 0, ""},
		"closed, and it said so":   {closed, func(out error) error { return errors.Join(boom, out) }, 0, ""},
		"closed, and another":      {closed, func(error) error { return boom }, 1, "test: boom\n"},
		"full":                     {failing{syscall.ENOSPC}, func(error) error { return nil }, 1, "test: standard output: no space left on device\n"},
		"full, and it is the same": {failing{syscall.ENOSPC}, func(out error) error { return out }, 1, "test: standard output: no space left on device\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			command := &Command{Name: "test", Stdout: c.to, Stderr: &stderr}
			if c.to.err == nil {
				command.Stdout = &stdout
			}
			ctx, out := command.Output(context.Background())
			_, err := fmt.Fprintln(out, "one")
			_, again := fmt.Fprintln(out, "two")
			require.Equal(t, c.to.err != nil, err != nil)
			require.Equal(t, err, again)
			require.Equal(t, err, context.Cause(ctx))
			require.Equal(t, c.want, command.Exit(c.err(err)))
			require.Equal(t, c.says, stderr.String())
		})
	}
}
