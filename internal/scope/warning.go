package scope

import (
	"context"
	"log/slog"
	"time"
)

// Reap is how long a join waits before it reports the goroutines that it waits for,
// unless the ctx sets another time.
const Reap = 10 * time.Second

type warningKey struct{}

type warning struct {
	after time.Duration
	log   *slog.Logger
}

// WithWarning sets when and where goroutines that don't end are reported. after ≤ 0
// means never. A nil log means slog's default.
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

// ReapLogger is the logger for goroutines that don't end; nil if these reports are
// turned off.
func ReapLogger(ctx context.Context) *slog.Logger {
	w := warningOf(ctx)
	if w.after <= 0 {
		return nil
	}
	return w.logger()
}

// OwnLogger is the logger that was set with ctx, also if reports are turned off; nil
// if none was set.
func OwnLogger(ctx context.Context) *slog.Logger { return warningOf(ctx).log }
