// Package seqerror has loops that don't read the error.
package seqerror

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	tp "github.com/turbopipes/turbopipes"
)

func sum(ctx context.Context, o tp.Observable[int]) (int, error) {
	sum := 0
	for v := range o.Seq(ctx) { // want `this loop does not see the error of the stream, and takes a failure for an item with the zero value: write for v, err := range`
		sum += v
	}
	for v := range o.Seq(ctx) { // want `with the zero value: write for v, err := range`
		sum += v
	}
	for range o.Seq(ctx) { // want `this loop does not see the error of the stream, and takes a failure for an item: write for _, err := range`
		sum++
	}
	return sum, nil
}

func show(ctx context.Context, o tp.Observable[int]) {
	for v := range o.Seq(ctx) { // want `this loop does not see the error`
		fmt.Println(v)
	}
}

func outer(ctx context.Context, o tp.Observable[int]) (err error) {
	for v := range o.Seq(ctx) { // want `this loop does not see the error`
		err = errors.Join(err, fmt.Errorf("item %d", v))
	}
	return err
}

func short(ctx context.Context, o tp.Observable[int]) error {
	for v := range o.Seq(ctx) { // want `this loop does not see the error`
		// A comment on what follows.
		fmt.Println(v)
	}
	for range o.Seq(ctx) { // want `this loop does not see the error`
	}
	return nil
}

func assigned(ctx context.Context, o tp.Observable[int]) (last int, err error) {
	for last = range o.Seq(ctx) { // want `this loop does not see the error`
	}
	return last, nil
}

type point struct{ x, y int }

func results[T any](ctx context.Context, o tp.Observable[int]) (point, *point, T, string, bool, error) {
	for v := range o.Seq(ctx) { // want `this loop does not see the error`
		fmt.Println(v)
	}
	return point{}, nil, *new(T), "", false, nil
}

func TestSeq(t *testing.T) {
	for v := range tp.Just(1).Seq(t.Context()) { // want `this loop does not see the error`
		t.Log(v)
	}
}

func right(ctx context.Context, o tp.Observable[int]) error {
	for v, err := range o.Seq(ctx) {
		if err != nil {
			return err
		}
		fmt.Println(v)
	}
	for _, err := range o.Seq(ctx) {
		fmt.Println(err)
	}
	for range o.Seq(ctx) {
		break // it only starts the stream
	}
	for range o.Seq(ctx) {
		runtime.Goexit()
	}
	for range 3 {
	}
	for v := range pairs {
		fmt.Println(v)
	}
	return nil
}

func pairs(yield func(int, error) bool) { yield(1, nil) }
