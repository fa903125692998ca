package main

var (
	// These are only the tests of the engine: those of all operators take ten times as
	// long to build.
	inOperators = []string{
		"operators/parallel_test.go", "operators/parallel_by_test.go", "operators/parallel_promises_test.go",
		"operators/parallel_random_test.go", "operators/parallel_results_test.go", "operators/tasks_test.go",
		"operators/main_test.go", "operators/merge_test.go",
	}
	inBackpressure = []string{
		"operators/backpressure_test.go", "operators/parallel_test.go", "operators/main_test.go", "operators/merge_test.go",
	}
	inDeadlines = []string{
		"operators/deadlines_test.go", "operators/parallel_test.go", "operators/main_test.go", "operators/merge_test.go",
	}
	inRoot  = []string{"."}
	inChaos = []string{"./internal/chaos"}
	inFeed  = []string{"./internal/feed"}
)

const (
	window     = "internal/window/window.go"
	crew       = "internal/window/crew.go"
	keys       = "internal/window/keys.go"
	feeder     = "internal/window/feeder.go"
	subscriber = "internal/window/subscriber.go"
	scope      = "internal/scope/scope.go"
	handoff    = "internal/handoff/queue.go"
	echo       = "internal/fault/echo.go"
	meet       = "internal/feed/meet.go"
	lane       = "internal/feed/lane.go"
)

