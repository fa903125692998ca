package tptest_test

import (
	"testing"

	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestFirst(t *testing.T) {
	d := operators.Debounce[string](3 * tptest.Step)
	tptest.Doc(t, "../operators/debounce.go", "Debounce", d)
	tptest.Marbles(t, "a-bc---d----e-|", d, "------c---d---(e|)")
	tptest.Marbles(t, "a-bc---d----e-", d, "------c---d----")
	tptest.Marbles(t, "a#", d, "-#")
}
func TestZip(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		values := map[string]string{"1": "1", "2": "2", "3": "3"}
		a, b := tptest.Cold(s, "1-2-3-|", values), tptest.Cold[string](s, "-a---b|", nil)
		tptest.Expect(s, operators.Zip(b, func(a, b string) string { return a + b })(a), "-x---y|", map[string]string{"x": "1a", "y": "2b"})
	})
}
func TestBad(t *testing.T) {
	tptest.Marbles(t, "a-bc---d----e-|", operators.Debounce[string](3 * tptest.Step), "------c----d--(e|)")
}
