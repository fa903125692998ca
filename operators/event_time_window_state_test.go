package operators

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
)

// plainly is a simple model of EventTimeWindow that looks at every window each time.
type plainly struct {
	eventTimeOptions
	newest int
	seen   bool
	open   map[int][]int // the items, by the start of a window
}

// item returns the windows that are emitted, and the outcome of v, whose time is t.
func (p *plainly) item(v, t int) (out [][]int, outcome eventOutcome) {
	if !p.seen || t > p.newest {
		p.newest, p.seen = t, true
	}
	watermark, size, slide := p.newest-int(p.Lag), int(p.Size), int(p.Slide)
	out = p.come(watermark)
	var mine []int
	opens := 0
	for start := t / slide * slide; start > t-size; start -= slide {
		if start+size > watermark {
			mine = append(mine, start)
			if p.open[start] == nil {
				opens++
			}
		}
	}
	switch {
	case len(mine) == 0:
		return out, eventLate
	case len(p.open)+opens > p.MaxOpen:
		return out, eventTooMany
	}
	for _, start := range mine {
		p.open[start] = append(p.open[start], v)
	}
	return out, eventTaken
}

// come removes and returns the windows that have ended.
func (p *plainly) come(watermark int) (out [][]int) {
	var starts []int
	for start := range p.open {
		if start+int(p.Size) <= watermark {
			starts = append(starts, start)
		}
	}
	slices.Sort(starts)
	for _, start := range starts {
		out = append(out, append([]int{start}, p.open[start]...))
		delete(p.open, start)
	}
	return out
}

func TestEventWindows(t *testing.T) {
	begin := time.Time{}.Add(1000 * time.Hour)
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		o := eventTimeOptions{
			Size: time.Duration(1 + random.IntN(20)), Slide: time.Duration(1 + random.IntN(20)),
			Lag: time.Duration(random.IntN(30)), MaxOpen: 1 + random.IntN(30),
		}
		t.Run(fmt.Sprint(seed, o), func(t *testing.T) {
			base := 10_000 / int(o.Slide) * int(o.Slide)
			model := plainly{eventTimeOptions: o, open: map[int][]int{}}
			w := eventWindows[int]{eventTimeOptions: o}
			var out [][]int
			take := func(next func() (turbopipes.TimeWindow[int], bool)) {
				for full, ok := next(); ok; full, ok = next() {
					require.Equal(t, o.Size, full.End.Sub(full.Start))
					out = append(out, append([]int{int(full.Start.Sub(begin.Truncate(o.Slide))) + base}, full.Items...))
				}
			}
			came := map[int]bool{}
			taken := 0
			for v := range 200 {
				at := v/2 + random.IntN(30)
				now := begin.Truncate(o.Slide).Add(time.Duration(at))
				out = nil
				require.True(t, w.see(now))
				take(w.passed)
				outcome := w.add(t.Context(), v, now)
				want, wanted := model.item(v, base+at)
				require.Equal(t, want, out)
				require.Equal(t, wanted, outcome)
				require.Len(t, w.heap, len(model.open))
				require.Len(t, w.byStart, len(model.open))
				for _, window := range out {
					for _, v := range window[1:] {
						came[v] = true
					}
				}
				if outcome == eventTaken {
					taken++
				}
				if left := w.left(); len(left) > 0 {
					require.Len(t, slices.Compact(slices.Sorted(slices.Values(left))), len(left), "each once")
					require.False(t, came[left[0]])
				}
				require.Len(t, w.left(), taken-len(came))
			}
			out = nil
			take(w.oldest)
			require.Equal(t, model.come(math.MaxInt), out)
			require.Empty(t, w.left())
		})
	}
}

// With so many windows, a quadratic cost would take minutes.
func TestEventWindowsManyOpen(t *testing.T) {
	const n = 100_000
	w := eventWindows[int]{eventTimeOptions: eventTimeOptions{Size: 1, Slide: 1, Lag: time.Hour, MaxOpen: n}}
	for _, i := range rand.Perm(n) {
		now := time.Time{}.Add(time.Duration(i))
		if !w.see(now) || w.add(t.Context(), i, now) != eventTaken {
			t.Fatal(i, "was refused")
		}
	}
	for i := range n {
		if full, ok := w.oldest(); !ok || full.Items[0] != i {
			t.Fatal("wanted", i, "got", full.Items)
		}
	}
	require.Empty(t, w.byStart)
}

// While an item opens many windows, ctx is checked.
func TestEventWindowsLookAtCtx(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := eventWindows[int]{eventTimeOptions: eventTimeOptions{Size: time.Second, Slide: 1, MaxOpen: math.MaxInt}}
	now := time.Unix(0, 0)
	require.True(t, w.see(now))
	require.Equal(t, eventCut, w.add(ctx, 1, now))
	require.Less(t, len(w.heap), itemsPerCheck)
	require.Equal(t, []int{1}, w.left())
}

// A time at the limit of the representable times opens no window that ends before it
// begins.
func TestEventWindowsAtTheEdge(t *testing.T) {
	const before = 62135596800 // seconds from year 1 to 1970
	for _, sec := range []int64{math.MinInt64, math.MinInt64 + before, -1 << 62, 1 << 62, math.MaxInt64 - before, math.MaxInt64} {
		for _, c := range []struct {
			slide, size time.Duration
			windows     int // of a time that is not at an edge
		}{{1, 3, 3}, {time.Hour, 3 * time.Hour, 3}, {math.MaxInt64 / 7, math.MaxInt64, 7}, {math.MaxInt64, math.MaxInt64, 1}} {
			if sec == math.MaxInt64-before && c.slide == time.Hour {
				continue // the ends of its windows are cut to the last time there is, which is its own
			}
			w := eventWindows[int]{eventTimeOptions: eventTimeOptions{Size: c.size, Slide: c.slide, Lag: math.MaxInt64, MaxOpen: 10}}
			now := wallTime(time.Unix(sec, 0))
			require.True(t, w.see(now))
			w.add(t.Context(), 1, now)
			if sec == -1<<62 || sec == 1<<62 {
				require.Len(t, w.heap, c.windows)
			}
			for _, open := range w.heap {
				require.True(t, open.End.After(open.Start))
				require.False(t, open.Start.After(now))
				require.True(t, open.End.After(now))
			}
		}
	}
}
