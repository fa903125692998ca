package opt

// The families of options that know the item's type.

type (
	// BackpressureOption is an option of backpressure operators that take OnDrop only.
	BackpressureOption[T any] interface {
		Option[Typed[T]]
		interface{ backpressure() }
	}
	// ForBackpressure makes an option a [BackpressureOption].
	ForBackpressure struct{}
)

func (ForBackpressure) backpressure() {}

type (
	// ConflateByKeyOption is an option of ConflateByKey.
	ConflateByKeyOption[T any] interface {
		Option[Typed[T]]
		interface{ conflateByKey() }
	}
	// ForConflateByKey makes an option a [ConflateByKeyOption].
	ForConflateByKey struct{}
)

func (ForConflateByKey) conflateByKey() {}

type (
	// LoadShedOption is an option of LoadShed.
	LoadShedOption[T any] interface {
		Option[Typed[T]]
		interface{ loadShed() }
	}
	// ForLoadShed makes an option a [LoadShedOption].
	ForLoadShed struct{}
)

func (ForLoadShed) loadShed() {}

type (
	// SpillToDiskOption is an option of SpillToDisk.
	SpillToDiskOption[T any] interface {
		Option[Typed[T]]
		interface{ spillToDisk() }
	}
	// ForSpillToDisk makes an option a [SpillToDiskOption].
	ForSpillToDisk struct{}
)

func (ForSpillToDisk) spillToDisk() {}

type (
	// TimeoutOption is an option of Timeout.
	TimeoutOption[T any] interface {
		Option[Typed[T]]
		interface{ timeout() }
	}
	// ForTimeout makes an option a [TimeoutOption].
	ForTimeout struct{}
)

func (ForTimeout) timeout() {}

type (
	// RateLimitOption is an option of RateLimit.
	RateLimitOption[T any] interface {
		Option[Typed[T]]
		interface{ rateLimit() }
	}
	// ForRateLimit makes an option a [RateLimitOption].
	ForRateLimit struct{}
)

func (ForRateLimit) rateLimit() {}

type (
	// IntersperseOption is an option of Intersperse.
	IntersperseOption[T any] interface {
		Option[Typed[T]]
		interface{ intersperse() }
	}
	// ForIntersperse makes an option a [IntersperseOption].
	ForIntersperse struct{}
)

func (ForIntersperse) intersperse() {}

type (
	// EventTimeWindowOption is an option of EventTimeWindow.
	EventTimeWindowOption[T any] interface {
		Option[Typed[T]]
		interface{ eventTimeWindow() }
	}
	// ForEventTimeWindow makes an option a [EventTimeWindowOption].
	ForEventTimeWindow struct{}
)

func (ForEventTimeWindow) eventTimeWindow() {}
