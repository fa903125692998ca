// Package command has the code that the main functions of the examples share: flags,
// a standard output that may be closed, and exit statuses.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"

	tp "github.com/turbopipes/turbopipes"
)

// Command is one run of a program.
type Command struct {
	Name           string
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Signals        <-chan os.Signal // nil: the signals of the process

	flags *flag.FlagSet
	out   *output
}

// OS returns the command of this process.
func OS(name string) *Command {
	signal.Ignore(syscall.SIGPIPE) // a write to a closed pipe returns an error, so that there is time to clean up
	return &Command{Name: name, Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
}

// Flags begins the flags of the command. what follows the command's name in the
// usage.
func (c *Command) Flags(what string) *flag.FlagSet {
	c.flags = flag.NewFlagSet(c.Name, flag.ContinueOnError)
	c.flags.SetOutput(c.Stderr)
	c.flags.Usage = func() {
		fmt.Fprintln(c.Stderr, "usage:", c.Name, what)
		c.flags.PrintDefaults()
	}
	return c.flags
}

// errUsage is the error of a command that has printed its usage and the reason.
var errUsage = errors.New("usage")

// Parse reads the flags. At most this many arguments may follow them.
func (c *Command) Parse(most int) error {
	if c.flags.Parse(c.Args) != nil { // the reason and the usage are printed
		return errUsage
	}
	if n := c.flags.NArg(); n > most {
		return c.Misused("too many arguments: %q", c.flags.Args()[most:])
	}
	return nil
}

// Misused prints the error in the arguments, and the usage.
func (c *Command) Misused(format string, args ...any) error {
	fmt.Fprintf(c.Stderr, c.Name+": "+format+"\n", args...)
	c.flags.Usage()
	return errUsage
}

// Output returns the standard output, for several goroutines, and a ctx that ends
// with the first write that fails: nobody needs the rest.
func (c *Command) Output(ctx context.Context) (context.Context, io.Writer) {
	ctx, end := context.WithCancelCause(ctx)
	c.out = &output{to: c.Stdout, end: end}
	return ctx, c.out
}

type output struct {
	mu  sync.Mutex // guards all fields
	to  io.Writer
	end context.CancelCauseFunc
	err error // the first error
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.to.Write(p)
	if err != nil {
		o.err = fmt.Errorf("standard output: %w", reason(err))
		o.end(o.err)
		return n, o.err
	}
	return n, nil
}

// reason returns err without the operation and the path.
func reason(err error) error {
	if p := (*os.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (o *output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Closed reports whether err says that the reader of a pipe has left.
func Closed(err error) bool {
	const brokenPipe, noData = syscall.Errno(109), syscall.Errno(232) // of Windows
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) ||
		runtime.GOOS == "windows" && (errors.Is(err, brokenPipe) || errors.Is(err, noData))
}

// Until returns the options for RunUntilSignal.
func (c *Command) Until(opts ...tp.SignalOption) []tp.SignalOption {
	if c.Signals != nil {
		opts = append(opts, tp.WithSignalsFrom(c.Signals))
	}
	return opts
}

// Exit prints an error and returns the exit status: 0 for nil, 1 for an error, 2
// after the usage, and 130 after a second signal. A standard output whose reader has
// left is not an error.
func (c *Command) Exit(err error) int {
	if c.out != nil {
		c.out.end(nil)
		if failure := c.out.failure(); failure != nil && (err == nil || errors.Is(err, failure)) {
			if err = failure; Closed(failure) {
				return 0
			}
		}
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		return 2
	case errors.Is(err, tp.ErrInterrupted):
		fmt.Fprintln(c.Stderr, c.Name+": interrupted")
		return 130
	}
	fmt.Fprintln(c.Stderr, c.Name+":", err)
	return 1
}
