package operators_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestTasks(t *testing.T) {
	doc := tptest.DocDiagram(t, "tasks.go", "Tasks")
	tptest.Run(t, func(s *tptest.Scenario) {
		tasks := map[string]turbopipes.Task[string]{}
		for _, l := range "abc" {
			tasks[string(l)] = func(ctx context.Context) (string, error) { return timedTask(ctx, string(l)) }
		}
		in := tptest.Cold(s, doc["in"], tasks)
		tptest.Expect(s, operators.Tasks[string](2)(in), doc["out"], resultsOf("abc"))
	})
	task := func(v int, d time.Duration, err error) turbopipes.Task[int] {
		return func(context.Context) (int, error) {
			time.Sleep(d)
			return v, err
		}
	}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var got []string
		err := operators.Tasks[int](2)(turbopipes.Just(task(1, 5*time.Second, nil), task(2, 2*time.Second, errBoom), nil,
			func(context.Context) (int, error) { panic("mine") })).
			Each(t.Context(), func(r turbopipes.Result[int]) error {
				got = append(got, fmt.Sprint(r.Value, " ", r.Err, " @", time.Since(begin)))
				return nil
			})
		require.NoError(t, err)
		require.Equal(t, []string{
			"2 boom @2s",
			"0 turbopipes: invalid argument: Tasks: the task is nil @2s",
			"0 turbopipes: panic: mine @2s",
			"1 <nil> @5s",
		}, got)
	})
	synctest.Test(t, func(t *testing.T) {
		failing := operators.Unwrap[int]()(operators.Tasks[int](2)(turbopipes.Just(task(1, 0, nil), task(2, time.Second, errBoom), task(3, time.Hour, nil))))
		got, err := failing.Collect(t.Context())
		require.Equal(t, errBoom, err)
		require.Equal(t, []int{1}, got)
	})
}

func ExampleTasks() {
	hello := func(context.Context) (string, error) { return "hello", nil }
	world := func(context.Context) (string, error) { return "", fmt.Errorf("no world") }
	results := operators.Tasks[string](2, operators.Ordered())(turbopipes.Just[turbopipes.Task[string]](hello, world))
	fmt.Println(results.Collect(context.Background()))
	// Output: [{hello <nil>} { no world}] <nil>
}

func BenchmarkTasks(b *testing.B) {
	const items = 1 << 14
	task := turbopipes.Task[int](func(context.Context) (int, error) { return 0, nil })
	o := operators.Tasks[int](8)(operators.Map(func(int) turbopipes.Task[int] { return task })(turbopipes.Range(0, items)))
	b.ReportAllocs()
	for b.Loop() {
		_ = o.Drain(b.Context())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/items, "ns/item")
}
