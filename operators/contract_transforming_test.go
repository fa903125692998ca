package operators_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// children returns the children of an upstream item. Children have no children.
func (p parts) children(v int) turbopipes.Observable[int] {
	if v >= 100 {
		return turbopipes.Empty[int]()
	}
	return p.long(v + 1)
}

// transforming returns the entries of the operators that transform.
func (p parts) transforming() []entry {
	stated := func(_ context.Context, s, v int) (int, int, error) { return s + v, s + 10*v, nil }
	return []entry{
		on("BufferWithCount", operators.BufferWithCount[int](4)),
		on("BufferWithCount/overlapping", operators.BufferWithCount[int](3, operators.WithStep(2))),
		on("BufferWithCount/flushing", operators.BufferWithCount[int](4, operators.FlushOnError())),
		on("BufferWithTimeOrCount", operators.BufferWithTimeOrCount[int](16*time.Millisecond, 4)),
		on("Cast", operators.Cast[int, int]()).one(),
		on("ConcatMap", operators.ConcatMap(p.inner)),
		on("ExhaustMap", operators.ExhaustMap(p.inner)),
		on("ExhaustMap/long", operators.ExhaustMap(p.long)),
		on("Expand", operators.Expand(2, p.children)),
		on("Expand/infinite", operators.Expand(turbopipes.Infinite, p.children)),
		on("FilterMap", operators.FilterMap(func(v int) (int, bool) { return p.double(v), p.small(v) })),
		on("FlatMap", operators.FlatMap(2, p.long)),
		on("FlatMap/one", operators.FlatMap(1, p.long)),
		on("FlatMap/infinite", operators.FlatMap(turbopipes.Infinite, p.long)),
		on("FlatMapSeq", operators.FlatMapSeq(func(v int) iter.Seq[int] { return slices.Values([]int{100 * v, 100*v + 1}) })),
		from("Flatten", p.long, operators.Flatten[int](2)),
		from("Flatten/one", p.long, operators.Flatten[int](1)),
		on("Index", operators.Index[int]()).one(),
		on("Intersperse", turbopipes.Compose(operators.Intersperse(-1), operators.Index[int]())), // the separators differ
		on("Intersperse/ends", turbopipes.Compose(operators.Intersperse(-1, operators.WithEnds(-2, -3)), operators.Index[int]())),
		on("Map", operators.Map(p.double)).one(),
		on("Marshal", operators.Marshal[int](func(v any) ([]byte, error) { return fmt.Append(nil, v), nil })).one(),
		on("Materialize", operators.Materialize[int]()).recovering(),
		on("OfType", operators.OfType[int, int]()).one(),
		on("Pairwise", operators.Pairwise[int]()),
		on("Scan", operators.Scan(1, func(sum, v int) int { return sum + v + 1 })).one(),
		on("ScanWith", operators.ScanWith(func() int { return 1 }, func(sum, v int) int { return sum + v + 1 })).one(),
		on("StatefulMap", operators.StatefulMap(opened(1), stated, func(s int) (int, bool) { return -s, true })),
		on("StatefulMap/open", operators.StatefulMap(opened(1), stated, nil)).one(),
		on("SwitchMap", operators.SwitchMap(p.inner)),
		on("SwitchMap/long", operators.SwitchMap(p.long)),
		from("Unbatch", func(v int) []int { return []int{100 * v, 100*v + 1} }, operators.Unbatch[int]()),
		from("Unmarshal", func(v int) []byte { return fmt.Append(nil, v) }, operators.Unmarshal[int](json.Unmarshal)).one(),
	}
}
