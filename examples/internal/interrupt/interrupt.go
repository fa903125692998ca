// Package interrupt is what Ctrl-C does to an example.
package interrupt

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// bounce is how soon a second signal is still the first: timeout(1) sends one to
// the process and one to its group.
const bounce = 50 * time.Millisecond

// Context ends at the first interrupt. From then on another one ends the process,
// as it does to programs that don't care.
func Context() context.Context {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { time.AfterFunc(bounce, restore) })
	return ctx
}
