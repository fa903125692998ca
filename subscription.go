package turbopipes

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
	"github.com/turbopipes/turbopipes/internal/unhandled"
)

// Observer has the functions that a [Subscription] calls, on one goroutine, one call
// at a time: Next for each item, and then Error or Complete, once, unless the
// subscription was disposed of before. Fields may be nil.
type Observer[T any] struct {
	Next     func(T)
	Error    func(error)
	Complete func()
}

// SubscribeOption is an option of [Observable.Subscribe].
type SubscribeOption interface{ opt.Option[subscribeOptions] }

type subscribeOptions struct{ demand int64 }

// InitialRequest makes a subscription deliver n items at first, and more when
// [Subscription.Request] requests them. Without it there is no limit. An n below 0 is an
// [ErrInvalidArgument].
func InitialRequest(n int64) SubscribeOption {
	return opt.Func[subscribeOptions](func(o *subscribeOptions) string {
		o.demand = n
		return opt.AtLeast("InitialRequest", "n", n, 0)
	})
}

const unlimitedDemand = math.MaxInt64

var errDisposed = errors.New("turbopipes: disposed")

// Subscription is a stream that runs on a goroutine of its own. All methods may be
// called from any goroutine.
//
// Inside a subscription, Dispose and Stop return at once, and Wait returns
// [ErrReentrant], because they can't wait for themselves. Inside means: on the
// goroutines that the subscription has started, and on those of pipelines that run
// under a ctx that it has passed on. A goroutine that your own code starts there
// can't be recognized: it must use Cancel.
type Subscription struct {
	rec    run.Handle
	start  run.Start
	term   terminal    // term.over: no further Next
	silent atomic.Bool // disposed of: no further Error or Complete
	cancel context.CancelCauseFunc
	done   chan struct{}
	err    error // written before done is closed

	untold  error              // the part of err that Error was not called with
	failure *unhandled.Failure // the same, once all is over; nil: nothing
	asked   atomic.Bool        // somebody waits, or has asked for the error
	asking  atomic.Int64       // calls of Wait; those inside the subscription do not count as asked

	demand atomic.Int64
	more   chan struct{} // cap 1: demand has grown; nil: it has no limit
}

// Subscribe runs o on a goroutine of its own, and calls obs on it, until o ends, ctx
// ends, or the subscription is disposed of.
//
// Subscribe returns when each goroutine that it has started has joined a hot stream,
// has reached a source or a wait, or is about to run user code; or when the stream
// has ended. So the next item of a [Subject], a [Topic] or another hot stream
// arrives, also through operators that have goroutines or several streams. After
// [Publish], Subscribe and [Connectable.Connect], in this order, each subscriber
// gets the first item. Subscribe does not wait for streams that have to wait first,
// such as the second stream of a Concat, or that run user code first, such as a
// [Defer].
//
// Next may run before Subscribe has returned, so it must not use the result of
// Subscribe without waiting for it. To leave from within Next, let the stream
// decide, with TakeWhile or TakeUntilMatch, or use [Observable.Each], whose function
// returns an error. To end the subscription itself, close a channel after the
// assignment:
//
//	var s *turbopipes.Subscription
//	assigned := make(chan struct{})
//	s = o.Subscribe(ctx, turbopipes.Observer[int]{Next: func(v int) {
//		if v == enough {
//			<-assigned
//			s.Cancel()
//		}
//	}})
//	close(assigned)
//
// The end of ctx ends the subscription too, but some items may still come, and it
// ends with an error.
//
// A panic or Goexit of Next ends the stream: when everything is reaped, Error is
// called with a [*PanicError] or [ErrGoexit], and Err and Wait return it. A panic or
// Goexit of Error or Complete is joined into the error that Err and Wait return.
// When ctx has ended, the error is context.Cause(ctx). A nil ctx or option is an
// [ErrInvalidArgument].
//
// Nothing fails in silence. If Error is nil, an ErrInvalidArgument, a panic and a
// Goexit are logged as soon as the stream has ended, unless somebody is in Wait,
// Stop or Dispose then, or has called Err. Any other error is logged when the
// Subscription is garbage and nobody has got the error from Err, Wait or Stop. The
// end of ctx and a Dispose are not failures. The log is the one of
// [WithReapWarning], else slog.Default(). To ignore errors, set Error to a function
// that does nothing.
//
// It corresponds to subscribe in RxJS and Reactor, and to RxGo's ForEach.
func (o Observable[T]) Subscribe(ctx context.Context, obs Observer[T], opts ...SubscribeOption) *Subscription {
	return subscribe(ctx, opts, func(s *Subscription, ctx context.Context) error {
		return o.Push(ctx, func(v T) bool {
			if s.term.over.Load() {
				return refuse(&s.term, v)
			}
			s.rec.Settle(ctx) // Next is user code
			s.term.inside = true
			if !s.take(s.term.ctx) {
				refuse(&s.term, v)
				s.term.inside = false
				return s.term.leave()
			}
			s.rec.Delivered.Add(1)
			if obs.Next != nil {
				obs.Next(v)
			}
			s.term.inside = false
			return !s.term.over.Load() || s.term.leave()
		})
	}, obs.Error, obs.Complete)
}

