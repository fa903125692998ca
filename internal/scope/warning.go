package scope

import (
	"context"
	"log/slog"
	"time"
)

// Reap is how long a join waits, unless the ctx says otherwise, before it says
// what it waits for.
const Reap = 10 * time.Second

type warningKey struct{}

type warning struct {
	after time.Duration
	log   *slog.Logger
}

// WithWarning sets when and where what does not end is reported; after ≤ 0:
// never; a nil log is slog's default.
func WithWarning(ctx context.Context, after time.Duration, log *slog.Logger) context.Context {
	return context.WithValue(ctx, warningKey{}, warning{after, log})
}

func (w warning) logger() *slog.Logger {
	if w.log == nil {
		return slog.Default()
	}
	return w.log
}

func warningOf(ctx context.Context) warning {
	if w, ok := ctx.Value(warningKey{}).(warning); ok {
		return w
	}
	return warning{after: Reap}
}

// ReapLogger is where what does not end is reported; nil where that is turned off.
func ReapLogger(ctx context.Context) *slog.Logger {
	w := warningOf(ctx)
	if w.after <= 0 {
		return nil
	}
	return w.logger()
}

// OwnLogger is the logger that ctx names, also where reports are turned off; nil
// where it names none.
func OwnLogger(ctx context.Context) *slog.Logger { return warningOf(ctx).log }
