// Package rxgomethod calls methods of RxGo on typed streams.
package rxgomethod

import (
	"context"

	"github.com/reactivex/rxgo/v2"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func double(_ context.Context, v any) (any, error) { return 2 * v.(int), nil }

type ticker struct{ tp.Observable[int] }

func untyped(o tp.Observable[int], p *tp.Observable[int], t ticker) {
	_ = o.Map(double)            // want `Map is RxGo's method, on untyped items: use operators.Map, or ToRx\(\).Map to mean RxGo's`
	_ = o.Map(double).Take(2)    // want `Map is RxGo's method`
	_ = p.OnErrorReturnItem(0)   // want `OnErrorReturnItem is RxGo's method, on untyped items: use operators.OnErrorReturnItem, or`
	_ = t.Count()                // want `Count is RxGo's method`
	_ = t.Observable.Count()     // want `Count is RxGo's method`
	<-o.ForEach(nil, nil, nil)   // want `ForEach is RxGo's method, on untyped items: use Observable.Each, or`
	_ = o.Errors()               // want `Errors is RxGo's method, on untyped items: use turbopipes.Errors, or`
	_, _ = o.ToSlice(0)          // want `use Observable.Collect, or`
	f := o.Filter                // want `Filter is RxGo's method`
	g := tp.Observable[int].Skip // want `Skip is RxGo's method`
	_, _ = f, g
	for range o.Observe() { // want `use Observable.ToChannel, or`
	}
}

func meant(o tp.Observable[int], rx rxgo.Observable) {
	_ = o.ToRx().Map(double).Take(2)
	_ = rx.Map(double)
	var view rxgo.Observable = o
	_ = view.Count()
	_ = tp.FromRx[int](o)
	_ = o.Pipe(operators.Take[int](2))
	o.LetGo()
}

type counter struct{ tp.Observable[int] }

func (counter) Count() int { return 0 }

func own(c counter) int { return c.Count() }
