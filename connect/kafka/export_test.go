package kafka

// Counts is what the tests see of the sessions of a source.
type Counts = counts

// Counting makes a source count into c.
func Counting(c *Counts) Option {
	return func(s *settings) string { s.counts = c; return "" }
}

// The numbers of c.
func (c *counts) Commits() int64   { return c.commits.Load() }
func (c *counts) Refused() int64   { return c.refused.Load() }
func (c *counts) Undrained() int64 { return c.undrained.Load() }
func (c *counts) Left() int64      { return c.left.Load() }
func (c *counts) Paused() int64    { return c.paused.Load() }
func (c *counts) Late() int64      { return c.late.Load() }
