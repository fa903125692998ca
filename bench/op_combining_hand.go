package main

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Streams that meet, with channels by hand.

func zipHand(k int) way {
	return ofChannel(k, func(n int, add adder) {
		a, b := source(k, 0, n), source(k, 0, n)
		for v := range a {
			add(plus(v, <-b))
		}
	})
}

func sourcesOf(k, n, m int) []<-chan int {
	all := make([]<-chan int, m)
	for i := range all {
		all[i] = source(k, 0, n)
	}
	return all
}

func zipAllHand(k, m int) way {
	return ofChannel(k, func(n int, add adder) {
		all := sourcesOf(k, n, m)
		for range n {
			tuple := make([]int, m)
			for i, ch := range all {
				tuple[i] = <-ch
			}
			add(digest(leaving(tuple)))
		}
	})
}

func latestHand(k int) way {
	return ofChannel(k, func(n int, add adder) {
		latest(k, n, func(a, b int) { add(plus(a, b)) })
	})
}

func latestAllHand(k int) way {
	return ofChannel(k, func(n int, add adder) {
		latest(k, n, func(a, b int) { add(digest(leaving([]int{a, b}))) })
	})
}

// latest calls emit with the newest items of two channels.
func latest(k, n int, emit func(a, b int)) {
	as, bs := source(k, 0, n), source(k, 0, n)
	var a, b int
	var hasA, hasB bool
	for as != nil || bs != nil {
		select {
		case v, ok := <-as:
			if !ok {
				as = nil
				continue
			}
			a, hasA = v, true
		case v, ok := <-bs:
			if !ok {
				bs = nil
				continue
			}
			b, hasB = v, true
		}
		if hasA && hasB {
			emit(a, b)
		}
	}
}

// latestManyHand has one channel for all sources, which is quicker than many of them.
func latestManyHand(k, m int) way {
	type numbered struct{ from, v int }
	return ofChannel(k, func(n int, add adder) {
		out := make(chan numbered, k)
		var sources sync.WaitGroup
		for i := range m {
			sources.Go(func() {
				for v := range n {
					out <- numbered{i, v}
				}
			})
		}
		go func() { sources.Wait(); close(out) }()
		newest, missing := make([]int, m), m
		begun := make([]bool, m)
		for item := range out {
			newest[item.from] = item.v
			if !begun[item.from] {
				begun[item.from] = true
				missing--
			}
			if missing == 0 {
				add(digest(leaving(slices.Clone(newest))))
			}
		}
	})
}

func withLatestHand(k int) way {
	return ofChannel(k, func(n int, add adder) {
		as, bs := source(k, 0, n), source(k, 1, 2)
		b, has := 0, false
		for {
			select {
			case a, ok := <-as:
				if !ok {
					return
				}
				if has {
					add(plus(a, b))
				}
			case v, ok := <-bs:
				if !ok {
					bs = nil
					continue
				}
				b, has = v, true
			}
		}
	})
}

func lastsHand(k int) way {
	return ofChannel(k, func(n int, add adder) {
		as, bs := source(k, 0, n), source(k, 0, n)
		var lasts [2]int
		for as != nil || bs != nil {
			select {
			case v, ok := <-as:
				if lasts[0] = max(lasts[0], v); !ok {
					as = nil
				}
			case v, ok := <-bs:
				if lasts[1] = max(lasts[1], v); !ok {
					bs = nil
				}
			}
		}
		add(digest(leaving(lasts[:])))
	})
}

func inTurns(k int) way {
	return ofChannel(k, func(n int, add adder) {
		a, b := source(k, 0, n), source(k, 0, n)
		for v := range a {
			add(v)
			add(<-b)
		}
	})
}

// sortedHand keeps the heads of the channels, and looks for the least of them.
func sortedHand(k, m int) way {
	return ofChannel(k, func(n int, add adder) {
		type head struct {
			v    int
			from <-chan int
		}
		heads := make([]head, 0, m)
		for _, ch := range sourcesOf(k, n, m) {
			heads = append(heads, head{<-ch, ch})
		}
		for len(heads) > 0 {
			least := slices.MinFunc(heads, func(a, b head) int { return cmp.Compare(a.v, b.v) })
			i := slices.IndexFunc(heads, func(h head) bool { return h.from == least.from })
			add(least.v)
			if v, ok := <-least.from; ok {
				heads[i].v = v
			} else {
				heads = slices.Delete(heads, i, i+1)
			}
		}
	})
}

// prioritizedHand takes from a first, and from b only while a has nothing.
func prioritizedHand(k int) way {
	return ofChannel(k, func(n int, add adder) {
		a, b := strideOf(k, n, 0), strideOf(k, n, 1)
		for a != nil || b != nil {
			select {
			case v, ok := <-a:
				if a = taken(a, v, ok, add); !ok {
					continue
				}
			default:
				select {
				case v, ok := <-a:
					a = taken(a, v, ok, add)
				case v, ok := <-b:
					b = taken(b, v, ok, add)
				}
			}
		}
	})
}

// taken adds v, and returns nil when the channel was closed.
func taken(ch <-chan int, v int, ok bool, add adder) <-chan int {
	if !ok {
		return nil
	}
	add(v)
	return ch
}

func strideOf(k, n, i int) <-chan int {
	out := make(chan int, k)
	go func() {
		defer close(out)
		for v := range n {
			out <- 2*v + i
		}
	}()
	return out
}

// joinHand pairs the items of two sources that have the same time.
func joinHand(k int) way {
	return ofChannel(k, func(n int, add adder) {
		a, b := joinedSide{ch: source(k, 0, n)}, joinedSide{ch: source(k, 0, n)}
		for a.ch != nil || b.ch != nil {
			fromA, fromB := a.open(&b), b.open(&a)
			select {
			case v, ok := <-fromA:
				a.take(v, ok, &b, add)
			case v, ok := <-fromB:
				b.take(v, ok, &a, add)
			}
		}
	})
}

// joinedSide is a side of joinHand.
type joinedSide struct {
	ch     <-chan int
	newest time.Time
	items  []timedItem
}

type timedItem struct {
	v  int
	at time.Time
}

// open returns the channel, or nil while the side is ahead of the other.
func (s *joinedSide) open(other *joinedSide) <-chan int {
	if other.ch != nil && s.newest.After(other.newest) {
		return nil
	}
	return s.ch
}

// take takes an item or the end of the side.
func (s *joinedSide) take(v int, ok bool, other *joinedSide, add adder) {
	if !ok {
		s.ch = nil
		return
	}
	at := millis(v)
	s.newest = at
	other.items = slices.DeleteFunc(other.items, func(o timedItem) bool { return o.at.Before(at) })
	for _, o := range other.items {
		if !o.at.After(at) {
			add(plus(v, o.v))
		}
	}
	s.items = append(s.items, timedItem{v, at})
}
