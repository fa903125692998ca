package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	tp "github.com/turbopipes/turbopipes"
)

// check checks the outcome of a run.
func (r *run) check() {
	r.w.mu.Lock()
	fired := slices.Clone(r.w.fired)
	r.w.mu.Unlock()
	r.checkEnd(fired)
	r.checkItems(fired)
	r.checkCounts()
}

// ended returns the error that has ended the run, and whether it can be known.
func (r *run) ended() (err error, known bool) {
	switch r.cuts.How {
	case "dispose", "cancel", "stopShort", "break", "error", "panic", "goexit":
		if r.cut {
			return r.err, false
		}
	}
	return r.err, true
}

// checkEnd checks how the run has ended.
func (r *run) checkEnd(fired []error) {
	p := r.w.plan
	err, known := r.ended()
	if sub := r.sub.Load(); sub != nil {
		silent := r.cut && (r.cuts.How == "dispose" || r.cuts.How == "cancel" || r.cuts.How == "stopShort")
		if r.ends == 0 && !silent {
			r.w.violated("neither Error nor Complete was called, Wait returned %v", err)
		}
		if r.ends > 0 && !silent && (r.told == nil) != (err == nil) {
			r.w.violated("Error was called with %v, and Wait returned %v", r.told, err)
		}
	}
	if !r.caused(err, fired) {
		r.w.violated("the cause is no fault that has fired: %v (fired: %v)", err, fired)
	}
	hidden := has(p.Stages, func(_ *step, o *op) bool { return o.recovers || o.early })
	if err == nil && known && !r.exits && len(fired) > 0 && !hidden {
		r.w.violated("a fault has fired and is not reported: %v", fired)
	}
}

// caused reports whether the error has a cause.
func (r *run) caused(err error, fired []error) bool {
	if err == nil {
		return true
	}
	for _, f := range fired {
		if errors.Is(err, f) {
			return true
		}
	}
	if r.cut && (errors.Is(err, errCut) || errors.Is(err, tp.ErrGoexit)) {
		return true
	}
	if r.cut && r.cuts.How == "ctx" && errors.Is(err, context.Canceled) {
		return true
	}
	return has(r.w.plan.Stages, func(_ *step, o *op) bool {
		return slices.ContainsFunc(o.errs, func(e error) bool { return errors.Is(err, e) })
	})
}

// checkItems checks the items that have come.
func (r *run) checkItems(fired []error) {
	p, w := r.w.plan, r.w
	all := model{w: w}
	may := all.chain(all.source(p.Source), p.Stages)
	if may.any {
		return
	}
	got := r.got
	if may.many {
		got = slices.Compact(slices.Sorted(slices.Values(got)))
	}
	if extra := surplus(got, may.seq); len(extra) > 0 {
		w.violated("items that may not come: %v of %v; the model allows %v", extra, r.got, may.seq)
		return
	}
	if may.ordered && !may.many && !inOrder(r.got, may.seq) {
		w.violated("out of order: %v; the model says %v", r.got, may.seq)
	}
	r.checkErrorLast(fired)
	stopped := r.cut && r.cuts.How == "stop"
	if r.err != nil || r.exits || r.cut && !stopped || len(fired) > 0 {
		return
	}
	if stopped && has(p.Stages, func(_ *step, o *op) bool { return o.cold }) {
		return
	}
	now := model{w: w, actual: true}
	must := now.chain(now.source(p.Source), p.Stages)
	if must.whole {
		if lost := surplus(must.seq, r.got); len(lost) > 0 {
			w.violated("lost without an end: %v; got %v (stopped: %v)", lost, r.got, stopped)
		}
	}
	early := has(p.Stages, func(_ *step, o *op) bool { return o.early || o.late })
	hot := len(w.feeders) > 0
	if !r.cut && !early && !hot && may.whole {
		if lost := surplus(may.seq, r.got); len(lost) > 0 {
			w.violated("not complete: %v are missing; got %v", lost, r.got)
		}
	}
}