// subscribe is the part of Subscribe that does not depend on T. It is compiled once,
// and not for each item type.
func subscribe(ctx context.Context, opts []SubscribeOption, push func(*Subscription, context.Context) error, onError func(error), onComplete func()) *Subscription {
	options, bad := opt.Gather(subscribeOptions{demand: unlimitedDemand}, opts)
	if ctx == nil {
		ctx, bad = context.Background(), "ctx is nil"
	}
	if bad != "" {
		push = func(_ *Subscription, ctx context.Context) error {
			settle(ctx)
			return fault.Invalid("Subscribe", bad)
		}
	}
	s := &Subscription{done: make(chan struct{})}
	if options.demand != unlimitedDemand {
		s.more = make(chan struct{}, 1)
	}
	s.rec.Init(ctx)
	s.demand.Store(options.demand)
	var own context.Context
	own, s.cancel = context.WithCancelCause(ctx)
	s.term.rec, s.term.call, s.term.ctx = &s.rec.Record, "Subscribe", own
	s.rec.Begin(own)
	s.rec.Starts(&s.start)
	outer := ctx
	go func() { // owned by s: joined by Dispose, Stop and Wait
		s.rec.Mark(func() { s.live(outer, push, onError, onComplete) })
	}()
	s.start.Wait()
	return s
}

// live runs on s's goroutine, from its start to its end. outer is the caller's ctx.
func (s *Subscription) live(outer context.Context, push func(*Subscription, context.Context) error, onError func(error), onComplete func()) {
	defer close(s.done)
	defer s.cancel(nil)
	defer s.rec.End()
	defer s.rec.Settle(s.rec.Context())
	defer s.report(outer)
	labels := scope.Labelled(outer, s.term.call)
	defer labels.Free()
	s.term.label = labels.ID
	fault.Foot(func() error {
		// Not until its own ctx ends: to have children costs a ctx two allocations.
		return consumeUntil(outer, ender{s}, &s.term, func(ctx context.Context) error { return push(s, ctx) })
	}, func(err error) { s.err = s.tell(s.term.ctx, err, onError, onComplete) })
}

// tell calls Error or Complete, once, and neither after a Dispose. It returns the
// error that the stream has ended with.
func (s *Subscription) tell(ctx context.Context, err error, onError func(error), onComplete func()) (all error) {
	s.rec.Settle(s.rec.Context()) // Error and Complete are user code
	err = fault.Settle(ctx, err)  // Next may have seen the end of ctx before consume did
	if s.silent.Load() {          // checked after that: Cancel sets silent before it cancels
		s.untold = fault.Strip(ctx, err) // nil, or the error of a clean-up
		return s.untold
	}
	all = err
	if onError == nil {
		s.untold = err
	}
	fault.Foot(func() error {
		if err != nil && onError != nil {
			onError(err)
		} else if err == nil && onComplete != nil {
			onComplete()
		}
		return nil
	}, func(own error) {
		all = fault.Join(err, own)
		s.err = all // also if the goroutine exits here
		s.untold = fault.Join(s.untold, own)
	})
	return all
}

// take waits for demand.
func (s *Subscription) take(ctx context.Context) bool {
	for {
		d := s.demand.Load()
		switch {
		case d == unlimitedDemand:
			return true
		case d > 0:
			if s.demand.CompareAndSwap(d, d-1) {
				return true
			}
			continue
		}
		select {
		case <-s.more:
		case <-ctx.Done():
			return false
		}
	}
}

