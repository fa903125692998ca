package operators

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/split"
)

// groupsByKey holds the groups of a GroupBy without WithIdle. They live as long as the
// GroupBy. Only upstream's goroutine uses it.
type groupsByKey[K comparable, T any] struct {
	split *split.Split[K, T]
	most  int // 0: no limit
	begun int
	byKey map[K]*split.Part[K, T]
}

// put passes v to the group of k. It returns false when upstream must stop.
func (g *groupsByKey[K, T]) put(k K, v T) bool {
	p := g.byKey[k]
	if p == nil {
		if err := checkGroupLimit(g.split, g.begun, g.most); err != nil {
			return g.split.RefuseFor(err, v)
		}
		if p = g.split.Begin(k); p == nil {
			return g.split.Refuse(v)
		}
		g.begun++
		if k != k {
			return startSingleItemGroup(g.split, p, v)
		}
		g.byKey[k] = p
	}
	return g.split.Put(p, v) == split.Taken
}

// startSingleItemGroup puts the only item of a group into p, and ends p. No other item can have the
// key of this group: the key is not equal to itself, as NaN is not, and no map could
// find or remove it.
func startSingleItemGroup[K comparable, T any](s *split.Split[K, T], p *split.Part[K, T], v T) bool {
	out := s.Put(p, v)
	s.Shut(p)
	return out == split.Taken
}

// checkGroupLimit ends the stream if one more group would be too many, and returns that
// error. A group that its subscriber has left does not count.
func checkGroupLimit[K, T any](s *split.Split[K, T], open, most int) error {
	if most == 0 || open < most || open-s.Gone() < most {
		return nil
	}
	err := fmt.Errorf("%w: %s: more than %d", turbopipes.ErrTooManyGroups, s.Name, most)
	s.EndWith(err)
	return err
}

// idleGroups holds the groups of a GroupBy with WithIdle, which completes a group
// that gets no item for d. It has a map, and a list from the group that has waited
// longest to the newest.
type idleGroups[K comparable, T any] struct {
	split *split.Split[K, T]
	most  int // 0: no limit
	d     time.Duration
	clock *time.Timer
	begin time.Time // times are durations since begin: that reads only the monotonic clock

	mu    sync.Mutex // guards the fields below
	byKey map[K]*idleGroup[K, T]
	root  idleGroup[K, T]
	hand  *idleGroup[K, T] // the group that upstream has an item for, so it is not idle
	armed bool             // the clock will ring
}

type idleGroup[K comparable, T any] struct {
	part         *split.Part[K, T]
	last         time.Duration
	older, newer *idleGroup[K, T]
}

func newIdleGroups[K comparable, T any](s *split.Split[K, T], most int, d time.Duration) *idleGroups[K, T] {
	g := &idleGroups[K, T]{split: s, most: most, d: d, clock: time.NewTimer(d), begin: time.Now(), byKey: map[K]*idleGroup[K, T]{}}
	g.clock.Stop()
	g.root.older, g.root.newer = &g.root, &g.root
	return g
}

// put passes v to the group of k. It returns false when upstream must stop.
func (g *idleGroups[K, T]) put(k K, v T) bool {
	if g.putNow(k, v) {
		return true
	}
	odd := k != k // a NaN: no map finds it again
	own, open := g.take(k)
	if own == nil {
		if err := checkGroupLimit(g.split, open, g.most); err != nil {
			return g.split.RefuseFor(err, v)
		}
		p := g.split.Begin(k)
		if p == nil {
			return g.split.Refuse(v)
		}
		if odd {
			return startSingleItemGroup(g.split, p, v)
		}
		own = g.add(p)
	}
	out := g.split.Put(own.part, v)
	g.got(own)
	return out == split.Taken
}

// putNow is put if there is a group with room for v. It locks once and reads the clock
// once, as v does not wait.
func (g *idleGroups[K, T]) putNow(k K, v T) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Since(g.begin)
	g.expire(now)
	own := g.byKey[k]
	if own == nil || !g.split.PutNow(own.part, v) {
		return false
	}
	g.renew(own, now)
	return true
}

// take closes the groups whose time has come. Then it finds the group of k, and
// keeps that group from being closed.
func (g *idleGroups[K, T]) take(k K) (own *idleGroup[K, T], open int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.expire(time.Since(g.begin))
	g.hand = g.byKey[k]
	return g.hand, len(g.byKey)
}

func (g *idleGroups[K, T]) add(p *split.Part[K, T]) *idleGroup[K, T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	own := &idleGroup[K, T]{part: p}
	g.byKey[p.Key], g.hand = own, own
	g.push(own)
	return own
}

// got is called after own has got an item.
func (g *idleGroups[K, T]) got(own *idleGroup[K, T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hand = nil
	g.renew(own, time.Since(g.begin))
}

// renew makes own the newest group. The caller holds the lock.
func (g *idleGroups[K, T]) renew(own *idleGroup[K, T], now time.Duration) {
	own.last = now
	if own.newer != &g.root {
		own.unlink()
		g.push(own)
	}
	if !g.armed {
		g.armed = true
		g.clock.Reset(g.d)
	}
}

func (g *idleGroups[K, T]) push(own *idleGroup[K, T]) {
	own.older, own.newer = g.root.older, &g.root
	own.older.newer, own.newer.older = own, own
}

func (own *idleGroup[K, T]) unlink() {
	own.older.newer, own.newer.older = own.newer, own.older
}

// expire closes the groups whose time has come. It returns the group whose time
// comes next, or nil.
func (g *idleGroups[K, T]) expire(now time.Duration) *idleGroup[K, T] {
	for own := g.root.newer; own != &g.root; own = own.newer {
		switch {
		case own == g.hand:
		case now-own.last < g.d:
			return own
		default:
			own.unlink() // the links of own still lead to the next group
			delete(g.byKey, own.part.Key)
			g.split.Shut(own.part)
		}
	}
	return nil
}

// tick closes groups when their time has come, until ctx ends.
func (g *idleGroups[K, T]) tick(ctx context.Context) error {
	for {
		select {
		case <-g.clock.C:
			g.rang()
		case <-ctx.Done():
			return nil
		}
	}
}

func (g *idleGroups[K, T]) rang() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Since(g.begin)
	next := g.expire(now)
	if g.armed = next != nil; g.armed {
		g.clock.Reset(next.last + g.d - now)
	}
}
