package guide_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func Example_oneGoroutine() {
	seen := map[int]bool{} // no lock: every function runs on this goroutine, one at a time
	twice := tp.Pipe2(tp.Just(1, 2, 1, 3),
		operators.Filter(func(v int) bool { again := seen[v]; seen[v] = true; return !again }),
		operators.Map(func(v int) int { return 2 * v }))

	err := twice.Each(ctx, func(v int) error {
		fmt.Println(v, "of", len(seen), "keys")
		return nil
	})
	fmt.Println(err)
	// Output:
	// 2 of 1 keys
	// 4 of 2 keys
	// 6 of 3 keys
	// <nil>
}

func Example_boundary() {
	var fetched atomic.Int64 // fetch runs on several goroutines
	fetch := func(_ context.Context, id int) (int, error) {
		fetched.Add(1)
		return id * 10, nil
	}

	sum := 0 // only the function of Each uses it
	err := operators.Parallel(4, fetch)(tp.Range(1, 100)).Each(ctx, func(v int) error {
		sum += v
		return nil
	})
	fmt.Println(sum, fetched.Load(), err)
	// Output: 50500 100 <nil>
}

func Example_statePerSubscription() {
	shared := operators.Scan(map[string]int{}, func(count map[string]int, w string) map[string]int {
		count[w]++ // wrong: all subscriptions change one map
		return count
	})
	own := operators.ScanWith(func() map[string]int { return map[string]int{} }, func(count map[string]int, w string) map[string]int {
		count[w]++ // right: each subscription has a map of its own
		return count
	})
	for range 2 {
		a, _ := operators.TakeLast[map[string]int](1)(shared(tp.Just("go", "go"))).Collect(ctx)
		b, _ := operators.TakeLast[map[string]int](1)(own(tp.Just("go", "go"))).Collect(ctx)
		fmt.Println(a, b)
	}
	// Output:
	// [map[go:2]] [map[go:2]]
	// [map[go:4]] [map[go:2]]
}

// TestBoundaries makes the table of the operators that start goroutines from what
// their comments say.
func TestBoundaries(t *testing.T) {
	files, err := filepath.Glob("../../*.go")
	require.NoError(t, err)
	more, err := filepath.Glob("../../operators/*.go")
	require.NoError(t, err)
	by := map[string][]string{}
	for _, file := range append(more, files...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range documented.FindAllStringSubmatch(string(text), -1) {
			comment := strings.Join(strings.Fields(strings.ReplaceAll(m[1], "\n//", "\n")), " ")
			if g := goroutines.FindStringSubmatch(comment); g != nil {
				if what := startedBy(g[1]); what != "" {
					by[what] = append(by[what], m[2])
				}
			}
		}
	}
	var b strings.Builder
	b.WriteString("\n| goroutines | operators |\n|---|---|\n")
	for _, what := range slices.Sorted(func(yield func(string) bool) {
		for k := range by {
			if !yield(k) {
				return
			}
		}
	}) {
		slices.Sort(by[what])
		b.WriteString("| " + what + " | " + strings.Join(by[what], ", ") + " |\n")
	}
	require.Greater(t, strings.Count(b.String(), ","), 40)
	table(t, "03-goroutines.md", "boundaries", b.String()+"\n")
}

var (
	documented = regexp.MustCompile(`(?m)((?:^//.*\n)+)^func ([A-Z]\w*)`)
	goroutines = regexp.MustCompile(`Goroutines?: ([^.]*)\.`)
	aside      = regexp.MustCompile(`, joined before it ends|, started as they are needed|\[|\]`)
)

// startedBy is what a comment says about goroutines, in the words of the table, or ""
// where there are none.
func startedBy(comment string) string {
	text := aside.ReplaceAllString(comment, "")
	text, where, _ := strings.Cut(text, "; ")
	if strings.HasPrefix(text, "none") || strings.HasPrefix(text, "those of") {
		return ""
	}
	if where != "" && !strings.Contains(where, "the subscriber's") {
		text += "; " + where
	}
	return text
}
