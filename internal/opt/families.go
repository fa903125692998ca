package opt

// A family is an interface and a marker. An option belongs to a family by embedding
// its marker, so the declaration of an option is the list of what takes it.

type (
	// QueueOption is an option of what has a bounded queue.
	QueueOption interface {
		Option[Settings]
		queue()
	}
	// ForQueue makes an option a [QueueOption].
	ForQueue struct{}
)

func (ForQueue) queue() {}

type (
	// ReplayOption is an option of NewReplaySubject.
	ReplayOption interface {
		Option[Settings]
		replay()
	}
	// ForReplay makes an option a [ReplayOption].
	ForReplay struct{}
)

func (ForReplay) replay() {}

type (
	// RefCountOption is an option of Connectable.RefCount.
	RefCountOption interface {
		Option[Settings]
		refCount()
	}
	// ForRefCount makes an option a [RefCountOption].
	ForRefCount struct{}
)

func (ForRefCount) refCount() {}

type (
	// ShareOption is an option of Share.
	ShareOption interface {
		Option[Settings]
		share()
	}
	// ForShare makes an option a [ShareOption].
	ForShare struct{}
)

func (ForShare) share() {}

type (
	// ShareReplayOption is an option of ShareReplay.
	ShareReplayOption interface {
		Option[Settings]
		shareReplay()
	}
	// ForShareReplay makes an option a [ShareReplayOption].
	ForShareReplay struct{}
)

func (ForShareReplay) shareReplay() {}

type (
	// LossOption is an option of operators that take OnDiscard only.
	LossOption interface {
		Option[Settings]
		loss()
	}
	// ForLoss makes an option a [LossOption].
	ForLoss struct{}
)

func (ForLoss) loss() {}

type (
	// GateOption is an option of Gate.
	GateOption interface {
		Option[Settings]
		gate()
	}
	// ForGate makes an option a [GateOption].
	ForGate struct{}
)

func (ForGate) gate() {}

type (
	// ParallelOption is an option of Parallel, ParallelBy, ParallelResults and Tasks.
	ParallelOption interface {
		Option[Settings]
		parallel()
	}
	// ForParallel makes an option a [ParallelOption].
	ForParallel struct{}
)

func (ForParallel) parallel() {}

type (
	// FlatMapOption is an option of FlatMap and Flatten.
	FlatMapOption interface {
		Option[Settings]
		flatMap()
	}
	// ForFlatMap makes an option a [FlatMapOption].
	ForFlatMap struct{}
)

func (ForFlatMap) flatMap() {}

type (
	// InnerOption is an option of ConcatMap, SwitchMap, SwitchAll and ExhaustMap.
	InnerOption interface {
		Option[Settings]
		inner()
	}
	// ForInner makes an option a [InnerOption].
	ForInner struct{}
)

func (ForInner) inner() {}

type (
	// DelayWhenOption is an option of DelayWhen.
	DelayWhenOption interface {
		Option[Settings]
		delayWhen()
	}
	// ForDelayWhen makes an option a [DelayWhenOption].
	ForDelayWhen struct{}
)

func (ForDelayWhen) delayWhen() {}

type (
	// ExpandOption is an option of Expand.
	ExpandOption interface {
		Option[Settings]
		expand()
	}
	// ForExpand makes an option a [ExpandOption].
	ForExpand struct{}
)

func (ForExpand) expand() {}

type (
	// SerializeOption is an option of Serialize.
	SerializeOption interface {
		Option[Settings]
		serialize()
	}
	// ForSerialize makes an option a [SerializeOption].
	ForSerialize struct{}
)

func (ForSerialize) serialize() {}

type (
	// ToSliceOption is an option of ToSlice.
	ToSliceOption interface {
		Option[Settings]
		toSlice()
	}
	// ForToSlice makes an option a [ToSliceOption].
	ForToSlice struct{}
)

func (ForToSlice) toSlice() {}

type (
	// SortOption is an option of Sort.
	SortOption interface {
		Option[Settings]
		sort()
	}
	// ForSort makes an option a [SortOption].
	ForSort struct{}
)

func (ForSort) sort() {}

type (
	// BufferWithCountOption is an option of BufferWithCount.
	BufferWithCountOption interface {
		Option[Settings]
		bufferWithCount()
	}
	// ForBufferWithCount makes an option a [BufferWithCountOption].
	ForBufferWithCount struct{}
)

func (ForBufferWithCount) bufferWithCount() {}

type (
	// BufferWithTimeOption is an option of BufferWithTime and BufferWhen.
	BufferWithTimeOption interface {
		Option[Settings]
		bufferWithTime()
	}
	// ForBufferWithTime makes an option a [BufferWithTimeOption].
	ForBufferWithTime struct{}
)

func (ForBufferWithTime) bufferWithTime() {}

type (
	// BufferWithTimeOrCountOption is an option of BufferWithTimeOrCount.
	BufferWithTimeOrCountOption interface {
		Option[Settings]
		bufferWithTimeOrCount()
	}
	// ForBufferWithTimeOrCount makes an option a [BufferWithTimeOrCountOption].
	ForBufferWithTimeOrCount struct{}
)

