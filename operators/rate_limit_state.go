package operators

import (
	"math"
	"math/bits"
	"time"
)

// tokenBucket is the store of tokens of one RateLimit. It keeps only the time at which it
// will be full. Taking a token moves this time by exactly per/n; fractions are kept
// in n-ths of a nanosecond.
type tokenBucket struct {
	n, per uint64
	burst  int
	fullAt time.Time // zero: the store is full
	nths   uint64    // n-ths of a nanosecond to add to fullAt
}

func newTokenBucket(n int, per time.Duration, burst int) *tokenBucket {
	return &tokenBucket{n: uint64(n), per: uint64(per), burst: burst} //nolint:gosec // both are positive
}

// take takes tokens, and returns how long to wait until they are available. An item
// that needs more tokens than the store holds waits until the store is full.
func (b *tokenBucket) take(tokens int, now time.Time) (wait time.Duration) {
	if tokens < 1 {
		return 0
	}
	if !b.fullAt.After(now) && (b.nths == 0 || b.fullAt.Before(now)) {
		b.fullAt, b.nths = now, 0
	}
	lacking, lackingNths := b.fullAt.Sub(now), b.nths
	spare, spareNths := b.time(max(0, b.burst-tokens)) // may be missing when the item passes
	if lacking > spare || lacking == spare && lackingNths > spareNths {
		wait = lacking - spare
		if lackingNths > spareNths {
			wait++ // round a part of a nanosecond up
		}
	}
	b.add(b.time(tokens))
	return wait
}

// add moves the time at which the store will be full.
func (b *tokenBucket) add(d time.Duration, nths uint64) {
	if b.nths += nths; b.nths >= b.n {
		b.nths -= b.n
		d++
	}
	b.fullAt = b.fullAt.Add(d)
}

// time returns how long so many tokens take to come, in nanoseconds and n-ths of a
// nanosecond. A time of more than a quarter of the longest Duration, which is
// seventy years, counts as for ever.
func (b *tokenBucket) time(tokens int) (d time.Duration, nths uint64) {
	hi, lo := bits.Mul64(uint64(tokens), b.per) //nolint:gosec // it is not negative
	if hi >= b.n {
		return longestWait, 0
	}
	ns, nths := bits.Div64(hi, lo, b.n)
	if ns > uint64(longestWait) {
		return longestWait, 0
	}
	return time.Duration(ns), nths //nolint:gosec // it is less than forEver
}

const longestWait = time.Duration(math.MaxInt64 / 4)
