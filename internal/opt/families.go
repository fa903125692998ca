package opt

// A family is an interface and a marker. An option belongs to a family by embedding
// its marker, so the declaration of an option lists the operators that take it.

type (
	// QueueOption is an option of operators and hot streams that have a bounded queue.
	QueueOption interface {
		Option[Settings]
		interface{ queue() }
	}
	// ForQueue makes an option a [QueueOption].
	ForQueue struct{}
)

func (ForQueue) queue() {}

type (
	// ReplayOption is an option of NewReplaySubject.
	ReplayOption interface {
		Option[Settings]
		interface{ replay() }
	}
	// ForReplay makes an option a [ReplayOption].
	ForReplay struct{}
)

func (ForReplay) replay() {}

type (
	// RefCountOption is an option of Connectable.RefCount.
	RefCountOption interface {
		Option[Settings]
		interface{ refCount() }
	}
	// ForRefCount makes an option a [RefCountOption].
	ForRefCount struct{}
)

func (ForRefCount) refCount() {}

type (
	// ShareOption is an option of Share.
	ShareOption interface {
		Option[Settings]
		interface{ share() }
	}
	// ForShare makes an option a [ShareOption].
	ForShare struct{}
)

func (ForShare) share() {}

type (
	// ShareReplayOption is an option of ShareReplay.
	ShareReplayOption interface {
		Option[Settings]
		interface{ shareReplay() }
	}
	// ForShareReplay makes an option a [ShareReplayOption].
	ForShareReplay struct{}
)

func (ForShareReplay) shareReplay() {}

type (
	// LossOption is an option of operators that take OnDiscard only.
	LossOption interface {
		Option[Settings]
		interface{ loss() }
	}
	// ForLoss makes an option a [LossOption].
	ForLoss struct{}
)

func (ForLoss) loss() {}

type (
	// GateOption is an option of Gate.
	GateOption interface {
		Option[Settings]
		interface{ gate() }
	}
	// ForGate makes an option a [GateOption].
	ForGate struct{}
)

func (ForGate) gate() {}

type (
	// ParallelOption is an option of Parallel, ParallelBy, ParallelResults and Tasks.
	ParallelOption interface {
		Option[Settings]
		interface{ parallel() }
	}
	// ForParallel makes an option a [ParallelOption].
	ForParallel struct{}
)

func (ForParallel) parallel() {}

type (
	// CombineOption is an option of Zip, ZipAll, CombineLatest, CombineLatestAll, Join and
	// SequenceEqual.
	CombineOption interface {
		Option[Settings]
		interface{ combine() }
	}
	// ForCombine makes an option a [CombineOption].
	ForCombine struct{}
)

func (ForCombine) combine() {}

type (
	// FlatMapOption is an option of FlatMap and Flatten.
	FlatMapOption interface {
		Option[Settings]
		interface{ flatMap() }
	}
	// ForFlatMap makes an option a [FlatMapOption].
	ForFlatMap struct{}
)

func (ForFlatMap) flatMap() {}

type (
	// InnerOption is an option of ConcatMap, SwitchMap, SwitchAll and ExhaustMap.
	InnerOption interface {
		Option[Settings]
		interface{ inner() }
	}
	// ForInner makes an option a [InnerOption].
	ForInner struct{}
)

func (ForInner) inner() {}

type (
	// DelayWhenOption is an option of DelayWhen.
	DelayWhenOption interface {
		Option[Settings]
		interface{ delayWhen() }
	}
	// ForDelayWhen makes an option a [DelayWhenOption].
	ForDelayWhen struct{}
)

func (ForDelayWhen) delayWhen() {}

type (
	// ExpandOption is an option of Expand.
	ExpandOption interface {
		Option[Settings]
		interface{ expand() }
	}
	// ForExpand makes an option a [ExpandOption].
	ForExpand struct{}
)

func (ForExpand) expand() {}

type (
	// SerializeOption is an option of Serialize.
	SerializeOption interface {
		Option[Settings]
		interface{ serialize() }
	}
	// ForSerialize makes an option a [SerializeOption].
	ForSerialize struct{}
)

func (ForSerialize) serialize() {}