func (ForBufferWithTimeOrCount) bufferWithTimeOrCount() {}

type (
	// SlidingWindowOption is an option of SlidingWindow.
	SlidingWindowOption interface {
		Option[Settings]
		slidingWindow()
	}
	// ForSlidingWindow makes an option a [SlidingWindowOption].
	ForSlidingWindow struct{}
)

func (ForSlidingWindow) slidingWindow() {}

type (
	// SessionWindowOption is an option of SessionWindow.
	SessionWindowOption interface {
		Option[Settings]
		sessionWindow()
	}
	// ForSessionWindow makes an option a [SessionWindowOption].
	ForSessionWindow struct{}
)

func (ForSessionWindow) sessionWindow() {}

type (
	// WindowWithCountOption is an option of WindowWithCount.
	WindowWithCountOption interface {
		Option[Settings]
		windowWithCount()
	}
	// ForWindowWithCount makes an option a [WindowWithCountOption].
	ForWindowWithCount struct{}
)

func (ForWindowWithCount) windowWithCount() {}

type (
	// WindowWithTimeOption is an option of WindowWithTime.
	WindowWithTimeOption interface {
		Option[Settings]
		windowWithTime()
	}
	// ForWindowWithTime makes an option a [WindowWithTimeOption].
	ForWindowWithTime struct{}
)

func (ForWindowWithTime) windowWithTime() {}

type (
	// GroupByOption is an option of GroupBy.
	GroupByOption interface {
		Option[Settings]
		groupBy()
	}
	// ForGroupBy makes an option a [GroupByOption].
	ForGroupBy struct{}
)

func (ForGroupBy) groupBy() {}

type (
	// DebounceOption is an option of Debounce.
	DebounceOption interface {
		Option[Settings]
		debounce()
	}
	// ForDebounce makes an option a [DebounceOption].
	ForDebounce struct{}
)

func (ForDebounce) debounce() {}

type (
	// ThrottleOption is an option of Throttle.
	ThrottleOption interface {
		Option[Settings]
		throttle()
	}
	// ForThrottle makes an option a [ThrottleOption].
	ForThrottle struct{}
)

func (ForThrottle) throttle() {}

type (
	// SampleOption is an option of Sample.
	SampleOption interface {
		Option[Settings]
		sample()
	}
	// ForSample makes an option a [SampleOption].
	ForSample struct{}
)

func (ForSample) sample() {}

type (
	// DistinctOption is an option of Distinct.
	DistinctOption interface {
		Option[Settings]
		distinct()
	}
	// ForDistinct makes an option a [DistinctOption].
	ForDistinct struct{}
)

func (ForDistinct) distinct() {}

type (
	// BackpressureOption is an option of backpressure operators that take OnDrop only.
	BackpressureOption[T any] interface {
		Option[Typed[T]]
		backpressure()
	}
	// ForBackpressure makes an option a [BackpressureOption].
	ForBackpressure struct{}
)

func (ForBackpressure) backpressure() {}

type (
	// ConflateByKeyOption is an option of ConflateByKey.
	ConflateByKeyOption[T any] interface {
		Option[Typed[T]]
		conflateByKey()
	}
	// ForConflateByKey makes an option a [ConflateByKeyOption].
	ForConflateByKey struct{}
)

func (ForConflateByKey) conflateByKey() {}

type (
	// LoadShedOption is an option of LoadShed.
	LoadShedOption[T any] interface {
		Option[Typed[T]]
		loadShed()
	}
	// ForLoadShed makes an option a [LoadShedOption].
	ForLoadShed struct{}
)

func (ForLoadShed) loadShed() {}

type (
	// SpillToDiskOption is an option of SpillToDisk.
	SpillToDiskOption[T any] interface {
		Option[Typed[T]]
		spillToDisk()
	}
	// ForSpillToDisk makes an option a [SpillToDiskOption].
	ForSpillToDisk struct{}
)

func (ForSpillToDisk) spillToDisk() {}

type (
	// TimeoutOption is an option of Timeout.
	TimeoutOption[T any] interface {
		Option[Typed[T]]
		timeout()
	}
	// ForTimeout makes an option a [TimeoutOption].
	ForTimeout struct{}
)

func (ForTimeout) timeout() {}

type (
	// RateLimitOption is an option of RateLimit.
	RateLimitOption[T any] interface {
		Option[Typed[T]]
		rateLimit()
	}
	// ForRateLimit makes an option a [RateLimitOption].
	ForRateLimit struct{}
)

func (ForRateLimit) rateLimit() {}

type (
	// IntersperseOption is an option of Intersperse.
	IntersperseOption[T any] interface {
		Option[Typed[T]]
		intersperse()
	}
	// ForIntersperse makes an option a [IntersperseOption].
	ForIntersperse struct{}
)

func (ForIntersperse) intersperse() {}

type (
	// EventTimeWindowOption is an option of EventTimeWindow.
	EventTimeWindowOption[T any] interface {
		Option[Typed[T]]
		eventTimeWindow()
	}
	// ForEventTimeWindow makes an option a [EventTimeWindowOption].
	ForEventTimeWindow struct{}
)

func (ForEventTimeWindow) eventTimeWindow() {}
