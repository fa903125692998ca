package turbopipes

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// ReplayOption is an option of [NewReplaySubject]. The options of queues,
// [WithQueue], [WithOverflow] and [OnDiscard], are some.
type ReplayOption interface{ ApplyReplay(*opt.Replay) }

// ShareOption is an option of [Connectable.RefCount], and of Share and
// ShareReplay in package operators; there the options of queues, [WithQueue],
// [WithOverflow] and [OnDiscard], are some.
type ShareOption interface{ ApplyShare(*opt.Share) }

// ApplyReplay makes n an option of replays.
func (n QueueSize) ApplyReplay(r *opt.Replay) { n.ApplyQueue(&r.Queue) }

// ApplyShare makes n an option of shared streams.
func (n QueueSize) ApplyShare(s *opt.Share) { n.ApplyQueue(&s.Queue) }

// ApplyReplay makes s an option of replays.
func (s QueueOverflow) ApplyReplay(r *opt.Replay) { s.ApplyQueue(&r.Queue) }

// ApplyShare makes s an option of shared streams.
func (s QueueOverflow) ApplyShare(o *opt.Share) { s.ApplyQueue(&o.Queue) }

// ApplyReplay makes h an option of replays.
func (h DiscardHook) ApplyReplay(r *opt.Replay) { h.ApplyQueue(&r.Queue) }

// ApplyShare makes h an option of shared streams.
func (h DiscardHook) ApplyShare(s *opt.Share) { h.ApplyQueue(&s.Queue) }

// TTL is what [WithTTL] returns: an option of replays and of ShareReplay.
type TTL struct{ d time.Duration }

// WithTTL makes a [ReplaySubject], or operators.ShareReplay, leave out what is
// older than d when a subscriber comes. d ≤ 0 is an [ErrInvalidArgument].
func WithTTL(d time.Duration) TTL { return TTL{d} }

const badTTL = "WithTTL's d is not positive"

// ApplyReplay makes t an option of replays.
func (t TTL) ApplyReplay(r *opt.Replay) {
	if r.TTL = t.d; t.d <= 0 {
		opt.Note(&r.Bad, badTTL)
	}
}

// ApplyShare makes t an option of ShareReplay.
func (t TTL) ApplyShare(s *opt.Share) {
	if s.TTL = t.d; t.d <= 0 {
		opt.Note(&s.Bad, badTTL)
	}
}

type (
	minSubscribers int
	grace          time.Duration
)

func (n minSubscribers) ApplyShare(s *opt.Share) {
	if s.MinSubscribers = int(n); n < 1 {
		opt.Note(&s.Bad, "WithMinSubscribers's n is less than 1")
	}
}

func (d grace) ApplyShare(s *opt.Share) {
	if s.Grace = time.Duration(d); d <= 0 {
		opt.Note(&s.Bad, "WithGrace's d is not positive")
	}
}

// WithMinSubscribers makes a shared stream connect when n subscribers are there,
// instead of at the first. n < 1 is an [ErrInvalidArgument].
func WithMinSubscribers(n int) ShareOption { return minSubscribers(n) }

// WithGrace makes a shared stream stay connected for d when its last subscriber
// has left, in case another one comes. The one that leaves waits for that: its
// call, and a Dispose, last as much longer. d ≤ 0 is an [ErrInvalidArgument].
func WithGrace(d time.Duration) ShareOption { return grace(d) }

func applyReplay(name string, opts []ReplayOption, r *opt.Replay) error {
	for _, o := range opts {
		if o == nil {
			return fault.Invalid(name, "an option is nil")
		}
		o.ApplyReplay(r)
	}
	if r.Bad != "" {
		return fault.Invalid(name, r.Bad)
	}
	return nil
}

func applyShare(name string, opts []ShareOption, s *opt.Share) error {
	for _, o := range opts {
		if o == nil {
			return fault.Invalid(name, "an option is nil")
		}
		o.ApplyShare(s)
	}
	if s.Bad != "" {
		return fault.Invalid(name, s.Bad)
	}
	return nil
}
