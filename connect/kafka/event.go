package kafka

import (
	"context"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/turbopipes/turbopipes/delivery"
)

// event is the settler of one. Those of a poll are one allocation.
type event struct {
	part   *part
	record *kgo.Record
}

// Settle moves the position of the partition when the event is done. A nack leaves the
// event open.
func (e *event) Settle(token uint64, err error) {
	if err == nil {
		e.part.tenure.Done(token)
	}
}

// Info is computed when it is asked for. ID and Position share their bytes.
func (e *event) Info(uint64) delivery.Info {
	r := e.record
	var some [96]byte
	id := append(some[:0], e.part.prefix...)
	id = strconv.AppendInt(id, r.Offset, 10)
	all, at := string(id), len(e.part.prefix)
	i := delivery.Info{
		Source: r.Topic, Partition: r.Partition, Position: all[at:], ID: all, Epoch: e.part.epoch, Time: r.Timestamp,
	}
	if len(r.Headers) > 0 {
		i.Headers = delivery.NewHeaders(func(yield func(string, string) bool) {
			for _, h := range r.Headers {
				if !yield(h.Key, string(h.Value)) {
					return
				}
			}
		})
		if name := e.part.s.idHeader; name != "" {
			if id := i.Headers.Get(name); id != "" {
				i.ID = id
			}
		}
	}
	return i
}

// Context is that of the tenure.
func (e *event) Context() context.Context { return e.part.tenure.Context() }
