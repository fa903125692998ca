package delivery

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Delivery is an event on loan from a broker. It stays the broker's until it is
// settled, by Ack or by Nack, once: to settle it again does nothing. A Delivery is
// small (value, key, pointer): pass it by value. Copies share the claim.
//
// [Process] and [Each] settle it for you. Code that settles by hand has to settle each
// delivery on every path. A delivery that is forgotten comes again after a restart.
// Until then it holds back the commits of its partition, and after MaxUncommitted
// events the partition itself; [OnStall] reports that. The zero Delivery has no claim:
// to settle it does nothing, so a test can pass a Delivery with only a Value.
type Delivery[T any] struct {
	Value T
	Key   string // order is kept among events with the same key; empty: no order is asked for
	claim *claim
}

// Info says where an event is from. Position is unique within Source and Partition.
type Info struct {
	Source    string    // topic, stream, queue or file
	Partition int32     // 0 where there are no partitions
	Position  string    // offset, sequence or cursor, for people and for dead letters
	ID        string    // of the event, for Dedup; empty where the broker has none
	Attempt   int       // deliveries by the broker, from 1; 0 where the broker does not count (Kafka)
	Epoch     int64     // grows with each tenure, so that a sink can fence with it
	Time      time.Time // when the broker received the event
	Headers   Headers
}

// String returns the source, the partition and the position, as in "orders/3@1742".
func (i Info) String() string { return i.Source + "/" + itoa(int64(i.Partition)) + "@" + i.Position }

// Headers are the headers of an event. The zero Headers are empty.
type Headers struct{ all iter.Seq2[string, string] }

// NewHeaders returns the Headers that all yields. A connector calls it. all is called
// each time that somebody reads the headers.
func NewHeaders(all iter.Seq2[string, string]) Headers { return Headers{all} }

// All yields each key with its value, in the order of the event. A key may come more
// than once.
func (h Headers) All() iter.Seq2[string, string] {
	if h.all == nil {
		return func(func(string, string) bool) {}
	}
	return h.all
}

// Get returns the first value of key, or an empty string. Keys are compared exactly.
func (h Headers) Get(key string) string {
	for k, v := range h.All() {
		if k == key {
			return v
		}
	}
	return ""
}

// Info says where the event is from. It is computed in each call. For a part of a
// [Split] it is that of the whole event, and for a [Join] that of the first member.
// Call it before the event is settled: a connector may have forgotten the event then.
func (d Delivery[T]) Info() Info { return d.claim.info() }

// Ack says that the effect of the event is done, durably.
func (d Delivery[T]) Ack() { d.claim.settle(nil) }

// Nack says that the event is not done, and why. A queue delivers the event again. A
// log keeps the event open: it comes again after a restart, and until then the commits
// of its partition stay before it.
func (d Delivery[T]) Nack(err error) {
	if err == nil {
		err = errors.New("delivery: nacked")
	}
	d.claim.settle(err)
}

// Context ends with the cause [ErrRevoked] when the partition of the event was taken
// away. It ends, too, when the session is closed. The context of a [Join] ends with the
// first of its members'.
func (d Delivery[T]) Context() context.Context { return d.claim.context() }

// With returns d with another value. The claim and the key stay.
func With[T, R any](d Delivery[T], v R) Delivery[R] {
	return Delivery[R]{Value: v, Key: d.Key, claim: d.claim}
}

// Split returns one delivery for each of vs, each with a claim of its own. d is acked
// when all of them are acked. d is nacked when all of them are settled and at least
// one was nacked. Without vs, d is acked. Split a delivery once, and do not settle it
// by itself afterwards. Split and [Join] nest.
func Split[T, R any](d Delivery[T], vs ...R) []Delivery[R] {
	if len(vs) == 0 {
		d.Ack()
		return nil
	}
	parts := make([]Delivery[R], len(vs))
	claims := d.claim.split(len(vs))
	for i, v := range vs {
		parts[i] = Delivery[R]{Value: v, Key: d.Key}
		if claims != nil {
			parts[i].claim = &claims[i]
		}
	}
	return parts
}

// Join returns one delivery of all values of ds. To settle it settles all of ds. It has
// no key, since members of another one may have the same keys: joined deliveries keep
// their order where one at a time runs, or with [OrderBy].
func Join[T any](ds []Delivery[T]) Delivery[[]T] {
	vs := make([]T, len(ds))
	members := make([]*claim, len(ds))
	for i, d := range ds {
		vs[i], members[i] = d.Value, d.claim
	}
	return Delivery[[]T]{Value: vs, claim: joined(members)}
}

// New returns a delivery. Connectors call it, after they have noted the event in their
// ledger. s is called at most once with token to settle the event, from any goroutine.
func New[T any](v T, key string, s Settler, token uint64) Delivery[T] {
	d := Delivery[T]{Value: v, Key: key}
	if s != nil {
		c := &claimed{}
		c.settler, c.token = s, token
		c.joint.Store(&c.first)
		d.claim = &c.claim
	}
	return d
}

// Settler is a connector's part of a claim.
type Settler interface {
	// Settle is called at most once for each token, from any goroutine. It must not
	// block. err is nil when the event is done. [RequeueDelay] reads from err when a
	// queue is to deliver the event again.
	Settle(token uint64, err error)
	// Info is called from any goroutine, before Settle is.
	Info(token uint64) Info
	// Context is that of the tenure. It ends with the cause ErrRevoked.
	Context() context.Context
}
