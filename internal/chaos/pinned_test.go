package chaos

import "testing"

// pinned are plans that have failed once. They have the form that a violation prints.
var pinned = map[string]plan{
	"windows whose inner streams are cancelled while the next one waits for a place": {Seed: 15226, Source: source{Kind: "Create", Point: 1, N: 4, Gap: 0}, Stages: []step{{Op: "WindowFlat", Point: 6, N: 1, Inner: []step{{Op: "Map", Point: 7, N: 4}}}}, Faults: []failure{{Point: 1, K: 5, Kind: "error"}}, Consume: "Subscribe", Cut: cut{How: "dispose", At: 2}},
	"a window whose inner stream fails while the next one waits for a place":         {Seed: 1928, Source: source{Kind: "FromSlice", Point: 1, N: 6, Gap: 0}, Stages: []step{{Op: "FlatMapBuffered", Point: 6, N: 2, Inner: []step{{Op: "ByKey", Point: 7, N: 4}, {Op: "WindowTime", Point: 8, N: 2}}}}, Faults: []failure{{Point: 7, K: 4, Kind: "error"}}, Consume: "ToChannel", Cut: cut{How: "none"}},
	"a route that panics": {Seed: 738, Source: source{Kind: "Create", Point: 1, N: 9, Gap: 0}, Stages: []step{{Op: "GroupByN", Point: 3, N: 3}}, Faults: []failure{{Point: 3, K: 2, Kind: "panic"}}, Consume: "Subscribe", Cut: cut{How: "none"}},
}

// TestPinned runs the pinned plans, several times each, since a plan doesn't set the
// order in which goroutines run.
func TestPinned(t *testing.T) {
	for name, p := range pinned {
		t.Run(name, func(t *testing.T) {
			for range 50 {
				report(t, p, p.play(t))
				if t.Failed() {
					return
				}
			}
		})
	}
}
