// Package ignore turns checks off.
package ignore

import (
	"context"

	tp "github.com/turbopipes/turbopipes"
)

func off(ctx context.Context, o tp.Observable[int]) {
	o.Drain(ctx) //turbopipesvet:ignore droppederror the reason
	o.Drain(ctx) // want `the error of Drain is dropped`
	//turbopipesvet:ignore unheard,droppederror the reason
	o.Drain(ctx)
	o.Drain(ctx) // want `the error of Drain is dropped`

	//turbopipesvet:ignore unheard another check
	o.Drain(ctx) // want `the error of Drain is dropped`

	//turbopipesvet:ignore droppederror
	o.Drain(ctx) // want `the error of Drain is dropped`
}
