package chaos

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// hotPlan is a random hot stream: its subscribers come and leave at random.
type hotPlan struct {
	Seed     uint64
	Kind     string
	Queue    int
	Overflow int // the number of the turbopipes.Overflow
	Grace    int // in milliseconds
	Min      int // how many subscribers connect it
	Connect  int // when it is connected by hand, in milliseconds
	Source   source
	Fault    failure // K = 0: none
	Members  []member
}

// member is a subscriber of a hot stream.
type member struct {
	At      int // when it subscribes, in milliseconds
	Consume string
	Request int
	Slow    int // the longest time that it takes for an item, in milliseconds
	Cut     cut
}

var hotKinds = []string{
	"Share", "ShareReplay", "RefCount", "Publish", "AutoConnect", "Broadcast", "Balance",
	"Subject", "BehaviorSubject", "ReplaySubject", "Topic", "FromEventSource",
}

// fed reports whether a kind is fed by hand.
func (p hotPlan) fed() bool {
	switch p.Kind {
	case "Subject", "BehaviorSubject", "ReplaySubject", "Topic", "FromEventSource":
		return true
	}
	return false
}

// owned reports whether the subscribers own the run.
func (p hotPlan) owned() bool {
	switch p.Kind {
	case "Share", "ShareReplay", "RefCount", "Broadcast", "Balance":
		return true
	}
	return false
}

func newHotPlan(seed uint64) hotPlan {
	d := &draw{Rand: rand.New(rand.NewPCG(seed, 78))}
	p := hotPlan{Seed: seed, Kind: pick(d, hotKinds), Queue: 1 + d.IntN(5), Source: source{Kind: "Create", Point: 1, N: d.IntN(40), Gap: d.IntN(4)}}
	if d.IntN(3) == 0 {
		p.Overflow = d.IntN(4)
	}
	if d.IntN(3) == 0 && (p.Kind == "Share" || p.Kind == "ShareReplay" || p.Kind == "RefCount") {
		p.Grace = 1 + d.IntN(10)
	}
	p.Min = 1 + d.IntN(2)
	p.Connect = d.IntN(10)
	if d.IntN(3) == 0 {
		p.Fault = failure{Point: 1, K: 1 + d.IntN(20), Kind: pick(d, []string{"error", "panic", "goexit"})}
	}
	at := 0
	for range 1 + d.IntN(4) {
		m := member{At: at, Consume: pick(d, ways), Slow: d.IntN(4)}
		if m.Consume == "Collect" {
			m.Consume = "Subscribe"
		}
		if m.Consume == "Subscribe" && d.IntN(4) == 0 {
			m.Request = 1 + d.IntN(5)
		}
		m.Cut = cut{How: pick(d, consumers[m.Consume]), At: d.IntN(1 + d.IntN(60)), K: 1 + d.IntN(8)}
		switch m.Cut.How {
		case "error", "panic", "goexit", "break":
			m.Cut.Within = true
		case "none":
			m.Cut = cut{How: "none"}
		default:
			m.Cut.Within = d.IntN(3) == 0
		}
		p.Members = append(p.Members, m)
		at += d.IntN(1 + d.IntN(20))
	}
	return p
}

// String returns the plan as Go code.
func (p hotPlan) String() string {
	members := make([]string, len(p.Members))
	for i, m := range p.Members {
		members[i] = fmt.Sprintf("{At: %d, Consume: %q, Request: %d, Slow: %d, Cut: %v}", m.At, m.Consume, m.Request, m.Slow, m.Cut)
	}
	return fmt.Sprintf("hotPlan{Seed: %d, Kind: %q, Queue: %d, Overflow: %d, Grace: %d, Min: %d, Connect: %d, Source: %v, Fault: failure{Point: %d, K: %d, Kind: %q}, Members: []member{%s}}",
		p.Seed, p.Kind, p.Queue, p.Overflow, p.Grace, p.Min, p.Connect, p.Source, p.Fault.Point, p.Fault.K, p.Fault.Kind, strings.Join(members, ", "))
}

// shrunk returns plans that are a bit smaller.
func (p hotPlan) shrunk() (all []random) {
	change := func(do func(q *hotPlan)) {
		q := p
		q.Members = append([]member(nil), p.Members...)
		if do(&q); q.String() != p.String() {
			all = append(all, q)
		}
	}
	for i := range p.Members {
		if len(p.Members) > 1 {
			change(func(q *hotPlan) { q.Members = append(q.Members[:i], q.Members[i+1:]...) })
		}
		change(func(q *hotPlan) { q.Members[i].Cut = cut{How: "none"} })
		change(func(q *hotPlan) { q.Members[i].Consume = "Subscribe" })
		change(func(q *hotPlan) { q.Members[i].Slow = 0 })
		change(func(q *hotPlan) { q.Members[i].At = 0 })
		change(func(q *hotPlan) { q.Members[i].Request = 0 })
	}
	change(func(q *hotPlan) { q.Fault = failure{} })
	change(func(q *hotPlan) { q.Source.N /= 2 })
	change(func(q *hotPlan) { q.Source.N = max(0, q.Source.N-1) })
	change(func(q *hotPlan) { q.Source.Gap = 0 })
	change(func(q *hotPlan) { q.Grace = 0 })
	change(func(q *hotPlan) { q.Overflow = 0 })
	change(func(q *hotPlan) { q.Min = 1 })
	return all
}
