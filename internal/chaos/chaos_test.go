package chaos

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	runs  = flag.Int("chaos.runs", 200, "how many random pipelines run")
	hots  = flag.Int("chaos.hot", 200, "how many random hot streams run")
	seed  = flag.Uint64("chaos.seed", 0, "run the plan of this seed only, -chaos.again times")
	again = flag.Int("chaos.again", 100, "how often the plan of -chaos.seed runs")
	first = flag.Uint64("chaos.first", 1, "the first seed")
	only  = flag.String("chaos.only", "", "the names of the stages to use, with commas between; exact: those that count exactly")
	small = flag.Bool("chaos.shrink", false, "make the plans of violations smaller, which takes a while")
	most  = flag.Int("chaos.most", 5, "how many violations are reported at most")
)

// allowed is the filter that -chaos.only sets.
func allowed(name string, o *op) bool {
	switch *only {
	case "":
		return true
	case "exact":
		return o.exact
	}
	return slices.Contains(strings.Split(*only, ","), name)
}

func (p plan) title() string { return fmt.Sprintf("seed %d", p.Seed) }

func (p plan) play(t *testing.T) []string {
	return inBubble(t, func() (w *world, run, check func()) {
		w = newWorld(p, ms)
		r := newRun(w)
		return w, func() { r.all(synctest.Wait) }, func() { r.check(); sum.add(r) }
	})
}

// all starts a run, feeds and cuts it, and waits for its end.
func (r *run) all(settle func()) {
	feeding, fed := context.WithCancel(context.Background())
	defer fed()
	r.start()
	if r.how != "Subscribe" || has(r.w.plan.Stages, func(_ *step, o *op) bool { return o.late }) {
		settle()
	}
	var others sync.WaitGroup
	for _, feed := range r.w.feeders {
		others.Go(func() { feed(feeding) })
	}
	others.Go(r.outside)
	limit := time.NewTimer(max(time.Minute, r.w.time(60_000)))
	defer limit.Stop()
	select {
	case <-r.done:
	case <-limit.C:
		r.w.violated("it stands still:\n%s", strings.Join(stacks(), "\n"))
		r.cancel(errCut)
		return
	}
	fed()
	others.Wait()
	r.cancel(nil)
}

// stacks returns the stacks of the goroutines of the caller's bubble, without the caller
// and without the goroutines of the bubble itself.
func stacks() []string {
	buf := make([]byte, 1<<20)
	all := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	_, bubble, inside := strings.Cut(strings.SplitN(all[0], "\n", 2)[0], "synctest bubble ")
	return slices.DeleteFunc(all[1:], func(s string) bool {
		return inside && !strings.Contains(strings.SplitN(s, "\n", 2)[0], "synctest bubble "+bubble) ||
			strings.Contains(s, "internal/synctest.Run(") || strings.Contains(s, "\ntesting/synctest.testingSynctestTest(")
	})
}

// leftBehindIf calls leftBehind only if some goroutines may be left, because the search is
// slow.
func (w *world) leftBehindIf() {
	if runtime.NumGoroutine() > w.idle {
		w.leftBehind()
	}
}

// leftBehind reports a violation if goroutines are left in the bubble.
func (w *world) leftBehind() {
	if left := stacks(); len(left) > 0 {
		w.violated("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n"))
	}
}

var spillDir string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "chaos")
	if err != nil {
		panic(err)
	}
	spillDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// TestPipelines runs random pipelines.
func TestPipelines(t *testing.T) {
	sum = tally{}
	defer func() { t.Log(sum) }()
	drive(t, *runs, func(seed uint64) random { return newPlan(seed, allowed) })
}
