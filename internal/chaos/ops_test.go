package chaos

import (
	"maps"
	"slices"

	tp "github.com/turbopipes/turbopipes"
)

// op is a kind of stage.
type op struct {
	build func(w *world, s *step, in stream) stream
	// model computes the items after the stage; nil: they are unchanged.
	model func(m *model, s *step, f flow) flow

	exact    bool    // each item that it gets is delivered, dropped, discarded or failed
	drops    bool    // it may drop items, and counts them if it is exact
	mixes    bool    // it changes the order
	early    bool    // it may complete before upstream
	recovers bool    // it may hide an error of upstream
	late     bool    // it may subscribe after Subscribe has returned
	inner    bool    // it has inner streams
	other    bool    // it has a second upstream
	flat     bool    // it counts an item unless a stage of the item's inner stream counts it
	top      bool    // it subscribes upstream twice, or later, so inner streams do not use it
	once     bool    // one stage of its kind in a chain is enough
	pos      bool    // it depends on the position of an item
	cold     bool    // no graceful stop: it goes on, or loses items
	errs     []error // its own errors
}

// flow describes the items that are known at a place in a pipeline.
type flow struct {
	seq     []int // the items that may come
	ordered bool  // they come in this order
	whole   bool  // all of them come, unless something fails or is cut
	any     bool  // other items may come too
	many    bool  // each may come any number of times
}

// mixed returns f without an order.
func (f flow) mixed() flow { f.ordered = false; return f }

// mod returns v modulo n, never negative.
func mod(v, n int) int { return (v%n + n) % n }

// some returns f, but items may be missing.
func (f flow) some() flow { f.whole = false; return f }

// each replaces each item by items.
func (f flow) each(fn func(v int) []int) flow {
	all := make([]int, 0, len(f.seq))
	for _, v := range f.seq {
		all = append(all, fn(v)...)
	}
	f.seq = all
	return f
}

// exactly returns the result of fn for a sequence, if the sequence is known.
func (f flow) exactly(fn func(seq []int) []int) flow {
	if !f.ordered || !f.whole {
		return f.some()
	}
	f.seq = fn(slices.Clone(f.seq))
	return f
}

// model computes flows.
type model struct {
	w      *world
	actual bool // for the items that the sources have handed to emit, not for all their items
}

func (m *model) source(s source) flow {
	f := flow{ordered: true, whole: true}
	if m.actual {
		f.seq = slices.Clone(m.w.given[s.Point])
		return f
	}
	f.seq = s.items()
	f.whole = !slices.Contains(hotSources, s.Kind)
	switch s.Kind {
	case "BehaviorSubject":
		f.seq = append([]int{base(s.Point)}, f.seq...)
	}
	return f
}

func (m *model) chain(f flow, steps []step) flow {
	for i := range steps {
		f = m.stage(f, &steps[i])
	}
	return f
}

func (m *model) stage(f flow, s *step) flow {
	o := ops[s.Op]
	if o.model != nil {
		f = o.model(m, s, f)
	}
	if o.mixes {
		f = f.mixed()
	}
	if o.drops {
		f = f.some()
	}
	return f
}

// innerOf returns the flow of one inner stream.
func (m *model) innerOf(s *step, v int) flow {
	f := flow{seq: []int{v}, ordered: true, whole: true}
	if s.Wide {
		f.seq = append(f.seq, v+twin)
	}
	return m.chain(f, s.Inner)
}

// flat is the model of the FlatMap family, of groups and of windows.
func flat(m *model, s *step, f flow) flow {
	whole, ordered, wild := true, true, false
	out := f.each(func(v int) []int {
		in := m.innerOf(s, v)
		whole, ordered, wild = whole && in.whole, ordered && in.ordered, wild || in.any
		return in.seq
	})
	out.whole, out.any = out.whole && whole, out.any || wild
	out.ordered = out.ordered && ordered
	return out
}

// added is the model of a stage that adds the items of a second upstream.
func added(m *model, s *step, f flow) flow {
	g := m.source(s.Other)
	f.whole = f.whole && g.whole
	f.seq = append(slices.Clone(f.seq), g.seq...)
	return f.mixed()
}

// plain is a stage that does not change its items.
func plain(build func(w *world, s *step) tp.Operator[int, int]) *op {
	return &op{exact: true, build: func(w *world, s *step, in stream) stream { return build(w, s)(in) }}
}

func (o *op) but(change func(o *op)) *op { change(o); return o }

var (
	pos   = func(o *op) { o.pos = true }
	mixes = func(o *op) { o.mixes = true }
	vague = func(o *op) { o.exact = false } // its items are not counted
	drops = func(o *op) { o.drops = true }
	late  = func(o *op) { o.late, o.top = true, true }
	early = func(o *op) { o.early, o.exact = true, false }
)

func (o *op) with(changes ...func(o *op)) *op {
	for _, change := range changes {
		change(o)
	}
	return o
}

var (
	ops     = map[string]*op{}
	opNames []string
)

func init() {
	for _, table := range []map[string]*op{queueOps(), taskOps(), flatOps(), simpleOps(), timeOps(), bufferOps(), sideOps(), faultOps(), oneOps(), moreOps(), moreFlatOps(), rxOps()} {
		maps.Copy(ops, table)
	}
	opNames = slices.Sorted(maps.Keys(ops))
}
