package scope

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom, errLate = errors.New("boom"), errors.New("late")

func within(t *testing.T, ctx context.Context, body func(s *Scope) error) (err error) { //nolint:revive // t comes first
	t.Helper()
	s := Open(ctx, "test")
	defer s.Close(&err)
	return body(s)
}
