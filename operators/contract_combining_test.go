package operators_test

import (
	"cmp"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// millis returns the time of an item for a Join.
func (parts) millis(v int) time.Time { return time.UnixMilli(int64(v % 1000)) }

// apart makes streams. Once all of them have emitted, no two of them emit at the same
// time.
func (parts) apart(v int) turbopipes.Observable[int] {
	return hundreds(v, time.Duration(4+v)*time.Millisecond)
}

// combining returns the entries of the operators that combine streams.
func (p parts) combining() []entry {
	return []entry{
		on("CombineLatest", operators.CombineLatest(p.side, p.pair)),
		from("CombineLatestAll", p.apart, operators.CombineLatestAll[int]()),
		on("CombineLatest/buffered", operators.CombineLatest(p.side, p.pair, operators.Buffered(3))),
		from("CombineLatestAll/buffered", p.apart, operators.CombineLatestAll[int](operators.Buffered(3))),
		on("Concat", operators.Concat(p.side)).one(),
		on("EndWith", operators.EndWith(-1, -2)),
		on("ForkJoin", operators.ForkJoin(p.side)),
		on("Interleave", operators.Interleave(2, p.side)).one(),
		on("Join", operators.Join(p.side, 2*time.Millisecond, p.millis, p.millis, p.pair)),
		on("Join/buffered", operators.Join(p.side, 2*time.Millisecond, p.millis, p.millis, p.pair, operators.Buffered(3))),
		on("Merge", operators.Merge(p.side)).one(),
		on("MergePrioritized", operators.MergePrioritized(p.side)).one(),
		on("MergeSorted", operators.MergeSorted(cmp.Compare[int], p.side)).one(),
		on("Race", operators.Race(p.side)).recovering(), // an error that is not first is none
		on("SequenceEqual", operators.SequenceEqual(p.side, func(a, b int) bool { return a == b })),
		on("SequenceEqual/buffered", operators.SequenceEqual(p.side, func(a, b int) bool { return a == b }, operators.Buffered(3))),
		on("StartWith", operators.StartWith(-1, -2)).beginning(),
		from("SwitchAll", p.inner, operators.SwitchAll[int]()),
		from("SwitchAll/long", p.long, operators.SwitchAll[int]()),
		on("WithLatestFrom", operators.WithLatestFrom(p.side, p.pair)),
		on("Zip", operators.Zip(p.side, p.pair)),
		on("Zip/buffered", operators.Zip(p.side, p.pair, operators.Buffered(3))),
		from("ZipAll", p.inner, operators.ZipAll[int]()),
		from("ZipAll/buffered", p.inner, operators.ZipAll[int](operators.Buffered(3))),
	}
}
