package operators

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A row has a script, the options, the wanted output, and the number of items that are
// left. Each letter of the script is an event: x is the notifier's item, s its completion,
// S its failure, | upstream's completion, # its failure, and - means that the subscriber
// takes the output. Any other letter is an item of upstream. A + at the end has no
// effect: it distinguishes the scripts with EmitLast.
func TestSampleState(t *testing.T) {
	for script, c := range map[string]struct {
		last bool
		out  string
		left int64
	}{
		"ax-bx-|-":  {out: "ab"},
		"abx-x-|-":  {out: "b"},
		"axbx-|-":   {out: "b"}, // nobody took a
		"ax-b|-":    {out: "a"},
		"|-":        {},
		"s|-":       {},
		"as-|-":     {},
		"xa-x-|-":   {out: "a"},
		"axs-b-|-":  {out: "a"},
		"ax#-":      {out: "a"}, // let through before the failure
		"ax-b#-":    {out: "a", left: 1},
		"ax-bS-":    {out: "a", left: 1},
		"axbS-":     {out: "a", left: 1},
		"S-":        {},
		"ax|-":      {out: "a"},
		"ab|-+":     {last: true, out: "b"},
		"ax-|-+":    {last: true, out: "a"},
		"axb|-+":    {last: true, out: "b"}, // only the newest waiting item
		"s|-+":      {last: true},
		"|s-+":      {last: true},
		"as-b-|-+":  {last: true, out: "b"},
		"a#-+":      {last: true, left: 1},
		"aS|-+":     {last: true, left: 1},
		"ax-S|-+":   {last: true, out: "a"},
		"as-bs-#-+": {last: true, left: 1},
	} {
		t.Run(script, func(t *testing.T) {
			s := sample[string]{emitLast: c.last}
			now, out := time.Duration(0), ""
			ended := false
			for _, r := range strings.TrimSuffix(script, "+") {
				switch r {
				case 'x':
					s.tick()
				case 's', 'S':
					s.silence(now, r == 'S')
				case '|', '#':
					s.end(now, r == '#')
				case '-':
					v, _ := s.Next(now)
					out += v
					require.Equal(t, ended, s.Over())
				default:
					require.False(t, s.item(string(r)), "the subscriber has nothing to do")
				}
				ended = ended || slices.Contains([]rune("S|#"), r)
			}
			require.Equal(t, c.out, out)
			require.Len(t, s.Left(), int(c.left))
			_, more := s.Next(now)
			require.False(t, more)
			_, clocked := s.Deadline()
			require.False(t, clocked)
		})
	}
}
