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

// WithMaxBytes limits the files of a [SpillToDisk] to n bytes. When the next item
// would exceed the limit, upstream waits. An item that is larger than the limit waits
// until nothing else is on disk. n < 1 is an ErrInvalidArgument.
func WithMaxBytes[T any](n int64) SpillToDiskOption[T] {
	return spillToDiskSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.MaxBytes = n
		return opt.AtLeast("WithMaxBytes", "n", n, 1)
	}}
}

// SpillToDisk lets upstream run ahead of downstream by more items than memory should
// hold: up to n items wait in memory, and the items after them wait in files.
//
//	in:  abcd-|              n: 1; c and d are on disk meanwhile
//	out: a----b----c----d----|     downstream takes 5 for an item
//
// The files are in a new sub-directory of dir, or of [os.TempDir] if dir is empty. A
// relative dir belongs to the working directory at the call of SpillToDisk. A
// subscription makes the sub-directory at once, so that a bad dir shows early. It
// removes the sub-directory at its end, also after a panic. If the working directory
// or a symbolic link in dir changes meanwhile, the files stay in their place, and are
// removed there. c encodes the items that go to disk, and decodes them. A file ends at
// 4 MiB, and is removed when all its items have been delivered. So the disk holds the
// items that wait, and one more file at most. Nothing is synced, because no file has
// to outlive the process.
//
// A process that is killed, or ends without waiting for its streams, leaves the
// sub-directory on disk. The next SpillToDisk with the same dir removes it, if it runs
// on the same machine. The name of the sub-directory identifies the process, and a
// lock shows whether the process is alive.
//
// The files contain the items as Encode returns them: in plain text, unless Encode
// encrypts them. Only the user of the process may read the files. A temporary
// directory may be memory itself (tmpfs); there, SpillToDisk saves no memory.
//
// Emits when downstream is free and an item waits, in the order in which the items
// came. The waiting items are delivered before a completion or an error of upstream.
// Completes with upstream. Fails with upstream. If an item can't be encoded or
// written, for example because the disk is full, the stream fails after the items that
// wait already, with an error that wraps the cause. That item counts as dropped and
// goes to [OnDrop]. If an item can't be read back or decoded, the stream fails at
// once, and the items that are left are discarded.
//
// At an early end, the items that still wait count as discarded. They go to OnDrop as
// well, and are read from disk only for this. An item that can't be read or decoded
// then is only counted, and the first such error is joined into the stream's error.
// Encode runs on upstream's goroutine, Decode on the subscriber's. If Encode panics,
// the item counts as dropped.
//
// Backpressure: upstream waits only for the writing, unless [WithMaxBytes] limits the
// disk. Memory: n items, the largest item once or twice in bytes, and a buffer of
// 64 KiB. Goroutines: one, for upstream, joined before it ends.
//
// An n below 1, a [turbopipes.Codec] without one of its functions and a bad option are an
// ErrInvalidArgument. It has no counterpart in RxJS, Reactor and Pekko. To limit the
// items that wait in memory, see [OnBackpressureBuffer].
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

// absoluteDir returns dir as a path that does not depend on the working directory.
func absoluteDir(dir string) string {
	if absolute, err := filepath.Abs(dir); err == nil && dir != "" {
		return absolute
	}
	return dir
}
