package tptest

import "sync/atomic"

// Gauge counts what runs at the same time, such as the tasks of a Parallel: a task
// calls Enter when it begins and Exit when it ends. All methods may be called from
// any goroutine. The zero Gauge is ready for use. It must not be copied.
type Gauge struct{ now, max atomic.Int64 }

// Enter counts one more.
func (g *Gauge) Enter() {
	now := g.now.Add(1)
	for {
		most := g.max.Load()
		if now <= most || g.max.CompareAndSwap(most, now) {
			return
		}
	}
}

// Exit counts one less.
func (g *Gauge) Exit() { g.now.Add(-1) }

// Now returns how many run now. It is below 0 when there were more calls of Exit
// than of Enter.
func (g *Gauge) Now() int { return int(g.now.Load()) }

// Max returns the greatest number that have run at the same time.
func (g *Gauge) Max() int { return int(g.max.Load()) }
