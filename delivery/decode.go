package delivery

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/turbopipes/turbopipes"
)

// JSON returns a function that decodes the bytes of an event, and calls fn with the
// value. Bytes that can't be decoded are a [Permanent] error: the event goes to the
// dead letters at once. It runs in the task, so decoding is parallel. For a nil fn,
// JSON returns nil.
func JSON[T any](fn func(context.Context, Delivery[T]) error) func(context.Context, Delivery[[]byte]) error {
	return decoding(func(b []byte) (v T, err error) {
		err = json.Unmarshal(b, &v)
		return v, err
	}, fn)
}

// Decoding is [JSON] with another codec. For a nil fn, or a codec without Decode, it
// returns nil.
func Decoding[T any](c turbopipes.Codec[T], fn func(context.Context, Delivery[T]) error) func(context.Context, Delivery[[]byte]) error {
	if c.Decode == nil {
		return nil
	}
	return decoding(c.Decode, fn)
}

func decoding[T any](decode func([]byte) (T, error), fn func(context.Context, Delivery[T]) error) func(context.Context, Delivery[[]byte]) error {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context, d Delivery[[]byte]) error {
		v, err := decode(d.Value)
		if err != nil {
			return Permanent(fmt.Errorf("delivery: decoding: %w", err))
		}
		return fn(ctx, With(d, v))
	}
}
