package run

import "sync"

// request is the channel of StopRequested, where more than one stop can close it.
type request struct {
	once   sync.Once
	closed chan struct{}
	leave  []func()
}

// StopRequested returns a channel that is closed by the stop of r, or of a record
// that r runs within, also through shields. It is nil if no such record can be
// stopped.
func (r *Record) StopRequested() <-chan struct{} {
	own := r.stoppableFrom()
	if own == nil {
		return nil
	}
	outer := own.parent.stoppableFrom()
	if outer == nil {
		return own.Stopped()
	}
	q := &own.handle.request
	q.once.Do(func() {
		q.closed = make(chan struct{})
		stop := sync.OnceFunc(func() { close(q.closed) })
		for c := own; c != nil; c = c.parent.stoppableFrom() {
			l := c.Enter("", stop)
			q.leave = append(q.leave, func() { c.Leave(l) })
		}
	})
	return q.closed
}

// stoppableFrom returns r, or the nearest record around it, that can be stopped. It
// returns nil if there is none.
func (r *Record) stoppableFrom() *Record {
	for r != nil && r.handle == nil {
		r = r.parent
	}
	return r
}

// end undoes the request. It is called after r's subscription is over.
func (q *request) end() {
	q.once.Do(func() {})
	for _, leave := range q.leave {
		leave()
	}
}
