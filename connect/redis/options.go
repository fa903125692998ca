package redis

import (
	"fmt"
	"log/slog"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// The defaults of the options.
const (
	defaultAckWait     = 30 * time.Second
	defaultBlock       = 250 * time.Millisecond
	defaultPrefetch    = 128
	defaultUncommitted = 1024
	defaultValueField  = "value"
	defaultKeyField    = "key"
)

type options struct {
	consumer   string // empty: a name of its own for each session
	start      string
	mustExist  bool
	ackWait    time.Duration
	maxHold    time.Duration
	block      time.Duration
	prefetch   int
	valueField string
	keyField   string
	key        func(goredis.XMessage) string
	deleted    func(ids []string)
}

// Option is an option of [Source] and of [Messages].
type Option func(*options) (bad string)

func optionsOf(opts []Option) (o options, bad string) {
	o = options{
		start: "0", ackWait: defaultAckWait, block: defaultBlock, prefetch: defaultPrefetch,
		valueField: defaultValueField, keyField: defaultKeyField,
	}
	for i, opt := range opts {
		if opt == nil {
			return o, fmt.Sprintf("option %d is nil", i+1)
		}
		if bad := opt(&o); bad != "" {
			return o, bad
		}
	}
	return o, ""
}

func logDeleted(stream, group string) func([]string) {
	return func(ids []string) {
		slog.Warn("redis: entries were deleted or trimmed before they were done",
			"stream", stream, "group", group, "count", len(ids), "first", ids[0])
	}
}

// Consumer gives the session a fixed name in the group. A session with a fixed name
// begins with the entries that a session of that name had open, in order, without a wait
// for [AckWait]. So one session at a time keeps the order per key, also over crashes and
// restarts. The name must be that of one session at a time: two at once would process
// the same entries. Close leaves a consumer with a fixed name in the group.
//
// By default each session has a name of its own, which begins with "tp-". Close deletes
// that consumer if nothing is pending for it, and sessions delete such consumers that
// crashes have left, when others have claimed their entries. An empty name is an
// ErrInvalidArgument.
func Consumer(name string) Option {
	return text("Consumer", name, func(o *options) *string { return &o.consumer })
}

// StartAt sets where a group starts that the source creates: "0", the default, is the
// first entry of the stream, "$" are the entries that are added later, and an entry id
// are those after it. It has no effect on a group that exists. An empty id is an
// ErrInvalidArgument.
func StartAt(id string) Option {
	return text("StartAt", id, func(o *options) *string { return &o.start })
}

// MustExist makes Open fail if the stream or the group does not exist. By default Open
// creates both.
func MustExist() Option {
	return func(o *options) string { o.mustExist = true; return "" }
}

// AckWait sets after what time without a sign of life another session claims an entry.
// The session sends such signs for all entries that it has, so AckWait is not a limit for
// the time that an event takes. All sessions of a group should have the same AckWait. The
// default is 30 seconds. d < 10 ms is an ErrInvalidArgument.
func AckWait(d time.Duration) Option {
	return atLeast("AckWait", d, 10*time.Millisecond, func(o *options) *time.Duration { return &o.ackWait })
}

// MaxHold limits how long a session holds an entry. After that time the entry is
// another's: its context ends with [delivery.ErrRevoked], and a session claims it after
// AckWait. The default is no limit. d < 1 ms is an ErrInvalidArgument.
func MaxHold(d time.Duration) Option {
	return atLeast("MaxHold", d, time.Millisecond, func(o *options) *time.Duration { return &o.maxHold })
}

// Block sets how long a read waits at the server for new entries. A stop waits for that
// read. The default is 250 milliseconds. d < 1 ms is an ErrInvalidArgument.
func Block(d time.Duration) Option {
	return atLeast("Block", d, time.Millisecond, func(o *options) *time.Duration { return &o.block })
}

// Prefetch bounds the entries of one read. The default is 128. n < 1 is an
// ErrInvalidArgument.
func Prefetch(n int) Option {
	return func(o *options) string {
		if o.prefetch = n; n < 1 {
			return fmt.Sprintf("Prefetch: n is %d, want at least 1", n)
		}
		return ""
	}
}

// ValueField sets the field of an entry that is the value of the delivery. The default is
// "value". An entry without that field has a nil value. An empty name is an
// ErrInvalidArgument.
func ValueField(name string) Option {
	return text("ValueField", name, func(o *options) *string { return &o.valueField })
}

// KeyField sets the field of an entry that is the key of the delivery. The default is
// "key". An entry without that field has no key. An empty name is an ErrInvalidArgument.
func KeyField(name string) Option {
	return text("KeyField", name, func(o *options) *string { return &o.keyField })
}

// KeyBy computes the key of a delivery, in place of [KeyField]. fn runs on the goroutine
// of the session. A nil fn is an ErrInvalidArgument.
func KeyBy(fn func(goredis.XMessage) string) Option {
	return func(o *options) string {
		if o.key = fn; fn == nil {
			return "KeyBy: fn is nil"
		}
		return ""
	}
}

// OnDeleted calls fn with the ids of entries that were delivered, and deleted or trimmed
// from the stream before they were done. Their values are gone, so the session acks them.
// fn runs on the goroutine of the session. The default writes a warning to slog. A nil fn
// is an ErrInvalidArgument.
func OnDeleted(fn func(ids []string)) Option {
	return func(o *options) string {
		if o.deleted = fn; fn == nil {
			return "OnDeleted: fn is nil"
		}
		return ""
	}
}

func text(name, s string, field func(*options) *string) Option {
	return func(o *options) string {
		if *field(o) = s; s == "" {
			return name + ": the text is empty"
		}
		return ""
	}
}

func atLeast(name string, d, least time.Duration, field func(*options) *time.Duration) Option {
	return func(o *options) string {
		if *field(o) = d; d < least {
			return fmt.Sprintf("%s: d is %v, want at least %v", name, d, least)
		}
		return ""
	}
}
