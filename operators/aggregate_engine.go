package operators

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
)

// folding counts the items that an aggregate has merged into one value.
type folding[T any] struct {
	ctx   context.Context //nolint:containedctx // of the run
	items run.Account[T]
	plain bool  // each item counts as one
	n     int64 // how many items the merged ones count as
	run.Work[T]
	complete bool // the value was handed to downstream
}

func foldingOf[T any](ctx context.Context, name string, o opt.Loss) folding[T] {
	items := run.Keep[T](run.At(ctx, name), o.Discard)
	return folding[T]{ctx: ctx, items: items, plain: items.Plain()}
}

// add records that v was merged.
func (f *folding[T]) add(v T) {
	if f.plain {
		f.n++
	} else {
		f.n += f.items.Weight(v)
	}
}

// unfold is deferred. It counts the items that were merged into value as discarded,
// unless value was handed to downstream.
func unfold[T, A any](f *folding[T], value A, err *error) {
	f.Failed(f.ctx)
	if !f.complete {
		*err = fault.Join(*err, run.DiscardFolded(run.Keep[A](f.items.Stage, f.items.Each), f.n, value))
	}
}
