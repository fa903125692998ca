package opt

import (
	"context"
	"time"
)

// Replay is what the options of a replay set.
type Replay struct {
	Queue
	TTL time.Duration // 0: for ever
}

// Share is what the options of a shared stream set.
type Share struct {
	Queue
	TTL            time.Duration // 0: for ever, or not given
	MinSubscribers int
	Grace          time.Duration
	KeepOnComplete bool
	KeepOnError    bool
	Connected      context.Context //nolint:containedctx // the owner of the connection; nil: the subscribers
}
