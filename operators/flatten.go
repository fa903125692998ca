package operators

import "github.com/turbopipes/turbopipes"

// Flatten runs the streams that come from upstream, at most n at a time, and emits
// what they emit as it comes.
//
//	in:    a-b-----|   n: 2, each a stream
//	inner: -x--y|      as this one
//	out:   -{ax}-{bx}{ay}-{by}-|
//
// Emits when an inner stream does; the order within each is kept. Fails when
// upstream or an inner stream fails: the others are cancelled and reaped first,
// and what is queued comes out before the failure.
// Completes when upstream and all inner streams have. A graceful stop lets the
// inner streams that run come to their own end, and with [StopInner] it ends them.
//
// Backpressure: upstream waits, with one stream, while n run; at most as many items
// are undelivered as inner streams run, and [Buffered] lets more wait. What was
// accepted and not delivered at an early end is discarded: counted, and given to
// [OnDiscard]. Memory: n items. Goroutines: one for upstream and one for each inner
// stream that runs, joined before it ends; with n of 1 and nothing Buffered, none.
//
// n may be [turbopipes.Infinite]; with 1 the streams run one after another. Another
// n below 1 is an ErrInvalidArgument, and so is a zero Observable that comes from
// upstream. It is [FlatMap] for items that are streams; for the newest stream only
// see [SwitchAll]. It corresponds to RxJS's mergeAll and concatAll and Pekko's
// flatten.
func Flatten[T any](n int, opts ...FlatMapOption) turbopipes.Operator[turbopipes.Observable[T], T] {
	return flatMap("Flatten", n, Self[turbopipes.Observable[T]], opts)
}
