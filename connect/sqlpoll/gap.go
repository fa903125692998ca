package sqlpoll

import "time"

// horizon says how far gaps in the positions may be passed. A mark is a position that
// was visible at a time: each lower position had been allocated by then. When the mark
// is older than the wait, a transaction that has a lower position and is still open is
// older than the wait, too.
type horizon struct {
	wait    time.Duration
	marks   []mark // the oldest first, at most 17
	settled int64  // gaps below this position may be passed
}

type mark struct {
	at  time.Time
	max int64
}

// due reports whether another mark is wanted.
func (h *horizon) due(now time.Time) bool {
	return len(h.marks) == 0 || now.Sub(h.marks[len(h.marks)-1].at) >= h.wait/16
}

// note adds a mark.
func (h *horizon) note(now time.Time, highest int64) {
	if n := len(h.marks); highest > h.settled && (n == 0 || highest > h.marks[n-1].max) {
		h.marks = append(h.marks, mark{now, highest})
	}
}

// settle moves the horizon. now is a time before the read that it is for: a row that was
// committed before now is in that read.
func (h *horizon) settle(now time.Time) {
	n := 0
	for n < len(h.marks) && now.Sub(h.marks[n].at) >= h.wait {
		h.settled = max(h.settled, h.marks[n].max)
		n++
	}
	h.marks = h.marks[n:]
}

// passes reports whether p may follow on last.
func (h *horizon) passes(last, p int64) bool {
	return h.wait == 0 || p == last+1 || p <= h.settled
}
