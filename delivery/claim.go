package delivery

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// claim is the right and the duty to settle an event, once. It is one of three: that
// of an event, which has a settler; that of a part, which has a parent; that of a
// joined delivery, whose kin has members.
type claim struct {
	settler Settler
	token   uint64
	parent  *claim
	kin     *kin
	watch   *watch                      // of the session that the event came from; nil for parts and joined ones
	joint   atomic.Pointer[taskContext] // for the first task; nil after that, and for parts and joined ones
	state   atomic.Uint32
}

// claimed is a claim with what its first task needs: most have one task. So there is one
// allocation less for each event.
type claimed struct {
	claim
	first taskContext
}

// The states of a claim.
const (
	isOpen    uint32 = iota
	isLeft           // open on purpose: it is not forgotten
	isSettled        // for good
)

// kin is what a claim has that was split, or that joins others.
type kin struct {
	members []*claim
	left    atomic.Int32 // parts that are not settled
	failed  atomic.Pointer[error]

	once sync.Once       // for the context of a joined claim of several tenures
	ctx  context.Context //nolint:containedctx // it ends when the claim is settled
	end  func()
}

// settle settles c, if it was not settled before.
func (c *claim) settle(err error) {
	if c == nil {
		return
	}
	was := c.state.Swap(isSettled)
	if was == isSettled {
		return
	}
	switch {
	case c.parent != nil:
		c.parent.part(err)
	case c.settler != nil:
		c.settler.Settle(c.token, err)
	default:
		for _, m := range c.kin.members {
			m.settle(err)
		}
		c.kin.once.Do(func() { c.kin.ctx, c.kin.end = settledContext, func() {} })
		c.kin.end()
	}
	if was == isOpen {
		c.watch.less()
	}
}

// part settles one part of c, and c with the last one.
func (c *claim) part(err error) {
	if err != nil {
		c.kin.failed.CompareAndSwap(nil, &err)
	}
	if c.kin.left.Add(-1) > 0 {
		return
	}
	if failed := c.kin.failed.Load(); failed != nil {
		c.settle(*failed)
		return
	}
	c.settle(nil)
}

// leave notes that c stays open on purpose, so that nobody reports it as forgotten.
func (c *claim) leave() {
	switch {
	case c == nil:
	case c.parent != nil:
		c.parent.leave()
	case c.settler == nil:
		for _, m := range c.kin.members {
			m.leave()
		}
	case c.state.CompareAndSwap(isOpen, isLeft):
		c.watch.less()
	}
}

// split returns n claims, which are the parts of c; nil where there is none.
func (c *claim) split(n int) []claim {
	if c == nil {
		return nil
	}
	if c.kin == nil {
		c.kin = &kin{}
	}
	c.kin.left.Store(int32(n)) //nolint:gosec // a slice of so many parts does not fit into memory
	parts := make([]claim, n)
	for i := range parts {
		parts[i].parent = c
	}
	return parts
}

func joined(members []*claim) *claim { return &claim{kin: &kin{members: members}} }

// root is the claim of the event that c is of, or of the first one; nil where there is
// none.
func (c *claim) root() *claim {
	for c != nil && c.settler == nil {
		switch {
		case c.parent != nil:
			c = c.parent
		case len(c.kin.members) > 0:
			c = c.kin.members[0]
		default:
			return nil
		}
	}
	return c
}

func (c *claim) info() Info {
	if c = c.root(); c == nil {
		return Info{}
	}
	return c.settler.Info(c.token)
}

// context is that of the tenure of c's event. For several tenures it is one that ends
// with the first of them, and when c is settled.
func (c *claim) context() context.Context {
	all := c.tenures(nil)
	switch len(all) {
	case 0:
		return context.Background()
	case 1:
		return all[0]
	}
	for c.parent != nil {
		c = c.parent
	}
	c.kin.once.Do(func() { c.kin.ctx, c.kin.end = together(all) })
	if c.state.Load() == isSettled {
		c.kin.end()
	}
	return c.kin.ctx
}

// together returns a context that ends with the first of all, with its cause. end ends
// it, and lets go of all.
func together(all []context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(all[0])
	stops := make([]func() bool, 0, len(all))
	for _, other := range all[1:] {
		if other.Err() != nil { // AfterFunc would say so later
			cancel(context.Cause(other))
		}
		stops = append(stops, context.AfterFunc(other, func() { cancel(context.Cause(other)) }))
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel(nil)
	}
}

// tenures appends the contexts of c's tenures to all, each once.
func (c *claim) tenures(all []context.Context) []context.Context {
	for c != nil && c.parent != nil {
		c = c.parent
	}
	if c == nil {
		return all
	}
	if c.settler == nil {
		for _, m := range c.kin.members {
			all = m.tenures(all)
		}
		return all
	}
	ctx := c.settler.Context()
	for _, one := range all {
		if one == ctx {
			return all
		}
	}
	return append(all, ctx)
}

// revoked reports whether a tenure of c has ended.
func (c *claim) revoked() bool {
	for c != nil && c.parent != nil {
		c = c.parent
	}
	switch {
	case c == nil:
		return false
	case c.settler != nil:
		return c.settler.Context().Err() != nil
	}
	return slices.ContainsFunc(c.kin.members, (*claim).revoked)
}

// settledContext is for those who ask a settled claim of several tenures.
var settledContext = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()
