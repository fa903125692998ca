package operators

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each step is one letter: r: a run begins and is let in, x: it is refused; and
// for the oldest run that has begun: s, f, n: it ends with a success, with a
// failure, with neither; S, F, N: the newest; _: a minute passes.
func TestCircuit(t *testing.T) {
	for name, c := range map[string]struct {
		steps string
		open  bool
	}{
		"successes":                          {"rsrsrs", false},
		"fewer failures than it takes":       {"rfrf", false},
		"enough":                             {"rfrfrfx", true},
		"not in a row":                       {"rfrfrsrfrfr", false},
		"neither does not break the row":     {"rfrnrfrnrfx", true},
		"nor counts":                         {"rnrnrnrnr", false},
		"at the same time":                   {"rrrrfffx", true},
		"late news of a success":             {"rrrrfffsx", true},
		"late news of failures":              {"rrrrrrfff__fffrx", true},
		"cooling down":                       {"rfrfrf_x", true},
		"a trial":                            {"rfrfrf__r", true},
		"one at a time":                      {"rfrfrf__rxx", true},
		"a trial succeeds":                   {"rfrfrf__rsrr", false},
		"it counts afresh":                   {"rfrfrf__rsrfrfr", false},
		"and opens again":                    {"rfrfrf__rsrfrfrfx", true},
		"a trial fails":                      {"rfrfrf__rfx", true},
		"and cools down again":               {"rfrfrf__rf_x_r", true},
		"a trial that says nothing":          {"rfrfrf__rnrx", true},
		"late news while a trial runs":       {"rrrrFFF__rsxSr", false},
		"late news of it after a trial":      {"rrrrrFFF__rSfrfrfr", false},
		"late neither does not end a trial":  {"rrrrFFF__rnx", true},
		"a success of a closed one counts 0": {"rrfrfsrfrfrfx", true},
	} {
		t.Run(name, func(t *testing.T) {
			b := circuit{threshold: 3, cooldown: 2 * time.Minute}
			now := time.Unix(0, 0)
			var runs []uint64
			for i, step := range c.steps {
				var v verdict
				switch step {
				case '_':
					now = now.Add(time.Minute)
					continue
				case 'r', 'x':
					epoch, _, ok := b.enter(now)
					require.Equal(t, step == 'r', ok, "step %d of %s", i, c.steps)
					if ok {
						runs = append(runs, epoch)
					}
					continue
				case 's', 'S':
					v = saysSuccess
				case 'f', 'F':
					v = saysFailure
				}
				at := 0
				if step < 'a' {
					at = len(runs) - 1
				}
				b.exit(runs[at], v, now)
				runs = append(runs[:at], runs[at+1:]...)
			}
			require.Equal(t, c.open, b.open)
		})
	}
}

func TestCircuitTellsHowLong(t *testing.T) {
	b := circuit{threshold: 1, cooldown: time.Minute}
	now := time.Unix(0, 0)
	epoch, _, ok := b.enter(now)
	require.True(t, ok)
	b.exit(epoch, saysFailure, now)
	_, wait, ok := b.enter(now.Add(time.Second))
	require.False(t, ok)
	require.Equal(t, 59*time.Second, wait)
	_, _, ok = b.enter(now.Add(time.Minute))
	require.True(t, ok, "at the deadline it is over")
	_, wait, ok = b.enter(now.Add(time.Minute))
	require.False(t, ok)
	require.Zero(t, wait, "a trial runs")
}
