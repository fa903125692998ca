package httpx

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/internal/fault"
)

// PageSource returns the pages of an API as deliveries. The value is the body of a page;
// delivery.FlatMap makes items of it, which are settled together. With [Resume], the
// address of the page after the last one that is done is kept, so a restart goes on
// there. A page that was only fetched comes again, and so does the last page of all: it
// may have more items by then.
//
// Pages are fetched as [Pages] does, and errors end the stream in the same way. The stream
// ends after the last page. The Position of an event is the address of its page, and the
// Source is first. One session at a time may use a store. Memory: a page for each event
// that is not done. Goroutines: one, for commits.
func PageSource(first string, next Next, opts ...PageSourceOption) delivery.Source[[]byte] {
	f, bad := fetcherOf(first, next, opts)
	return pageSource{first, f, bad}
}

type pageSource struct {
	first   string
	fetcher *fetcher
	bad     string
}

// pageSession is an open PageSource. All pages are one partition; the position is the
// address to go on at.
type pageSession struct {
	*fetcher
	first, at  string
	tenure     *delivery.Tenure[string, string]
	committing *delivery.Committing[string]
	epoch      int64
}

// pageEvent is the settler of a page.
type pageEvent struct {
	*pageSession
	url string
	got time.Time
}

// defaultUncommitted is for a pipeline that does not say how many events it holds.
const defaultUncommitted = 64

// Open reads where to go on.
func (s pageSource) Open(ctx context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	if s.bad != "" {
		return nil, fault.Invalid("httpx.PageSource", s.bad)
	}
	if o.MaxUncommitted == 0 {
		o.MaxUncommitted = defaultUncommitted
	}
	n := &pageSession{fetcher: s.fetcher, first: s.first, at: s.first, epoch: time.Now().UnixNano()}
	if n.store != nil {
		at, err := n.store.Load(ctx)
		if err != nil {
			return nil, err
		}
		if at != "" {
			n.at = at
		}
	}
	t := delivery.NewTracker[string, string](o.MaxUncommitted)
	n.tenure = t.Assign(s.first)
	n.committing = delivery.Committer(t, time.Second, 0, n.save)
	return n, nil
}

func (s *pageSession) save(ctx context.Context, cs []delivery.Commit[string, string]) error {
	if s.store == nil {
		return nil
	}
	err := s.store.Save(ctx, cs[0].Next)
	if err != nil {
		s.trouble(err)
	}
	return err
}

// Receive fetches pages, and emits them.
func (s *pageSession) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	for at, more := s.at, true; more; {
		p, next, again, err := s.page(ctx, at)
		if err != nil {
			return err
		}
		after := next
		if !again {
			after = at
		}
		token, ok := s.tenure.Wait(ctx, after)
		if !ok || !emit(delivery.New(p.Body, "", pageEvent{s, at, time.Now()}, token)) {
			return nil
		}
		at, more = next, again
	}
	return nil
}

// Close saves where to go on.
func (s *pageSession) Close(ctx context.Context, _ delivery.End) error {
	s.committing.Close()
	err := s.committing.CommitNow(ctx)
	s.tenure.End()
	return err
}

// Settle is that of the settler.
func (e pageEvent) Settle(token uint64, err error) {
	if err == nil {
		e.tenure.Done(token)
	}
}

// Info is that of the settler.
func (e pageEvent) Info(uint64) delivery.Info {
	return delivery.Info{Source: e.first, Position: e.url, Epoch: e.epoch, Time: e.got}
}

// Context is that of the settler.
func (e pageEvent) Context() context.Context { return e.tenure.Context() }
