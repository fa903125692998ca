package fault

import (
	"context"
	"errors"
)

var errCause = errors.New("cause")

func cancelled(cause error) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	return ctx
}

type uncomparable []string

func (uncomparable) Error() string { return "uncomparable" }

type ownIs struct{}

func (ownIs) Error() string { return "own" }

func (ownIs) Is(target error) bool { return target == context.Canceled }
