//go:build !turbopipes_norx

package rxv

import "github.com/reactivex/rxgo/v2"

// single is a View of one item, as an rxgo.Single.
type single struct{ v View }

var _ rxgo.Single = single{}

// Observe starts one run, as [View.Observe] does.
func (s single) Observe(opts ...rxgo.Option) <-chan rxgo.Item { return s.v.Observe(opts...) }

// Get returns the item. If the ctx has ended first, it returns the ctx's error.
func (s single) Get(opts ...rxgo.Option) (rxgo.Item, error) { return s.v.get(opts) }

// Run runs the stream for its effects.
func (s single) Run(opts ...rxgo.Option) rxgo.Disposed { return s.v.Run(opts...) }

// Map transforms the item.
func (s single) Map(apply rxgo.Func, opts ...rxgo.Option) rxgo.Single {
	return single{s.v.mapped(apply, opts)}
}

// Filter keeps the item if apply returns true.
func (s single) Filter(apply rxgo.Predicate, opts ...rxgo.Option) rxgo.OptionalSingle {
	return optional{s.v.op(opts, func(up rxgo.Observable, opts []rxgo.Option) rxgo.Iterable { return up.Filter(apply, opts...) })}
}

// optional is a View of at most one item, as an rxgo.OptionalSingle.
type optional struct{ v View }

var _ rxgo.OptionalSingle = optional{}

// Observe starts one run, as [View.Observe] does.
func (s optional) Observe(opts ...rxgo.Option) <-chan rxgo.Item { return s.v.Observe(opts...) }

// Get returns the item, or rxgo.OptionalSingleEmpty. If the ctx has ended first, it
// returns the ctx's error.
func (s optional) Get(opts ...rxgo.Option) (rxgo.Item, error) { return s.v.get(opts) }

// Run runs the stream for its effects.
func (s optional) Run(opts ...rxgo.Option) rxgo.Disposed { return s.v.Run(opts...) }

// Map transforms the item.
func (s optional) Map(apply rxgo.Func, opts ...rxgo.Option) rxgo.OptionalSingle {
	return optional{s.v.mapped(apply, opts)}
}

func (v View) mapped(apply rxgo.Func, opts []rxgo.Option) View {
	return v.op(opts, func(up rxgo.Observable, opts []rxgo.Option) rxgo.Iterable { return up.Map(apply, opts...) })
}

// get returns the first item, after everything that ran for it has ended.
func (v View) get(opts []rxgo.Option) (i rxgo.Item, err error) {
	for range v.begin(opts, func(r run, up rxgo.Observable, g *Gate) <-chan rxgo.Item {
		ch := up.Observe(g.with(opts)...)
		var ok bool
		select {
		case i, ok = <-ch:
			if !ok { // rxgo also closes its channel when a ctx ends
				err = r.ctx.Err()
			}
		case <-r.ctx.Done():
			err = r.ctx.Err()
		}
		return ch
	}) {
		continue
	}
	return i, err
}
