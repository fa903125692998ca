//go:build !turbopipes_norx

package rxv

import (
	"context"
	"slices"

	"github.com/reactivex/rxgo/v2"
)

// The methods here are those that a guard around rxgo's own does not suit.

// Connect gives a ctx and what ends it. A View is cold, so there is nothing to
// connect: rxgo's own would start a run that nobody reads.
func (v View) Connect(ctx context.Context) (context.Context, rxgo.Disposable) {
	ctx, cancel := context.WithCancel(ctx)
	return ctx, rxgo.Disposable(cancel)
}

// Send sends to output in the background, and closes it. rxgo's returns at once
// and goes on, and a guard would end with it.
func (v View) Send(output chan<- rxgo.Item, opts ...rxgo.Option) {
	all := v.begin(opts, func(r run, up rxgo.Observable, g *Gate) <-chan rxgo.Item {
		return forward(r.ctx, up.Observe(g.with(opts)...), output)
	})
	go func() {
		defer close(output)
		for range all {
			continue
		}
	}()
}

// Error gives the first error, also when the ctx has cut the stream: rxgo's
// leaves that to chance.
func (v View) Error(opts ...rxgo.Option) (err error) {
	cut := v.await(opts, func(up rxgo.Observable, opts []rxgo.Option) { err = up.Error(opts...) })
	if err == nil {
		return cut
	}
	return err
}

// Errors gives all errors, or that of the ctx when it has cut the stream.
func (v View) Errors(opts ...rxgo.Option) (errs []error) {
	cut := v.await(opts, func(up rxgo.Observable, opts []rxgo.Option) { errs = up.Errors(opts...) })
	if cut != nil {
		return []error{cut}
	}
	return errs
}

// ToSlice gives all values and the error of the stream, which is that of the ctx
// when it has cut the stream: rxgo's gives none then.
func (v View) ToSlice(initialCapacity int, opts ...rxgo.Option) (values []any, err error) {
	cut := v.await(opts, func(up rxgo.Observable, opts []rxgo.Option) { values, err = up.ToSlice(initialCapacity, opts...) })
	if err == nil {
		err = cut
	}
	return values, err
}

// bound observes an Observable with an option more.
type bound struct {
	rxgo.Observable
	option rxgo.Option
}

func (b bound) Observe(opts ...rxgo.Option) <-chan rxgo.Item {
	return b.Observable.Observe(append(slices.Clip(opts), b.option)...)
}

// GroupBy is not guarded. rxgo's output ends as soon as the groups are told,
// long before they are full, so a guard would cut them short in silence. The
// source ends with the groups, or with the user's ctx.
func (v View) GroupBy(length int, distribution func(rxgo.Item) int, opts ...rxgo.Option) rxgo.Observable {
	return View{opts: opts, to: v.to, produce: func(r run, next chan<- rxgo.Item) {
		g := open(r.user, r.user)
		g.as = context.WithValue(r.user, gateKey{}, g)
		g.outer = gateOf(r.user)
		source := func(ctx context.Context, next chan<- rxgo.Item) {
			defer g.cancel()
			v.start(ctx, next)
		}
		up := rxgo.Defer([]rxgo.Producer{source}, append(slices.Clip(v.opts), rxgo.WithContext(g.ctx))...)
		groups := up.GroupBy(length, func(i rxgo.Item) int {
			n := distribution(i)
			if n >= length {
				g.cancel() // rxgo tells the error to all groups and reads no more
			}
			return n
		}, g.with(opts)...)
		forward(r.ctx, groups.Observe(rxgo.WithContext(r.ctx)), next)
	}}
}
