package delivery_test

import (
	"os"
	"strconv"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// runs is how many random runs a test makes: n, or DELIVERY_RUNS.
func runs(t *testing.T, n int) int {
	t.Helper()
	if s := os.Getenv("DELIVERY_RUNS"); s != "" {
		m, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if testing.Short() {
		return n / 10
	}
	return n
}
