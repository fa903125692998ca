// Package droppederror drops errors of streams.
package droppederror

import (
	"context"
	"fmt"
	"testing"

	tp "github.com/turbopipes/turbopipes"
)

func show(v int) { fmt.Println(v) }

func store(int) error { return nil }

func consumed(ctx context.Context, o tp.Observable[int], ch chan int) (int, error) {
	o.Each(ctx, store)  // want `the error of Each is dropped, and with it the failure of the stream`
	o.Drain(ctx)        // want `the error of Drain is dropped`
	o.Collect(ctx)      // want `the error of Collect is dropped`
	tp.Run(ctx, o)      // want `the error of Run is dropped`
	tp.Send(ctx, o, ch) // want `the error of Send is dropped`
	if ctx.Err() == nil {
		(o.Drain(ctx)) // want `the error of Drain is dropped`
	}
	return 0, nil
}

func withoutError(ctx context.Context, o tp.Observable[int]) {
	o.Drain(ctx)       // want `the error of Drain is dropped`
	go o.Drain(ctx)    // want `the error of Drain is dropped`
	defer o.Drain(ctx) // want `the error of Drain is dropped`
	tp.Errors(ctx, o)  // want `the error of Errors is dropped`
}

func TestDrain(t *testing.T) {
	tp.Just(1).Drain(t.Context()) // want `the error of Drain is dropped`
}

func waited(ctx context.Context, o tp.Observable[int]) error {
	o.Subscribe(ctx, tp.Observer[int]{Next: show}).Wait() // want `the error of Wait is dropped, and nothing else gets it: the Observer has no Error`
	s := o.Subscribe(ctx, tp.Observer[int]{Next: show})
	defer s.Dispose()
	s.Wait() // want `the error of Wait is dropped, and nothing else gets it`
	return nil
}

func waitOfChannel(ctx context.Context, o tp.Observable[int]) error {
	items, wait := o.ToChannel(ctx)
	for v := range items {
		show(v)
	}
	wait() // want `the error of the wait function of ToChannel is dropped, and with it the failure of the stream`
	return nil
}

func read(ctx context.Context, o tp.Observable[int], s *tp.Subscription) error {
	_ = o.Drain(ctx) // on purpose
	items, _ := o.Collect(ctx)
	fmt.Println(items)
	if err := o.Each(ctx, store); err != nil {
		return err
	}
	s.Wait() // nobody knows what its Observer has
	heard := o.Subscribe(ctx, tp.Observer[int]{Error: func(err error) { fmt.Println(err) }})
	heard.Wait()
	asked := o.Subscribe(ctx, tp.Observer[int]{})
	asked.Wait()
	fmt.Println(asked.Err())
	passed := o.Subscribe(ctx, tp.Observer[int]{})
	passed.Wait()
	return read(ctx, o, passed)
}

func channel(ctx context.Context, o tp.Observable[int]) error {
	items, wait := o.ToChannel(ctx)
	defer wait() // again, so that it is over in any case
	for v := range items {
		show(v)
	}
	return wait()
}

type pool struct{}

func (pool) Drain(context.Context) error { return nil }

func others(ctx context.Context, p pool) { p.Drain(ctx) }
