// Package turbopipes composes typed event streams, runs tasks in parallel with
// a bounded window and explicit backpressure, and disposes of the whole thing
// with one call that returns when nothing is left running.
//
// A stream is an [Observable]: a description that does nothing until it is
// consumed. Constructors such as [Just], [FromSeq] and [FromChannel] make one,
// operators (package operators) make one of another, through Pipe, and [Each],
// [Observable.Seq], [Observable.Collect] and [Observable.Subscribe] run it.
//
//	hashes := turbopipes.Pipe2(files,
//		operators.Filter(isRegular),
//		operators.Parallel(8, hash))
//	for h, err := range hashes.Seq(ctx) {
//		…
//	}
//
// # Promises
//
// Every operator keeps five. Typed: no any at a call site. Bounded: no queue,
// window or number of goroutines grows without a limit that the caller set or
// can see. Reaped: when Each, Collect, a Seq loop, Wait or Dispose returns,
// every goroutine, task and timer that the pipeline started has ended.
// Accounted: every item that a source hands over is delivered, or counted, once, and
// [WithLossHook] hears of each one that is dropped or discarded.
// Unbreakable: a panic, a runtime.Goexit, a cancelled context, a consumer that
// leaves early each have a defined outcome.
//
// # How it works
//
// A stream is blocking push: a [Source] calls emit for each item, on its
// subscriber's goroutine, and emit blocks while downstream is busy. That block
// is the backpressure. A chain of plain operators is nothing but nested
// closures; only operators that need concurrency start goroutines, and they
// join them before they return.
//
// # Creation
//
//   - [Just], [FromSlice], [Range], [Empty], [Never], [Throw]
//   - [FromSeq], [FromSeq2], [FromChannel], [FromEventSource]: what there is in Go
//   - [Interval], [Timer]: time
//   - [Create], [Defer], [Start], [Iif]: functions
//   - [Unfold], [Paginate], [Using], [UsingContext]: with a state, page by page, with a
//     resource
//
// # Composing
//
//   - [Observable.Pipe], [Pipe2] to Pipe9: operators applied to a stream
//   - [Compose], [Compose2] to Compose9: one operator made of several
//
// # Hot streams
//
//   - [Subject], [BehaviorSubject], [ReplaySubject], [AsyncSubject],
//     [UnicastSubject]: streams that are fed by hand
//   - [Publish], [Connectable], [Broadcast], [Balance]: one run of a stream for
//     several subscribers
//   - [MergeHub], [Topic]: many producers
//
// # Consuming
//
//   - [Observable.Each], [Observable.Drain], [Observable.Collect], [Observable.Seq],
//     [Observable.Pull], [Observable.ToChannel], [Observable.Subscribe]
//   - [Subscription]: what is running
//   - [RunUntilSignal], [WaitOrStop]: what a main function does at Ctrl-C
//   - [Run], [Send], [Errors]
//   - [WithLossHook], [Loss], [LossReason]: what is lost
//
// # RxGo
//
//   - [Observable.ToRx], [FromRx], [FromRxResults], [LiftRx]
//
// # Writing operators
//
//   - [Lift], [Invalid], [Lost], [Guard], [Shield], [Stopping], [StopRequested]
//   - [Checked], [WithReapWarning]: to find what breaks the rules
//
//go:generate go run ./internal/cmd/pipes
//go:generate go run ./internal/cmd/pages
package turbopipes
