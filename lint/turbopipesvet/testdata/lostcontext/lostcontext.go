// Package lostcontext runs streams under a ctx of their own.
package lostcontext

import (
	"context"
	"fmt"

	tp "github.com/turbopipes/turbopipes"
)

func store(int) error { return nil }

func lost(ctx context.Context, o tp.Observable[int], s *tp.Subject[int], other func(context.Context)) error {
	if err := o.Each(context.Background(), store); err != nil { // want `this call does not end with ctx, the ctx of the function: pass ctx, or context.WithoutCancel\(ctx\) for work that must outlive it`
		return err
	}
	_ = o.Drain(context.TODO())                       // want `this call does not end with ctx`
	for _, err := range o.Seq(context.Background()) { // want `this call does not end with ctx`
		fmt.Println(err)
	}
	_ = s.Next(context.Background(), 1) // want `this call does not end with ctx`
	go func() {
		_ = tp.Run(context.Background(), o) // want `this call does not end with ctx`
	}()
	func(inner context.Context) {
		_ = o.Drain(context.Background()) // want `this call does not end with inner`
	}(ctx)
	func(ctx string) {
		_ = o.Drain(context.Background()) // want `this call does not end with ctx`
	}("")
	other(context.Background())
	return nil
}

type service struct{ tp.Observable[int] }

func (s *service) serve(base context.Context, o tp.Observable[int]) {
	_ = s.Each(context.Background(), store) // want `this call does not end with base`
	ctx, cancel := context.WithCancel(base)
	defer cancel()
	sub := o.Subscribe(context.Background(), tp.Observer[int]{}) // want `this call does not end with base`
	fmt.Println(sub.Wait(), ctx)
}

func fine(ctx context.Context, o tp.Observable[int], s *tp.Subscription) {
	_ = o.Drain(ctx)
	_ = o.Drain(context.WithoutCancel(ctx))
	_ = s.Stop(context.Background())
	defer o.Drain(context.Background())
	defer func() {
		_ = o.Drain(context.Background())
	}()
}

func none(_ context.Context, o tp.Observable[int]) {
	_ = o.Drain(context.Background())
}

func main() {
	_ = tp.Just(1).Drain(context.Background())
}
