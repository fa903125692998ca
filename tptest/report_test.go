package tptest_test

import (
	"context"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func identity(v string) string { return v }

// failing has tests that fail, and the expected output.
var failing = map[string]struct {
	test  func(t *testing.T)
	print []string
}{
	"Marbles": {func(t *testing.T) {
		tptest.Marbles(t, "a-b|", operators.Map(identity), "a-c|")
		t.Error("and goes on")
	}, []string{
		"report_test.go:LINE: run to the end:\n          cold: a-b|\n        wanted: a-c|\n           got: a-b|\n        wanted c in column 2, got b in column 2",
		"and goes on",
	}},
	"Marbles, unreadable": {func(t *testing.T) {
		tptest.Marbles(t, "a-b|", operators.Map(identity), "a-(b|")
	}, []string{`report_test.go:LINE: tptest: diagram "a-(b|": column 2: ( without a )`}},
	"Marbles without op": {func(t *testing.T) {
		tptest.Marbles(t, "a-b|", nil, "a-b|")
	}, []string{`report_test.go:LINE: tptest: op is nil`}},
	"Marbles, unreadable and long": {func(t *testing.T) {
		tptest.Marbles(t, "a-b|", operators.Map(identity), strings.Repeat("-", 4<<20)+"(b|")
	}, []string{`report_test.go:LINE: tptest: diagram …"----`, `--(b|" (200 of 4194307 characters): column 4194304: ( without a )`}},
	"Marbles with long items": {func(t *testing.T) {
		long := func(v string) string { return strings.Repeat(v, 1<<20) + strings.Repeat("\n", 1<<20) }
		tptest.Marbles(t, "a-b|", operators.Map(long), "a-{"+strings.Repeat("c", 1<<20)+"}|")
	}, []string{"report_test.go:LINE: run to the end:\n          cold: a-b|\n        wanted: a-{ccc", " bytes… "}},
	"Run": {func(t *testing.T) {
		tptest.Run(t, func(s *tptest.Scenario) {
			a := tptest.Cold[string](s, "a-b|", nil)
			b := tptest.Hot[string](s, "--b|", nil)
			tptest.Expect(s, a, "a-b|", nil)
			tptest.Expect(s, b, "--|", nil)
		})
		t.Error("and does not go on")
	}, []string{"report_test.go:LINE: run to the end:\n          cold: a-b|\n           hot: --b|\n        wanted: --|\n           got: |\n"}},
	"At": {func(t *testing.T) {
		tptest.Run(t, func(s *tptest.Scenario) {
			tptest.Expect(s, tptest.Hot[string](s, "a-b|", nil), "--b-|", nil, tptest.At(1))
		})
	}, []string{"report_test.go:LINE: run to the end:\n", "wanted | in column 4, got | in column 3"}},
	"At no column": {func(t *testing.T) {
		tptest.Run(t, func(s *tptest.Scenario) {
			tptest.Expect(s, tptest.Hot[string](s, "a-b|", nil), "a-b|", nil, tptest.At(math.MaxInt32))
		})
	}, []string{"report_test.go:LINE: tptest: Expect: At: column is 2147483647, want 0 to 1000000"}},
	"a goroutine that can't end": {func(t *testing.T) {
		tptest.Marbles(t, "a-b|", turbopipes.Lift("Leak", func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			go waitForEver()
			return in.Push(ctx, emit)
		}), "a-b|")
	}, []string{
		"report_test.go:LINE: run to the end:", "a goroutine was left behind:\n", "tptest_test.waitForEver\n",
	}},
	"a stream that can't end": {func(t *testing.T) {
		tptest.Run(t, func(s *tptest.Scenario) {
			tptest.Expect(s, turbopipes.Create(func(context.Context, func(int) bool) error { waitForEver(); return nil }), "-|", nil)
		})
	}, []string{
		"report_test.go:LINE: run to the end:", "it had not ended 1s after its last column:\n\tgithub.com/turbopipes/turbopipes/tptest_test.waitForEver\n", "it did not end when it was cancelled then",
	}},
	"a goroutine of the scenario's own": {func(t *testing.T) {
		tptest.Run(t, func(*tptest.Scenario) { go waitForEver() })
	}, []string{"report_test.go:LINE: tptest: deadlock: main bubble goroutine has exited but blocked goroutines remain:\n        goroutine", "waitForEver"}},
	"Doc": {func(t *testing.T) {
		tptest.Doc(t, "docs_test.go", "drawn", operators.Map(identity))
	}, []string{"report_test.go:LINE: run to the end:", "wanted: --a|"}},
	"a check of the scenario's own": {func(t *testing.T) {
		tptest.Run(t, func(s *tptest.Scenario) { require.Equal(s, 1, 2) })
	}, []string{"report_test.go:LINE", "Not equal"}},
	"a panic of the scenario's own": {func(t *testing.T) {
		tptest.Run(t, func(*tptest.Scenario) { panic("mine") })
	}, []string{"panic: mine"}},
}

func waitForEver() { <-make(chan int) }

// TestReports checks the report of a failure, as the caller sees it.
func TestReports(t *testing.T) {
	if name := os.Getenv("TPTEST_FAILING"); name != "" {
		failing[name].test(t)
		return
	}
	for name, c := range failing {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestReports$")
			cmd.Env = append(os.Environ(), "TPTEST_FAILING="+name)
			out, err := cmd.CombinedOutput()
			require.Error(t, err)
			said := regexp.MustCompile(`report_test\.go:\d+`).ReplaceAllString(string(out), "report_test.go:LINE")
			said = strings.ReplaceAll(said, "\n        \t", "\n\t")
			for _, part := range c.print {
				require.Contains(t, said, part)
			}
			require.NotContains(t, string(out), "and does not go on")
			require.Less(t, len(out), 1_000_000)
		})
	}
}
