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
	//turbopipesvet:ignore sharedseed this is what not to do
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

// boundaries are the kinds of operators that start goroutines: a pattern of what their
// comments say, and the words of the table. The first one that fits counts.
var boundaries = []struct{ pattern, goroutines, where string }{
	{`^(none|those of|only the timer)`, "", ""},
	{`^as (in |with |those of )?Parallel|for the tasks`, "one for upstream, n at most for the tasks", "your function runs on the n, several calls at once"},
	{`each inner stream`, "one for upstream, one for each inner stream that runs", "inner streams on goroutines of their own"},
	{`each item that waits`, "one for upstream, one for each item that waits", "the streams that are waited for on goroutines of their own"},
	{`of the others|(per|each) stream.*upstream runs on the subscriber`, "one for each of the other streams, or of the streams that are items", "these; upstream stays on the subscriber's goroutine"},
	{`per stream|each stream`, "one for each of the streams", "each stream on its own goroutine"},
	{`per side|each side`, "two, one for each of the two streams", "each stream on its own goroutine"},
	{`^two.*inner streams`, "two, for upstream and for the inner streams", "upstream, and the inner streams with their function"},
	{`boundary|and (for )?notifier`, "two, for upstream and for the other stream", "each stream on its own goroutine"},
	{`clock`, "two, for upstream and for the clock", "upstream on a goroutine of its own"},
	{`for (notifier|other|open)`, "one, for the other stream", "upstream stays on the subscriber's goroutine"},
	{`for run`, "one, for upstream and the function", "upstream where you say"},
	{`^one,? for upstream`, "one, for upstream", "upstream on a goroutine of its own"},
}

// TestBoundaries makes the table of the operators that start goroutines from what
// their comments say.
func TestBoundaries(t *testing.T) {
	by, found := map[int][]string{}, 0
	for name, comment := range goroutinesOf(t) {
		kind := slices.IndexFunc(boundaries, func(b struct{ pattern, goroutines, where string }) bool {
			return regexp.MustCompile(b.pattern).MatchString(comment)
		})
		require.GreaterOrEqual(t, kind, 0, "boundaries has no pattern for %s: %s", name, comment)
		by[kind] = append(by[kind], name+elsewhere(comment))
		found++
	}
	require.Greater(t, found, 150)
	var b strings.Builder
	b.WriteString("\n| goroutines | what runs there | operators |\n|---|---|---|\n")
	for kind, boundary := range slices.Backward(boundaries) {
		if boundary.goroutines != "" {
			require.NotEmpty(t, by[kind], boundary.pattern)
			slices.Sort(by[kind])
			b.WriteString("| " + boundary.goroutines + " | " + boundary.where + " | " + strings.Join(by[kind], ", ") + " |\n")
		}
	}
	table(t, "03-goroutines.md", "boundaries", b.String()+"\n")
}

// goroutinesOf has the text of all operators' and sources' comments about their
// goroutines.
func goroutinesOf(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../*.go")
	require.NoError(t, err)
	more, err := filepath.Glob("../../operators/*.go")
	require.NoError(t, err)
	say := map[string]string{}
	for _, file := range append(more, files...) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range documented.FindAllStringSubmatch(string(text), -1) {
			comment := strings.Join(strings.Fields(strings.ReplaceAll("\n"+m[1], "\n//", "\n")), " ")
			if g := goroutines.FindStringSubmatch(comment); g != nil && !strings.HasPrefix(m[2], "FromRx") {
				say[m[2]] = strings.NewReplacer("[", "", "]", "").Replace(g[1])
			}
		}
	}
	return say
}

var (
	documented = regexp.MustCompile(`(?m)((?:^//.*\n)+)^func ([A-Z]\w*)`)
	goroutines = regexp.MustCompile(`Goroutines?: ([^.]*)\.`)
	places     = regexp.MustCompile(`(\w+) runs? on (upstream's)`)
)

// elsewhere is what a comment says about a function that runs on upstream's goroutine.
func elsewhere(comment string) string {
	if m := places.FindStringSubmatch(comment); m != nil {
		return " (" + m[1] + " on " + m[2] + ")"
	}
	return ""
}
