package operators

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each script has numbered items and looks at the clock, in seconds; what comes
// out is written down with its time.
func TestDebounceState(t *testing.T) {
	type step struct {
		at, first int // first: of the one that it has overtaken; 0: at
		item      string
	}
	for name, c := range map[string]struct {
		o     debounceOptions
		steps []step
		out   []string
		left  int64
	}{
		"one":                               {debounceOptions{quiet: 3}, []step{{at: 1, item: "a"}, {at: 3}, {at: 4}, {at: 9}}, []string{"4a"}, 0},
		"the latest":                        {debounceOptions{quiet: 3}, []step{{at: 1, item: "a"}, {at: 2, item: "b"}, {at: 4}, {at: 5}}, []string{"5b"}, 0},
		"withheld":                          {debounceOptions{quiet: 3}, []step{{at: 1, item: "a"}, {at: 2, item: "b"}, {at: 4}}, nil, 1},
		"an item at the deadline":           {debounceOptions{quiet: 3}, []step{{at: 1, item: "a"}, {at: 4, item: "b"}}, []string{"4a"}, 1},
		"the clock looked at late":          {debounceOptions{quiet: 3}, []step{{at: 1, item: "a"}, {at: 9}}, []string{"9a"}, 0},
		"leading":                           {debounceOptions{quiet: 3, leading: true}, []step{{at: 1, item: "a"}, {at: 4}, {at: 5, item: "b"}, {at: 8}}, []string{"1a", "5b"}, 0},
		"leading, with a last one":          {debounceOptions{quiet: 3, leading: true}, []step{{at: 1, item: "a"}, {at: 3, item: "b"}, {at: 4}, {at: 6}}, []string{"1a", "6b"}, 0},
		"leading, a burst at the deadline":  {debounceOptions{quiet: 3, leading: true}, []step{{at: 1, item: "a"}, {at: 4, item: "b"}}, []string{"1a", "4b"}, 0},
		"a limit":                           {debounceOptions{quiet: 3, maxWait: 4}, []step{{at: 1, item: "a"}, {at: 3, item: "b"}, {at: 4}, {at: 5}, {at: 6}}, []string{"5b"}, 0},
		"a limit that an item starts anew":  {debounceOptions{quiet: 3, maxWait: 4}, []step{{at: 1, item: "a"}, {at: 3, item: "b"}, {at: 5}, {at: 5, item: "c"}, {at: 7}, {at: 8}}, []string{"5b", "8c"}, 0},
		"a limit that counts what was lost": {debounceOptions{quiet: 3, maxWait: 4}, []step{{at: 3, first: 1, item: "b"}, {at: 4}, {at: 5}}, []string{"5b"}, 0},
		"a limit longer than the quiet":     {debounceOptions{quiet: 3, maxWait: 9}, []step{{at: 1, item: "a"}, {at: 4}}, []string{"4a"}, 0},
		"a limit, and leading":              {debounceOptions{quiet: 3, maxWait: 4, leading: true}, []step{{at: 1, item: "a"}, {at: 3, item: "b"}, {at: 5, item: "c"}, {at: 6}, {at: 7}}, []string{"1a", "7c"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.quiet, c.o.maxWait = c.o.quiet*time.Second, c.o.maxWait*time.Second
			d := debounce[string]{debounceOptions: c.o}
			var out []string
			note := func(at int, v string, ok bool) {
				if ok {
					out = append(out, string(rune('0'+at))+v)
				}
			}
			second := func(n int) time.Time { return time.Unix(int64(n), 0) }
			for _, s := range c.steps {
				v, ok := d.due(second(s.at))
				note(s.at, v, ok)
				if s.item != "" {
					v, ok = d.item(s.item, second(s.at), second(cmp.Or(s.first, s.at)))
					note(s.at, v, ok)
				}
				at, ok := d.deadline()
				require.Equal(t, d.open, ok)
				require.True(t, !ok || at.After(second(s.at)), "due was asked")
			}
			require.Equal(t, c.out, out)
			require.Equal(t, c.left, d.left())
			_, flushed := d.flush()
			require.Equal(t, c.left == 1, flushed)
			require.Zero(t, d.left())
		})
	}
}

// Whatever comes when, each item is emitted at most once, the last one always,
// in order, and none later than the options say.
func TestDebounceStateExhaustively(t *testing.T) {
	const columns = 9
	for _, o := range []debounceOptions{{quiet: 2}, {quiet: 2, leading: true}, {quiet: 3, maxWait: 4}, {quiet: 2, maxWait: 3, leading: true}} {
		for pattern := range 1 << columns {
			d := debounce[int]{debounceOptions: o}
			var out, in []int
			begun := -1 // when the first of those that wait came
			note := func(now, v int, ok bool) {
				if !ok {
					return
				}
				out = append(out, v)
				if begun >= 0 && o.maxWait > 0 {
					require.LessOrEqual(t, now-begun, int(o.maxWait))
				}
				begun = -1
			}
			for now := range columns + 9 {
				at := time.Unix(0, int64(now))
				v, ok := d.due(at)
				note(now, v, ok)
				if now < columns && pattern>>now&1 == 1 {
					in = append(in, now)
					v, ok := d.item(now, at, at)
					note(now, v, ok)
					if !ok && begun < 0 {
						begun = now
					}
				}
			}
			require.Zero(t, d.left())
			require.True(t, slices.IsSorted(out) && len(slices.Compact(slices.Clone(out))) == len(out), "%v of %v", out, in)
			for _, v := range out {
				require.Contains(t, in, v)
			}
			if len(in) > 0 {
				require.Equal(t, in[len(in)-1], out[len(out)-1], "of %v", in)
				require.True(t, !o.leading || in[0] == out[0])
			}
		}
	}
}
