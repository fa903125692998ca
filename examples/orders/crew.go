package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// place is one worker of the crew. Its process is started again when it was killed or
// restarted.
type place struct {
	task   task
	stderr io.Writer

	mu      sync.Mutex // guards the fields below
	process *os.Process
	again   bool // the end of the process is on purpose, and another one begins
	leaving bool
}

// crew runs all places until they have left. A process that ends by itself is a failure.
func crew(places []*place) tp.Observable[struct{}] {
	return operators.FlatMap(len(places), func(p *place) tp.Observable[struct{}] {
		return tp.Create(func(ctx context.Context, _ func(struct{}) bool) error { return p.run(ctx) })
	})(tp.FromSlice(places))
}

func (p *place) run(ctx context.Context) error {
	text, err := json.Marshal(p.task)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for {
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), workerEnv+"="+string(text))
		cmd.Stderr = p.stderr
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // the end of ctx lets it finish
		cmd.WaitDelay = 30 * time.Second
		on, err := p.begin(cmd)
		if !on || err != nil {
			return err
		}
		err = cmd.Wait()
		switch again, leaving := p.ended(); {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case again:
		case err != nil:
			return fmt.Errorf("worker %d: %w", p.task.Worker, err)
		case !leaving:
			return fmt.Errorf("worker %d has ended by itself", p.task.Worker)
		default:
			return nil
		}
	}
}

// begin starts the process, unless the place is leaving.
func (p *place) begin(cmd *exec.Cmd) (on bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leaving {
		return false, nil
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	p.process, p.again = cmd.Process, false
	return true, nil
}

func (p *place) ended() (again, leaving bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.process = nil
	return p.again, p.leaving
}

// kill kills the process, or makes it leave and begin again. It reports whether there
// was a process.
func (p *place) kill(how os.Signal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process == nil || p.leaving || p.again {
		return false
	}
	p.again = true
	return p.process.Signal(how) == nil
}

// leave makes the process finish, commit and end. No other one begins.
func (p *place) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaving = true
	if p.process != nil {
		if err := p.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			fmt.Fprintln(p.stderr, "orders:", err)
		}
	}
}