// Request lets n more items through, for a subscription with [InitialRequest]. A sum
// past the greatest int64 means no limit. An n below 1 ends the stream with an
// [ErrInvalidArgument] (Reactive Streams, rule 3.9).
func (s *Subscription) Request(n int64) {
	if n < 1 {
		s.end(fault.Invalid("Request", opt.TooSmall("n", n, 1)))
		return
	}
	for {
		d := s.demand.Load()
		if s.demand.CompareAndSwap(d, d+min(n, unlimitedDemand-d)) {
			break
		}
	}
	select {
	case s.more <- struct{}{}:
	default:
	}
}

func (s *Subscription) end(cause error) {
	s.cancel(cause) // the cause first: code that sees over also sees the cause
	s.term.CtxEnded()
}

// ender ends a subscription with the ctx of the caller.
type ender struct{ *Subscription }

// CtxEnded is called when the ctx of the caller has ended.
func (s ender) CtxEnded() { s.end(context.Cause(s.rec.CallContext())) }

// Cancel ends the subscription and returns at once. Tasks and goroutines that it has
// started may still run. Next is not called again.
func (s *Subscription) Cancel() {
	if s.over() {
		return
	}
	s.silent.Store(true)
	s.end(errDisposed)
}

// Dispose ends the subscription, and returns when everything is reaped: every
// goroutine, task and timer has ended. It may be called again, also at the same
// time. Inside the subscription it returns at once. Neither Error nor Complete is
// called after it.
func (s *Subscription) Dispose() {
	waits := !s.over() && !s.rec.Inside()
	if waits {
		s.asked.Store(true)
	}
	s.Cancel()
	if waits {
		<-s.done
	}
}

// Stop ends the subscription gracefully, and loses nothing. The sources end as if
// they were complete, the items in flight are delivered, buffers flush, and then the
// stream completes. Stop then returns the result of Err. Retry, Catch and Repeat
// begin nothing new, and neither does Expand.
//
// Waits for a clock end: an item that Delay, Debounce, Throttle or Audit would emit
// later is emitted now, in order. RateLimit keeps its pace, and the clock of Timeout
// stops.
//
// Inner streams, such as FlatMap's, run to their own end, unless the operator has
// the option StopInner. With StopInner the stop reaches them too, and an item whose
// inner stream has not begun is discarded. Code that can wind down by itself selects
// on [StopRequested].
//
// When ctx ends first, Stop disposes of the subscription and returns
// context.Cause(ctx). Inside the subscription it returns nil at once.
func (s *Subscription) Stop(ctx context.Context) error {
	if ctx == nil {
		return fault.Invalid("Stop", "ctx is nil")
	}
	inside := !s.over() && s.rec.Inside()
	if !inside {
		s.asked.Store(true)
	}
	s.rec.Stop()
	switch {
	case s.over():
		return s.result()
	case inside:
		return nil
	}
	select {
	case <-s.done:
		return s.result()
	case <-ctx.Done():
		s.Dispose()
		return context.Cause(ctx)
	}
}

// Done returns a channel that is closed when the stream has ended and everything is
// reaped.
func (s *Subscription) Done() <-chan struct{} { return s.done }

// Wait waits until everything is reaped, and then returns the result of Err. Inside
// the subscription it returns [ErrReentrant].
func (s *Subscription) Wait() error {
	s.asking.Add(1)
	defer s.asking.Add(-1)
	if !s.soonOver() && s.rec.Inside() {
		return ErrReentrant
	}
	s.asked.Store(true)
	<-s.done
	return s.result()
}

// soonOver is over, after a few chances to end for a short stream: to look where the
// caller is costs as much as such a stream.
func (s *Subscription) soonOver() bool {
	for range 4 {
		if s.over() {
			return true
		}
		runtime.Gosched()
	}
	return s.over()
}

// Err returns nil when the stream has completed or was disposed of, context.Cause
// when its ctx has ended it, else its error. While the stream runs, Err returns nil.
func (s *Subscription) Err() error {
	s.asked.Store(true)
	if s.over() {
		return s.result()
	}
	return nil
}

// over reports whether everything is reaped.
func (s *Subscription) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}
