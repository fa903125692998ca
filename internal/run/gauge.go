package run

// Tasks are the tasks of an engine.
type Tasks interface {
	Running() int64 // the number of tasks that run now
}

// Gauge makes tasks count in Record.Tasks. It is part of an engine.
type Gauge struct {
	tasks      Tasks
	in         *Record // nil: in no list
	prev, next *Gauge  // of in's list
	outer      *Gauge  // the same for the subscription around in; nil: there is none
}

// Add adds tasks to the Tasks of r, and of the subscriptions around it, until Remove.
func (g *Gauge) Add(r *Record, tasks Tasks) {
	for r = r.stoppableFrom(); r != nil; g = g.outer {
		g.tasks, g.in = tasks, r
		r.mu.Lock()
		if g.next = r.handle.gauges; g.next != nil {
			g.next.prev = g
		}
		r.handle.gauges = g
		r.mu.Unlock()
		if r = r.parent.stoppableFrom(); r != nil {
			g.outer = &Gauge{}
		}
	}
}

// Remove undoes Add.
func (g *Gauge) Remove() {
	for ; g != nil && g.in != nil; g = g.outer {
		g.in.mu.Lock()
		if g.prev == nil {
			g.in.handle.gauges = g.next
		} else {
			g.prev.next = g.next
		}
		if g.next != nil {
			g.next.prev = g.prev
		}
		g.in.mu.Unlock()
	}
}

// Tasks is the number of tasks that run now.
func (h *Handle) Tasks() (n int64) {
	var all []Tasks
	h.mu.Lock()
	for g := h.own.gauges; g != nil; g = g.next {
		all = append(all, g.tasks)
	}
	h.mu.Unlock()
	for _, tasks := range all {
		n += tasks.Running()
	}
	return n
}
