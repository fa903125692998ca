package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes"
)

// watch knows which claims of a session are open: for [OnStall], and for
// [ErrForgotten]. It costs an append for each event and an atomic for each settlement.
type watch struct {
	open atomic.Int64 // claims that are neither settled nor left

	mu    sync.Mutex
	queue []*claim // in the order of the events; settled ones are taken out later
	next  int      // len(queue) at which they are
}

const compactAt = 64

// more notes c before it is emitted.
func (w *watch) more(c *claim) {
	c.watch = w
	w.open.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue, c)
	if len(w.queue) >= max(w.next, compactAt) {
		w.compact()
		w.next = 2 * len(w.queue)
	}
}

// less notes that a claim is settled, or left.
func (w *watch) less() {
	if w != nil {
		w.open.Add(-1)
	}
}

// compact takes out the claims that are not open. The caller holds mu.
func (w *watch) compact() {
	kept := w.queue[:0]
	for _, c := range w.queue {
		if c.state.Load() == isOpen {
			kept = append(kept, c)
		}
	}
	clear(w.queue[len(kept):])
	w.queue = kept
}

// oldest returns the claim that is open for the longest time, or nil.
func (w *watch) oldest() *claim {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.queue {
		if c.state.Load() == isOpen {
			return c
		}
	}
	return nil
}

// forgotten is the error of a stream that has completed.
func (w *watch) forgotten() error {
	open := w.open.Load()
	c := w.oldest()
	if open <= 0 || c == nil {
		return nil
	}
	return fmt.Errorf("%w: %d of them, the oldest is %s", ErrForgotten, open, c.info())
}

// looks is how often in the time of a stall the watch looks at the oldest claim.
const looks = 4

// stalls calls tell when the oldest claim has been the oldest for after, and again when
// that was so for twice, four times, eight times as long, until ctx ends.
func (w *watch) stalls(ctx context.Context, after time.Duration, tell func(Info, int)) {
	tick := time.NewTicker(max(1, after/looks))
	defer tick.Stop()
	var last *claim
	seen := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c := w.oldest()
		if c == nil || c != last {
			last, seen = c, 0
			continue
		}
		if seen++; seen%looks == 0 && bits.OnesCount(uint(seen/looks)) == 1 {
			tell(c.info(), int(w.open.Load()))
		}
	}
}

// logStall is what OnStall is by default.
func logStall(oldest Info, open int) {
	slog.Warn("delivery: an event is not settled, and holds back the commits of its partition",
		"event", oldest.String(), "open", open)
}

var errTwice = fmt.Errorf("delivery: the source of a Through: %w: use Tee", turbopipes.ErrAlreadySubscribed)
