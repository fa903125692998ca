package own

import (
	"context"
	"errors"
)

// AtOnce is a ctx under which a stream emits its items only if all of them are there
// already, as those of Just are. Any other stream returns ErrWaits, and does nothing.
// The stream may be run again, with another ctx, also after emit has refused.
var AtOnce context.Context = &atOnce{context.Background()}

type atOnce struct{ context.Context } //nolint:containedctx // it is one

// ErrWaits is the error of a stream that may have to wait for its items.
var ErrWaits = errors.New("the stream may wait")
