// Package innershare shares streams in functions that run again and again.
package innershare

import (
	"context"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

type stream = tp.Observable[int]

func double(v int) int { return 2 * v }

func again(src stream) {
	_ = tp.Defer(func(context.Context) (stream, error) {
		return src.Pipe(operators.Share[int]()), nil // want `this Share shares nothing, since Defer calls the function once per subscription: call Share once, outside the function`
	})
	_ = tp.Defer(func(context.Context) (stream, error) {
		shared := operators.ShareReplay[int](1)(src) // want `this ShareReplay shares nothing, since Defer calls the function once per subscription`
		return operators.Map(double)(shared), nil
	})
	_ = tp.Defer(func(context.Context) (stream, error) {
		return tp.Publish(src).RefCount(), nil // want `this Publish shares nothing, since Defer`
	})
	_ = tp.Create(func(ctx context.Context, emit func(int) bool) error {
		return src.Pipe(operators.Share[int]()).Push(ctx, emit) // want `this Share shares nothing, since Create calls the function once per subscription`
	})
	_ = tp.Lift("twice", func(ctx context.Context, in stream, emit func(int) bool) error {
		hot := tp.Pipe2(in, operators.Share[int](), operators.Map(double)) // want `this Share shares nothing, since Lift calls the function once per subscription`
		return hot.Push(ctx, emit)
	})
	_ = operators.FlatMap(2, func(v int) stream {
		return src.Pipe(operators.Share[int]()).Pipe(operators.Take[int](v)) // want `this Share shares nothing, since FlatMap calls the function once per item`
	})
	_ = operators.SwitchMap(func(int) stream { return (operators.Share[int]()(src)) }) // want `this Share shares nothing, since SwitchMap`
	_ = operators.Catch(func(error) stream { return operators.Share[int]()(src) })     // want `this Share shares nothing, since Catch calls the function once per error`
}

func fine(src stream, use func(stream) stream) {
	shared := src.Pipe(operators.Share[int]())
	_ = tp.Defer(func(context.Context) (stream, error) { return shared, nil })
	_ = tp.Defer(func(context.Context) (stream, error) { // two subscribers within a subscription
		shared := src.Pipe(operators.Share[int]())
		return shared.Pipe(operators.Merge(shared)), nil
	})
	_ = tp.Defer(func(context.Context) (stream, error) {
		return use(src.Pipe(operators.Share[int]())), nil
	})
	_ = tp.Defer(func(context.Context) (stream, error) {
		return src.Pipe(operators.ShareReplay[int](1)).Pipe(operators.Repeat[int](2)), nil
	})
	_ = tp.Defer(func(context.Context) (stream, error) {
		shared := src.Pipe(operators.Share[int]())
		return tp.Pipe2(tp.Range(0, 2), operators.FlatMap(2, func(int) stream { return shared }), operators.Map(double)), nil
	})
	_ = tp.Create(func(ctx context.Context, emit func(int) bool) error {
		shared := src.Pipe(operators.Share[int]())
		for range 2 {
			if err := shared.Push(ctx, emit); err != nil {
				return err
			}
		}
		return nil
	})
	_ = tp.Defer(func(context.Context) (stream, error) {
		c := tp.Publish(src)
		c.Connect(context.Background())
		return c.Observable(), nil
	})
	_ = tp.Defer(func(ctx context.Context) (stream, error) { // it starts at once
		return tp.Publish(src).AutoConnect(ctx, 0), nil
	})
	apart := func() stream { return src.Pipe(operators.Share[int]()) }
	_ = apart()
}