var mutants = []mutant{
	{
		"no join", scope, "s.tasks.Wait()", "_ = &s.tasks",
		"TestParallel", inOperators,
	}, {
		"one slot too many", feeder, "for at-e.seenTaken >= e.limit {", "for at-e.seenTaken > e.limit {",
		"TestParallel", inOperators,
	}, {
		"one worker too many", crew, "case c.spawned < n:", "case c.spawned <= n:",
		"TestParallel", inOperators,
	}, {
		"a lost discard of a result", window, "case s.ended && !s.failed:", "case false:",
		"TestParallel", inOperators,
	}, {
		"a lost discard of an item", window, "for ; e.claimed < e.runnable.Load(); e.claimed++ {", "for ; false; e.claimed++ {",
		"TestParallel", inOperators,
	}, {
		"a lost discard of a waiting key", window, "for _, j := range e.keys.waiting() {", "for _, j := range e.keys.waiting()[:0] {",
		"TestParallel", inOperators,
	}, {
		"a swallowed panic of a task", crew, "if !w.engine.taskFailed(w.job, err) {\n\t\treturn\n\t}\n\tw.engine.mu.Lock()\n\tw.engine.spawned--", "if false {\n\t\treturn\n\t}\n\tw.engine.mu.Lock()\n\tw.engine.spawned--",
		"TestParallel", inOperators,
	}, {
		"a swallowed upstream error", window, "switch err = fault.Strip(e.upper, err); {\n\tcase err == nil:", "switch err = fault.Strip(e.upper, err); {\n\tcase true:",
		"TestParallel", inOperators,
	}, {
		"a lost wake-up of the subscriber", crew, "if wakes {\n\t\te.wakeSubscriber.Signal()\n\t}", "",
		"TestParallel", inOperators,
	}, {
		"a lost wake-up of the feeder", subscriber, "if wake && e.feederParked.Swap(false) {", "if e.refillBelow > 1 && !wake && e.feederParked.Swap(false) {",
		"TestParallel", inOperators,
	}, {
		"a feeder that sleeps while nothing is left to claim", crew, "return e.feederParked.Load() && e.claimed == e.runnable.Load()", "return false && e.claimed == e.runnable.Load()",
		"TestParallel", inOperators,
	}, {
		"a job that no worker is called for", feeder, "if e.attention.Load() {", "if e.attention.Load() && at == 0 {",

		"TestParallel", inOperators,
	}, {
		"a lost call for a second worker", crew, "c := w.engine.needWorker(0)\n\t\tfeed", "c := nobody\n\t\tfeed",
		"TestParallel", inOperators,
	}, {
		"a victim's cancellation reported as the cause", scope, "if err = fault.Strip(s.Ctx, err); err == nil {", "if err == nil {",
		"TestCanceled", inRoot,
	}, {
		"a task's error reported as a victim's", crew, "if e.Scope.Ctx.Err() != nil && fault.Strip(e.Scope.Ctx, err) == nil {", "if e.Scope.Ctx.Err() != nil || fault.Strip(e.Scope.Ctx, err) == nil {",
		"TestParallel", inOperators,
	}, {
		"results held back until the window is full", subscriber, "return !e.halted.Load() && !e.over() && e.taken.Load() == e.ready", "return !e.halted.Load() && !e.over() && (e.taken.Load() == e.ready || e.held()-e.taken.Load() < e.limit)",
		"TestParallel", inOperators,
	}, {
		"ordered results in order of completion", crew, "*e.slots.At(j.seq) = s", "*e.slots.At(e.ready) = s",
		"TestParallel", inOperators,
	}, {
		"a key that is not waited for", keys, "if !l.busy {\n\t\tl.busy, l.used = true", "if !l.busy || true {\n\t\tl.busy, l.used = true",
		"TestParallel", inOperators,
	}, {
		"a key's line served from its end", keys, "at := l.first - 1\n", "at := l.last - 1\n",
		"TestParallel", inOperators,
	}, {
		"a busy key that is forgotten", keys, "case l.busy: // listed again when it is idle", "case false: // listed again when it is idle",
		"TestKeys",
		[]string{"./internal/window"},
	}, {
		"a stop that cuts tasks short", window, "e.inner, e.upper = run.Shield(e.Scope.Labelled()), e.Scope.Labelled()", "e.inner, e.upper = e.Scope.Labelled(), e.Scope.Labelled()",
		"TestStop", inRoot,
	}, {
		"the item in hand at a stop refused", "observable.go", "return emit(v) && !rec.Stopping() })", "return !rec.Stopping() && emit(v) })",
		"TestStop", inRoot,
	}, {
		"a cut stream that reads as complete", echo, "case rest == nil:\n\t\treturn context.Cause(ctx)", "case rest == nil:\n\t\treturn err",
		"TestCutStreams", inRoot,
	}, {
		"a Dispose that does not wait", "subscription.go", "if waits {\n\t\t<-s.done\n\t}", "",
		"TestDispose|TestStop", inRoot,
	}, {
		"a Dispose from within that waits for itself", "internal/run/mark.go", "if c == r {\n\t\t\treturn true", "if c == r {\n\t\t\treturn false",
		"TestDispose", inRoot,
	}, {
		"an item lost by a full queue", handoff, "lost = q.take()\n\t\tq.store(v)\n\t\treturn lost, Dropped", "lost = q.take()\n\t\tq.store(v)\n\t\treturn lost, Stored",
		"TestConservation", inBackpressure,
	}, {
		"items left in a queue that are not reported", "internal/handoff/boundary.go", "b.Queue.Left(),", "b.Queue.Left()[:0],",
		"TestConservation", inBackpressure,
	}, {
		"a queue one too long", handoff, "case q.length() < q.bound:", "case q.length() <= q.bound:",
		"TestBackpressure", inBackpressure,
	}, {
		"an upstream that no claim of a worker wakes", "internal/handoff/crew.go", "c.unlockCall(c.worker(), c.giver())", "c.unlockCall(c.worker(), false)",
		"TestCrew",
		[]string{"./internal/handoff"},
	}, {
		"a quick upstream that gives back its place before its items are taken", "internal/handoff/quick.go", "< taken; q.quickTaken++ {", "<= taken; q.quickTaken++ {",
		"TestQuick",
		[]string{"./internal/handoff"},
	}, {
		"a giver that no taken item wakes", "internal/handoff/queue.go", "if q.giverWaits.Load() {", "if q.giverWaits.Load() && at == 0 {",
		"TestQuick",
		[]string{"./internal/handoff"},
	}, {
		"a producer that waits although there is room", handoff, "} else if q.starving.Load() == q.producerCalled {", "} else if false {",
		"TestQueueTurn",
		[]string{"./internal/handoff"},
	}, {
		"a consumer's panic recovered", "consume.go", "if c.inside {\n\t\t\treturn // without a recover\n\t\t}", "",
		"TestConsumer", inRoot,
	}, {
		"demand that is not waited for", "subscription.go", "if !s.take(s.term.ctx) {", "if false {",
		"TestRequest", inRoot,
	}, {
		"a refused item forgotten", "internal/run/refused.go", "r.items = append(r.items, v)", "_ = v",
		"TestPipelines", inChaos,
	}, {
		"a failed item counted nowhere", "internal/run/busy.go", "default:\n\t\tFrom(ctx).fail(1)\n\t}", "default:\n\t}",
		"TestPipelines", inChaos,
	}, {
		"an item of a cut inner stream counted as failed", "operators/flat_map.go", "case fault.Cut(ctx, err):\n\t\trefuse(v)", "case false && fault.Cut(ctx, err):\n\t\trefuse(v)",
		"TestItemsOfCutInnerStreams", inRoot,
	}, {
		"a hub that takes items that nobody receives", "internal/hot/hub.go", "return h.owned == lingering && h.taking == 0", "return false",
		"TestHotStreams", inChaos,
	}, {
		"a run that goes on when all its subscribers have ended", "internal/hot/hub.go", "return h.abandoned || h.owned == subscribers && h.taking == 0 && len(h.subs) > 0", "return h.abandoned",
		"TestHotStreams", inChaos,
	}, {
		"a hook that hears nothing", "internal/run/loss.go", "if hook != nil {\n\t\te := ", "if false {\n\t\te := ",
		"TestPipelines", inChaos,
	}, {
		"a Subscribe that does not wait for the subscription", "subscription.go", "s.start.Wait()", "",
		"TestSubscribe", inRoot,
	}, {
		"an inner stream that a Stop reaches unasked", "operators/inner_options.go", "if stops {\n\t\treturn ctx\n", "if stops || true {\n\t\treturn ctx\n",
		"TestStopInner",
		[]string{"operators/stop_inner_test.go", "operators/parallel_test.go", "operators/merge_test.go", "operators/main_test.go"},
	}, {
		"an error that overtakes what waits", "internal/handoff/boundary.go", "b.Queue.Close(err)", "b.Scope.Fail(err)",
		"TestErrors",
		[]string{"operators/errors_in_order_test.go", "operators/parallel_test.go", "operators/main_test.go"},
	}, {
		"an ended ctx's several errors reported as a failure", echo, "if identical(err, context.Cause(ctx)) {", "if false {",
		"TestStrip",
		[]string{"./internal/fault"},
	}, {
		"an item is accepted while the subscriber is busy", lane, "case (m.open || m.shared) && !l.shut:", "case !l.shut:",
		"TestMeet", inFeed,
	}, {
		"a lost wake-up of the subscriber of a Meet", meet, "if wake {\n\t\tm.ready <- struct{}{}\n\t}", "_ = wake",
		"TestMeetDoors", inFeed,
	}, {
		"one item too many is read ahead", lane, "case l.stored-l.freed < l.capacity:", "case l.stored-l.freed <= l.capacity && l.capacity > 0:",
		"TestMeet", inFeed,
	}, {
		"a borrowed item has no place", lane, "l.freed = l.taken", "l.freed = l.lentEnd",
		"TestMeet", inFeed,
	}, {
		"the end of a lane is lost when its last item is taken", lane, "l.aside = false; l.lentEnd != l.stored || l.ended {", "l.aside = false; l.lentEnd != l.stored {",
		"TestMeetTakes", inFeed,
	}, {
		"a lost discard of what was read ahead", lane, "for ; l.taken != l.stored; l.taken++ {", "for ; false; l.taken++ {",
		"TestMeet", inFeed,
	}, {
		"a slice that begins without an alarm", "operators/buffer_with_time_or_count.go", "} else if waiting == 0 {", "} else if false {",
		"TestDeadline", inDeadlines,
	}, {
		"an alarm at the deadline instead of before", "internal/alarm/alarm.go", "at -= lead", "at -= 0 * lead",
		"TestDeadline", inDeadlines,
	}, {
		"an item at the deadline in the old slice", "operators/buffer_with_time.go", "if r.near || len", "if len",
		"TestDeadline", inDeadlines,
	}, {
		"a lost wake-up of a clocked subscriber", "internal/feed/clocked.go", "c.parked = false\n\tc.mu.Unlock()\n\tif wake {", "c.parked = false\n\tc.mu.Unlock()\n\tif wake && false {",
		"TestClocked",
		[]string{"./internal/feed"},
	}, {
		"a Delay that makes room and does not say so", "operators/delay_engine.go", "if d.parked {", "if false {",
		"TestDelay",
		[]string{"operators/delay_test.go", "operators/parallel_test.go", "operators/main_test.go", "operators/merge_test.go"},
	},
}
