//go:build !turbopipes_norx

package rxv

import (
	"context"
	"slices"

	"github.com/reactivex/rxgo/v2"
)

// A guard around rxgo's own method does not suit the methods in this file.

// Connect returns a ctx and the function that ends it. A View is cold, so there is
// nothing to connect. rxgo's own method would start a run that nobody reads.
func (v View) Connect(ctx context.Context) (context.Context, rxgo.Disposable) {
	ctx, cancel := context.WithCancel(ctx)
	return ctx, rxgo.Disposable(cancel)
}

// Send sends to output in the background, and closes output. rxgo's own method
// returns at once and goes on, so a guard would end too early.
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

// Error returns the first error, also if the ctx has cut the stream. rxgo's own
// method leaves that to chance.
func (v View) Error(opts ...rxgo.Option) (err error) {
	cut := v.await(opts, func(up rxgo.Observable, opts []rxgo.Option) { err = up.Error(opts...) })
	if err == nil {
		return cut
	}
	return err
}

// Errors returns all errors. If the ctx has cut the stream, it returns the ctx's
// error.
func (v View) Errors(opts ...rxgo.Option) (errs []error) {
	cut := v.await(opts, func(up rxgo.Observable, opts []rxgo.Option) { errs = up.Errors(opts...) })
	if cut != nil {
		return []error{cut}
	}
	return errs
}

// ToSlice returns all values and the error of the stream. If the ctx has cut the
// stream, the error is the ctx's; rxgo's own method returns no error then.
func (v View) ToSlice(initialCapacity int, opts ...rxgo.Option) (values []any, err error) {
	cut := v.await(opts, func(up rxgo.Observable, opts []rxgo.Option) { values, err = up.ToSlice(initialCapacity, opts...) })
	if err == nil {
		err = cut
	}
	return values, err
}

// bound observes an Observable with one more option.
type bound struct {
	rxgo.Observable
	option rxgo.Option
}

func (b bound) Observe(opts ...rxgo.Option) <-chan rxgo.Item {
	return b.Observable.Observe(append(slices.Clip(opts), b.option)...)
}

// GroupBy is not guarded. rxgo's output ends as soon as all groups are known, long
// before the groups end, so a guard would cut them short silently. The source ends
// with the groups, or with the user's ctx.
func (v View) GroupBy(length int, distribution func(rxgo.Item) int, opts ...rxgo.Option) rxgo.Observable {
	return View{opts: opts, to: v.to, produce: func(r run, next chan<- rxgo.Item) {
		g := open(r.user, r.user)
		g.operatorContext = context.WithValue(r.user, gateKey{}, g)
		g.outer = gateOf(r.user)
		source := func(ctx context.Context, next chan<- rxgo.Item) {
			defer g.cancel()
			v.start(ctx, next)
		}
		up := rxgo.Defer([]rxgo.Producer{source}, append(slices.Clip(v.opts), rxgo.WithContext(g.context))...)
		groups := up.GroupBy(length, func(i rxgo.Item) int {
			n := distribution(i)
			if n >= length {
				g.cancel() // rxgo sends the error to all groups and reads no more
			}
			return n
		}, g.with(opts)...)
		forward(r.ctx, groups.Observe(rxgo.WithContext(r.ctx)), next)
	}}
}
