package split

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/turbopipes/turbopipes/internal/handoff"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(overflow handoff.Overflow, lost *[]int) Config[int] {
	return Config[int]{
		Name: "test", Size: 2, Waiting: 9, Overflow: overflow, Lost: func(v any) { *lost = append(*lost, v.(int)) },
		ErrOverflow: errors.New("overflow"), Taken: errTaken,
	}
}

// items returns the items that p delivers until it ends, or the first n, and p's
// error.
func items(ctx context.Context, p *Part[string, int], n int) (got []int, err error) {
	err = p.Push(ctx, func(v int) bool {
		got = append(got, v)
		return len(got) != n
	})
	return got, err
}
