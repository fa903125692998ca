package chaos

import (
	"math/rand/v2"
	"slices"
	"time"
)

// plan is a random pipeline. All its delays and faults are in it, or follow from its
// seed, a point and an item, so that they are the same in every schedule.
type plan struct {
	Seed    uint64
	Source  source
	Stages  []step
	Faults  []failure
	Consume string
	Request int // the first request of a Subscribe; 0: no limit
	Cut     cut
}

// source is where items come from. The items of a source are base(Point)+1 to
// base(Point)+N.
type source struct {
	Kind  string
	Point int
	N     int
	Gap   int // the longest time between two items, in milliseconds
}

// step is a stage of a pipeline.
type step struct {
	Op    string
	Point int
	N     int    // its size, if it has one
	Inner []step // the stages of its inner streams, if it has any
	Wide  bool   // an inner stream has two items, not one
	Other source // its second upstream, if it has one
}

// failure makes the K-th call of the user code at a point fail.
type failure struct {
	Point int
	K     int
	Kind  string // error, panic or goexit
}

// cut is how a pipeline ends early.
type cut struct {
	How    string
	At     int  // milliseconds after the start
	Within bool // at the K-th item instead, from within the consumer
	K      int
}

func base(point int) int { return point * 1000 }

// roll is a hash of some numbers.
func roll(numbers ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, n := range numbers {
		h ^= n
		h ^= h >> 30
		h *= 0xbf58476d1ce4e5b9
		h ^= h >> 27
		h *= 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

var consumers = map[string][]string{
	"Subscribe": {"none", "none", "stop", "stopShort", "dispose", "cancel", "ctx", "panic", "goexit"},
	"Each":      {"none", "ctx", "error", "panic", "goexit"},
	"Seq":       {"none", "ctx", "break", "panic", "goexit"},
	"Pull":      {"none", "ctx", "break"},
	"ToChannel": {"none", "ctx"},
	"Collect":   {"none", "ctx"},
}

var ways = []string{"Subscribe", "Subscribe", "Subscribe", "Each", "Seq", "Pull", "ToChannel", "Collect"}

// draw makes plans.
type draw struct {
	*rand.Rand
	points int
	only   func(name string, o *op) bool // which stages to use; nil: all
	exact  bool                          // only stages whose items are counted
	holds  bool                          // only stages that deliver all items before an error
}

func (d *draw) point() int { d.points++; return d.points }

func pick[T any](d *draw, from []T) T { return from[d.IntN(len(from))] }

// newPlan makes the plan of a seed.
func newPlan(seed uint64, only func(name string, o *op) bool) plan {
	d := &draw{Rand: rand.New(rand.NewPCG(seed, 77)), only: only}
	d.exact, d.holds = d.IntN(3) == 0, d.IntN(10) == 0
	p := plan{Seed: seed, Source: d.source(sourceNames)}
	if d.holds {
		p.Source.Kind = "Create"
	}
	p.Stages = d.chain(2+d.IntN(6), 0)
	for range d.IntN(5) {
		p.Faults = append(p.Faults, failure{
			Point: 1 + d.IntN(d.points),
			K:     1 + d.IntN(1+d.IntN(12)),
			Kind:  pick(d, []string{"error", "error", "panic", "goexit"}),
		})
	}
	p.Consume = pick(d, ways)
	if p.Consume == "Subscribe" && d.IntN(4) == 0 {
		p.Request = 1 + d.IntN(5)
	}
	p.Cut = cut{How: pick(d, consumers[p.Consume]), At: d.IntN(1 + d.IntN(40)), K: 1 + d.IntN(8)}
	switch p.Cut.How {
	case "error", "panic", "goexit", "break":
		p.Cut.Within = true
	default:
		p.Cut.Within = d.IntN(3) == 0 && p.Consume != "Collect"
	}
	if d.holds {
		p.Faults = []failure{{Point: p.Source.Point, K: 1 + d.IntN(p.Source.N+1), Kind: pick(d, []string{"error", "panic", "goexit"})}}
		p.Cut.How = "none"
	}
	if p.Cut.How == "none" {
		p.Cut = cut{How: "none"}
	}
	return p
}

func (d *draw) source(kinds []string) source {
	s := source{Kind: pick(d, kinds), Point: d.point(), N: d.IntN(30)}
	if d.IntN(20) == 0 {
		s.N *= 10
	}
	if d.IntN(2) == 0 {
		s.Gap = d.IntN(6)
	}
	return s
}

// chain makes n stages. depth says how deep they are nested.
func (d *draw) chain(n, depth int) []step {
	var all []step
	for len(all) < n {
		name := pick(d, opNames)
		o := ops[name]
		if depth > 0 && (o.top || o.other) || o.inner && depth >= 3 || d.exact && !o.exact || d.holds && !holding[name] || d.only != nil && !d.only(name, o) {
			continue
		}
		if o.once && slices.ContainsFunc(all, func(s step) bool { return ops[s.Op].once }) {
			continue
		}
		s := step{Op: name, Point: d.point(), N: 1 + d.IntN(4)}
		if o.other {
			s.Other = d.source(coldNames)
		}
		if o.inner {
			if !d.holds && (!d.exact || !o.flat) {
				s.Inner = d.chain(d.IntN(3), depth+1)
			}
			s.Wide = !d.exact && !d.holds && d.IntN(4) == 0
		}
		all = append(all, s)
	}
	return all
}

// eachStep calls fn for each stage of a chain, the nested ones included.
func eachStep(steps []step, fn func(s *step)) {
	for i := range steps {
		fn(&steps[i])
		eachStep(steps[i].Inner, fn)
	}
}

// has reports whether is returns true for a stage of a chain.
func has(steps []step, is func(s *step, o *op) bool) bool {
	found := false
	eachStep(steps, func(s *step) { found = found || is(s, ops[s.Op]) })
	return found
}

const ms = time.Millisecond
