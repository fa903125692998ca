package turbopipes

import "github.com/turbopipes/turbopipes/internal/opt"

// ApplyBuffer makes h an option of operators that make slices.
func (h DiscardHook) ApplyBuffer(o *opt.Buffer) { h.ApplyLoss(&o.Loss) }

// ApplyToSlice makes h an option of ToSlice.
func (h DiscardHook) ApplyToSlice(o *opt.Gather) { h.ApplyLoss(&o.Loss) }

// ApplySort makes h an option of Sort.
func (h DiscardHook) ApplySort(o *opt.Gather) { h.ApplyLoss(&o.Loss) }

// ApplyEventTime makes h an option of EventTimeWindow.
func (h DiscardHook) ApplyEventTime(o *opt.EventTime) { h.ApplyLoss(&o.Loss) }

// ApplySerialize makes h an option of Serialize.
func (h DiscardHook) ApplySerialize(o *opt.Serialize) { h.ApplyLoss(&o.Loss) }

// ApplyDebounce makes h an option of Debounce.
func (h DiscardHook) ApplyDebounce(o *opt.Debounce) { h.ApplyLoss(&o.Loss) }

// ApplyThrottle makes h an option of Throttle.
func (h DiscardHook) ApplyThrottle(o *opt.Throttle) { h.ApplyLoss(&o.Loss) }

// ApplySample makes h an option of Sample.
func (h DiscardHook) ApplySample(o *opt.Sample) { h.ApplyLoss(&o.Loss) }

// ApplyRate makes h an option of RateLimit.
func (h DiscardHook) ApplyRate(o *opt.Rate) { h.ApplyLoss(&o.Loss) }

// ApplyTimeout makes h an option of Timeout.
func (h DiscardHook) ApplyTimeout(o *opt.Timeout) { h.ApplyLoss(&o.Loss) }

// ApplyDistinct makes h an option of Distinct.
func (h DiscardHook) ApplyDistinct(o *opt.Distinct) { h.ApplyLoss(&o.Loss) }

// ApplyIntersperse makes h an option of Intersperse.
func (h DiscardHook) ApplyIntersperse(o *opt.Intersperse) { h.ApplyLoss(&o.Loss) }

// ApplyExpand makes h an option of Expand.
func (h DiscardHook) ApplyExpand(o *opt.Expand) { h.ApplyLoss(&o.Loss) }
