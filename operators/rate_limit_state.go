package operators

import (
	"math"
	"math/bits"
	"time"
)

// bucket is the store of tokens of one RateLimit. All that it keeps is when it will
// be full, which taking a token moves on by per/n: exactly, in n-ths of a
// nanosecond.
type bucket struct {
	n, per uint64
	burst  int
	fullAt time.Time // zero: it is full
	nths   uint64    // and so many n-ths of a nanosecond later
}

func newBucket(n int, per time.Duration, burst int) *bucket {
	return &bucket{n: uint64(n), per: uint64(per), burst: burst} //nolint:gosec // both are positive
}

// take takes tokens, and tells how long to wait until they are there. One that
// takes more than the store holds waits until it is full.
func (b *bucket) take(tokens int, now time.Time) (wait time.Duration) {
	if tokens < 1 {
		return 0
	}
	if !b.fullAt.After(now) && (b.nths == 0 || b.fullAt.Before(now)) {
		b.fullAt, b.nths = now, 0
	}
	lacking, lackingNths := b.fullAt.Sub(now), b.nths
	spare, spareNths := b.time(max(0, b.burst-tokens)) // may be lacking, and the item is let through
	if lacking > spare || lacking == spare && lackingNths > spareNths {
		wait = lacking - spare
		if lackingNths > spareNths {
			wait++ // a part of a nanosecond, rounded up
		}
	}
	b.add(b.time(tokens))
	return wait
}

// add moves on the time at which it will be full.
func (b *bucket) add(d time.Duration, nths uint64) {
	if b.nths += nths; b.nths >= b.n {
		b.nths -= b.n
		d++
	}
	b.fullAt = b.fullAt.Add(d)
}

// time is how long so many tokens take to come, in nanoseconds and n-ths of one.
// More than a quarter of the longest Duration, which is seventy years, is for ever.
func (b *bucket) time(tokens int) (d time.Duration, nths uint64) {
	hi, lo := bits.Mul64(uint64(tokens), b.per) //nolint:gosec // it is not negative
	if hi >= b.n {
		return forEver, 0
	}
	ns, nths := bits.Div64(hi, lo, b.n)
	if ns > uint64(forEver) {
		return forEver, 0
	}
	return time.Duration(ns), nths //nolint:gosec // it is less than forEver
}

const forEver = time.Duration(math.MaxInt64 / 4)