type (
	// ToSliceOption is an option of ToSlice.
	ToSliceOption interface {
		Option[Settings]
		interface{ toSlice() }
	}
	// ForToSlice makes an option a [ToSliceOption].
	ForToSlice struct{}
)

func (ForToSlice) toSlice() {}

type (
	// SortOption is an option of Sort.
	SortOption interface {
		Option[Settings]
		interface{ sort() }
	}
	// ForSort makes an option a [SortOption].
	ForSort struct{}
)

func (ForSort) sort() {}

type (
	// BufferWithCountOption is an option of BufferWithCount.
	BufferWithCountOption interface {
		Option[Settings]
		interface{ bufferWithCount() }
	}
	// ForBufferWithCount makes an option a [BufferWithCountOption].
	ForBufferWithCount struct{}
)

func (ForBufferWithCount) bufferWithCount() {}

type (
	// BufferWithTimeOption is an option of BufferWithTime and BufferWhen.
	BufferWithTimeOption interface {
		Option[Settings]
		interface{ bufferWithTime() }
	}
	// ForBufferWithTime makes an option a [BufferWithTimeOption].
	ForBufferWithTime struct{}
)

func (ForBufferWithTime) bufferWithTime() {}

type (
	// BufferWithTimeOrCountOption is an option of BufferWithTimeOrCount.
	BufferWithTimeOrCountOption interface {
		Option[Settings]
		interface{ bufferWithTimeOrCount() }
	}
	// ForBufferWithTimeOrCount makes an option a [BufferWithTimeOrCountOption].
	ForBufferWithTimeOrCount struct{}
)

func (ForBufferWithTimeOrCount) bufferWithTimeOrCount() {}

type (
	// SlidingWindowOption is an option of SlidingWindow.
	SlidingWindowOption interface {
		Option[Settings]
		interface{ slidingWindow() }
	}
	// ForSlidingWindow makes an option a [SlidingWindowOption].
	ForSlidingWindow struct{}
)

func (ForSlidingWindow) slidingWindow() {}

type (
	// SessionWindowOption is an option of SessionWindow.
	SessionWindowOption interface {
		Option[Settings]
		interface{ sessionWindow() }
	}
	// ForSessionWindow makes an option a [SessionWindowOption].
	ForSessionWindow struct{}
)

func (ForSessionWindow) sessionWindow() {}

type (
	// WindowWithCountOption is an option of WindowWithCount.
	WindowWithCountOption interface {
		Option[Settings]
		interface{ windowWithCount() }
	}
	// ForWindowWithCount makes an option a [WindowWithCountOption].
	ForWindowWithCount struct{}
)

func (ForWindowWithCount) windowWithCount() {}

type (
	// WindowWithTimeOption is an option of WindowWithTime.
	WindowWithTimeOption interface {
		Option[Settings]
		interface{ windowWithTime() }
	}
	// ForWindowWithTime makes an option a [WindowWithTimeOption].
	ForWindowWithTime struct{}
)

func (ForWindowWithTime) windowWithTime() {}

type (
	// GroupByOption is an option of GroupBy.
	GroupByOption interface {
		Option[Settings]
		interface{ groupBy() }
	}
	// ForGroupBy makes an option a [GroupByOption].
	ForGroupBy struct{}
)

func (ForGroupBy) groupBy() {}

type (
	// DebounceOption is an option of Debounce.
	DebounceOption interface {
		Option[Settings]
		interface{ debounce() }
	}
	// ForDebounce makes an option a [DebounceOption].
	ForDebounce struct{}
)

func (ForDebounce) debounce() {}

type (
	// ThrottleOption is an option of Throttle.
	ThrottleOption interface {
		Option[Settings]
		interface{ throttle() }
	}
	// ForThrottle makes an option a [ThrottleOption].
	ForThrottle struct{}
)

func (ForThrottle) throttle() {}

type (
	// SampleOption is an option of Sample.
	SampleOption interface {
		Option[Settings]
		interface{ sample() }
	}
	// ForSample makes an option a [SampleOption].
	ForSample struct{}
)

func (ForSample) sample() {}

type (
	// DistinctOption is an option of Distinct.
	DistinctOption interface {
		Option[Settings]
		interface{ distinct() }
	}
	// ForDistinct makes an option a [DistinctOption].
	ForDistinct struct{}
)

func (ForDistinct) distinct() {}