// holding are the stages that deliver all items that their upstream emits before its
// error.
var holding = map[string]bool{
	"ObserveOn": true, "Prefetch": true, "LimitRate": true, "Buffer": true, "Batch": true, "Slow": true, "Extrapolate": true, "Spill": true,
	"Share": true, "ShareSmall": true, "ShareReplay": true, "RefCount": true, "Broadcast1": true, "Balance1": true,
	"SubscribeOn": true, "SubscribeOnB": true, "TryMap": true, "Map": true, "MapTwice": true, "Filter": true, "FilterMap": true, "Do": true,
	"StatefulMap": true, "Unbatch": true, "Name": true, "Finally": true, "Checked": true, "WithContext": true, "Materialize": true, "Index": true,
	"Timeout": true, "DelaySubscription": true, "TimeInterval": true, "Timestamp": true, "Merge": true, "Prioritized": true, "MapError": true,
	"Breaker": true, "FlatMapSeq": true, "Json": true, "OfType": true, "Cast": true, "Log": true, "ThrowIfEmpty": true, "Results": true,
	"ConcatMap": true, "GroupBy": true, "GroupByN": true, "GroupIdle": true, "WindowFlat": true, "WindowConcat": true, "WindowTime": true,
	"WindowWhen": true, "WindowBoth": true, "RateLimit": true,
}

// checkErrorLast checks that the error of the source has come after its items.
func (r *run) checkErrorLast(fired []error) {
	p, w := r.w.plan, r.w
	point := fmt.Sprintf("fault at point %d,", p.Source.Point)
	if r.cut || r.exits || len(fired) != 1 || !strings.HasPrefix(fired[0].Error(), point) || p.Source.Kind == "Using" || p.Source.Kind == "UsingContext" ||
		has(p.Stages, func(s *step, _ *op) bool { return !holding[s.Op] || s.Wide || len(s.Inner) > 0 }) {
		return
	}
	sum["errors of a source after its items"]++
	now := model{w: w, actual: true}
	must := now.chain(now.source(p.Source), p.Stages)
	own := slices.DeleteFunc(must.seq, func(v int) bool { return v/1000 != p.Source.Point }) // another side's item in hand is not taken in
	if lost := surplus(own, r.got); len(lost) > 0 {
		w.violated("lost before an error of the source: %v; got %v", lost, r.got)
	}
}

// checkCounts checks that each item is accounted for.
func (r *run) checkCounts() {
	w := r.w
	s := r.stats
	lost, queued, handed := w.lost.Load(), w.queued.Load(), w.handed.Load()
	if r.sub.Load() != nil {
		if int(s.Delivered) != len(r.got) {
			w.violated("%d delivered, Stats say %d", len(r.got), s.Delivered)
		}
		if lost != s.Dropped+s.Discarded {
			w.violated("the loss hook was called %d times, %d dropped + %d discarded", lost, s.Dropped, s.Discarded)
		}
		if s.Running != 0 {
			w.violated("%d tasks run after the end", s.Running)
		}
	}
	if !exactPlan(w.plan) {
		return
	}
	got, failed := int64(len(r.got)), w.failed.Load()
	if r.sub.Load() == nil && w.exits() > 1 {
		return // the second Goexit is the error that has ended the first, so its task counts as cancelled: only Stats show this
	}
	if r.sub.Load() == nil && failed > 0 && has(w.plan.Stages, func(s *step, _ *op) bool { return s.Op == "ParallelResults" }) {
		return // a failure may be a lost Result; only Stats show this
	}
	if r.sub.Load() != nil {
		got, lost, failed = s.Delivered, s.Dropped+s.Discarded, s.Failed
	}
	if handed+queued != got+lost+failed {
		w.violated("not exact: %d handed + %d queued = %d, but %d delivered + %d lost + %d failed = %d",
			handed, queued, handed+queued, got, lost, failed, got+lost+failed)
		w.bad = append(w.bad, fmt.Sprintf("handed %v, got %v, %v", w.given, r.got, w.losses))
	}
}

// exits returns the number of user calls that have ended with a Goexit.
func (w *world) exits() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, err := range w.fired {
		if errors.Is(err, tp.ErrGoexit) {
			n++
		}
	}
	return n
}

// exactPlan reports whether each item of a plan is counted. Faults must be in a place
// that counts as well.
func exactPlan(p plan) bool {
	replays := has(p.Stages, func(s *step, _ *op) bool { return s.Op == "ShareReplay" }) && has(p.Stages, func(_ *step, o *op) bool { return o.recovers })
	return p.Consume != "Collect" && !replays && !has(p.Stages, func(s *step, o *op) bool { return !o.exact || s.Wide })
}

// surplus returns the multiset all without the multiset of.
func surplus(all, of []int) (extra []int) {
	n := map[int]int{}
	for _, v := range of {
		n[v]++
	}
	for _, v := range all {
		if n[v]--; n[v] < 0 {
			extra = append(extra, v)
		}
	}
	return extra
}

// inOrder reports whether got is a subsequence of seq.
func inOrder(got, seq []int) bool {
	i := 0
	for _, v := range got {
		for i < len(seq) && seq[i] != v {
			i++
		}
		if i == len(seq) {
			return false
		}
		i++
	}
	return true
}
