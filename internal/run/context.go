package run

import "context"

// Context is a ctx of a subscription. It carries what the library looks up for each
// stage. One ctx for all of it is one allocation, and one step of a lookup.
type Context struct {
	context.Context //nolint:containedctx // a Context is a ctx

	rec     *Record
	token   *token          // see Start; nil: nobody waits for this goroutine
	name    string          // see Named
	checked bool            // see Checked
	labels  context.Context //nolint:containedctx // pprof passes labels in a ctx; nil: those of the outer ctx
}

type contextKey struct{}

// outside is what a ctx has outside of all subscriptions.
var outside = Context{rec: none}

// Value returns c itself, or the pprof labels, or the value of the ctx in it.
func (c *Context) Value(key any) any {
	if key == (contextKey{}) {
		return c
	}
	if c.labels != nil {
		if v := c.labels.Value(key); v != nil {
			return v
		}
	}
	return c.Context.Value(key)
}

// of returns the innermost Context of ctx. There is always one.
func of(ctx context.Context) *Context {
	if c, ok := ctx.(*Context); ok {
		return c
	}
	if c, ok := ctx.Value(contextKey{}).(*Context); ok {
		return c
	}
	return &outside
}

// under returns a copy of c for ctx, without the labels: ctx may have others.
func (c *Context) under(ctx context.Context) Context {
	return Context{Context: ctx, rec: c.rec, token: c.token, name: c.name, checked: c.checked}
}

// From returns the record of ctx. There is always one.
func From(ctx context.Context) *Record { return of(ctx).rec }

// With returns ctx with r in it.
func (r *Record) With(ctx context.Context) context.Context {
	c := of(ctx).under(ctx)
	c.rec = r
	return &c
}

// Begin is With for the ctx under which the streams of r run. It is called once, and
// allocates nothing.
func (r *Record) Begin(ctx context.Context) context.Context {
	r.own = of(ctx).under(ctx)
	r.own.rec = r
	return &r.own
}

// Context is the ctx of Begin.
func (r *Record) Context() context.Context { return &r.own }

// Labels makes c the ctx for a goroutine under ctx with the pprof labels of labels,
// which has nothing else.
func (c *Context) Labels(ctx, labels context.Context) {
	*c = of(ctx).under(ctx)
	c.labels = labels
}

// Checked returns a ctx under which stages report breaches of their contract.
func Checked(ctx context.Context) context.Context {
	c := of(ctx).under(ctx)
	c.checked = true
	return &c
}

// IsChecked reports whether ctx was made by Checked.
func IsChecked(ctx context.Context) bool { return of(ctx).checked }

// Named returns a ctx under which stages have the given name.
func Named(ctx context.Context, name string) context.Context {
	c := of(ctx).under(ctx)
	c.name = name
	return &c
}

// Name is the name that Named has set, or empty.
func Name(ctx context.Context) string { return of(ctx).name }
