package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/retryafter"
)

// Page is the answer to one request.
type Page struct {
	URL    string // that was asked for
	Header http.Header
	Body   []byte
}

// Next says where the page after p is. more is false after the last page.
// [NextLink], [NextCursor] and [NextNumber] make such functions.
type Next func(p Page) (url string, more bool, err error)

// ErrTooLarge is for a page that is larger than [MaxBody].
var ErrTooLarge = errors.New("httpx: a page is too large")

// StatusError is the error for an answer that is not 2xx.
type StatusError struct {
	Code   int
	Status string
	Page   string // the address, without its query
	Body   []byte // the first KiB
}

// Error returns the status and the address, without the query, which may have a token.
func (e *StatusError) Error() string { return "httpx: " + e.Page + ": the status is " + e.Status }

// Pages emits the pages of an API that is read page by page, beginning with first, and
// completes after the last one.
//
// The answers 408, 429 and 5xx, and failures of the network, are tried again, see
// [Retry]. Another answer than 2xx fails the stream with a [*StatusError]. A page that says
// that it is its own next page fails the stream.
//
// A page is fetched when the one before is taken; put operators.Prefetch after it to have
// the next one ready. Each subscription begins at first. Memory: one page. Goroutines:
// those of the client; its callbacks run on the subscriber's. An empty first and a nil
// next are an ErrInvalidArgument.
func Pages(first string, next Next, opts ...PageOption) turbopipes.Observable[Page] {
	return Items(first, next, func(p Page) ([]Page, error) { return []Page{p}, nil }, opts...)
}

// Items is [Pages] that emits the items of each page, which items returns. An error of
// items fails the stream. A nil items is an ErrInvalidArgument.
func Items[T any](first string, next Next, items func(Page) ([]T, error), opts ...PageOption) turbopipes.Observable[T] {
	f, bad := fetcherOf(first, next, opts)
	if bad == "" && items == nil {
		bad = "items is nil"
	}
	if bad != "" {
		return turbopipes.Throw[T](fault.Invalid("httpx.Pages", bad))
	}
	return turbopipes.Paginate(first, func(ctx context.Context, at string) (vs []T, next string, more bool, err error) {
		p, next, more, err := f.page(ctx, at)
		if err != nil {
			return nil, "", false, err
		}
		vs, err = items(p)
		return vs, next, more && err == nil, err
	})
}

// fetcher fetches pages.
type fetcher struct {
	settings
	next Next
	host string // the scheme and the host of the first page
}

func fetcherOf[O opt.Option[settings]](first string, next Next, opts []O) (f *fetcher, bad string) {
	s, bad := opt.Gather(defaults(), opts)
	u, err := url.Parse(first)
	switch {
	case bad != "":
	case first == "":
		bad = "first is empty"
	case err != nil:
		bad = "first: " + err.Error()
	case next == nil:
		bad = "next is nil"
	}
	if bad != "" {
		return nil, bad
	}
	return &fetcher{s, next, u.Scheme + "://" + u.Host}, ""
}

// page fetches the page at, and says where the next one is.
func (f *fetcher) page(ctx context.Context, at string) (p Page, next string, more bool, err error) {
	if p, err = f.insist(ctx, at); err != nil {
		return p, "", false, err
	}
	next, more, err = f.next(p)
	if err != nil || !more {
		return p, "", false, err
	}
	base, err := url.Parse(at)
	if err != nil {
		return p, "", false, err
	}
	u, err := base.Parse(next)
	switch {
	case err != nil:
		return p, "", false, fmt.Errorf("httpx: the address of the next page: %w", err)
	case !f.anyHost && u.Scheme+"://"+u.Host != f.host:
		return p, "", false, fmt.Errorf("httpx: %s: the next page is on %s://%s: set AnyHost", bare(at), u.Scheme, u.Host)
	case u.String() == at:
		return p, "", false, fmt.Errorf("httpx: %s: the page is its own next page", bare(at))
	}
	return p, u.String(), true, nil
}

// bare is an address without its query.
func bare(at string) string {
	u, err := url.Parse(at)
	if err != nil {
		return "an address"
	}
	u.RawQuery, u.Fragment = "", ""
	return u.Redacted()
}

// passing is an error that may be over at the next try.
type passing struct {
	error
	after time.Duration
}

func (p passing) Unwrap() error { return p.error }

// insist fetches a page, again and again while the error is a passing one.
func (f *fetcher) insist(ctx context.Context, at string) (Page, error) {
	for try := 0; ; try++ {
		p, err := f.once(ctx, at)
		var again passing
		switch {
		case err == nil:
			return p, nil
		case ctx.Err() != nil:
			return p, context.Cause(ctx)
		case !errors.As(err, &again):
			return p, err
		case f.retries >= 0 && try >= f.retries:
			return p, again.error
		}
		f.trouble(again.error)
		wait := time.NewTimer(max(f.pause(try), again.after))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return p, context.Cause(ctx)
		}
	}
}

// pause is how long to wait after the tries before.
func (f *fetcher) pause(try int) time.Duration {
	d := f.first
	for ; try > 0 && d < f.longest; try-- {
		d = min(2*d, f.longest)
	}
	return d + time.Duration(rand.Int64N(int64(d)/2+1)) //nolint:gosec // a jitter
}

// once is one request.
func (f *fetcher) once(ctx context.Context, at string) (Page, error) {
	p := Page{URL: at}
	ctx, cancel := context.WithTimeoutCause(ctx, f.timeout, turbopipes.ErrTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return p, err
	}
	if err := f.prepare(req); err != nil {
		return p, err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return p, passing{plain(ctx, at, err), 0}
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	if code := resp.StatusCode; code < 200 || code > 299 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // as much as there is
		bad := &StatusError{code, resp.Status, bare(at), body}
		if code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= http.StatusInternalServerError {
			after, _ := retryafter.Of(resp.Header)
			return p, passing{bad, after}
		}
		return p, bad
	}
	p.Header = resp.Header
	p.Body, err = io.ReadAll(io.LimitReader(resp.Body, f.most+1))
	switch {
	case err != nil:
		return p, passing{plain(ctx, at, err), 0}
	case int64(len(p.Body)) > f.most:
		return p, fmt.Errorf("%w: %s has more than %d bytes: set MaxBody", ErrTooLarge, bare(at), f.most)
	}
	return p, nil
}

// plain is the error of a request, without the query of the address.
func plain(ctx context.Context, at string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, ctx.Err()) {
		err = cause
	}
	return fmt.Errorf("httpx: %s: %w", bare(at), err)
}
