// Package turbopipes composes typed event streams. It runs tasks in parallel, with a
// bounded window and explicit backpressure. One call disposes of a whole pipeline, and
// returns when no part of the pipeline is left running.
//
// A stream is an [Observable]: a description that does nothing until it is consumed.
// Constructors such as [Just], [FromSeq] and [FromChannel] make a stream. Operators
// (package operators) make one stream of another, through Pipe. [Observable.Each],
// [Observable.Seq], [Observable.Collect] and [Observable.Subscribe] run a stream.
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
// Every operator keeps five promises. Typed: no any at a call site. Bounded: no queue,
// window or number of goroutines grows without a limit that the caller has set or can
// see. Reaped: when Each, Collect, a Seq loop, Wait or Dispose returns, every goroutine,
// task and timer that the pipeline started has ended. Accounted: every item that a
// source hands over is delivered or counted, once, and [WithLossHook] reports each item
// that is dropped or discarded. Unbreakable: a panic, a runtime.Goexit, a cancelled
// context, and a consumer that leaves early each have a defined outcome.
//
// # How it works
//
// A stream is blocking push: a [Source] calls emit for each item, on its subscriber's
// goroutine, and emit blocks while downstream is busy. This block is the backpressure. A
// chain of plain operators is only a nest of closures. Operators that need concurrency
// start goroutines, and join them before they return.
//
// # Creation
//
//   - [Just], [FromSlice], [Range], [Empty], [Never], [Throw]
//   - [FromSeq], [FromSeq2], [FromChannel], [FromEventSource]: iterators and channels
//   - [Interval], [Timer]: time
//   - [Create], [Defer], [Start], [Iif]: functions
//   - [Unfold], [Paginate], [Using], [UsingContext]: a state, pages, a resource
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
//   - [Subscription]: a running stream
//   - [RunUntilSignal], [WaitOrStop]: a main function at Ctrl-C
//   - [Run], [Send], [Errors]
//   - [WithLossHook], [Loss], [LossReason]: lost items
//
// # RxGo
//
//   - [Observable.ToRx], [FromRx], [FromRxResults], [LiftRx]
//
// # Writing operators
//
//   - [Lift], [Invalid], [Lost], [Guard], [Shield], [Stopping], [StopRequested]
//   - [Checked], [WithReapWarning]: to find code that breaks the rules
//
//go:generate go run ./internal/cmd/pipes
//go:generate go run ./internal/cmd/pages
package turbopipes
