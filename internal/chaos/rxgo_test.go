//go:build !turbopipes_norx

package chaos

import (
	"context"

	"github.com/reactivex/rxgo/v2"

	tp "github.com/turbopipes/turbopipes"
)

// rxSources are the cold sources that RxGo runs.
var rxSources = []string{"FromRx"}

func fromRx(in stream) stream { return tp.FromRx[int](rxSame(in)) }

func rxSame(o rxgo.Observable) rxgo.Observable {
	return o.Map(func(_ context.Context, v any) (any, error) { return v, nil })
}

// rxOps returns the stages that use RxGo.
func rxOps() map[string]*op {
	return map[string]*op{
		"LiftRx": plain(func(*world, *step) operator { return tp.LiftRx[int, int](rxSame) }).with(vague).but(func(o *op) { o.top = true }),
		"ToRx": plain(func(*world, *step) operator {
			return func(in stream) stream { return tp.FromRx[int](in.ToRx()) }
		}),
	}
}
