package operators

import (
	"context"
	"log/slog"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Log writes the events of the stream to a log, and changes nothing.
//
//	in:  a-b--c-|   l: gets a record of each
//	out: a-b--c-|
//
// Emits when an item comes. A record is written before its event is passed on. The
// message is "subscribe", "next", "complete", "error" or "stop". The records
// correspond to the hooks of [Do], so exactly one of the last three is written. The
// attributes are "stream", which is name unless name is empty; and "item", "error",
// or, if ctx has ended the stream, "cause". Fails and completes with upstream.
//
// The level is Debug, unless [WithLevel] sets another. If l does not log that level,
// the cost is one check for each item. If l is nil, slog.Default() at the time of
// the subscription is used. An item is logged as it is: if its type has secrets,
// give it a LogValue method. Backpressure: upstream waits for l's handler. Memory:
// none. Goroutines: none; the handler runs on the subscriber's goroutine.
//
// A nil option is an ErrInvalidArgument. For anything but a log, see [Do]; to name a
// stage in errors, [Name]. It corresponds to log in Reactor and Pekko.
func Log[T any](l *slog.Logger, name string, opts ...LogOption) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(logOptions{level: slog.LevelDebug}, opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Log", bad)
	}
	if name != "" {
		o.named = []slog.Attr{slog.String("stream", name)}
	}
	return turbopipes.Lift(own.Mark+"Log", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		return Do(logHooks[T](ctx, l, o))(in).Push(ctx, emit)
	})
}

// logHooks returns the hooks that write to l.
func logHooks[T any](ctx context.Context, l *slog.Logger, o logOptions) Hooks[T] {
	if l == nil {
		l = slog.Default()
	}
	write := func(message string, attrs ...slog.Attr) {
		l.LogAttrs(ctx, o.level, message, append(o.named[:len(o.named):len(o.named)], attrs...)...)
	}
	return Hooks[T]{
		Subscribe: func() { write("subscribe") },
		Next: func(v T) {
			if l.Enabled(ctx, o.level) { // otherwise v would be boxed for nothing
				write("next", slog.Any("item", v))
			}
		},
		Error:    func(err error) { write("error", slog.Any("error", err)) },
		Complete: func() { write("complete") },
		Stop: func(cause error) {
			if cause == nil {
				write("stop")
				return
			}
			write("stop", slog.Any("cause", cause))
		},
	}
}

// LogOption is an option of [Log]: [WithLevel] is.
type LogOption interface{ opt.Option[logOptions] }

type logOptions struct {
	level slog.Level
	named []slog.Attr
}

// WithLevel sets the level of the records that [Log] writes.
func WithLevel(level slog.Level) LogOption {
	return opt.Func[logOptions](func(o *logOptions) string {
		o.level = level
		return ""
	})
}
