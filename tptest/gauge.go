package tptest

import "sync/atomic"

// Gauge counts what runs at the same time, such as the tasks of a Parallel: a
// task calls Enter when it begins and Exit when it ends. All methods may be
// called from any goroutine. The zero Gauge is ready for use; it must not be
// copied.
type Gauge struct{ now, max atomic.Int64 }

// Enter counts one more that runs.
func (g *Gauge) Enter() {
	now := g.now.Add(1)
	for {
		most := g.max.Load()
		if now <= most || g.max.CompareAndSwap(most, now) {
			return
		}
	}
}

// Exit counts one less that runs.
func (g *Gauge) Exit() { g.now.Add(-1) }

// Now is how many run now. It is below 0 when there were more calls of Exit than
// of Enter.
func (g *Gauge) Now() int { return int(g.now.Load()) }

// Max is how many have run at the same time at most.
func (g *Gauge) Max() int { return int(g.max.Load()) }
