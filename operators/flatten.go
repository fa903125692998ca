package operators

import "github.com/turbopipes/turbopipes"

// Flatten runs the streams that come from upstream, at most n at a time, and emits
// their items as they come.
//
//	in:    a-b-----|   n: 2, each a stream
//	inner: -x--y|      as this one
//	out:   -{ax}-{bx}{ay}-{by}-|
//
// Emits when an inner stream does; the order within each inner stream is kept. Fails
// when upstream or an inner stream fails. The others are cancelled and reaped first,
// and the items that are queued are emitted before the error. Completes when
// upstream and all inner streams have completed. A graceful stop lets the running
// inner streams come to their own end; with [StopInner] it ends them.
//
// Backpressure: upstream waits, with one stream, while n streams run. At most as
// many items are undelivered as inner streams run; [Buffered] lets more items wait.
// Items that were accepted and are not delivered when the stream ends early are
// discarded: they are counted, and [OnDiscard] is called for them. Memory: n items.
// Goroutines: one for upstream and one for each inner stream that runs, joined
// before the stream ends; with an n of 1 and nothing Buffered, none.
//
// n may be [turbopipes.Infinite]; with an n of 1 the streams run one after another.
// Any other n below 1 is an ErrInvalidArgument, and so is a zero Observable that
// comes from upstream. It is [FlatMap] for items that are streams; to run only the
// newest stream, see [SwitchAll]. It corresponds to RxJS's mergeAll and concatAll
// and Pekko's flatten.
func Flatten[T any](n int, opts ...FlatMapOption) turbopipes.Operator[turbopipes.Observable[T], T] {
	return flatMap("Flatten", n, Self[turbopipes.Observable[T]], opts)
}
