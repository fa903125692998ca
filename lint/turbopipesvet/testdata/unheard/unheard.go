// Package unheard subscribes and drops the handle.
package unheard

import (
	"context"
	"fmt"

	tp "github.com/turbopipes/turbopipes"
)

func show(v int) { fmt.Println(v) }

func fail(err error) { fmt.Println(err) }

func dropped(ctx context.Context, o tp.Observable[int]) {
	o.Subscribe(ctx, tp.Observer[int]{Next: show})                      // want `nobody gets the error of this stream: the Observer has no Error, and the Subscription is dropped; set Error, or keep the Subscription and call its Wait`
	o.Subscribe(ctx, tp.Observer[int]{})                                // want `nobody gets the error of this stream`
	o.Subscribe(ctx, tp.Observer[int]{Error: nil, Next: show})          // want `nobody gets the error of this stream`
	o.Subscribe(ctx, tp.Observer[int]{show, nil, nil})                  // want `nobody gets the error of this stream`
	o.Subscribe(ctx, tp.Observer[int]{Complete: func() {}, Next: show}) // want `nobody gets the error of this stream`
	go o.Subscribe(ctx, tp.Observer[int]{Next: show})                   // want `nobody gets the error of this stream`
}

func heard(ctx context.Context, o tp.Observable[int], obs tp.Observer[int]) error {
	o.Subscribe(ctx, tp.Observer[int]{Next: show, Error: fail})
	o.Subscribe(ctx, tp.Observer[int]{show, fail, nil})
	o.Subscribe(ctx, tp.Observer[int]{Error: func(error) {}}) // on purpose
	o.Subscribe(ctx, obs)
	_ = o.Subscribe(ctx, tp.Observer[int]{Next: show}) // on purpose
	s := o.Subscribe(ctx, tp.Observer[int]{Next: show})
	return s.Wait()
}

type bus struct{}

func (bus) Subscribe(context.Context, tp.Observer[int]) {}

func others(ctx context.Context, b bus) { b.Subscribe(ctx, tp.Observer[int]{Next: show}) }
