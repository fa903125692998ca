package operators

import (
	"context"
	"path/filepath"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/scratch"
	"github.com/turbopipes/turbopipes/internal/spill"
)

// SpillToDiskOption is an option of [SpillToDisk]: [WithMaxBytes] and [OnDrop] are.
type SpillToDiskOption[T any] interface{ opt.SpillToDiskOption[T] }

type spillToDiskSetting[T any] struct {
	opt.Func[opt.Typed[T]]
	opt.ForSpillToDisk
}

// WithMaxBytes bounds the size of the files of a [SpillToDisk], which holds
// upstream when it would be exceeded. An item that is larger by itself has to wait
// until nothing else is on disk. n < 1 is an ErrInvalidArgument.
func WithMaxBytes[T any](n int64) SpillToDiskOption[T] {
	return spillToDiskSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.MaxBytes = n
		return opt.AtLeast("WithMaxBytes", "n", n, 1)
	}}
}

// SpillToDisk lets upstream run ahead of downstream by more than memory should
// hold: up to n items wait in memory, and those behind them in files.
//
//	in:  abcd-|              n: 1; c and d are on disk meanwhile
//	out: a----b----c----d----|     downstream takes 5 for an item
//
// The files are in a new sub-directory of dir, or of [os.TempDir] where dir is
// empty. A relative dir is that of the working directory when SpillToDisk is called.
// The sub-directory is made when the stream is subscribed to, so that a bad dir shows
// at once, and removed at its end, whatever the end, a panic included. Where the
// working directory changes meanwhile, or a symbolic link in dir, the files stay
// where they are, and are removed there. c turns the items that go through it into
// bytes, and back. Files are cut at 4 MiB, and each is removed when what is in it has
// been delivered, so that the disk holds what waits and one file more at most;
// nothing is synced, since nothing has to outlive the process.
//
// A process that is killed, or ends without waiting for its streams, leaves the
// sub-directory behind. The next SpillToDisk with the same dir removes it, on the
// same machine: the name has the process in it, and a lock reports whether it lives.
//
// Items lie in the files as Encode returns them: in plain text, unless it encrypts
// them. Only the user of the process may read them. A temporary directory may be
// memory itself (tmpfs); there, SpillToDisk saves no memory.
//
// Emits when downstream is free and an item waits, in the order in which they came.
// What waits is delivered before a completion or an error of upstream. Completes
// with upstream. Fails with it; and where an item can't be encoded or written, as
// when the disk is full, with an error that wraps the cause, behind what waits
// already: that item counts as dropped and goes to [OnDrop]. Where an item can't be
// read back or decoded, the stream fails at once, and what is left is discarded.
//
// What is left at an early end is counted as discarded. It goes to OnDrop as well,
// and only for that is it read from disk; what can't be read or decoded then is
// counted only, and the first such error is joined into the stream's. Encode runs on
// upstream's goroutine, Decode on the subscriber's; where Encode panics, the item
// counts as dropped.
//
// Backpressure: upstream is held by the writing only, unless [WithMaxBytes] bounds
// the disk. Memory: n items, the largest item once or twice in bytes, and a buffer
// of 64 KiB. Goroutines: one, for upstream, joined before it ends.
//
// An n below 1, a [turbopipes.Codec] without one of its functions and a bad option are an
// ErrInvalidArgument. It has no counterpart in RxJS, Reactor and Pekko; to bound
// what waits in memory, see [OnBackpressureBuffer].
func SpillToDisk[T any](dir string, n int, c turbopipes.Codec[T], opts ...SpillToDiskOption[T]) turbopipes.Operator[T, T] {
	const name = "SpillToDisk"
	switch {
	case n < 1:
		return turbopipes.Invalid[T, T](name, opt.TooSmall("n", n, 1))
	case c.Encode == nil:
		return turbopipes.Invalid[T, T](name, "c.Encode is nil")
	case c.Decode == nil:
		return turbopipes.Invalid[T, T](name, "c.Decode is nil")
	}
	return withOptions(name, opts, func(o opt.Typed[T]) turbopipes.Operator[T, T] {
		config := spill.Config[T]{
			Dir: absoluteDir(dir), Mem: n, MaxBytes: o.MaxBytes,
			Encode: c.Encode, Decode: c.Decode, Hooks: dropping(o), Create: (*scratch.Dir).Create,
		}
		return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
			return spill.Run(ctx, name, config, in.Push, emit)
		})
	})
}

// absoluteDir is dir, whatever the working directory will be.
func absoluteDir(dir string) string {
	if absolute, err := filepath.Abs(dir); err == nil && dir != "" {
		return absolute
	}
	return dir
}
