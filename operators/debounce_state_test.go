package operators

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A row has the options, a script, the wanted output, and the number of items that are
// withheld at the end. Each step of the script has a time in seconds, and perhaps an
// item. Each item of the output has its time before it.
func TestDebounceState(t *testing.T) {
	type step struct {
		at   int
		item string
		busy bool // downstream is busy, and does not ask for the output
	}
	for name, c := range map[string]struct {
		o     debounceOptions
		steps []step
		out   []string
		left  int64
	}{
		"one":                              {debounceOptions{Trailing: true, Quiet: 3}, []step{{at: 1, item: "a"}, {at: 3}, {at: 4}, {at: 9}}, []string{"4a"}, 0},
		"the latest":                       {debounceOptions{Trailing: true, Quiet: 3}, []step{{at: 1, item: "a"}, {at: 2, item: "b"}, {at: 4}, {at: 5}}, []string{"5b"}, 0},
		"withheld":                         {debounceOptions{Trailing: true, Quiet: 3}, []step{{at: 1, item: "a"}, {at: 2, item: "b"}, {at: 4}}, nil, 1},
		"an item at the deadline":          {debounceOptions{Trailing: true, Quiet: 3}, []step{{at: 1, item: "a"}, {at: 4, item: "b"}}, []string{"4a"}, 1},
		"the clock looked at late":         {debounceOptions{Trailing: true, Quiet: 3}, []step{{at: 1, item: "a"}, {at: 9}}, []string{"9a"}, 0},
		"busy, the one that is due stays":  {debounceOptions{Trailing: true, Quiet: 3}, []step{{at: 1, item: "a"}, {at: 4, item: "b", busy: true}, {at: 5}}, []string{"5a"}, 1},
		"busy, the newest that is due":     {debounceOptions{Trailing: true, Quiet: 3}, []step{{at: 1, item: "a"}, {at: 4, item: "b", busy: true}, {at: 9}}, []string{"9b"}, 0},
		"leading":                          {debounceOptions{Trailing: true, Quiet: 3, Leading: true}, []step{{at: 1, item: "a"}, {at: 4}, {at: 5, item: "b"}, {at: 8}}, []string{"1a", "5b"}, 0},
		"leading alone":                    {debounceOptions{Quiet: 3, Leading: true}, []step{{at: 1, item: "a"}, {at: 3, item: "b"}, {at: 6}, {at: 7, item: "c"}, {at: 9}}, []string{"1a", "7c"}, 0},
		"leading, with a last one":         {debounceOptions{Trailing: true, Quiet: 3, Leading: true}, []step{{at: 1, item: "a"}, {at: 3, item: "b"}, {at: 4}, {at: 6}}, []string{"1a", "6b"}, 0},
		"leading, a burst at the deadline": {debounceOptions{Trailing: true, Quiet: 3, Leading: true}, []step{{at: 1, item: "a"}, {at: 4, item: "b"}}, []string{"1a", "4b"}, 0},
		"leading, nobody asks meanwhile":   {debounceOptions{Trailing: true, Quiet: 3, Leading: true}, []step{{at: 1, item: "a", busy: true}, {at: 1, item: "b", busy: true}, {at: 1, item: "c"}, {at: 4}}, []string{"1a", "4c"}, 0},
		"a limit":                          {debounceOptions{Trailing: true, Quiet: 3, MaxWait: 4}, []step{{at: 1, item: "a"}, {at: 3, item: "b"}, {at: 4}, {at: 5}, {at: 6}}, []string{"5b"}, 0},
		"a limit that an item starts anew": {debounceOptions{Trailing: true, Quiet: 3, MaxWait: 4}, []step{{at: 1, item: "a"}, {at: 3, item: "b"}, {at: 5}, {at: 5, item: "c"}, {at: 7}, {at: 8}}, []string{"5b", "8c"}, 0},
		"a limit longer than the quiet":    {debounceOptions{Trailing: true, Quiet: 3, MaxWait: 9}, []step{{at: 1, item: "a"}, {at: 4}}, []string{"4a"}, 0},
		"a limit, and leading":             {debounceOptions{Trailing: true, Quiet: 3, MaxWait: 4, Leading: true}, []step{{at: 1, item: "a"}, {at: 3, item: "b"}, {at: 5, item: "c"}, {at: 6}, {at: 7}}, []string{"1a", "7c"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Quiet, c.o.MaxWait = c.o.Quiet*time.Second, c.o.MaxWait*time.Second
			d := debounce[string]{debounceOptions: c.o}
			var out []string
			now := time.Duration(0)
			for _, s := range c.steps {
				now = time.Duration(s.at) * time.Second
				if s.item != "" {
					d.item(s.item, now)
				}
				if s.busy {
					continue
				}
				for v, ok := d.Next(now); ok; v, ok = d.Next(now) {
					out = append(out, string(rune('0'+s.at))+v)
				}
				at, ok := d.Deadline()
				require.True(t, !ok || at > now, "Next was asked")
				require.False(t, d.Over())
			}
			require.Equal(t, c.out, out)
			require.Len(t, d.Left(), int(c.left))
			failed := d
			failed.end(now, true)
			_, emitted := failed.Next(now)
			require.False(t, emitted, "what is withheld is lost to a failure")
			require.True(t, failed.Over())
			require.Len(t, failed.Left(), int(c.left))
			d.end(now, false)
			_, flushed := d.Next(now)
			require.Equal(t, c.left == 1, flushed)
			require.True(t, d.Over())
			require.Empty(t, d.Left())
		})
	}
}

// For all scripts: each item is emitted at most once, in order, and not later than the
// options say. The last item is always emitted.
func TestDebounceStateExhaustively(t *testing.T) {
	const columns = 9
	for _, o := range []debounceOptions{
		{Trailing: true, Quiet: 2},
		{Trailing: true, Quiet: 2, Leading: true},
		{Trailing: true, Quiet: 3, MaxWait: 4},
		{Trailing: true, Quiet: 2, MaxWait: 3, Leading: true},
	} {
		for pattern := range 1 << columns {
			d := debounce[int]{debounceOptions: o}
			var out, in []int
			begun := -1 // the time when the first waiting item came
			ask := func(now int) {
				for v, ok := d.Next(time.Duration(now)); ok; v, ok = d.Next(time.Duration(now)) {
					out = append(out, v)
					if begun >= 0 && o.MaxWait > 0 {
						require.LessOrEqual(t, now-begun, int(o.MaxWait))
					}
					begun = -1
				}
			}
			for now := range columns + 9 {
				if at, ok := d.Deadline(); ok && at == time.Duration(now) { // as the clock has it
					ask(now)
				}
				if now < columns && pattern>>now&1 == 1 {
					in = append(in, now)
					if d.item(now, time.Duration(now)) { // as the subscriber has it
						ask(now)
					}
					if d.latest.full && begun < 0 {
						begun = now
					}
				}
			}
			require.Empty(t, d.Left())
			require.True(t, slices.IsSorted(out) && len(slices.Compact(slices.Clone(out))) == len(out), "%v of %v", out, in)
			for _, v := range out {
				require.Contains(t, in, v)
			}
			if len(in) > 0 {
				require.Equal(t, in[len(in)-1], out[len(out)-1], "of %v", in)
				require.True(t, !o.Leading || in[0] == out[0])
			}
		}
	}
}
